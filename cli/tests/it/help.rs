//! Help texts are files, so that no flag changes unseen.

use std::fs;
use std::path::Path;

use crate::sandbox::Sandbox;

const COMMANDS: [&str; 14] = [
    "",
    "new",
    "init",
    "build",
    "dev",
    "invoke",
    "deploy",
    "bench",
    "inspect",
    "client",
    "platforms",
    "doctor",
    "completions",
    "man",
];

#[test]
fn every_help_text_is_as_committed() {
    let sandbox = Sandbox::new();
    for name in COMMANDS {
        let args: Vec<_> = [name, "--help"].into_iter().filter(|arg| !arg.is_empty()).collect();
        let output = sandbox.output(&args);
        assert!(output.status.success());
        let actual = String::from_utf8(output.stdout).unwrap();
        let file = if name.is_empty() { "trap.txt".to_owned() } else { format!("trap-{name}.txt") };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help").join(file);
        if std::env::var_os("TRAP_BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &actual).unwrap();
        }
        assert_eq!(
            fs::read_to_string(&path).unwrap_or_default(),
            actual,
            "{} is out of date; look at the change, then accept it with `TRAP_BLESS=1 cargo test -p cargo-trap --test it`",
            path.display()
        );
    }
}

#[test]
fn every_command_has_a_committed_help_text() {
    let text = String::from_utf8(Sandbox::new().output(&["--help"]).stdout).unwrap();
    let listed: Vec<_> = text
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert_eq!(listed, COMMANDS[1..]);
}

#[test]
fn a_completion_script_and_manual_pages_are_made_from_the_same_definitions() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = sandbox.output(&["completions", shell]);
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains("takeover"), "{shell}");
    }
    assert!(sandbox.output(&["man", "pages"]).status.success());
    let pages = sandbox.tree("pages");
    assert!(
        pages.contains(&"cargo-trap.1".to_owned()) && pages.contains(&"cargo-trap-build.1".to_owned()),
        "{pages:?}"
    );
    assert!(sandbox.read("pages/cargo-trap-build.1").contains("single\\-file"));
}
