//! The run itself, every sample in it, for programs.
//!
//! The keys of [`Run`] stand at the top, so the file is a run and `--compare` reads it back. Beside them
//! stand `summary`, what the other formats show, and `comparison` where there is one; whoever reads a run
//! ignores both, and both can be had again from the samples.

use serde::Serialize;

use crate::bench::compare::Comparison;
use crate::bench::model::Run;
use crate::bench::summary::Summary;
use crate::{Error, Result};

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    run: &'a Run,
    summary: &'a Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<&'a Comparison>,
}

pub(super) fn render(run: &Run, summary: &Summary, comparison: Option<&Comparison>) -> Result<String> {
    let pretty = serde_json::to_string_pretty(&Document { run, summary, comparison })
        .map_err(|error| Error::Stdout(error.into()))?;
    Ok(compact(&pretty))
}

/// Pretty JSON with one line for each array of plain values and for each plain element of an array, so that
/// a sample is a line: a line for each number would be a hundred thousand of them.
fn compact(pretty: &str) -> String {
    // What is open: its first line, and what came since.
    let mut open: Vec<(&str, Vec<String>)> = vec![("", Vec::new())];
    for line in pretty.lines() {
        let word = line.trim_start();
        if word.ends_with(['[', '{']) {
            open.push((line, Vec::new()));
            continue;
        }
        if !matches!(word.trim_end_matches(','), "]" | "}") {
            push(&mut open, line.to_owned());
            continue;
        }
        let Some((first, inner)) = open.pop() else { continue };
        let is_element = matches!(first.trim_start(), "[" | "{");
        let is_plain = inner.iter().all(|line| !line.contains('\n') && !line.trim_start().starts_with('{'));
        let is_array = word.starts_with(']');
        if is_plain && (is_array || is_element) {
            let gap = if is_array { "" } else { " " };
            let words: Vec<_> = inner.iter().map(|line| line.trim_start()).collect();
            push(&mut open, format!("{first}{gap}{}{gap}{word}", words.join(" ")));
        } else {
            push(&mut open, format!("{first}\n{}\n{line}", inner.join("\n")));
        }
    }
    open.into_iter().flat_map(|(_, lines)| lines).map(|line| line + "\n").collect()
}

fn push(open: &mut [(&str, Vec<String>)], line: String) {
    if let Some((_, lines)) = open.last_mut() {
        lines.push(line);
    }
}

#[test]
fn a_plain_element_is_a_line() {
    let value = serde_json::json!({
        "none": [],
        "numbers": [1, 2.5, "a [ b"],
        "objects": [{ "a": 1, "b": [1, 2], "c": [["x", 1], ["y", 2]] }, { "a": {} }],
        "plain": { "a": 1 },
    });
    let text = compact(&serde_json::to_string_pretty(&value).unwrap());
    let expected = r#"{
  "none": [],
  "numbers": [1, 2.5, "a [ b"],
  "objects": [
    { "a": 1, "b": [1, 2], "c": [["x", 1], ["y", 2]] },
    { "a": {} }
  ],
  "plain": {
    "a": 1
  }
}
"#;
    assert_eq!(text, expected);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
}
