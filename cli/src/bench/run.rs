//! A whole run: what it takes is built, tried once, and then started round after round, each round in another
//! random order, so that whatever the machine does meanwhile happens to all of them.

use std::ffi::OsString;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::clients::Clients;
use super::journal::{Journal, Line, News};
use super::model::{Client, Failure, Kind, Machine, Run, SCHEMA, Variant};
use super::overhead;
use super::stage::{Built, Reference, Stage};
use super::start::{self, Came, Common, Stop, Subject};
use super::variant::{Nodejs, Planned, Recipe};
use crate::commands::invoke::{interrupted, request::Request, with_takeover};
use crate::host::process::Takeover;
use crate::host::{Clock, Host};
use crate::lambda::Function;
use crate::ui::{Progress, Ui};
use crate::{Class, Error, Result};

/// A variant whose first starts all fail is given up after this many.
const TRIES: u32 = 3;

/// Everything that is decided before a run.
#[derive(Debug)]
pub struct Settings {
    /// What was typed.
    pub command: Vec<String>,
    /// How many starts of each variant.
    pub runs: u32,
    /// How many further events each container is sent.
    pub warm: u32,
    /// How long a start may take until its first answer.
    pub timeout: Duration,
    /// What is sent.
    pub request: Request,
    /// What the host's environment has besides a function's.
    pub environment: Vec<(OsString, OsString)>,
    /// The Nodes.
    pub nodes: Vec<Nodejs>,
    /// The clients inside them.
    pub clients: Clients,
    /// What is measured.
    pub planned: Vec<Planned>,
}

/// One thing that is started in every round.
struct Unit {
    /// The place of its variant.
    variant: usize,
    /// For people.
    name: String,
    subject: Subject,
    tries: u32,
    failures: u32,
}

impl Unit {
    fn is_given_up(&self) -> bool {
        self.failures >= TRIES && self.failures == self.tries
    }
}

/// Measures everything. The second value is the exit status when it was stopped before its end.
///
/// # Errors
/// `bench-program` when the program alone gives no answer, `host-start` when a Node does not start; those of a
/// build; when results cannot be kept.
pub async fn run(settings: &Settings, mut stage: Stage, ui: &Ui) -> Result<(Run, Option<i32>)> {
    let (tell, told) = tokio::sync::watch::channel(None);
    tokio::spawn(async move { tell.send_replace(Some(interrupted().await)) });
    let mut function = Function::new(&stage.program.name);
    function.timeout = settings.timeout;
    let common = Common {
        function,
        request: settings.request.clone(),
        warm: settings.warm,
        clock: Clock::common(),
        stop: Stop(told),
    };
    let machine = Machine::this();
    let own_overhead_ms = overhead::measure().await?;
    if settings.planned.iter().any(|planned| planned.recipe.is_library() && planned.unavailable.is_none()) {
        stage.build_library(ui)?;
    }
    let (mut units, reference) = prepare(settings, &mut stage, &common).await?;

    let progress = ui.progress("Trying", "each variant once");
    let began = Instant::now();
    for unit in &mut units {
        progress.say(&unit.name);
        match start::start(&unit.subject, &common, &reference, 0).await {
            _ if common.stop.status().is_some() => break,
            Came::Trace(_, tells_main) => stage.program.tells_main |= tells_main,
            Came::Failed(why) if unit.subject.kind == Kind::Boot => {
                let message = format!("`{}` does not start: {why}", unit.subject.host.program().display());
                return Err(Error::known("host-start", Class::Run, message)
                    .with_hint("it must be a Node that runs here: `cargo trap doctor` checks this machine"));
            }
            Came::Failed(why) => ui.detail("Failed", format_args!("{}: {why}", unit.name)),
            Came::Sample(_) => {}
        }
    }
    drop(progress);
    let each = began.elapsed() / u32::try_from(units.len()).unwrap_or(1).max(1);
    announce(settings, &stage, &units, each * settings.runs, ui);

    let order = fastrand::u64(..);
    let mut run = Run {
        schema: SCHEMA,
        tool: concat!("cargo-trap ", env!("CARGO_PKG_VERSION")).into(),
        command: settings.command.clone(),
        started: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        machine,
        program: stage.program.clone(),
        asked: settings.runs,
        warm: settings.warm,
        order,
        interrupted: false,
        own_overhead_ms,
        variants: settings.planned.iter().map(|planned| variant(planned, settings, &stage)).collect(),
    };
    let path = stage.results.join(format!("{}.jsonl", stage.program.name));
    let mut journal = Journal::begin(&path, &run)?;
    ui.status("Keeping", format_args!("every sample in `{}`", crate::plan::shown(&path)));

    let mut keep = |run: &mut Run, line: Line| {
        let kept = journal.add(&line);
        run.take(line);
        kept
    };
    let progress = ui.progress("Measuring", "");
    let mut pace = Pace { began: Instant::now(), done: 0, all: units.len() as u32 * settings.runs };
    let mut random = fastrand::Rng::with_seed(order);
    let mut turns: Vec<usize> = (0..units.len()).collect();
    'rounds: for round in 1..=settings.runs {
        random.shuffle(&mut turns);
        for &turn in &turns {
            let unit = &mut units[turn];
            pace.done += 1;
            if unit.is_given_up() {
                continue;
            }
            pace.say(&progress, round, settings.runs, &unit.name);
            let came = start::start(&unit.subject, &common, &reference, round).await;
            if common.stop.status().is_some() {
                break 'rounds;
            }
            for news in unit.judge(came, round) {
                keep(&mut run, Line::Of { variant: unit.variant, news })?;
            }
        }
    }
    drop(progress);
    let status = common.stop.status();
    keep(&mut run, Line::End { interrupted: status.is_some() })?;
    Ok((run, status))
}

/// Asks the program alone, builds everything else, and says how each is started.
async fn prepare(settings: &Settings, stage: &mut Stage, common: &Common) -> Result<(Vec<Unit>, Reference)> {
    let alone =
        Host::command(stage.program_file(), None::<&str>, stage.program_file().with_file_name(""), "program");
    let alone = Subject {
        kind: Kind::Program,
        host: with_environment(alone, settings, None),
        traced: false,
        by: Takeover::None,
    };
    let reference = start::refer(&alone, common).await.map_err(|why| {
        let message = format!("the program alone gives no answer: {why}");
        Error::known("bench-program", Class::Run, message).with_hint(
            "what is measured must poll the Lambda Runtime API, as `trap_runtime::run` and `lambda_http::run` do; `cargo trap invoke` shows what it logs",
        )
    })?;
    let mut units = Vec::new();
    for (index, planned) in settings.planned.iter().enumerate() {
        if planned.unavailable.is_some() {
            continue;
        }
        stage.build(planned.recipe, &reference)?;
        let Some(built) = stage.built(planned.recipe) else { continue };
        let mut add = |host: Host, by: Takeover, traced: bool| {
            let host = with_environment(host, settings, planned.node);
            let host = if traced { host.env("TRAP_TRACE", "1") } else { host };
            let subject = Subject { kind: planned.recipe.kind(), host, traced, by };
            let name = name(planned, settings, traced);
            units.push(Unit { variant: index, name, subject, tries: 0, failures: 0 });
        };
        let by = match planned.recipe {
            Recipe::Program | Recipe::Bootstrap => {
                let (name, mut subject) = (planned.recipe.id(), alone.clone());
                if planned.recipe == Recipe::Bootstrap {
                    subject.kind = Kind::Bootstrap;
                    subject.host = subject.host.bootstrap();
                }
                units.push(Unit { variant: index, name, subject, tries: 0, failures: 0 });
                continue;
            }
            Recipe::Boot | Recipe::Handler => Takeover::None,
            Recipe::Seed => Takeover::Spawn,
            Recipe::Ours(_, takeover) => match takeover.split(':').next() {
                Some("exec") => Takeover::Exec,
                Some("library") => Takeover::Library,
                Some("wrapper") => Takeover::Wrapper,
                Some("bridge") => Takeover::Bridge,
                _ => Takeover::Spawn,
            },
        };
        for (dir, traced) in [(Some(&built.dir), false), (built.traced.as_ref(), true)] {
            let Some(host) = dir.and_then(|dir| host(planned, settings, dir, built)) else { continue };
            let host = match &built.artifact {
                Some(artifact) => with_takeover(host, artifact, stage.program.arch)?,
                None => host,
            };
            add(host, by, traced);
        }
    }
    Ok((units, reference))
}

/// The Node of a variant, with its client. Where none is to start, any will do, and ours tells if it does after all.
fn host(planned: &Planned, settings: &Settings, dir: &std::path::Path, built: &Built) -> Option<Host> {
    let node = &settings.nodes.get(planned.node.unwrap_or(0))?.node;
    match planned.client.unwrap_or(Client::Minimal) {
        Client::Minimal => Some(Host::node(&node.path, dir, &built.handler)),
        Client::Ric => {
            let entry = settings.clients.ric(node).ok()?.entry.clone().into_os_string();
            Some(Host::command(&node.path, [entry, built.handler.clone().into()], dir, &built.handler))
        }
    }
}

/// Every container starts cold, with what a function's has and what was asked for.
fn with_environment(host: Host, settings: &Settings, node: Option<usize>) -> Host {
    let of_node = node.and_then(|node| settings.nodes.get(node)).map(|host| host.node.environment.clone());
    let all = of_node.into_iter().flatten().chain(settings.environment.clone());
    all.fold(host.cold(), |host, (name, value)| host.env(name, value))
}

fn name(planned: &Planned, settings: &Settings, traced: bool) -> String {
    let mut name = planned.recipe.id();
    if let Some(host) = planned.node.and_then(|node| settings.nodes.get(node)) {
        name.push_str(&format!(" on Node {}", host.node.version));
    }
    if planned.client == Some(Client::Ric) {
        name.push_str(" under AWS's client");
    }
    if traced {
        name.push_str(", traced");
    }
    name
}

/// A variant without samples.
fn variant(planned: &Planned, settings: &Settings, stage: &Stage) -> Variant {
    let artifact = stage.built(planned.recipe).map(|built| built.size);
    Variant { artifact, ..planned.variant(&settings.nodes, &settings.clients) }
}

/// Says what is about to happen, and how long it will take.
fn announce(settings: &Settings, stage: &Stage, units: &[Unit], estimate: Duration, ui: &Ui) {
    let program = &stage.program;
    let nodes: Vec<_> = settings.nodes.iter().map(|host| host.node.version.as_str()).collect();
    let traced = units.iter().filter(|unit| unit.subject.traced).count();
    ui.status(
        "Measuring",
        format_args!(
            "`{}` for {}, {}, on Node {}: {} variants, {} starts of each and of {traced} traced ones, about {}",
            program.name,
            program.arch,
            crate::size::Bytes(program.size),
            nodes.join(", "),
            units.len() - traced,
            settings.runs,
            span(estimate * u32::try_from(units.len()).unwrap_or(u32::MAX)),
        ),
    );
    for planned in settings.planned.iter() {
        if let Some(why) = &planned.unavailable {
            ui.status("Left out", format_args!("{}: {why}", name(planned, settings, false)));
        }
    }
}

impl Unit {
    /// What is kept of a start.
    fn judge(&mut self, came: Came, round: u32) -> Vec<News> {
        self.tries += 1;
        let why = match came {
            Came::Sample(sample) => return vec![News::Sample(sample)],
            Came::Trace(trace, _) => return vec![News::Trace(trace)],
            Came::Failed(why) => why,
        };
        self.failures += 1;
        let why = if self.subject.traced { format!("traced: {why}") } else { why };
        if self.is_given_up() && !self.subject.traced {
            return vec![News::Unavailable(format!("its first {TRIES} starts failed: {why}"))];
        }
        vec![News::Failed(Failure { round, why })]
    }
}

/// How far it is, and how long it will take from here.
struct Pace {
    began: Instant,
    done: u32,
    all: u32,
}

impl Pace {
    fn say(&self, progress: &Progress, round: u32, rounds: u32, name: &str) {
        let left = self.began.elapsed() / self.done.max(1) * (self.all - self.done);
        progress.say(format_args!("round {round} of {rounds}, {} left: {name},", span(left)));
    }
}

fn span(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..=90 => format!("{} s", seconds.max(1)),
        seconds => format!("{} min", (seconds + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(traced: bool) -> Unit {
        let host = Host::command("program", None::<&str>, ".", "x");
        let subject = Subject { kind: Kind::Ours, host, traced, by: Takeover::Exec };
        Unit { variant: 0, name: "x".into(), subject, tries: 0, failures: 0 }
    }

    fn failed() -> Came {
        Came::Failed("why".into())
    }

    #[test]
    fn a_variant_is_given_up_only_when_all_its_first_starts_failed() {
        let mut hopeless = unit(false);
        assert!(matches!(&hopeless.judge(failed(), 1)[..], [News::Failed(Failure { round: 1, .. })]));
        hopeless.judge(failed(), 2);
        assert!(!hopeless.is_given_up());
        assert!(
            matches!(&hopeless.judge(failed(), 3)[..], [News::Unavailable(why)] if why.ends_with(": why"))
        );
        assert!(hopeless.is_given_up());

        let mut shaky = unit(false);
        shaky.judge(Came::Sample(Box::default()), 1);
        for round in 2..9 {
            assert!(matches!(&shaky.judge(failed(), round)[..], [News::Failed(_)]));
        }
        assert!(!shaky.is_given_up());
    }

    #[test]
    fn traces_that_fail_do_not_take_the_samples_with_them() {
        let mut traced = unit(true);
        for round in 1..=TRIES {
            assert!(
                matches!(&traced.judge(failed(), round)[..], [News::Failed(f)] if f.why == "traced: why")
            );
        }
        assert!(traced.is_given_up());
    }

    #[test]
    fn spans_are_told_roughly() {
        let told = |seconds| span(Duration::from_secs(seconds));
        assert_eq!([told(0), told(90), told(91), told(200)], ["1 s", "90 s", "2 min", "3 min"]);
    }
}
