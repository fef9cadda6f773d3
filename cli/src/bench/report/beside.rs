//! The sentences about what nobody gets by default: a program that starts in Node's place, and a library in Node.

use super::figures;
use super::words::{afterwards, times};
use crate::bench::stats::{Estimate, Interval};
use crate::bench::summary::{Instead, Row};

/// `file/wrapper polls first after 2.1 ms, 0.05 ms (0.01–0.09) after the program that the same script starts alone; …`
pub(super) fn wrapper(row: &Row) -> Option<String> {
    let id = figures::clean(&row.id);
    let mut sentence = format!("{id} polls first after {}\u{a0}ms", figures::ms(row.total_ms?.median));
    if let Some(over) = row.over_bootstrap_ms {
        let Apart { way, by, interval } = apart(over, figures::ms);
        let alone = "the program that the same script starts alone";
        sentence += &match way {
            Way::Less => format!(", {by}\u{a0}ms before {alone}{interval}"),
            Way::More => format!(", {by}\u{a0}ms after {alone}{interval}"),
            Way::Unknown => format!(", as soon as {alone}, give or take {by}\u{a0}ms"),
        };
    }
    if let Some(ratio) = row.total_to_handler {
        sentence += &format!("; its total is {}", times(ratio, "a plain Node handler's"));
    }
    Some([Some(sentence + "."), afterwards(row)].into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// `file/library loads no second program and polls first 0.5 ms (0.4–0.6) before file/exec:stub. Node remains: …`
pub(super) fn library(row: &Row, Instead { of, total_ms, left, warm }: &Instead) -> Option<String> {
    let (id, of) = (figures::clean(&row.id), figures::clean(of));
    let Apart { way, by, interval } = apart((*total_ms)?, figures::ms);
    let mut sentence = match way {
        Way::Less => {
            format!("{id} loads no second program and polls first {by}\u{a0}ms before {of}{interval}")
        }
        Way::More => {
            format!("{id} loads no second program, yet polls first {by}\u{a0}ms after {of}{interval}")
        }
        Way::Unknown => {
            format!("{id} loads no second program and polls first when {of} does, give or take {by}\u{a0}ms")
        }
    };
    let left = left.map(|left| {
        let Apart { way, by, interval } = apart(left, figures::mebibytes);
        match way {
            Way::Less => format!("{by}\u{a0}MiB less stay in memory{interval}"),
            Way::More => format!("{by}\u{a0}MiB more stay in memory{interval}"),
            Way::Unknown => format!("as much stays in memory, give or take {by}\u{a0}MiB"),
        }
    });
    let warm = warm.map(|warm| format!("a warm round trip takes {}", times(warm, &format!("that of {of}"))));
    let costs: Vec<_> = [left, warm].into_iter().flatten().collect();
    if !costs.is_empty() {
        sentence += &format!(". Node remains: {}", costs.join(", and "));
    }
    Some(sentence + ".")
}

/// How far one is from another.
struct Apart {
    way: Way,
    by: String,
    /// Its interval, in parentheses.
    interval: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Way {
    Less,
    More,
    /// Not even that is told, only how far it may be.
    Unknown,
}

fn apart(Estimate { value, interval }: Estimate, show: fn(f64) -> String) -> Apart {
    let way = if value < 0.0 { Way::Less } else { Way::More };
    let (by, nothing) = (show(value.abs()), String::new());
    match interval {
        None => Apart { way, by, interval: nothing },
        Some(Interval { low, high }) if low <= 0.0 && high >= 0.0 => {
            Apart { way: Way::Unknown, by: show(low.abs().max(high.abs())), interval: nothing }
        }
        Some(Interval { low, high }) => {
            let (near, far) = if low < 0.0 { (high, low) } else { (low, high) };
            Apart { way, by, interval: format!(" ({}–{})", show(near.abs()), show(far.abs())) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_apart_says_how_far_and_which_way() {
        let told = |value, interval: Option<(f64, f64)>| {
            let interval = interval.map(|(low, high)| Interval { low, high });
            let Apart { way, by, interval } = apart(Estimate { value, interval }, figures::ms);
            (way, by + &interval)
        };
        assert_eq!(told(-0.5, Some((-0.6, -0.4))), (Way::Less, "0.50 (0.40–0.60)".into()));
        assert_eq!(told(2.0, Some((1.0, 3.0))), (Way::More, "2.0 (1.0–3.0)".into()));
        assert_eq!(told(2.0, None), (Way::More, "2.0".into()));
        assert_eq!(told(0.1, Some((-0.2, 0.3))), (Way::Unknown, "0.30".into()));
    }
}
