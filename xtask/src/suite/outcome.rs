//! What came of each suite, and the last lines that say so.

use std::time::Duration;

use crate::ui;

/// What came of a suite.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    Passed,
    /// With the reason.
    Failed(String),
    /// Not run, because this machine lacks something; with what to do about it.
    Skipped(String),
}

/// Outcomes of all suites, in the order in which they ran.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<(String, Outcome, Duration)>,
}

impl Report {
    /// Notes what came of a suite and how long it took.
    pub fn add(&mut self, suite: &str, outcome: Outcome, time: Duration) {
        self.lines.push((suite.to_owned(), outcome, time));
    }

    /// How many suites failed.
    pub fn failed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// One line per suite, and a last one that counts them.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (suite, outcome, time) in &self.lines {
            let (word, reason) = match outcome {
                Outcome::Passed => ("passed", String::new()),
                Outcome::Failed(reason) => ("FAILED", format!("  {reason}")),
                Outcome::Skipped(reason) => ("skipped", format!("  {reason}")),
            };
            lines.push(format!("{suite:12} {word:8} {:>12}{reason}", ui::seconds(*time)));
        }
        lines.push(format!(
            "{} passed, {} failed, {} skipped",
            self.count(|outcome| *outcome == Outcome::Passed),
            self.failed(),
            self.count(|outcome| matches!(outcome, Outcome::Skipped(_))),
        ));
        lines
    }

    fn count(&self, wanted: impl Fn(&Outcome) -> bool) -> usize {
        self.lines.iter().filter(|(_, outcome, _)| wanted(outcome)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_skipped_is_said_and_not_counted_as_passed() {
        let mut report = Report::default();
        report.add("tidy", Outcome::Passed, Duration::from_millis(1_500));
        report.add("js", Outcome::Skipped("`node` is missing".into()), Duration::ZERO);
        report.add("e2e", Outcome::Failed("`cargo test` failed".into()), Duration::from_secs(70));
        assert_eq!(
            report.lines(),
            [
                "tidy         passed          1.5 s",
                "js           skipped         0.0 s  `node` is missing",
                "e2e          FAILED     1 min 10 s  `cargo test` failed",
                "1 passed, 1 failed, 1 skipped",
            ]
        );
        assert_eq!(report.failed(), 1);
    }
}
