//! Limits of what `--load` measures, which is one thing and no run of variants.

use super::figure::FIGURES;
use super::parse::{Budget, Scope};
use super::verdict::Verdict;
use crate::bench::stats::Estimate;
use crate::{Class, Error, Result};

/// Makes sure, before anything is measured, that each budget limits one of these figures.
///
/// # Errors
/// `budget-syntax`, with what is measured.
pub fn among(budgets: &[Budget], figures: &[&str]) -> Result<()> {
    for budget in budgets {
        let measured = figures.contains(&FIGURES[budget.figure].name);
        if measured && budget.scope == Scope::default() {
            continue;
        }
        let what = if measured { "names a variant" } else { "limits what a load does not measure" };
        return Err(Error::known("budget-syntax", Class::Request, format!("`{budget}` {what}"))
            .with_hint(format!("with `--load` there are `{}`, of the one host", figures.join("`, `"))));
    }
    Ok(())
}

/// Every budget against the figure that it limits.
pub fn held(budgets: &[Budget], who: &str, figures: &[(&str, Estimate)]) -> Vec<Verdict> {
    let held = |budget: &Budget| {
        let figure = figures.iter().find(|(name, _)| *name == FIGURES[budget.figure].name);
        budget.judge(who, figure.map(|(_, estimate)| *estimate), || "it was not measured".to_owned())
    };
    budgets.iter().map(held).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budgets(text: &str) -> Vec<Budget> {
        vec![text.parse().unwrap()]
    }

    #[test]
    fn only_what_a_load_measures_can_be_limited() {
        let figures = ["warm", "warm-over-handler"];
        among(&budgets("warm-over-handler<=0.5ms"), &figures).unwrap();
        for (text, says) in [("total<=1s", "does not measure"), ("file: warm<=1ms", "names a variant")] {
            let error = among(&budgets(text), &figures).unwrap_err();
            assert_eq!(error.code(), "budget-syntax");
            assert!(error.to_string().contains(says), "{error}");
            assert!(error.hint().unwrap().contains("`warm-over-handler`"));
        }
    }

    #[test]
    fn a_limit_is_held_against_the_figure_of_its_name() {
        let figures = [("warm-over-handler", Estimate { value: 320.0, interval: None })];
        let kept = |text: &str| held(&budgets(text), "`server`", &figures).remove(0);
        assert!(kept("warm-over-handler<=0.5ms").kept);
        assert!(!kept("warm-over-handler<=0.3ms").kept);
        let unknown = kept("warm-over-handler@95<=0.5ms");
        assert!(!unknown.kept && unknown.to_string().contains("holds nothing"), "{unknown}");
    }
}
