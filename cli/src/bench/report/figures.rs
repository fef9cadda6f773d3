//! How figures are written: as many digits as mean something, the same in every format.

use crate::bench::model::{Client, Phase};
use crate::bench::stats::{Estimate, Interval};
use crate::bench::summary::Group;

/// Milliseconds: `24.0`, `0.44`, `146`.
pub(super) fn ms(value: f64) -> String {
    number(value)
}

/// Milliseconds of a phase: most are short, and all are added up.
pub(super) fn phase_ms(value: f64) -> String {
    with_digits(value, 2)
}

/// Milliseconds that are a difference: `+2.6`.
pub(super) fn added(value: f64) -> String {
    let text = number(value);
    if text.starts_with('−') || text.chars().all(|c| matches!(c, '0' | '.')) {
        text
    } else {
        format!("+{text}")
    }
}

/// Microseconds: `42`, `8.1`.
pub(super) fn us(value: f64) -> String {
    with_digits(value, if value.abs() < 9.95 { 1 } else { 0 })
}

/// Bytes as mebibytes: `1.3`.
pub(super) fn mebibytes(value: f64) -> String {
    with_digits(value / 1_048_576.0, if value.abs() < 102_400.0 { 2 } else { 1 })
}

/// A ratio: `0.14`, `4.1`, `39`.
pub(super) fn ratio(value: f64) -> String {
    with_digits(value, digits(value))
}

/// A ratio with its interval: `0.14 (0.13–0.16)`.
pub(super) fn estimate(estimate: Estimate) -> String {
    // All three with the digits of the largest, so that they can be compared at a glance.
    let Some(interval) = estimate.interval else { return ratio(estimate.value) };
    let places = digits(interval.low.abs().max(interval.high.abs()).max(estimate.value.abs()));
    format!("{} ({})", with_digits(estimate.value, places), between(interval, places))
}

/// From here to there, in milliseconds: `23.7–24.4`.
pub(super) fn range(interval: Interval) -> String {
    between(interval, digits_of_ms(interval.low.abs().max(interval.high.abs())))
}

/// A dash, unless a sign could be taken for another one.
fn between(Interval { low, high }: Interval, places: usize) -> String {
    let dash = if low < 0.0 { '…' } else { '–' };
    format!("{}{dash}{}", with_digits(low, places), with_digits(high, places))
}

/// A share: `3.1 %`, which no line break tears apart.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    format!("{}\u{a0}%", with_digits(percent, if percent.abs() < 9.95 { 1 } else { 0 }))
}

/// A whole number, its thousands apart: `19 800`.
pub(super) fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.max(0.0));
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

fn number(value: f64) -> String {
    with_digits(value, digits_of_ms(value))
}

fn digits_of_ms(value: f64) -> usize {
    match value.abs() {
        value if value < 0.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    }
}

fn digits(value: f64) -> usize {
    match value.abs() {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    }
}

fn with_digits(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    if value < 0.0 && text.chars().any(|c| c.is_ascii_digit() && c != '0') {
        format!("−{text}")
    } else {
        text
    }
}

/// `2026-11-21 05:46 UTC` for seconds since 1970.
pub(super) fn date(seconds: u64) -> String {
    // Days are counted from 1 March of year 0, so that leap days end years; an era has 400 years. See
    // <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
    let (days, of_day) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (month, day) = ((shifted + 2) % 12 + 1, of_year - (153 * shifted + 2) / 5 + 1);
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", of_day / 3600, of_day / 60 % 60)
}

/// Text from outside, with nothing in it that moves a cursor or hides what follows.
pub(super) fn clean(text: &str) -> String {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if harmful(c) { '\u{fffd}' } else { c }).collect()
}

/// A command line that a shell reads back as it was typed.
pub(super) fn command(words: &[String]) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    let quoted = |word: &String| match !word.is_empty() && word.chars().all(plain) {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    clean(&words.iter().map(quoted).collect::<Vec<_>>().join(" "))
}

/// What a group is, for a heading.
pub(super) fn group(group: &Group) -> String {
    let place = place(group.node.as_deref(), group.client);
    match &group.client_version {
        Some(version) => format!("{place} {}", clean(version)),
        None => place,
    }
}

/// A Node and what loads code in it.
pub(super) fn place(node: Option<&str>, client: Option<Client>) -> String {
    let Some(node) = node else { return "Without Node".to_owned() };
    let client = match client {
        Some(Client::Minimal) => ", our own small client",
        Some(Client::Ric) => ", AWS's runtime client",
        None => "",
    };
    format!("Node {}{client}", clean(node))
}

/// What a phase is called where there is little room.
pub(super) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Boot => "boot",
        Phase::Load => "load",
        Phase::Construct => "construct",
        Phase::Prepare => "prepare",
        Phase::Decode => "decode",
        Phase::Write => "write",
        Phase::HandOver => "hand-over",
        Phase::Main => "main",
        Phase::Poll => "poll",
        Phase::Answer => "answer",
    }
}

/// What a phase includes; it counts from the end of the one before.
pub(super) fn phase_about(phase: Phase) -> &'static str {
    match phase {
        Phase::Boot => "from the creation of the process until the host loads user code",
        Phase::Load => "until the module's first statement: it was found, read, parsed",
        Phase::Construct => "until constructor or handler calls the trampoline",
        Phase::Prepare => "looking around: environment, takeover, what is installed already",
        Phase::Decode => "turning base64 into bytes; not for a file",
        Phase::Write => "writing or copying the program; not where it is executed in place",
        Phase::HandOver => "until the takeover is asked for: checks, renaming, the stub",
        Phase::Main => "from the takeover until the program's `main`",
        Phase::Poll => "until the first poll",
        Phase::Answer => "from the first poll until the first answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_as_many_digits_as_mean_something() {
        for (value, text) in
            [(24.04, "24.0"), (0.444, "0.44"), (146.3, "146"), (-0.31, "−0.31"), (0.0, "0.00")]
        {
            assert_eq!(ms(value), text);
        }
        for (value, text) in [(2.62, "+2.6"), (-0.31, "−0.31"), (0.001, "0.00"), (-0.001, "0.00")] {
            assert_eq!(added(value), text);
        }
        assert_eq!([us(42.4), us(8.13), us(1234.0)], ["42", "8.1", "1234"]);
        assert_eq!([ratio(0.137), ratio(4.137), ratio(39.2), ratio(122.0)], ["0.14", "4.14", "39.2", "122"]);
        assert_eq!(
            [percent(0.031), percent(-0.12), percent(0.0004)],
            ["3.1\u{a0}%", "−12\u{a0}%", "0.0\u{a0}%"]
        );
        assert_eq!([thousands(19_812.4), thousands(812.0)], ["19\u{a0}812", "812"]);
        assert_eq!([mebibytes(1_363_149.0), mebibytes(51_200.0)], ["1.3", "0.05"]);
    }

    #[test]
    fn an_interval_is_written_like_its_figure() {
        let wide = Estimate { value: 9.2, interval: Some(Interval { low: 8.0, high: 12.0 }) };
        assert_eq!(estimate(wide), "9.2 (8.0–12.0)");
        let alone = Estimate { value: 0.1371, interval: None };
        assert_eq!(estimate(alone), "0.14");
        assert_eq!(range(Interval { low: 0.41, high: 0.52 }), "0.41–0.52");
        assert_eq!(range(Interval { low: 0.98, high: 1.12 }), "1.0–1.1");
        assert_eq!(range(Interval { low: -4.26, high: 0.4 }), "−4.3…0.4");
    }

    #[test]
    fn dates_are_right_around_leap_days_and_new_year() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (1_583_348_638, "2020-03-04 19:03 UTC"),
            (1_709_164_800, "2024-02-29 00:00 UTC"),
            (1_735_689_599, "2024-12-31 23:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }

    #[test]
    fn what_comes_from_outside_moves_no_cursor() {
        assert_eq!(clean("a\x1b[2Jb\r\n\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}c");
        let words = ["cargo", "--budget", "left<=4MiB", "it's", ""].map(str::to_owned);
        assert_eq!(command(&words), r"cargo --budget 'left<=4MiB' 'it'\''s' ''");
    }
}
