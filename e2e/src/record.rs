//! What happened, as lines that two platforms must agree on.

use std::sync::LazyLock;

use regex_lite::Regex;

/// Everything that differs from run to run, and nothing else: the one list of what is not compared.
static REDACTIONS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        // First of all: the others need not search megabytes.
        (r"p{1000,}", "<padding>"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
        (r"lambda-runtime-deadline-ms: \d+", "lambda-runtime-deadline-ms: <time>"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>"),
        (r#""(pid|parent)":\d+"#, r#""$1":<pid>"#),
        (r"\bpid \d+", "pid <pid>"),
        (r"(hanging: )\d+", "$1<pid>"),
        // Of the transport, not of the protocol: how the body is framed and when it was sent.
        (r"\b(date|connection|content-length|transfer-encoding): [^|\]]*[^ |\]]( \| )?", ""),
        (r" \| \] ", "] "),
    ]
    .map(|(pattern, replacement)| (Regex::new(pattern).expect("the pattern is well formed"), replacement))
    .into()
});

/// The lines of one run.
#[derive(Debug, Default, Clone)]
pub struct Record {
    lines: Vec<String>,
}

impl Record {
    pub fn note(&mut self, line: &str) {
        self.lines.push(redact(line));
    }

    /// Nothing if both runs were alike, else every line that only one of them has.
    pub fn difference(&self, mine: &str, other: &Self, theirs: &str) -> Option<String> {
        if self.lines == other.lines {
            return None;
        }
        let only = |here: &[String], there: &[String], name: &str| -> String {
            here.iter()
                .filter(|line| !there.contains(line))
                .map(|line| format!("\n  only {name}: {line}"))
                .collect()
        };
        let mut text = only(&self.lines, &other.lines, mine) + &only(&other.lines, &self.lines, theirs);
        if text.is_empty() {
            text = format!("\n  the same lines in another order:\n{self}\n---\n{other}");
        }
        Some(text)
    }
}

impl std::fmt::Display for Record {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.lines.join("\n"))
    }
}

fn redact(line: &str) -> String {
    REDACTIONS.iter().fold(line.to_owned(), |text, (pattern, replacement)| {
        pattern.replace_all(&text, *replacement).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_is_redacted_and_what_matters_stays() {
        let line = "next: 200 [connection: close | content-type: application/json | date: Sat, 1 | lambda-runtime-deadline-ms: \
                    1795228438307 | transfer-encoding: chunked] {\"pid\":12,\"n\":12}";
        assert_eq!(
            redact(line),
            "next: 200 [content-type: application/json | lambda-runtime-deadline-ms: <time>] \
             {\"pid\":<pid>,\"n\":12}"
        );
    }

    #[test]
    fn two_records_differ_by_their_lines() {
        let (mut left, mut right) = (Record::default(), Record::default());
        left.note("pid 1");
        right.note("pid 2");
        assert_eq!(left.difference("a", &right, "b"), None);
        left.note("more");
        assert_eq!(left.difference("a", &right, "b").as_deref(), Some("\n  only a: more"));
    }
}
