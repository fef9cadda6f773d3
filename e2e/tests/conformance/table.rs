//! `docs/platforms.md`: the table of a complete run.

use std::fs;
use std::path::Path;

use crate::{cases, hosts};

const BEGIN: &str = "<!-- The rest is written by a complete run of `cargo test -p e2e --test conformance` with TRAP_BLESS=1. -->\n";

/// Compares the table in the documentation with what was just seen: every case passed, or failed with its excuse.
pub fn hold() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/platforms.md");
    let old = fs::read_to_string(&path).unwrap_or_default();
    let head = old.split_once(BEGIN).map_or(old.as_str(), |(head, _)| head);
    let new = format!("{head}{BEGIN}{}", text());
    if old == new {
        return;
    }
    if std::env::var_os("TRAP_BLESS").is_some() {
        fs::write(&path, new).expect("docs/ can be written");
        return;
    }
    panic!(
        "docs/platforms.md does not say what was seen; `TRAP_BLESS=1 cargo test -p e2e --test conformance` writes it"
    );
}

fn text() -> String {
    let mut text = String::from("\n| |");
    for host in hosts::ALL {
        text.push_str(&format!(" {} |", host.title));
    }
    text.push_str("\n| --- |");
    text.push_str(&" :-: |".repeat(hosts::ALL.len()));
    let mut notes: Vec<&str> = Vec::new();
    for case in cases::ALL {
        text.push_str(&format!("\n| {} |", case.about));
        for host in hosts::ALL {
            match host.excuse(case.name) {
                None => text.push_str(" ✓ |"),
                Some(excuse) => {
                    let at = notes.iter().position(|note| *note == excuse).unwrap_or_else(|| {
                        notes.push(excuse);
                        notes.len() - 1
                    });
                    text.push_str(&format!(" ({}) |", at + 1));
                }
            }
        }
    }
    text.push_str("\n\n✓ seen to work. A number: the host cannot, and was seen not to, because\n\n");
    for (at, note) in notes.iter().enumerate() {
        text.push_str(&format!("{}. {note}\n", at + 1));
    }
    text.push_str("\nWhat was run:\n\n| column | host |\n| --- | --- |\n");
    for host in hosts::ALL {
        text.push_str(&format!("| {} | {} |\n", host.title, host.what));
    }
    text
}
