//! `cargo trap bench --load`: whether a host that keeps Node between its callers and the program loses a request
//! while the program is killed, and what the way through it takes.
//!
//! One Node serves an artifact with the takeover `bridge`. So many callers as were asked for ask it again as soon as
//! they have an answer. Every so often all programs below that Node are killed. Each of them may take the one request
//! with it that it had; every other must be answered as the program answers.

mod caller;
mod host;
mod plain;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http;
use serde::Serialize;

use self::caller::{Caller, Came};
use self::host::{Host, NOTICED};
pub use self::plain::{FIGURES, Warm};
use super::model::{Machine, Program};
use super::stats;
use crate::artifact::Artifact;
use crate::host::node::Node;
use crate::ui::Ui;
use crate::{Class, Error, Result};

/// Everything that is decided before the load begins.
#[derive(Debug)]
pub struct Settings {
    /// What was typed.
    pub command: Vec<String>,
    /// How long.
    pub duration: Duration,
    /// How many callers, each with one request under way.
    pub at_once: u16,
    /// How often all programs are killed; never without.
    pub kill_every: Option<Duration>,
    /// A request without an answer after so long is lost.
    pub timeout: Duration,
    /// What is asked.
    pub request: http::Request<Bytes>,
    /// What the host's environment has besides its own.
    pub environment: Vec<(OsString, OsString)>,
    /// What hosts it.
    pub node: Node,
}

/// What came of a load.
#[derive(Debug, Serialize)]
pub struct Load {
    /// `trap-load`.
    pub reason: &'static str,
    /// Name and version of the tool.
    pub tool: &'static str,
    /// What was typed.
    pub command: Vec<String>,
    /// What it ran on.
    pub machine: Machine,
    /// What answered.
    pub program: Program,
    /// The platform whose artifact it was.
    pub platform: String,
    /// The version of the Node that hosted it.
    pub node: String,
    /// What the bridge takes while nothing else goes on.
    pub warm: Warm,
    /// How long callers asked, in seconds.
    pub seconds: f64,
    /// How many callers.
    pub at_once: u16,
    /// True when it was stopped before its end.
    pub interrupted: bool,
    /// Requests with the program's answer.
    pub answered: u64,
    /// Those that were told, by status 502, that their program had ended.
    pub failed: u64,
    /// All others, by what became of them.
    pub lost: BTreeMap<String, u64>,
    /// How often the programs were killed.
    pub kills: u64,
    /// How many programs that were, together.
    pub killed: u64,
    /// Of the answered requests, in milliseconds.
    pub latency_ms: Option<Latency>,
    /// Processes that outlived their host.
    pub left: Vec<u32>,
    /// How the host ended when it was told to; `None` when it had to be killed.
    pub host_ended: Option<String>,
}

/// How long answers took, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    /// Half of them at most.
    pub median: f64,
    /// 95 of 100 at most.
    pub p95: f64,
    /// 99 of 100 at most.
    pub p99: f64,
    /// All of them.
    pub max: f64,
}

impl Load {
    /// What it must not show.
    ///
    /// # Errors
    /// `load` when a request was lost or failed though its program lived, or when a process is left.
    pub fn check(&self) -> Result<()> {
        let lost: u64 = self.lost.values().sum();
        let mut problems = Vec::new();
        if lost > 0 {
            let first = self.lost.keys().next().map_or("", String::as_str);
            problems.push(format!("{lost} requests were lost: {first}"));
        }
        if self.failed > self.killed {
            problems.push(format!(
                "{} requests failed, and only {} programs were killed",
                self.failed, self.killed
            ));
        }
        if self.answered == 0 {
            problems.push("no request was answered".to_owned());
        }
        match self.host_ended.as_deref() {
            Some("exit status: 0") => {}
            Some(how) => problems.push(format!("the host ended with {how}")),
            None => problems.push("the host did not end when it was told to".to_owned()),
        }
        if !self.left.is_empty() {
            problems.push(format!("{} processes outlived the host", self.left.len()));
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::known("load", Class::Run, problems.join("; ")))
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, platform, node, seconds, at_once, .. } = self;
        let mut row = |name: &str, what: &dyn fmt::Display| writeln!(f, "{name:<12}{what}");
        row("host", &format_args!("`{}` as `{platform}`, by bridge on Node {node}", program.name))?;
        let over = self.warm.over_handler_us;
        let interval = over.interval.map(|between| format!(" ({:.0} to {:.0})", between.low, between.high));
        row(
            "warm",
            &format_args!(
                "{:.0} µs, {:.0}{} more than a plain Node server, which takes {:.0}; medians of {} in turn",
                self.warm.warm_us,
                over.value,
                interval.unwrap_or_default(),
                self.warm.handler_us,
                self.warm.requests,
            ),
        )?;
        row("load", &format_args!("{seconds:.1} s, {at_once} requests at once"))?;
        row(
            "answered",
            &format_args!("{}, {:.0} a second", self.answered, self.answered as f64 / seconds.max(1e-9)),
        )?;
        if let Some(Latency { median, p95, p99, max }) = self.latency_ms {
            row(
                "",
                &format_args!("{median:.1} ms median, {p95:.1} ms p95, {p99:.1} ms p99, {max:.0} ms at most"),
            )?;
        }
        if self.kills > 0 {
            row("killed", &format_args!("{} times, {} programs in all", self.kills, self.killed))?;
        }
        row("failed", &format_args!("{} requests, with 502 because their program had ended", self.failed))?;
        let lost: u64 = self.lost.values().sum();
        row("lost", &format_args!("{lost} requests"))?;
        for (why, count) in &self.lost {
            row("", &format_args!("{count} × {why}"))?;
        }
        let ended = self.host_ended.as_deref().unwrap_or("it had to be killed");
        row("left", &format_args!("{} processes; host: {ended}", self.left.len()))
    }
}

/// Asks until the time is over.
///
/// # Errors
/// `host-start` when a host does not listen; `bench-program` when the program does not answer before the load.
pub fn run(
    settings: Settings,
    artifact: &Artifact,
    program: Program,
    stop: &mpsc::Receiver<i32>,
    ui: &Ui,
) -> Result<(Load, Option<i32>)> {
    let machine = Machine::this();
    let folder = tempfile::Builder::new().prefix("cargo-trap-load-").tempdir();
    let folder = folder.map_err(Error::file("create a folder in", std::env::temp_dir()))?;
    let (main, folder) = (&artifact.record.main, folder.path());
    let mut host = Host::start(&settings, &artifact.dir, main, folder, ui)?;
    let caller = Caller::new(&host.url, &settings);
    let reference = caller.reference()?;
    let warm = Warm::measure(&settings, &caller, &reference, folder, ui)?;

    let asking = Arc::new(AtomicBool::new(true));
    let (sender, came) = mpsc::channel();
    for _ in 0..settings.at_once {
        let (caller, reference, asking, sender) =
            (caller.clone(), reference.clone(), Arc::clone(&asking), sender.clone());
        std::thread::spawn(move || {
            while asking.load(Ordering::Relaxed) && sender.send(caller.ask(&reference)).is_ok() {}
        });
    }
    drop(sender);

    let mut count = Count::default();
    let began = Instant::now();
    let end = began + settings.duration;
    let mut next_kill = settings.kill_every.map(|every| began + every);
    let progress = ui.progress("Asking", &host.url);
    let (mut status, mut said) = (None, 0);
    loop {
        let now = Instant::now();
        status = status.or_else(|| stop.try_recv().ok());
        if now >= end || status.is_some() || host.has_ended() {
            break;
        }
        if let (Some(at), Some(every)) = (next_kill, settings.kill_every)
            && now >= at
        {
            count.kills += 1;
            count.killed += host.kill_programs();
            next_kill = Some(at + every);
        }
        let second = now.duration_since(began).as_secs();
        if second > said {
            said = second;
            progress.say(format_args!(
                "{second} of {} s, {} answered, {} failed, {} lost",
                settings.duration.as_secs_f64().ceil(),
                count.latencies.len(),
                count.failed,
                count.lost.values().sum::<u64>(),
            ));
        }
        let until = end.min(next_kill.unwrap_or(end)).min(now + NOTICED);
        while let Ok(came) = came.recv_timeout(until.saturating_duration_since(Instant::now())) {
            count.take(came);
        }
    }
    asking.store(false, Ordering::Relaxed);
    let seconds = began.elapsed().as_secs_f64();
    // What is under way is still waited for.
    while let Ok(came) = came.recv() {
        count.take(came);
    }
    drop(progress);
    let ended = host.end();
    let load = Load {
        reason: "trap-load",
        tool: concat!("cargo-trap ", env!("CARGO_PKG_VERSION")),
        command: settings.command,
        machine,
        program,
        platform: artifact.record.platform.clone(),
        node: settings.node.version,
        warm,
        seconds,
        at_once: settings.at_once,
        interrupted: status.is_some(),
        answered: count.latencies.len() as u64,
        failed: count.failed,
        latency_ms: latency(&count.latencies),
        lost: count.lost,
        kills: count.kills,
        killed: count.killed,
        left: host.left(),
        host_ended: ended.map(|status| status.to_string()),
    };
    Ok((load, status))
}

fn latency(of: &[f64]) -> Option<Latency> {
    let at = |p| stats::quantile(of, p);
    Some(Latency { median: at(0.5)?, p95: at(0.95)?, p99: at(0.99)?, max: at(1.0)? })
}

#[derive(Default)]
struct Count {
    latencies: Vec<f64>,
    failed: u64,
    lost: BTreeMap<String, u64>,
    kills: u64,
    killed: u64,
}

impl Count {
    fn take(&mut self, came: Came) {
        match came {
            Came::Answered(took) => self.latencies.push(took.as_secs_f64() * 1000.0),
            Came::Failed => self.failed += 1,
            Came::Lost(why) => *self.lost.entry(why).or_default() += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Arch;
    use crate::bench::stats::{Estimate, Interval};

    fn load() -> Load {
        Load {
            reason: "trap-load",
            tool: "cargo-trap 0.1.0",
            command: Vec::new(),
            machine: Machine::this(),
            program: Program {
                name: "hello".into(),
                arch: Arch::X64,
                size: 1,
                sha256: String::new(),
                tells_main: false,
            },
            platform: "server".into(),
            node: "22.23.3".into(),
            warm: Warm {
                requests: 1000,
                warm_us: 520.4,
                handler_us: 200.2,
                over_handler_us: Estimate {
                    value: 319.8,
                    interval: Some(Interval { low: 310.0, high: 333.3 }),
                },
            },
            seconds: 10.0,
            at_once: 50,
            interrupted: false,
            answered: 12_345,
            failed: 3,
            lost: BTreeMap::new(),
            kills: 2,
            killed: 32,
            latency_ms: latency(&[1.0, 2.0, 3.0]),
            left: Vec::new(),
            host_ended: Some("exit status: 0".into()),
        }
    }

    #[test]
    fn a_load_is_a_table() {
        let mut load = load();
        load.lost.insert("timeout".into(), 2);
        assert_eq!(
            load.to_string(),
            "\
host        `hello` as `server`, by bridge on Node 22.23.3
warm        520 µs, 320 (310 to 333) more than a plain Node server, which takes 200; medians of 1000 in turn
load        10.0 s, 50 requests at once
answered    12345, 1234 a second
            2.0 ms median, 2.9 ms p95, 3.0 ms p99, 3 ms at most
killed      2 times, 32 programs in all
failed      3 requests, with 502 because their program had ended
lost        2 requests
            2 × timeout
left        0 processes; host: exit status: 0
"
        );
    }

    #[test]
    fn whatever_goes_wrong_fails() {
        load().check().expect("all is well");
        type Case = (fn(&mut Load), &'static str);
        let cases: [Case; 5] = [
            (|load| load.lost = BTreeMap::from([("timeout".into(), 2)]), "2 requests were lost: timeout"),
            (|load| load.failed = 33, "33 requests failed, and only 32 programs were killed"),
            (|load| load.answered = 0, "no request was answered"),
            (|load| load.host_ended = None, "the host did not end when it was told to"),
            (|load| load.left = vec![7], "1 processes outlived the host"),
        ];
        for (change, says) in cases {
            let mut load = load();
            change(&mut load);
            let error = load.check().expect_err(says);
            assert_eq!((error.code(), error.to_string().as_str()), ("load", says));
        }
    }
}
