//! What people see, as golden files: `TRAP_BLESS=1 cargo test -p cargo-trap --lib bench` accepts a change.

use std::fs;
use std::path::Path;

use super::*;
use crate::bench::{compare, journal, sample};

fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bench/report/expected").join(name);
    if std::env::var_os("TRAP_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, actual).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap_or_default(),
        actual,
        "{} is out of date; look at the change, then accept it with `TRAP_BLESS=1 cargo test -p cargo-trap --lib bench`",
        path.display()
    );
}

fn text(run: &Run, width: usize, comparison: Option<&Comparison>) -> String {
    let styled = render(run, Format::Text, width, comparison).unwrap();
    anstream::adapter::strip_str(&styled).to_string()
}

/// The old run of a comparison: a slower file payload, another program, one variant more and one less.
fn comparison() -> Comparison {
    let (mut old, new) = (sample::run(), sample::run());
    old.started -= 86_400;
    old.program.sha256 = "f".repeat(64);
    old.program.size += 20_480;
    old.variants.retain(|variant| variant.id != "file/spawn");
    for variant in &mut old.variants {
        match variant.id.as_str() {
            "file/exec:stub" => variant.samples.iter_mut().for_each(|sample| sample.total_ms += 1.4),
            "base64/exec:stub" => {
                variant.samples.iter_mut().for_each(|sample| sample.left = sample.left.map(|left| left * 3))
            }
            "file-copied/exec:stub" => variant.id = "file/old".into(),
            _ => {}
        }
    }
    compare::compare(&old, &new)
}

#[test]
fn text_is_as_committed() {
    golden("text-80.txt", &text(&sample::run(), 80, None));
    golden("text-120.txt", &text(&sample::run_on_two_nodes(), 120, None));
    golden("compared-80.txt", &text(&sample::run(), 80, Some(&comparison())));
}

#[test]
fn markdown_is_as_committed() {
    golden("pull-request.md", &render(&sample::run(), Format::Markdown, WIDTH, Some(&comparison())).unwrap());
}

#[test]
fn text_keeps_to_the_terminal() {
    let (run, comparison) = (sample::run_on_two_nodes(), comparison());
    let summary = Summary::of(&run);
    for width in [72, 80, 100, 120, 200] {
        let styled = text::render(&run, &summary, width, Some(&comparison));
        for line in anstream::adapter::strip_str(&styled).to_string().lines() {
            assert!(line.chars().count() <= width, "{width} columns: {line}");
            assert_eq!(line, line.trim_end(), "{width} columns: space at the end");
        }
    }
}

/// The file is also what the tests of the page in a browser render: small, so that a change can be read.
#[test]
fn json_is_as_committed_and_reads_back_as_the_run() {
    let mut run = sample::run_on_two_nodes();
    for variant in &mut run.variants {
        variant.samples.truncate(6);
        variant.traces.truncate(2);
        variant.samples.iter_mut().for_each(|sample| sample.warm_us.truncate(3));
    }
    let text = render(&run, Format::Json, WIDTH, Some(&comparison())).unwrap();
    golden("run.json", &text);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bench/report/expected/run.json");
    let read = journal::read(&path).unwrap();
    assert!(read == run, "summary and comparison are no part of a run");
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(value["comparison"]["changes"].is_array());
    let rows = &value["summary"]["groups"][0]["rows"];
    assert_eq!(rows[0]["id"], "program");
    assert_eq!(rows[1]["left"], serde_json::Value::Null, "what was not measured is not zero");
}

#[test]
fn page_is_looked_at() {
    if let Some(folder) = std::env::var_os("TRAP_PAGES") {
        for (name, run, comparison) in
            [("one.html", sample::run(), Some(comparison())), ("two.html", sample::run_on_two_nodes(), None)]
        {
            let page = render(&run, Format::Html, WIDTH, comparison.as_ref()).unwrap();
            fs::write(Path::new(&folder).join(name), page).unwrap();
        }
    }
}
