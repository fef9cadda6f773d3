//! `cargo trap build --dev`: an artifact for a platform's own dev server.

use std::fs;

use crate::sandbox::{ARM64, Sandbox, X64, elf};

const LAST: &str = "target/trap/dev/app/program";

/// For a program of the machine that runs the tests.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(here()));
    sandbox
}

fn here() -> u16 {
    if cfg!(target_arch = "aarch64") { ARM64 } else { X64 }
}

const BUILD: [&str; 6] = ["build", "--dev", "--program", "app", "--out-dir", "backend"];

#[test]
fn the_artifact_names_the_last_build_which_is_kept_apart_from_it() {
    let sandbox = sandbox();
    for platform in ["genezio", "lambda", "functions-framework", "netlify", "server"] {
        let seen = sandbox.trap(&[&BUILD[..5], &[platform, "--platform", platform]].concat());
        assert!(seen.starts_with("exit: 0"), "{seen}");
        assert!(
            seen.contains(&format!("`app` on {platform} for the edit loop: it runs what lies at ")),
            "{seen}"
        );
        assert_eq!(fs::read(sandbox.path(LAST)).unwrap(), elf(here()));
        let files = sandbox.tree(platform);
        assert!(files.iter().all(|file| !file.ends_with(".bin") && !file.ends_with(".stub")), "{files:?}");
        let path = fs::canonicalize(sandbox.path(LAST)).unwrap();
        let named = files.iter().any(|file| {
            let text = sandbox.read(&format!("{platform}/{file}"));
            text.contains(&format!("  at: \"{}\",", path.display()))
        });
        assert!(named, "no file of {files:?} names {}", path.display());
    }
}

#[test]
fn the_next_build_replaces_the_program_and_writes_nothing_else() {
    let sandbox = sandbox();
    sandbox.trap(&BUILD);
    let times = |sandbox: &Sandbox| {
        let files = sandbox.tree("backend").into_iter();
        let time =
            |file: &String| fs::metadata(sandbox.path("backend").join(file)).unwrap().modified().unwrap();
        files.map(|file| (time(&file), file)).collect::<Vec<_>>()
    };
    let before = times(&sandbox);
    let mut changed = elf(here());
    changed.extend([0; 8]);
    sandbox.write("app", &changed);
    assert!(sandbox.trap(&BUILD).starts_with("exit: 0"));
    assert_eq!(fs::read(sandbox.path(LAST)).unwrap(), changed);
    assert_eq!(times(&sandbox), before);
}

#[test]
fn it_is_described_as_what_it_is_and_not_deployed() {
    let sandbox = sandbox();
    sandbox.trap(&[&BUILD[..], &["--platform", "lambda"]].concat());
    let seen = sandbox.trap(&["inspect", "backend"]);
    assert!(seen.starts_with("exit: 0") && seen.contains("the last build's program"), "{seen}");
    assert!(!seen.contains("limits"), "{seen}");
    fs::remove_file(sandbox.path(LAST)).unwrap();
    let seen = sandbox.trap(&["inspect", "backend"]);
    assert!(seen.contains("which is not there: `cargo trap build --dev` makes it"), "{seen}");
    let seen = sandbox.trap(&["deploy", "backend", "--function", "f"]);
    assert!(seen.starts_with("exit: 2") && seen.contains("error[local-artifact]"), "{seen}");
    assert!(seen.contains("build it without `--dev`"), "{seen}");
}

#[test]
fn a_build_that_carries_the_program_takes_its_place() {
    let sandbox = sandbox();
    sandbox.trap(&[&BUILD[..], &["--platform", "lambda"]].concat());
    let seen = sandbox.trap(&["build", "--program", "app", "--out-dir", "backend", "--platform", "lambda"]);
    assert!(seen.starts_with("exit: 0"), "{seen}");
    assert!(sandbox.tree("backend").iter().any(|file| file.ends_with(".bin")));
    assert!(!sandbox.read("backend/index.mjs").contains("  at: \""));
    assert!(!sandbox.trap(&["inspect", "backend"]).contains("last build"));
}

#[test]
fn what_does_not_fit_it_is_refused() {
    let sandbox = sandbox();
    let cases: [(&[&str], &str); 4] = [
        (&["--takeover", "exec"], "`--dev` feeds the program, and takeover `exec` does not"),
        (&["--arch", "both"], "`--dev` is for one machine, this one"),
        (&["--zip"], "cannot be used with"),
        (&["--payload", "base64"], "cannot be used with"),
    ];
    for (more, says) in cases {
        let seen = sandbox.trap(&[&BUILD[..], more].concat());
        assert!(seen.starts_with("exit: 2") && seen.contains(says), "{more:?}: {seen}");
        assert!(!sandbox.path("backend").exists(), "{more:?}");
    }
}

#[test]
fn a_dry_run_says_where_the_program_goes() {
    let sandbox = sandbox();
    let seen = sandbox.trap(&[&BUILD[..], &["--dry-run"]].concat());
    let line = seen.lines().find(|line| line.starts_with("keep ")).unwrap_or_else(|| panic!("{seen}"));
    assert!(line.contains(LAST) && line.ends_with("(the last build)"), "{line}");
    assert!(!sandbox.path("target").exists());
}
