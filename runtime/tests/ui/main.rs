//! Wrong uses of the macros are answered with what to write.
//!
//! The compiler is called directly, with what cargo has compiled of the workspace for the other tests. A project of its own
//! for each case, as trybuild makes, compiles two hundred crates once more. `SNAPSHOTS=overwrite` takes what it says now.
#![allow(missing_docs, reason = "a test")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use snapbox::{Assert, Data, Redactions};

#[test]
fn wrong_use_is_answered_with_what_to_write() {
    let known = known();
    let folder = Path::new("tests/ui/wrong");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let cases: Vec<_> = files.filter(|file| file.extension().is_some_and(|kind| kind == "rs")).collect();
    assert!(!cases.is_empty(), "no case in `{}`", folder.display());
    for case in cases {
        let (refused, said) = compile(&case, &known);
        assert!(refused, "`{}` compiles", case.display());
        said_as_before(&said, &case.with_extension("stderr"));
    }
}

/// The same way of compiling: a case that is refused for want of a crate would say nothing of the macros.
#[test]
fn right_use_compiles() {
    let (refused, said) = compile(Path::new("tests/ui/right.rs"), &known());
    assert!(!refused && said.is_empty(), "{said}");
}

fn said_as_before(said: &str, file: &Path) {
    let mut redactions = Redactions::new();
    redactions.insert("[WORKSPACE]", workspace().to_owned()).unwrap();
    Assert::new()
        .action_env("SNAPSHOTS")
        .redact_with(redactions)
        .eq(said.to_owned(), Data::read_from(file, None));
}

/// Whether the compiler refuses a program, and what it says.
fn compile(program: &Path, known: &[OsString]) -> (bool, String) {
    let scratch = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition=2024", "--crate-type=bin", "--emit=metadata", "--color=never", "--out-dir"])
        .arg(scratch.path())
        .args(known)
        .arg(program)
        .output()
        .unwrap();
    (!output.status.success(), String::from_utf8(output.stderr).unwrap())
}

/// Where the compiler finds the crates that a program with a class uses.
fn known() -> Vec<OsString> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap());
    cargo
        .args(["build", "--workspace", "--lib", "--locked", "--message-format=json-render-diagnostics"])
        .current_dir(workspace());
    // What cargo tells this test of its package is nothing that the other packages are compiled for.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    let messages: Vec<serde_json::Value> =
        messages.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Under its own name, which no other build of the crate has.
    let file = |name: &str| {
        let of_crate = messages.iter().find(|message| message["target"]["name"] == name).unwrap();
        let files = of_crate["filenames"].as_array().unwrap().iter().map(|file| file.as_str().unwrap());
        Path::new(files.into_iter().find(|file| file.ends_with(".rmeta")).unwrap())
    };
    let mut known = vec![OsString::from("-L")];
    let mut place = OsString::from("dependency=");
    place.push(file("trap_runtime").parent().unwrap());
    known.push(place);
    for name in ["trap_runtime", "serde"] {
        known.extend(["--extern".into(), format!("{name}={}", file(name).display()).into()]);
    }
    known
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
