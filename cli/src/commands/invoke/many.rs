//! The same event many times, several at once: each answer as it comes, and at the end what came of all of them.

use std::collections::{BTreeMap, HashMap};
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::failure::{self, Reached};
use super::report::{self, Read};
use super::request::Request;
use super::timeline::Timeline;
use super::{interrupted, watch};
use crate::bench::stats;
use crate::host::process::{Memory, Takeover};
use crate::host::{Container, Host, Witness};
use crate::lambda::{Event, Function, Observer, Phase};
use crate::ui::Ui;
use crate::{Error, Result};

/// How often, and how many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) count: u32,
    pub(super) at_once: u32,
}

impl Times {
    /// What was typed: several at once without a number are each asked once.
    pub(super) fn new(repeat: Option<u32>, concurrency: Option<u32>) -> Self {
        let at_once = concurrency.unwrap_or(1);
        let count = repeat.unwrap_or(at_once);
        Self { count, at_once: at_once.min(count) }
    }

    /// True for what was asked for without a word about it.
    pub(super) fn is_once(self) -> bool {
        self.count == 1
    }
}

/// One of many.
#[derive(Debug)]
pub(super) struct One {
    /// 1 for the first that was sent.
    pub(super) number: u32,
    pub(super) came: Result<Read>,
    /// Until its answer, as far as that was seen.
    pub(super) took: Option<Duration>,
    /// Which container, where it is ours.
    pub(super) container: Option<u32>,
}

/// What came of all that are over.
#[derive(Debug, Default)]
pub(super) struct Tally {
    answers: BTreeMap<String, u32>,
    failures: BTreeMap<&'static str, u32>,
    first_failure: Option<Error>,
    took: Vec<f64>,
}

impl Tally {
    /// Shows one, and counts it.
    ///
    /// # Errors
    /// When stdout cannot take it.
    pub(super) fn take(&mut self, one: One, ui: &Ui) -> Result<()> {
        let line = |rest: Value| {
            let mut line = json!({
                "reason": "trap-invocation",
                "number": one.number,
                "container": one.container,
                "timings_ms": { "answer": one.took.map(report::milliseconds) },
            });
            if let (Value::Object(line), Value::Object(rest)) = (&mut line, rest) {
                line.extend(rest);
            }
            line
        };
        match one.came {
            Ok(read) => {
                let status = read.status().map_or("answered".to_owned(), |status| status.to_string());
                *self.answers.entry(status).or_default() += 1;
                self.took.extend(one.took.map(report::milliseconds));
                if ui.is_json() {
                    return ui.json(&line(read.line()));
                }
                ui.bytes(read.body())?;
                // So that the answers can be told apart.
                if !read.body().ends_with(b"\n") { ui.bytes(b"\n") } else { Ok(()) }
            }
            Err(error) => {
                *self.failures.entry(error.code()).or_default() += 1;
                if ui.is_json() {
                    ui.json(&line(
                        json!({ "error": { "code": error.code(), "message": error.to_string() } }),
                    ))?;
                }
                self.first_failure.get_or_insert(error);
                Ok(())
            }
        }
    }

    /// How many are over.
    pub(super) fn count(&self) -> u32 {
        self.answers.values().chain(self.failures.values()).sum()
    }

    fn failed(&self) -> u32 {
        self.failures.values().sum()
    }

    /// What came of them, in words or as the last object; then the first failure, if there was one.
    ///
    /// # Errors
    /// That failure; when stdout cannot take it.
    pub(super) fn conclude(
        self,
        times: Times,
        elapsed: Duration,
        rows: Vec<(&'static str, String)>,
        more: Value,
        ui: &Ui,
    ) -> Result<()> {
        let count = self.count();
        let rate = f64::from(count) / elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        let spread = |p| stats::quantile(&self.took, p);
        if ui.is_json() {
            let mut line = json!({
                "reason": "trap-invocations",
                "asked": times.count,
                "answered": count - self.failed(),
                "failed": self.failed(),
                "answers": self.answers,
                "failures": self.failures,
                "answer_ms": {
                    "min": spread(0.0), "median": spread(0.5), "p95": spread(0.95), "max": spread(1.0),
                },
                "per_second": rate,
            });
            if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
                line.extend(more);
            }
            ui.json(&line)?;
        } else {
            ui.status("Answers", self.told(times));
            if let (Some(min), Some(median), Some(p95), Some(max)) =
                (spread(0.0), spread(0.5), spread(0.95), spread(1.0))
            {
                let told = format!(
                    "{} median, {} at least, {} at most, 95 % within {}",
                    report::span(median),
                    report::span(min).trim_start(),
                    report::span(max).trim_start(),
                    report::span(p95).trim_start()
                );
                ui.status("Request", told);
            }
            ui.status("Rate", format_args!("{rate:>7.1} a second, {} at once", times.at_once));
            for (verb, what) in rows {
                ui.status(verb, what);
            }
        }
        let failed = self.failed();
        match self.first_failure {
            None => Ok(()),
            Some(Error::Known { code, class, message, hint, source }) if count > 1 => {
                let message = format!("{failed} of {count} failed; the first: {message}");
                Err(Error::Known { code, class, message, hint, source })
            }
            Some(error) => Err(error),
        }
    }

    fn told(&self, times: Times) -> String {
        let kinds = self.answers.iter().map(|(status, count)| format!("{count} × {status}"));
        let failures = self.failures.iter().map(|(code, count)| format!("{count} × {code}"));
        let kinds: Vec<_> = kinds.chain(failures).collect();
        format!("{} of {}: {}", self.count(), times.count, kinds.join(", "))
    }
}

/// When each event of a container went out, and how long each took.
#[derive(Debug, Default)]
struct Spans(Mutex<HashMap<String, (Instant, Option<Duration>)>>);

impl Spans {
    fn note(&self, event: &Event) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &event.phase {
            Phase::Delivered { request_id, .. } => {
                all.entry(request_id.clone()).or_insert((event.at, None));
            }
            Phase::Answered { request_id, .. } => {
                if let Some((delivered, took)) = all.get_mut(request_id) {
                    *took = Some(event.at.saturating_duration_since(*delivered));
                }
            }
            _ => {}
        }
    }

    fn take(&self, request_id: &str) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(request_id)?.1
    }
}

/// What is known of a container.
struct Held {
    container: Container,
    timeline: Arc<Timeline>,
    spans: Arc<Spans>,
    witness: Arc<Witness>,
}

/// Starts the containers, sends every event, and ends everything, whatever happened.
///
/// # Errors
/// The first failure, once all are over; when stdout cannot take the answers.
pub(super) async fn run(
    function: Function,
    host: Host,
    request: Request,
    times: Times,
    ui: &Ui,
) -> Result<()> {
    let mut held = Vec::new();
    for number in 1..=times.at_once {
        held.push(Arc::new(start(&function, &host, number, *ui).await?));
    }
    let started = Instant::now();
    let (sender, mut over) = mpsc::channel(1);
    let next = Arc::new(std::sync::atomic::AtomicU32::new(1));
    let workers: Vec<_> = (1..)
        .zip(&held)
        .map(|(container, held)| {
            let (held, request, next) = (Arc::clone(held), request.clone(), Arc::clone(&next));
            let (sender, function) = (sender.clone(), function.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if number > times.count
                        || sender.send(held.ask(number, container, &request, &function).await).await.is_err()
                    {
                        return;
                    }
                }
            })
        })
        .collect();
    drop(sender);
    let mut tally = Tally::default();
    let progress = (!std::io::stdout().is_terminal()).then(|| ui.progress("Invoking", ""));
    let ended = tokio::select! {
        status = interrupted() => Err(status),
        taken = async {
            while let Some(one) = over.recv().await {
                tally.take(one, ui)?;
                if let Some(progress) = &progress {
                    progress.say(format_args!("{} of {}", tally.count(), times.count));
                }
            }
            Ok(())
        } => Ok(taken),
    };
    let elapsed = started.elapsed();
    drop(progress);
    let (rows, more) = seen(&held, ui);
    for worker in &workers {
        worker.abort();
    }
    for worker in workers {
        let _aborted = worker.await;
    }
    for held in held {
        // Nobody else holds it any more; if somebody did, its end would be that of the last who does.
        if let Some(held) = Arc::into_inner(held) {
            held.container.shut_down().await;
        }
    }
    match ended {
        Ok(taken) => {
            taken?;
            tally.conclude(times, elapsed, rows, more, ui)
        }
        // The person who pressed Ctrl-C wants to know what came of it so far.
        Err(status) => {
            let _first = tally.conclude(times, elapsed, rows, more, ui);
            Err(Error::ToolFailed { tool: "the host".into(), status, hint: None })
        }
    }
}

async fn start(function: &Function, host: &Host, number: u32, ui: Ui) -> Result<Held> {
    let witness = Witness::of(host);
    let (timeline, spans) = (Arc::new(Timeline::default()), Arc::new(Spans::default()));
    let shown = watch(Arc::clone(&timeline), ui);
    let look = witness.observer(Observer::new(|_| {}));
    let noted = Arc::clone(&spans);
    let has_answered = std::sync::atomic::AtomicBool::new(false);
    let observer = Observer::new(move |event: Event| {
        noted.note(&event);
        // Looking at who answers takes a millisecond: once is enough.
        let is_news = match event.phase {
            Phase::Spawned { .. } | Phase::LoadingCode => true,
            Phase::Answered { .. } => !has_answered.swap(true, std::sync::atomic::Ordering::Relaxed),
            _ => false,
        };
        if is_news {
            look.pass(event.clone());
        }
        shown.pass(event);
    });
    let container = Container::start(function.clone(), number, observer, host.clone()).await?;
    Ok(Held { container, timeline, spans, witness })
}

impl Held {
    async fn ask(&self, number: u32, container: u32, request: &Request, function: &Function) -> One {
        let (invocation, is_http) = request.clone().into_invocation();
        let request_id = invocation.request_id.clone();
        let done = self.container.invoke(invocation).await;
        let reached: Reached = self.timeline.reached();
        let answer = failure::check(done.outcome, function, reached, &Ui::default());
        let came = answer.and_then(|answer| Read::of(answer, is_http));
        One { number, came, took: self.spans.take(&request_id), container: Some(container) }
    }
}

/// What is to be said of the containers, while they are there.
fn seen(held: &[Arc<Held>], ui: &Ui) -> (Vec<(&'static str, String)>, Value) {
    let is_node = |held: &Arc<Held>| held.witness.answerer().is_some_and(|by| by.takeover == Takeover::None);
    if held.iter().any(is_node) {
        ui.warning(super::NODE_ANSWERED);
    }
    let median = |figures: Vec<f64>| stats::median(&figures);
    let durations: Vec<_> = held.iter().map(|held| held.timeline.durations()).collect();
    let boot = median(durations.iter().filter_map(|d| d.boot.map(report::milliseconds)).collect());
    let hand_over = median(durations.iter().filter_map(|d| d.hand_over.map(report::milliseconds)).collect());
    let memory = held.iter().filter_map(|held| Some(Memory::of(held.witness.host()?)?.pss as f64)).collect();
    let memory = median(memory);
    let of = if held.len() == 1 { "" } else { ", median of the containers" };
    let mut rows = Vec::new();
    rows.extend(memory.map(|bytes| ("Memory", format!("{:.1} MiB (PSS){of}", bytes / 1_048_576.0))));
    rows.extend(
        boot.map(|ms| ("Node boot", format!("{} until it loads the artifact{of}", report::span(ms)))),
    );
    rows.extend(hand_over.map(|ms| ("Hand-over", format!("{} until the first poll{of}", report::span(ms)))));
    let more = json!({
        "containers": held.len(), "memory_pss": memory, "timings_ms": { "boot": boot, "hand_over": hand_over },
    });
    (rows, more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Class;
    use crate::lambda::Answer;
    use crate::ui::Format;

    #[test]
    fn several_at_once_are_asked_once_each_unless_a_number_is_given() {
        let times = |repeat, concurrency| {
            let Times { count, at_once } = Times::new(repeat, concurrency);
            (count, at_once)
        };
        assert_eq!(times(None, None), (1, 1));
        assert_eq!(times(Some(5), None), (5, 1));
        assert_eq!(times(None, Some(4)), (4, 4));
        assert_eq!(times(Some(2), Some(4)), (2, 2));
        assert!(Times::new(Some(1), Some(9)).is_once());
    }

    #[test]
    fn the_first_failure_is_told_with_how_many_there_were() {
        let ui = Ui::new(true, false, Format::Json);
        let mut tally = Tally::default();
        let one = |number, came| One { number, came, took: None, container: None };
        for number in 1..=3 {
            let answer = Answer { body: "1".into(), ..Answer::default() };
            tally.take(one(number, Read::of(answer, false)), &ui).expect("shown");
        }
        for (number, code) in [(4, "timeout"), (5, "program-exited")] {
            let error = Error::known(code, Class::Run, format!("{code} happened")).with_hint("do this");
            tally.take(one(number, Err(error)), &ui).expect("shown");
        }
        let times = Times { count: 5, at_once: 1 };
        assert_eq!(tally.told(times), "5 of 5: 3 × answered, 1 × program-exited, 1 × timeout");
        let error = tally
            .conclude(times, Duration::from_secs(1), Vec::new(), json!({}), &ui)
            .expect_err("some failed");
        assert_eq!(error.to_string(), "2 of 5 failed; the first: timeout happened");
        assert_eq!((error.code(), error.hint()), ("timeout", Some("do this")));
    }
}
