//! Reading what a start tells about itself. These lines come from outside: a program may write anything to
//! stderr, so what does not fit is no such line, and what contradicts itself is refused.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::model::{Phase, Trace};

/// What our empty module begins with.
const BOOT: &str = "trap-boot ";
/// What a traced module writes before it asks for the takeover.
const LAPS: &str = "trap-laps ";
/// What trap-runtime writes when the program's code begins.
const MAIN: &str = "trap-main ";

/// Moments are compared across processes; further apart than this, they are not out of order by chance.
const SLACK_MS: f64 = 0.05;

/// A line that was written to be measured by. Moments are nanoseconds on the monotonic clock.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    /// The first statement of the empty module.
    Boot(u64),
    /// The traced module.
    Laps(Laps),
    /// The program's `main`.
    Main(u64),
}

/// The start as the traced module saw it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Laps {
    #[serde(deserialize_with = "decimal")]
    pub(crate) loaded: u64,
    #[serde(deserialize_with = "decimal")]
    pub(crate) asked: u64,
    laps: BTreeMap<Phase, f64>,
}

fn decimal<'a, D: serde::Deserializer<'a>>(deserializer: D) -> Result<u64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

impl Told {
    /// What a line tells, if it is one of these.
    pub(crate) fn read(line: &str) -> Option<Self> {
        if let Some(moment) = line.strip_prefix(BOOT) {
            return moment.parse().ok().map(Self::Boot);
        }
        if let Some(moment) = line.strip_prefix(MAIN) {
            return moment.parse().ok().map(Self::Main);
        }
        let laps: Laps = serde_json::from_str(line.strip_prefix(LAPS)?).ok()?;
        let are_times = laps.laps.values().all(|lap| lap.is_finite() && *lap >= 0.0);
        are_times.then_some(Self::Laps(laps))
    }
}

/// When things happened, in milliseconds since just before the process was created.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Moments {
    /// The host was about to load user code.
    pub(crate) loading: Option<f64>,
    /// The module's first statement.
    pub(crate) loaded: f64,
    /// The takeover was asked for.
    pub(crate) asked: f64,
    /// The program's code began.
    pub(crate) main: Option<f64>,
    /// The first poll.
    pub(crate) polled: f64,
    /// The first answer.
    pub(crate) answered: Option<f64>,
}

/// The phases between the moments. Without a word from the host about its boot, loading counts from the creation
/// of the process; without one from the program, polling counts from the takeover.
///
/// # Errors
/// What does not fit.
pub(crate) fn trace(round: u32, moments: &Moments, laps: &Laps) -> Result<Trace, &'static str> {
    let Moments { loading, loaded, asked, main, polled, answered } = *moments;
    let mut phases = Vec::new();
    let mut last = 0.0;
    let mut until = |phases: &mut Vec<(Phase, f64)>, phase, moment: f64| {
        let took = moment - last;
        if took < -SLACK_MS {
            return Err("the moments it told are out of order");
        }
        phases.push((phase, took.max(0.0)));
        last = moment;
        Ok(())
    };
    if let Some(loading) = loading {
        until(&mut phases, Phase::Boot, loading)?;
    }
    until(&mut phases, Phase::Load, loaded)?;
    let told = [Phase::Construct, Phase::Prepare, Phase::Decode, Phase::Write, Phase::HandOver];
    let told: Vec<_> = told.iter().filter_map(|phase| Some((*phase, laps.laps.get(phase)? / 1e6))).collect();
    let (sum, between) = (told.iter().map(|(_, lap)| lap).sum::<f64>(), asked - loaded);
    if told.len() != laps.laps.len() || (sum - between).abs() > SLACK_MS.max(between * 0.02) {
        return Err("the phases it told are not all there is between its first statement and the takeover");
    }
    phases.extend(told);
    until(&mut Vec::new(), Phase::HandOver, asked)?;
    if let Some(main) = main {
        until(&mut phases, Phase::Main, main)?;
    }
    until(&mut phases, Phase::Poll, polled)?;
    if let Some(answered) = answered {
        until(&mut phases, Phase::Answer, answered)?;
    }
    Ok(Trace { round, total_ms: polled, phases })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"trap-laps {"loaded":"20000000","asked":"23000000","laps":{"construct":1000000,"prepare":500000,"write":1250000,"hand-over":250000}}"#;

    fn laps(line: &str) -> Laps {
        match Told::read(line) {
            Some(Told::Laps(laps)) => laps,
            other => panic!("{other:?}"),
        }
    }

    fn moments() -> Moments {
        Moments {
            loading: Some(15.0),
            loaded: 20.0,
            asked: 23.0,
            main: Some(24.5),
            polled: 25.0,
            answered: Some(25.5),
        }
    }

    #[test]
    fn what_is_told_is_read() {
        assert_eq!(Told::read("trap-boot 12"), Some(Told::Boot(12)));
        assert_eq!(Told::read("trap-main 12345678901234567"), Some(Told::Main(12_345_678_901_234_567)));
        assert_eq!((laps(LINE).loaded, laps(LINE).asked), (20_000_000, 23_000_000));
    }

    #[test]
    fn anything_else_is_no_such_line() {
        for line in [
            "",
            "trap-main",
            "trap-main x",
            "trap-main -1",
            "trap-main 99999999999999999999999999",
            "trap-laps {}",
            "trap-laps []",
            r#"trap-laps {"loaded":1,"asked":2,"laps":{}}"#,
            r#"trap-laps {"loaded":"1","asked":"2","laps":{"lunch":3}}"#,
            r#"trap-laps {"loaded":"1","asked":"2","laps":{"write":-3}}"#,
            r#"trap-laps {"loaded":"1","asked":"2","laps":{"write":1e999}}"#,
            " trap-boot 1",
        ] {
            assert_eq!(Told::read(line), None, "{line}");
        }
    }

    #[test]
    fn phases_add_up_to_the_total_and_the_answer() {
        let trace = trace(3, &moments(), &laps(LINE)).expect("it fits");
        let expected = [
            (Phase::Boot, 15.0),
            (Phase::Load, 5.0),
            (Phase::Construct, 1.0),
            (Phase::Prepare, 0.5),
            (Phase::Write, 1.25),
            (Phase::HandOver, 0.25),
            (Phase::Main, 1.5),
            (Phase::Poll, 0.5),
            (Phase::Answer, 0.5),
        ];
        assert_eq!((trace.round, trace.total_ms), (3, 25.0));
        assert_eq!(trace.phases, expected);
        assert!(trace.phases.is_sorted_by_key(|(phase, _)| *phase));
    }

    #[test]
    fn who_does_not_tell_leaves_its_phase_out() {
        let silent = Moments { loading: None, main: None, answered: None, ..moments() };
        let trace = trace(1, &silent, &laps(LINE)).expect("it fits");
        let sum: f64 = trace.phases.iter().map(|(_, took)| took).sum();
        assert_eq!((trace.phases[0], sum), ((Phase::Load, 20.0), 25.0));
        assert_eq!(trace.phases.last(), Some(&(Phase::Poll, 2.0)));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let late = Moments { main: Some(26.0), ..moments() };
        assert!(trace(1, &late, &laps(LINE)).is_err());
        let early = Moments { loaded: 14.0, asked: 17.0, ..moments() };
        assert!(trace(1, &early, &laps(LINE)).is_err());
        let missing = LINE.replace(r#""write":1250000,"#, "");
        assert!(trace(1, &moments(), &laps(&missing)).is_err());
        let foreign = LINE.replace("write", "main");
        assert!(trace(1, &moments(), &laps(&foreign)).is_err());
    }
}
