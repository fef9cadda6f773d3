//! What came of each budget.

use std::fmt;

use super::figure::FIGURES;
use super::parse::Budget;
use crate::bench::model::{Kind, Run, Variant};
use crate::bench::stats::Estimate;
use crate::bench::summary::{Group, Row, Summary};
use crate::ui::Ui;
use crate::{Class, Error, Result};

/// What came of a budget for one variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// True when the limit is kept.
    pub kept: bool,
    pub(super) what: String,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Every budget against every variant it concerns.
pub fn verdicts(budgets: &[Budget], run: &Run) -> Vec<Verdict> {
    let summary = Summary::of(run);
    let mut verdicts: Vec<_> = budgets.iter().flat_map(|budget| budget.verdicts(&summary)).collect();
    // What runs without a Node belongs to every group, and is judged once.
    verdicts.dedup();
    verdicts
}

/// Says which limits were kept.
pub fn tell(verdicts: &[Verdict], ui: &Ui) {
    for verdict in verdicts.iter().filter(|verdict| verdict.kept) {
        ui.status("Kept", verdict);
    }
}

/// Fails unless each is kept.
///
/// # Errors
/// `budget` when a limit is exceeded, or could not be held against anything; each is named.
pub fn all_kept(verdicts: &[Verdict]) -> Result<()> {
    let broken: Vec<_> = verdicts.iter().filter(|verdict| !verdict.kept).collect();
    let message = match broken[..] {
        [] => return Ok(()),
        [one] => one.to_string(),
        _ => {
            let lines: Vec<_> = broken.iter().map(|verdict| format!("\n  {verdict}")).collect();
            format!("{} of {} limits are not kept:{}", broken.len(), verdicts.len(), lines.concat())
        }
    };
    Err(Error::known("budget", Class::Budget, message))
}

/// Makes sure, before anything is measured, that each budget concerns one of these variants and that what it
/// is measured against is among them.
///
/// # Errors
/// `budget-syntax`, with what is there.
pub fn fits(budgets: &[Budget], variants: &[Variant]) -> Result<()> {
    for budget in budgets {
        let wrong = |what: String, hint: String| {
            Err(Error::known("budget-syntax", Class::Request, format!("`{budget}`: {what}")).with_hint(hint))
        };
        let concerned: Vec<_> = variants
            .iter()
            .filter(|variant| {
                !variant.kind.has_node()
                    || budget.scope.concerns_group(variant.node.as_deref(), variant.client)
            })
            .collect();
        if budget.scope.among(&concerned, |one| (one.id.as_str(), one.kind, one.default)).is_empty() {
            let mut ids: Vec<_> = variants.iter().map(|variant| variant.id.as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            return wrong(
                "this run measures no such variant".to_owned(),
                format!("it measures `{}`", ids.join("`, `")),
            );
        }
        for need in FIGURES[budget.figure].needs {
            if !concerned.iter().any(|variant| variant.kind == *need && variant.unavailable.is_none()) {
                return wrong(
                    format!("this run does not measure `{}`", name(*need)),
                    format!("add `{}` to the variants", name(*need)),
                );
            }
        }
    }
    Ok(())
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Program => "program",
        Kind::Bootstrap => "bootstrap",
        Kind::Boot => "boot",
        Kind::Handler => "handler",
        Kind::Seed => "seed",
        Kind::Ours | Kind::Wrapper => "ours",
    }
}

impl Budget {
    fn verdicts(&self, summary: &Summary) -> Vec<Verdict> {
        let groups = summary
            .groups
            .iter()
            .filter(|group| self.scope.concerns_group(group.node.as_deref(), group.client));
        let found: Vec<_> = groups
            .flat_map(|group| {
                let rows = self.scope.among(&group.rows, |row| (row.id.as_str(), row.kind, row.default));
                rows.into_iter().map(|row| self.verdict(group, row))
            })
            .collect();
        if found.is_empty() {
            let what = format!("`{self}` holds nothing: no such variant was measured");
            return vec![Verdict { kept: false, what }];
        }
        found
    }

    fn verdict(&self, group: &Group, row: &Row) -> Verdict {
        let figure = &FIGURES[self.figure];
        let mut who = format!("`{}`", row.id);
        if let (Some(node), true) = (&group.node, row.kind.has_node()) {
            who += &format!(" on Node {node}");
        }
        let estimate = (figure.of)(row);
        self.judge(&who, estimate, || self.reason(group, row, estimate))
    }

    /// Holds an estimate against the limit; where there is none, or none of its interval, says why.
    pub(super) fn judge(
        &self,
        who: &str,
        estimate: Option<Estimate>,
        why_not: impl FnOnce() -> String,
    ) -> Verdict {
        let figure = &FIGURES[self.figure];
        let value = match self.bound {
            true => estimate.and_then(|estimate| estimate.interval).map(|interval| interval.high),
            false => estimate.map(|estimate| estimate.value),
        };
        let Some(value) = value else {
            return Verdict { kept: false, what: format!("`{self}` holds nothing for {who}: {}", why_not()) };
        };
        let kept = if self.strict { value < self.limit } else { value <= self.limit };
        let (value, limit) = (figure.unit.show(value), figure.unit.show(self.limit));
        let bound = if self.bound { "at most " } else { "" };
        let what = match kept {
            true => format!("`{self}` is kept by {who}: {bound}{value}"),
            false => format!("`{self}` is exceeded by {who}: measured {bound}{value}, allowed {limit}"),
        };
        Verdict { kept, what }
    }

    fn reason(&self, group: &Group, row: &Row, estimate: Option<Estimate>) -> String {
        if let Some(why) = &row.unavailable {
            return format!("it was not measured: {why}");
        }
        if !row.is_measured() {
            let why = row.failed.keys().next().map_or("no start counted", String::as_str);
            return format!("it was not measured: {why}");
        }
        let figure = &FIGURES[self.figure];
        if let Some(need) = figure.needs.iter().find(|need| group.baseline(**need).is_none()) {
            return format!("`{}` was not measured", name(*need));
        }
        match estimate {
            Some(_) => "too few starts for a 95 % interval".to_owned(),
            None => format!("no start told its `{}`", figure.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::sample;

    fn budgets(texts: &[&str]) -> Vec<Budget> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn check(budgets: &[Budget], run: &Run) -> Result<()> {
        all_kept(&verdicts(budgets, run))
    }

    fn broken(run: &Run, text: &str) -> String {
        let error = check(&budgets(&[text]), run).unwrap_err();
        assert_eq!(error.code(), "budget");
        assert_eq!(error.exit_code(), std::process::ExitCode::from(7));
        error.to_string()
    }

    #[test]
    fn limits_that_are_kept_are_no_error() {
        let kept =
            ["over-boot<=10ms", "file: ratio:seed<=0.2", "left:program@95<1.1", "file/spawn: left<=60MiB"];
        let budgets = budgets(&kept);
        check(&budgets, &sample::run()).unwrap();
        let verdicts = verdicts(&budgets, &sample::run());
        assert_eq!(verdicts.len(), 6, "two variants are made by default");
        assert!(verdicts.iter().all(|verdict| verdict.kept));
        assert!(
            verdicts[0].to_string().starts_with("`over-boot<=10ms` is kept by `base64/exec:stub` on Node 20")
        );
    }

    #[test]
    fn a_limit_that_is_exceeded_names_variant_figure_and_limit() {
        let message = broken(&sample::run(), "over-boot<=5ms");
        let start = "`over-boot<=5ms` is exceeded by `base64/exec:stub` on Node 20.20.2: measured 7.";
        assert!(message.starts_with(start) && message.ends_with(" ms, allowed 5.00 ms"), "{message}");
        let many = check(&budgets(&["over-boot<=1ms", "total<=1s"]), &sample::run()).unwrap_err().to_string();
        assert!(many.starts_with("2 of 4 limits are not kept:\n  `over-boot<=1ms` is exceeded by"), "{many}");
    }

    #[test]
    fn a_bound_is_the_upper_end_of_the_interval() {
        let summary = Summary::of(&sample::run());
        let row = summary.groups[0].rows.iter().find(|row| row.id == "file/exec:stub").unwrap();
        let estimate = row.added_to_seed.unwrap();
        let between = (estimate.value + estimate.interval.unwrap().high) / 2.0;
        check(&budgets(&[&format!("file: ratio:seed<={between:.4}")]), &sample::run()).unwrap();
        assert!(broken(&sample::run(), &format!("file: ratio:seed@95<={between:.4}")).contains("at most"));
    }

    #[test]
    fn what_was_not_measured_keeps_no_limit_and_says_why() {
        let mut run = sample::run();
        let execve = broken(&run, "file/exec:execve: over-boot<=5ms");
        assert!(execve.contains("it was not measured: Node 20.20.2 has no process.execve"), "{execve}");
        assert!(broken(&run, "ric: over-boot<=5ms").contains("no such variant was measured"));
        run.variants.retain(|variant| variant.kind != Kind::Seed);
        assert!(broken(&run, "ratio:seed<=9").contains("`seed` was not measured"));
        run.variants.iter_mut().for_each(|variant| variant.samples.truncate(3));
        assert!(broken(&run, "over-boot@95<=9s").contains("too few starts for a 95 % interval"));
        run.variants
            .iter_mut()
            .flat_map(|variant| &mut variant.samples)
            .for_each(|sample| sample.left = None);
        assert!(broken(&run, "left<=9GiB").contains("no start told its `left`"));
    }

    #[test]
    fn a_payload_stands_for_its_default_else_for_all_of_it() {
        let run = sample::run();
        let of = |text: &str| verdicts(&budgets(&[text]), &run).len();
        assert_eq!(of("file: total<=1s"), 1);
        assert_eq!(of("file-copied: total<=1s"), 1);
        assert_eq!(of("total<=1s"), 2);
        assert_eq!(of("program: warm<=1s"), 1);
        let mut run = run;
        run.variants.iter_mut().for_each(|variant| variant.default = false);
        assert_eq!(verdicts(&budgets(&["file: total<=1s"]), &run).len(), 5, "one of them not measured");
    }

    #[test]
    fn each_node_is_held_to_a_limit_or_one_alone() {
        let run = sample::run_on_two_nodes();
        let of = |text: &str| verdicts(&budgets(&[text]), &run).len();
        assert_eq!((of("file: total<=1s"), of("node24 file: total<=1s"), of("node22: total<=1s")), (2, 1, 1));
        assert!(broken(&run, "node22: total<=1s").contains("holds nothing"));
        assert_eq!((of("file/wrapper: over-bootstrap<=1ms"), of("program: total<=1s")), (1, 1));
        assert!(broken(&run, "file/exec:stub: over-bootstrap<=1s").contains("told its `over-bootstrap`"));
    }

    #[test]
    fn a_budget_that_can_hold_nothing_is_found_before_anything_is_measured() {
        let mut run = sample::run();
        run.variants.iter_mut().for_each(|variant| variant.samples.clear());
        let fits = |text: &str, run: &Run| fits(&budgets(&[text]), &run.variants);
        fits("file: ratio:seed<=1", &run).unwrap();
        fits("node20: total<=1s", &run).unwrap();
        let error = fits("fil: total<=1s", &run).unwrap_err();
        assert_eq!(error.code(), "budget-syntax");
        assert!(
            error.to_string().contains("no such variant") && error.hint().unwrap().contains("`file/spawn`")
        );
        assert!(fits("node22: total<=1s", &run).is_err());
        run.variants.retain(|variant| variant.kind != Kind::Seed);
        assert!(fits("ratio:seed<=1", &run).unwrap_err().to_string().contains("does not measure `seed`"));
    }
}
