//! One start of one container: everything is looked at once, and nothing of it is left.

use std::time::{Duration, Instant};

use super::laps::{self, Moments};
use super::model::{Kind, Sample, Trace};
use super::seen::{Seen, Watch};
use super::stage::Reference;
use crate::commands::invoke::request::Request;
use crate::host::process::{self, Memory, Takeover};
use crate::host::{Clock, Container, Host, Witness};
use crate::lambda::{Exit, Function, Outcome, When};

/// What every start of a run has in common.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub(super) function: Function,
    pub(super) request: Request,
    /// How many further events each container is sent.
    pub(super) warm: u32,
    pub(super) clock: Option<Clock>,
    pub(super) stop: Stop,
}

/// A wish to stop, with the exit status that stands for it.
#[derive(Clone, Debug)]
pub(super) struct Stop(pub(super) tokio::sync::watch::Receiver<Option<i32>>);

impl Stop {
    /// Waits for it.
    async fn wished(&self) {
        if self.0.clone().wait_for(Option::is_some).await.is_err() {
            std::future::pending().await
        }
    }

    /// The exit status, once it is wished.
    pub(super) fn status(&self) -> Option<i32> {
        *self.0.borrow()
    }
}

/// What is started, and what is expected of it.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) kind: Kind,
    pub(super) host: Host,
    /// Whether its module tells its phases.
    pub(super) traced: bool,
    /// Who is to answer.
    pub(super) by: Takeover,
}

/// What came of a start.
#[derive(Debug)]
pub(super) enum Came {
    Sample(Box<Sample>),
    Trace(Trace, bool),
    Failed(String),
}

/// Starts a container, measures it and ends it. A start counts only after one correct answer by the process that
/// was to give it.
pub(super) async fn start(subject: &Subject, common: &Common, reference: &Reference, round: u32) -> Came {
    match attempt(subject, common, Some(reference), round).await {
        Ok((came, _)) => came,
        Err(why) => Came::Failed(why),
    }
}

/// The first start of all: what the program alone answers.
///
/// # Errors
/// Why it gave no answer.
pub(super) async fn refer(subject: &Subject, common: &Common) -> Result<Reference, String> {
    let (_, reference) = attempt(subject, common, None, 0).await?;
    reference.ok_or_else(|| "it gave no answer".into())
}

async fn attempt(
    subject: &Subject,
    common: &Common,
    reference: Option<&Reference>,
    round: u32,
) -> Result<(Came, Option<Reference>), String> {
    let watch = Watch::new(Witness::of(&subject.host), common.clock);
    process::forget_peak();
    let container = Container::start(common.function.clone(), round, watch.observer(), subject.host.clone());
    let container = container.await.map_err(|error| error.to_string())?;
    let look = async {
        match subject.kind {
            Kind::Boot => boot(&container, &watch, common).await,
            _ => answers(&container, &watch, subject, common, reference).await,
        }
    };
    let looked = tokio::select! {
        looked = look => looked,
        () = common.stop.wished() => Err("it was stopped".into()),
    };
    container.shut_down().await;
    let seen = watch.now();
    let looked = looked.map_err(|why| match &seen.last_words {
        Some(words) => format!("{why}; its last words: {words}"),
        None => why,
    })?;
    // Until it executes something, a process is a copy of this one: what it had then is not its own.
    let copied = process::peak(std::process::id()).unwrap_or(u64::MAX);
    let peak = seen.peak.filter(|peak| *peak > copied).max(looked.peak);
    let came = match (subject.kind, subject.traced) {
        (Kind::Boot, _) => {
            Came::Sample(Box::new(Sample { peak, left: looked.left, ..booted(round, &seen)? }))
        }
        (_, true) => Came::Trace(trace(round, &seen)?, seen.main.is_some()),
        (_, false) => Came::Sample(Box::new(Sample { peak, left: looked.left, ..sample(round, &seen)? })),
    };
    Ok((came, looked.reference))
}

/// What can only be looked at while the processes are there.
#[derive(Debug, Default)]
struct Looked {
    left: Option<u64>,
    peak: Option<u64>,
    reference: Option<Reference>,
}

/// How long what executed the program may take until Node's memory is taken apart: milliseconds, but on a busy machine.
const ENDING: Duration = Duration::from_millis(500);

/// Where the program has the host's process to itself, nothing else remains. The exec stub leaves Node's memory to a
/// process that ends as soon as a processor is free for it: what is left is read after that.
async fn settle(watch: &Watch) {
    let Some(host) = watch.now().pid else { return };
    let until = Instant::now() + ENDING;
    while !process::below(host).is_empty() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn look(watch: &Watch) -> Looked {
    let Some(host) = watch.now().pid else { return Looked::default() };
    let left = Memory::of(host).map(|memory| memory.pss);
    Looked { left, peak: process::peak(host), reference: None }
}

async fn boot(container: &Container, watch: &Watch, common: &Common) -> Result<Looked, String> {
    container.warm_up();
    match tokio::time::timeout(common.function.timeout, watch.booted()).await {
        Ok(true) => Ok(look(watch)),
        Ok(false) => Err("Node ended before it ran an empty module".into()),
        Err(_) => Err("Node did not come as far as an empty module in time".into()),
    }
}

async fn answers(
    container: &Container,
    watch: &Watch,
    subject: &Subject,
    common: &Common,
    reference: Option<&Reference>,
) -> Result<Looked, String> {
    let (invocation, is_http) = common.request.clone().into_invocation();
    let answer = match container.invoke(invocation).await.outcome {
        Outcome::Answered(answer) => answer,
        outcome => return Err(failure(outcome, &common.function)),
    };
    if let Some(by) = watch.takeover().filter(|by| *by != subject.by) {
        return Err(format!(
            "the wrong process answered: {}, where {} was asked for",
            told(by),
            told(subject.by)
        ));
    }
    let first = Reference::of(&answer, is_http)?;
    if let Some(reference) = reference {
        reference.check(&answer)?;
    }
    if subject.by == Takeover::Exec {
        settle(watch).await;
    }
    let mut looked = look(watch);
    looked.reference = Some(first);
    if !subject.traced {
        for _ in 0..common.warm {
            let (invocation, _) = common.request.clone().into_invocation();
            match container.invoke(invocation).await.outcome {
                Outcome::Answered(answer) => {
                    reference.map_or(Ok(()), |reference| reference.check(&answer))?
                }
                outcome => return Err(failure(outcome, &common.function)),
            }
        }
    }
    Ok(looked)
}

fn told(takeover: Takeover) -> &'static str {
    match takeover {
        Takeover::Exec => "the program in the host's process",
        Takeover::Spawn => "a child of the host",
        Takeover::Library => "a library in the host's process",
        Takeover::Wrapper => "the program, with no host before it",
        Takeover::Bridge => "a child that the host feeds",
        Takeover::None => "what was started itself",
    }
}

/// How an invocation failed, as a clause.
fn failure(outcome: Outcome, function: &Function) -> String {
    let reported = |body: &[u8]| {
        let error: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let message = error["errorMessage"].as_str().unwrap_or("no message").to_owned();
        let code = error["code"].as_str().or(error["errorType"].as_str()).unwrap_or("an error").to_owned();
        format!("{code}: {}", message.lines().next().unwrap_or_default())
    };
    match outcome {
        Outcome::Answered(_) => "it answered".into(),
        Outcome::FunctionError { body, .. } => format!("it answered with an error, {}", reported(&body)),
        Outcome::InitError { body } => format!("the host could not load it, {}", reported(&body)),
        Outcome::TooLarge => "its answer is larger than the 6 MB that Lambda carries".into(),
        Outcome::TimedOut => format!("it gave no answer within {} s", function.timeout.as_secs_f64()),
        Outcome::Exited { exit, when, .. } => {
            let how = match exit {
                Exit::Status(status) => format!("exit status {status}"),
                Exit::Signal(number) => format!("signal {number}"),
            };
            match when {
                When::Init => format!("it ended with {how} before its first poll"),
                When::Idle | When::Invocation => format!("it ended with {how} instead of answering"),
            }
        }
        Outcome::NotLaunched { reason } => format!("it could not be started: {reason}"),
        Outcome::ShutDown => "it was stopped".into(),
    }
}

fn ms(from: Instant, to: Instant) -> f64 {
    milliseconds(to.saturating_duration_since(from))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// What was seen of the beginning.
fn beginning(seen: &Seen) -> Result<(Instant, Instant), String> {
    seen.since.zip(seen.polled).ok_or_else(|| "its first poll was not seen".into())
}

fn booted(round: u32, seen: &Seen) -> Result<Sample, String> {
    let moments = seen.since.zip(seen.booted).ok_or("the beginning of the empty module was not told")?;
    let cpu_ms = seen.cpu.map(milliseconds);
    Ok(Sample { round, total_ms: ms(moments.0, moments.1), cpu_ms, ..Sample::default() })
}

fn sample(round: u32, seen: &Seen) -> Result<Sample, String> {
    let (since, polled) = beginning(seen)?;
    let further: Vec<_> = seen.delivered.iter().zip(&seen.answered).skip(1).collect();
    let span = further.first().zip(further.last()).map(|(first, last)| ms(*first.0, *last.1) / 1e3);
    Ok(Sample {
        round,
        total_ms: ms(since, polled),
        answer_ms: seen.answered.first().map(|answered| ms(since, *answered)),
        log_line_ms: seen.log_line.map(|line| ms(line, polled)),
        cpu_ms: seen.cpu.map(milliseconds),
        peak: None,
        left: None,
        warm_us: further.iter().map(|(delivered, answered)| ms(**delivered, **answered) * 1e3).collect(),
        per_second: span.filter(|span| *span > 0.0).map(|span| further.len() as f64 / span),
    })
}

fn trace(round: u32, seen: &Seen) -> Result<Trace, String> {
    let (since, polled) = beginning(seen)?;
    let laps = seen.laps.as_ref().ok_or("the traced module did not tell its phases")?;
    let clock = Clock::common().ok_or("this system has no clock to compare with")?;
    let told = |moment| clock.instant(moment).map(|moment| signed(since, moment)).ok_or("it told no moment");
    let moments = Moments {
        loading: seen.loading.map(|moment| signed(since, moment)),
        loaded: told(laps.loaded)?,
        asked: told(laps.asked)?,
        main: seen.main.map(|moment| signed(since, moment)),
        polled: ms(since, polled),
        answered: seen.answered.first().map(|moment| signed(since, *moment)),
    };
    Ok(laps::trace(round, &moments, laps)?)
}

/// Milliseconds, negative where what was told lies before the start.
fn signed(since: Instant, moment: Instant) -> f64 {
    ms(since, moment) - ms(moment, since)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(since: Instant) -> Seen {
        let after = |ms| since + Duration::from_millis(ms);
        Seen {
            since: Some(since),
            polled: Some(after(20)),
            log_line: Some(after(17)),
            delivered: vec![after(20), after(30), after(40)],
            answered: vec![after(22), after(31), after(43)],
            cpu: Some(Duration::from_millis(25)),
            ..Seen::default()
        }
    }

    fn near(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-6
    }

    #[test]
    fn a_sample_counts_from_the_creation_of_the_process() {
        let sample = sample(4, &seen(Instant::now())).expect("all was seen");
        assert_eq!(sample.round, 4);
        assert!(
            near(sample.total_ms, 20.0) && sample.answer_ms.is_some_and(|ms| near(ms, 22.0)),
            "{sample:?}"
        );
        assert!(sample.log_line_ms.is_some_and(|ms| near(ms, 3.0)), "{sample:?}");
        assert!(near(sample.warm_us[0], 1000.0) && near(sample.warm_us[1], 3000.0), "{sample:?}");
        assert!(sample.per_second.is_some_and(|rate| near(rate, 2.0 / 0.013)), "{sample:?}");
    }

    #[test]
    fn without_further_events_there_are_no_warm_figures() {
        let mut seen = seen(Instant::now());
        seen.delivered.truncate(1);
        seen.answered.truncate(1);
        let sample = sample(1, &seen).expect("enough was seen");
        assert_eq!((sample.warm_us.len(), sample.per_second), (0, None));
    }

    #[test]
    fn what_was_not_seen_is_no_sample() {
        let unseen = Seen { polled: None, ..seen(Instant::now()) };
        assert!(sample(1, &unseen).is_err());
        assert!(booted(1, &seen(Instant::now())).is_err());
        assert!(trace(1, &seen(Instant::now())).is_err_and(|why| why.contains("did not tell")));
    }

    #[test]
    fn a_failure_says_what_the_host_reported() {
        let body =
            r#"{"errorType":"TrapError","errorMessage":"no program\nhelp: build","code":"TRAP_WRONG_ARCH"}"#;
        let why = failure(Outcome::InitError { body: body.into() }, &Function::new("f"));
        assert_eq!(why, "the host could not load it, TRAP_WRONG_ARCH: no program");
        let exited = Outcome::Exited { exit: Exit::Signal(11), when: When::Init, posted: None };
        assert_eq!(failure(exited, &Function::new("f")), "it ended with signal 11 before its first poll");
    }
}
