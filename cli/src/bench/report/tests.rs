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
    assert_eq!(
        (&rows[3]["id"], &rows[3]["left"]),
        (&"boot".into(), &serde_json::Value::Null),
        "what was not measured is not zero"
    );
}

/// A run in which every text that comes from outside tries to be something else.
fn hostile() -> Run {
    let evil = "<script>alert(1)</script>\"'&{{ 7 }}|`\u{1b}[2J\u{202e}\n# x";
    let mut run = sample::run();
    run.program.name = evil.into();
    run.tool = evil.into();
    run.command.push(evil.into());
    run.machine.cpu = Some(evil.into());
    run.machine.system = evil.into();
    for variant in &mut run.variants {
        variant.id = format!("{}{evil}", variant.id);
        variant.node = variant.node.as_ref().map(|node| format!("{node}{evil}"));
        variant.unavailable = variant.unavailable.as_ref().map(|_| evil.into());
        variant.failed.iter_mut().for_each(|failure| failure.why = evil.into());
    }
    run
}

/// Names of elements that are open, when a tag is neither closed nor empty, or an attribute not quoted.
fn check_page(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    let mut rest = page.strip_prefix("<!doctype html>").unwrap();
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains('>'), "a loose `>` before {}", &rest[at..at + 40]);
        let end = at + rest[at..].find('>').unwrap();
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag.trim_end_matches('/'), ""));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "<{tag}>");
        let mut parts = attributes.trim_end_matches('/').split('"');
        while let Some(key) = parts.next().map(str::trim).filter(|key| !key.is_empty()) {
            assert!(key.ends_with('=') && key.trim_end_matches('=').split(' ').count() == 1, "<{tag}>");
            let value = parts.next().unwrap();
            if key == "id=" {
                assert!(ids.insert(value), "two elements are called {value}");
            }
        }
        if name == "style" {
            rest = &rest[rest.find("</style>").unwrap()..];
        }
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert_eq!(open, [] as [&str; 0]);
    for reference in page.split("aria-labelledby=\"").skip(1) {
        let id = reference.split('"').next().unwrap();
        assert!(ids.contains(id), "nothing is called {id}");
    }
}

#[test]
fn a_page_is_well_formed_and_needs_nothing_else() {
    let (two, comparison) = (sample::run_on_two_nodes(), comparison());
    let page = render(&two, Format::Html, WIDTH, Some(&comparison)).unwrap();
    check_page(&page);
    for needed in ["<script", "http://", "https://", "url(", "@import", "src=", "onload"] {
        assert!(!page.contains(needed), "`{needed}` asks for more than the page");
    }
    // Each of twelve variants has a bar and, but for the three without Node, a strip, on both Nodes.
    assert_eq!(page.matches("role=\"img\"").count(), 2 * (12 + 9));
    assert_eq!(page.matches("<caption>").count(), 2 * 4 + 1);
}

#[test]
fn a_page_says_what_there_is_when_there_is_little() {
    let mut run = sample::run();
    run.variants.iter_mut().for_each(|variant| {
        variant.samples.truncate(1);
        variant.traces.clear();
    });
    check_page(&render(&run, Format::Html, WIDTH, None).unwrap());
    run.variants.iter_mut().for_each(|variant| variant.samples.clear());
    let page = render(&run, Format::Html, WIDTH, None).unwrap();
    check_page(&page);
    assert!(page.contains("Nothing was measured."));
    assert!(text(&run, 80, None).contains("nothing was measured"));
    run.variants.clear();
    for format in [Format::Text, Format::Json, Format::Markdown, Format::Html] {
        render(&run, format, WIDTH, Some(&comparison())).unwrap();
    }
}

#[test]
fn text_from_outside_stays_text_in_every_format() {
    let (run, plain) = (hostile(), sample::run());
    let comparison = compare::compare(&plain, &run);
    let page = render(&run, Format::Html, WIDTH, Some(&comparison)).unwrap();
    check_page(&page);
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
    for format in [Format::Text, Format::Markdown, Format::Html] {
        let text = render(&run, format, WIDTH, Some(&comparison)).unwrap();
        let text = anstream::adapter::strip_str(&text).to_string();
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{format:?}");
        assert!(!text.contains("\n# x"), "{format:?}: a line of its own");
    }
    let markdown = render(&run, Format::Markdown, WIDTH, Some(&comparison)).unwrap();
    let fenced = markdown.split("```").nth(1).unwrap_or_default();
    assert!(!markdown.replace(fenced, "").contains("<script"), "{markdown}");
}

/// An interrupted run says so, and counts what it has.
#[test]
fn an_interrupted_run_is_reported_as_one() {
    let mut run = sample::run();
    run.interrupted = true;
    run.variants.iter_mut().for_each(|variant| variant.samples.truncate(7));
    for format in [Format::Text, Format::Markdown, Format::Html] {
        let text = render(&run, format, 120, None).unwrap();
        assert!(text.contains("interrupted after 7 of 24 starts of each variant"), "{format:?}");
    }
}
