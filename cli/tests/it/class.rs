//! Programs that hold a typed class: `client`, and what `build` and `inspect` make of it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::{ARM64, Sandbox, X64, elf};

fn expected(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/class").join(name)
}

/// A program with a class of every form of type, as the compiler would put it there.
fn program(machine: u16) -> Vec<u8> {
    let text = fs::read_to_string(expected("description.json")).unwrap();
    with_class(machine, &serde_json::from_str::<serde_json::Value>(&text).unwrap().to_string())
}

fn with_class(machine: u16, json: &str) -> Vec<u8> {
    let mut bytes = elf(machine);
    bytes.extend(format!("\ntrap class description 1\n{:08}\n{json}", json.len()).into_bytes());
    bytes
}

/// Compares a text with the committed one; `TRAP_BLESS=1` commits it.
fn compare(name: &str, actual: &str) {
    let path = expected(name);
    if std::env::var_os("TRAP_BLESS").is_some() {
        fs::write(&path, actual).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap_or_default(),
        actual,
        "{} is out of date; look at the change, then accept it with `TRAP_BLESS=1 cargo test -p cargo-trap --test it class`",
        path.display()
    );
}

#[test]
fn a_client_is_written_of_a_program_an_artifact_and_a_module_alike() {
    let sandbox = Sandbox::new();
    sandbox.write("app", program(X64));
    let client = String::from_utf8(sandbox.output(&["client", "app"]).stdout).unwrap();
    compare("client.ts", &client);
    for payload in ["base64", "file"] {
        let out = format!("out-{payload}");
        sandbox.output(&["build", "--program", "app", "--payload", payload, "--out-dir", &out]);
        for path in [out.clone(), format!("{out}/trap/app.payload.ts")] {
            let output = sandbox.output(&["client", &path, "--lang", "ts", "--out", "web/shop.ts"]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(sandbox.read("web/shop.ts"), client, "{path}");
        }
    }
}

#[test]
fn what_completes_genezios_client_is_written_in_the_clients_place() {
    let sandbox = Sandbox::new();
    sandbox.write("app", program(X64));
    let written = String::from_utf8(sandbox.output(&["client", "app", "--sdk", "genezio"]).stdout).unwrap();
    compare("genezio.ts", &written);
    let output = sandbox.output(&["client", "app", "--sdk", "genezio", "--out", "complete.ts"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("Wrote complete.ts, what completes a client of `Shop`"), "{said}");
    assert_eq!(sandbox.read("complete.ts"), written);
}

#[test]
fn genezio_is_given_the_class_with_its_methods_and_types() {
    let sandbox = Sandbox::new();
    sandbox.write("app", program(ARM64));
    let output = sandbox.output(&["build", "--program", "app", "--out-dir", "ts"]);
    compare("class.ts", &sandbox.read("ts/app.ts"));
    let said = String::from_utf8(output.stderr).unwrap();
    for name in ["PageLine", "PageBigint", "Flat", "Kebab", "Loose", "Planned"] {
        assert!(said.contains(&format!("no form for `{name}`")), "{said}");
    }
    assert_eq!(said.matches("no form for").count(), 7, "{said}");
    sandbox.output(&["build", "--program", "app", "--lang", "js", "--out-dir", "js"]);
    compare("class.js", &sandbox.read("js/app.js"));
    // By a name of one's own clients know it too.
    sandbox.output(&["build", "--program", "app", "--class", "Mine", "--out-dir", "mine"]);
    let text = sandbox.read("mine/app.ts");
    assert!(text.contains("export class Mine {") && text.contains("\"Mine.lines\""), "{text}");
}

#[test]
fn what_is_written_has_no_class_where_the_program_holds_none() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(X64));
    let said = sandbox.trap(&["client", "app"]);
    assert!(said.starts_with("exit: 2") && said.contains("error[no-class]"), "{said}");
    sandbox.write("text", "no program");
    let said = sandbox.trap(&["client", "text"]);
    assert!(said.contains("error[program-not-elf]"), "{said}");
    let said = sandbox.trap(&["client", "nothing"]);
    assert!(said.contains("error[file]"), "{said}");
}

#[test]
fn inspect_shows_the_methods() {
    let sandbox = Sandbox::new();
    sandbox.write("app", program(X64));
    let said = sandbox.trap(&["inspect", "app"]);
    for line in [
        "class       Shop: a panic ends the program (`panic = \"abort\"`)\n",
        "            lines(id: CustomerId, lines: Array<Line | null>): PageLine | null\n",
        "            hook: requests at /Shop/hook\n",
        "            nightly: by the clock, 0 4 * * *\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
    sandbox.output(&["build", "--program", "app", "--out-dir", "out"]);
    assert!(sandbox.trap(&["inspect", "out"]).contains("nightly: by the clock"));
}

#[test]
fn a_class_that_cannot_be_read_is_refused_wherever_it_matters() {
    let sandbox = Sandbox::new();
    sandbox.write("damaged", with_class(X64, "{\"class\":\"}\"}"));
    for command in [&["client", "damaged"][..], &["inspect", "damaged"], &["build", "--program", "damaged"]] {
        let said = sandbox.trap(command);
        assert!(said.starts_with("exit: 2") && said.contains("error[class-damaged]"), "{said}");
    }
    // A platform that is given no class is not told of it.
    let said = sandbox.trap(&["build", "--program", "damaged", "--platform", "lambda"]);
    assert!(said.starts_with("exit: 0"), "{said}");
    let method = r#"{"name":"m","doc":"","kind":"http"}"#;
    let class = |name: &str| format!(r#"{{"class":"{name}","doc":"","unwinds":true,"methods":[{method}]}}"#);
    sandbox.write("one", with_class(X64, &class("One")));
    sandbox.write("two", with_class(ARM64, &class("Two")));
    let said = sandbox.trap(&["build", "--program", "one", "--program", "two", "--out-dir", "o"]);
    assert!(said.contains("error[class-differs]"), "{said}");
    sandbox.write("date", with_class(X64, &class("Date")));
    for command in [&["client", "date"][..], &["build", "--program", "date"]] {
        assert!(sandbox.trap(command).contains("error[class-name]"), "{command:?}");
    }
}
