//! From what was typed to a limit.

use std::fmt;
use std::str::FromStr;

use super::figure::{BOUNDED, FIGURES, Figure, Unit};
use crate::bench::model::{Client, Kind};
use crate::{Class, Error, Result};

/// Asks for the upper end of the 95 % interval instead of the figure itself.
const BOUND: &str = "@95";

/// One limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// As it was typed.
    text: String,
    pub(super) scope: Scope,
    /// Where it stands in [`FIGURES`].
    pub(super) figure: usize,
    /// True for the upper end of the interval.
    pub(super) bound: bool,
    /// True for `<`.
    pub(super) strict: bool,
    /// In the figure's own unit.
    pub(super) limit: f64,
}

/// Whom a budget concerns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scope {
    /// The beginning of a Node version.
    node: Option<String>,
    client: Option<Client>,
    /// A variant, or the payload of variants.
    variant: Option<String>,
}

impl Scope {
    /// True when the variants of this Node and client are meant.
    pub(super) fn concerns_group(&self, node: Option<&str>, client: Option<Client>) -> bool {
        let same_node = |wanted: &String| {
            node.and_then(|node| node.strip_prefix(wanted.as_str()))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.node.as_ref().is_none_or(same_node)
            && self.client.is_none_or(|wanted| client.is_none_or(|client| client == wanted))
    }

    /// Which of these variants: one by its name; the default of a payload, or all of it; by default what a
    /// build makes, or else everything of ours.
    pub(super) fn among<'a, T>(&self, all: &'a [T], look: fn(&T) -> (&str, Kind, bool)) -> Vec<&'a T> {
        let narrowed = |matches: &dyn Fn(&str, Kind) -> bool| {
            let found: Vec<_> = all.iter().filter(|one| matches(look(one).0, look(one).1)).collect();
            let defaults: Vec<_> = found.iter().copied().filter(|one| look(one).2).collect();
            if defaults.is_empty() { found } else { defaults }
        };
        match &self.variant {
            None => narrowed(&|_, kind| kind == Kind::Ours),
            Some(name) => match all.iter().find(|one| look(one).0 == name) {
                Some(exact) => vec![exact],
                None => narrowed(&|id, _| id.split_once('/').is_some_and(|(payload, _)| payload == name)),
            },
        }
    }
}

impl FromStr for Budget {
    type Err = Error;

    /// # Errors
    /// `budget-syntax`, with what is known.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |what: String| {
            Error::known("budget-syntax", Class::Request, format!("`{text}` is no budget: {what}"))
                .with_hint("write it like `over-boot<=10ms`, `file: ratio:seed<=0.5` or `left<=4MiB`")
        };
        let (left, right) = text.split_once('<').ok_or_else(|| wrong("it has no `<=`".to_owned()))?;
        let (strict, right) = right.strip_prefix('=').map_or((true, right), |right| (false, right));
        let left = left.trim();
        let (name, bound) = left.strip_suffix(BOUND).map_or((left, false), |name| (name.trim_end(), true));
        let (scope, figure) = split(name).ok_or_else(|| {
            let name = name.rsplit(": ").next().unwrap_or(name).trim();
            let names: Vec<_> = FIGURES.iter().map(|figure| figure.name).collect();
            wrong(format!("`{name}` is no figure; there are `{}`", names.join("`, `")))
        })?;
        let Figure { name, unit, .. } = FIGURES[figure];
        if bound && !BOUNDED.contains(&name) {
            let known = BOUNDED.join("`, `");
            return Err(wrong(format!("`{name}` has no 95 % interval; `{known}` have one")));
        }
        let limit = limit(right.trim(), unit).map_err(wrong)?;
        let scope = scope_of(scope).map_err(wrong)?;
        Ok(Self { text: text.trim().to_owned(), scope, figure, bound, strict, limit })
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The scope, and where the figure stands in the list.
fn split(text: &str) -> Option<(&str, usize)> {
    FIGURES.iter().enumerate().find_map(|(index, figure)| {
        let before = text.strip_suffix(figure.name)?.trim_end();
        if before.is_empty() {
            return Some(("", index));
        }
        Some((before.strip_suffix(':')?.trim(), index))
    })
}

fn scope_of(text: &str) -> Result<Scope, String> {
    let mut scope = Scope::default();
    for word in text.split_whitespace() {
        let version = word.strip_prefix("node").filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let taken = match (version, word) {
            (Some(version), _) => scope.node.replace(version.to_owned()).is_some(),
            (None, "minimal") => scope.client.replace(Client::Minimal).is_some(),
            (None, "ric") => scope.client.replace(Client::Ric).is_some(),
            (None, _) => scope.variant.replace(word.to_owned()).is_some(),
        };
        if taken {
            return Err(format!(
                "`{text}` names two of a kind; a scope is `node<version> <client> <variant>`"
            ));
        }
    }
    Ok(scope)
}

/// A limit in the figure's own unit.
fn limit(text: &str, unit: Unit) -> Result<f64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| format!("`{text}` does not begin with a number"))?;
    let suffix = suffix.trim();
    let known: &[(&str, f64)] = match unit {
        Unit::Milliseconds => &[("ms", 1.0), ("us", 1e-3), ("µs", 1e-3), ("s", 1e3)],
        Unit::Microseconds => &[("us", 1.0), ("µs", 1.0), ("ms", 1e3), ("s", 1e6)],
        Unit::Bytes => &[
            ("B", 1.0),
            ("kB", 1e3),
            ("KB", 1e3),
            ("MB", 1e6),
            ("GB", 1e9),
            ("KiB", 1024.0),
            ("MiB", 1_048_576.0),
            ("GiB", 1_073_741_824.0),
        ],
        Unit::Ratio => &[("", 1.0), ("x", 1.0), ("×", 1.0), ("%", 0.01)],
    };
    let factor = known.iter().find(|(name, _)| *name == suffix).map(|(_, factor)| factor);
    factor.map(|factor| number * factor).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect();
        match suffix {
            "" => format!("`{text}` needs a unit: `{}`", names.join("`, `")),
            _ => format!("`{suffix}` is no unit of this figure; there are `{}`", names.join("`, `")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Budget {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_budget_is_a_figure_an_operator_and_a_limit() {
        for (text, figure, limit, strict) in [
            ("over-boot<=10ms", "over-boot", 10.0, false),
            (" total < 0.05 s ", "total", 50.0, true),
            ("ratio:seed<=0.5", "ratio:seed", 0.5, false),
            ("ratio:seed<=50%", "ratio:seed", 0.5, false),
            ("left:program<=1.1x", "left:program", 1.1, false),
            ("left<=4MiB", "left", 4_194_304.0, false),
            ("size<=50MB", "size", 5e7, false),
            ("warm<=0.06ms", "warm", 60.0, false),
            ("warm-p99<=200us", "warm-p99", 200.0, false),
            ("cpu<=30 ms", "cpu", 30.0, false),
        ] {
            let budget = parsed(text);
            assert_eq!(FIGURES[budget.figure].name, figure, "{text}");
            assert!((budget.limit - limit).abs() < 1e-9, "{text}: {}", budget.limit);
            assert_eq!((budget.strict, budget.bound), (strict, false), "{text}");
            assert_eq!(budget.to_string(), text.trim());
        }
        assert!(parsed("warm:program@95<=1.05").bound);
    }

    #[test]
    fn a_scope_names_a_node_a_client_and_a_variant() {
        let scope = |text: &str| parsed(text).scope;
        assert_eq!(scope("over-boot<=1ms"), Scope::default());
        assert_eq!(scope("file: ratio:seed<=0.5").variant.as_deref(), Some("file"));
        assert_eq!(scope("file:ratio:seed<=0.5").variant.as_deref(), Some("file"));
        assert_eq!(scope("base64/exec:stub: over-boot<=1ms").variant.as_deref(), Some("base64/exec:stub"));
        let full = scope("node20 ric file/spawn: left<=1MiB");
        assert_eq!((full.node.as_deref(), full.client), (Some("20"), Some(Client::Ric)));
        assert!(full.concerns_group(Some("20.20.2"), Some(Client::Ric)));
        assert!(!full.concerns_group(Some("20.20.2"), Some(Client::Minimal)));
        assert!(!full.concerns_group(Some("200.1.0"), Some(Client::Ric)), "20 is no beginning of 200");
    }

    #[test]
    fn what_is_not_understood_is_answered_with_what_is_known() {
        for (text, expected) in [
            ("over-boot", "it has no `<=`"),
            ("over-boot>=1ms", "it has no `<=`"),
            ("over-bot<=1ms", "`over-bot` is no figure; there are `over-boot`, `over-bootstrap`,"),
            ("file: over-bot<=1ms", "`over-bot` is no figure"),
            ("over-boot<=1", "`1` needs a unit: `ms`, `us`"),
            ("over-boot<=1MiB", "`MiB` is no unit of this figure; there are `ms`"),
            ("over-boot<=", "`` does not begin with a number"),
            ("over-boot<=-1ms", "`-1ms` does not begin with a number"),
            ("over-boot<=1.2.3ms", "does not begin with a number"),
            ("over-boot<=NaN", "does not begin with a number"),
            ("left@95<=1MiB", "`left` has no 95 % interval; `over-boot`,"),
            ("file base64: total<=1ms", "names two of a kind"),
            ("", "it has no `<=`"),
        ] {
            let error = text.parse::<Budget>().unwrap_err();
            assert_eq!(error.code(), "budget-syntax", "{text}");
            assert!(error.to_string().contains(expected), "{text}: {error}");
            assert!(error.hint().is_some(), "{text}");
        }
    }

    #[test]
    fn figures_have_names_of_their_own_and_no_name_ends_in_another() {
        for (index, figure) in FIGURES.iter().enumerate() {
            assert_eq!(split(figure.name), Some(("", index)), "{}", figure.name);
            assert!(crate::bench::budget::help().contains(&format!("  {} ", figure.name)));
        }
        assert!(BOUNDED.iter().all(|name| FIGURES.iter().any(|figure| figure.name == *name)));
    }
}
