//! `cargo trap invoke`: boot the artifact in a real Node, as a host does, and send it one event.

pub(crate) mod failure;
mod many;
mod remote;
mod report;
pub(crate) mod request;
mod timeline;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crate::arch::{Arch, ArchChoice};
use crate::artifact::Artifact;
use crate::commands::build::{self, Purpose, Selection};
use crate::host::process::{Memory, Takeover};
use crate::host::{Container, Host, Witness, node};
use crate::lambda::{Event, Function, Observer, Phase, Stream};
use crate::ui::Ui;
use crate::{Class, Error, Result, payload, platform, settings};

use many::Times;
use remote::Remote;
use report::Report;
use request::Request;
use timeline::Timeline;

/// A longer log line is cut: Node prints the whole line of code around an uncaught error.
const LONGEST_LINE: usize = 2000;

/// Why an answer may not be what it seems.
pub(crate) const NODE_ANSWERED: &str = "Node answered itself: the program was NOT handed the process, so this is not what \
                             Rust says (`TRAP_LOG=debug` shows what the trampoline chose)";

/// Boot the artifact in Node on this machine, send it one request, and show who answered
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  cargo trap invoke /                              GET / from this crate's program
  cargo trap invoke -p hello POST /echo -d 'hi'    with a body
  cargo trap invoke --program ./server /health     a static program of any language
  cargo trap invoke --arch arm64 --node ./node /   under qemu-user, with a Node for arm64
  cargo trap invoke --event sqs                    what a queue sends
  cargo trap invoke --repeat 100 --concurrency 4   the spread of 100 answers of 4 containers
  cargo trap invoke --remote https://… /health     the deployed function

The answer's body goes to stdout, all else to stderr, the lines that the program logs too: marked
`stdout` or `stderr`, or under `--quiet` unmarked and alone. Exit status 6 means that the program or
its host failed.")]
pub struct Args {
    /// HTTP method [default: GET, or POST with data]; may be left out before a path
    #[arg(value_name = "METHOD")]
    first: Option<String>,
    /// Path and query, beginning with `/` [default: /]
    #[arg(value_name = "PATH")]
    second: Option<String>,
    /// What to send.
    #[command(flatten)]
    input: request::Input,
    /// Send it so many times, and tell what came of all of them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Request")]
    repeat: Option<u32>,
    /// Have so many answered at once, each in a container of its own [default with it alone: each once]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000), help_heading = "Request")]
    concurrency: Option<u32>,
    /// Ask a deployed function at its URL instead of one on this machine
    #[arg(long, value_name = "URL", help_heading = "Request")]
    #[arg(conflicts_with_all = ["environment", "program", "package", "bin", "example", "manifest_path"])]
    remote: Option<String>,
    /// The Node to boot [default: `node` on PATH]
    #[arg(long, value_name = "FILE", env = "CARGO_TRAP_NODE", hide_env_values = true, help_heading = "Host")]
    node: Option<PathBuf>,
    /// Give up after this many seconds, start-up included
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, help_heading = "Host")]
    timeout: Duration,
    /// Set a variable for the host, or pass ours on; the host inherits few others
    #[arg(long = "env", value_name = "NAME[=VALUE]", help_heading = "Host")]
    environment: Vec<String>,
    /// Which program, and how it is packaged.
    #[command(flatten)]
    selection: Selection,
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().map_err(|error| error.to_string())?;
    let limit = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    // Beyond a day it would be no limit, and clocks may overflow.
    if limit.is_zero() || limit > Duration::from_secs(86_400) {
        return Err("it must be more than 0 and at most 86400".into());
    }
    Ok(limit)
}

/// Runs the command.
///
/// # Errors
/// Those of a build; `node-…` and `qemu-missing` when nothing can host the program here; and of class
/// [`Class::Run`] whatever went wrong between the host and the program.
pub fn run(mut args: Args, ui: &Ui) -> Result<()> {
    let times = Times::new(args.repeat, args.concurrency);
    if let Some(url) = &args.remote {
        let remote = Remote::new(url, args.timeout)?;
        let request = Request::new(args.first, args.second, args.input)?;
        return remote::run(remote, request, times, args.timeout, ui);
    }
    args.selection.flags.arch = local_arch(&args.selection, Arch::of_this_machine());
    if !cfg!(target_os = "linux") {
        check_native(&args.selection, Arch::of_this_machine())?;
    }
    let request = Request::new(args.first, args.second, args.input)?;
    let environment = variables(&args.environment)?;
    // Looked for before a long build rather than after it.
    let typed = args.selection.flags.arch.map(ArchChoice::arches).unwrap_or_default();
    let find = |arch| node::find(args.node.as_deref(), arch).map(|node| (arch, node));
    let early = if args.selection.program.is_empty() { Some(find(choose(&typed))?) } else { None };
    let started = Instant::now();
    let artifact = build::artifact(&args.selection, &Purpose::Local, ui)?;
    let build = started.elapsed();

    let arches: Vec<Arch> = artifact.record.programs.iter().map(|program| program.arch).collect();
    let (arch, node) = match early {
        Some(early) if early.0 == choose(&arches) => early,
        _ => find(choose(&arches))?,
    };
    if !cfg!(target_os = "linux") {
        ui.status("Note", "programs for Linux cannot run here, so this is one for this machine, by `spawn`");
    }
    let host = Host::node(&node.path, &artifact.dir, &artifact.record.handler);
    let host = with_takeover(host, &artifact, arch)?;
    let variables = node.environment.into_iter().chain(environment);
    let host = variables.fold(host, |host, (name, value)| host.env(name, value));
    let mut function = Function::new(&artifact.record.name);
    function.timeout = args.timeout;

    // One thread is enough: all that happens is waited for.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::file("start the event loop for", &artifact.dir))?;
    if !times.is_once() {
        return runtime.block_on(many::run(function, host, request, times, ui));
    }
    let mut report = runtime.block_on(invoke(function, host, request, ui))?;
    report.build = build;
    report.node = node.version;
    report.arch = arch;
    report.print(ui)
}

/// What a takeover asks of the host besides loading the artifact.
pub(crate) fn with_takeover(host: Host, artifact: &Artifact, arch: Arch) -> Result<Host> {
    let record = &artifact.record;
    match record.takeover {
        settings::Takeover::Library => Ok(host.loading(record.library_names(arch))),
        settings::Takeover::Wrapper => {
            // On the platform the variable names the same file where the platform puts it.
            let program = artifact.dir.join("trap").join(payload::file_name(&record.name, arch));
            let program = std::path::absolute(&program).map_err(Error::file("find", program))?;
            let wrapper = platform::find(&record.platform)?.manifest.wrapper;
            let host = host.bootstrap();
            Ok(match wrapper {
                Some(wrapper) => host.env(wrapper.variable, program),
                None => host,
            })
        }
        _ => Ok(host),
    }
}

/// This machine's architecture where there is a choice.
pub(crate) fn choose(arches: &[Arch]) -> Arch {
    let ours = Arch::of_this_machine().unwrap_or(Arch::X64);
    if arches.contains(&ours) { ours } else { arches.first().copied().unwrap_or(ours) }
}

/// Of both architectures only this machine's is needed; programs given as files say their own.
pub(crate) fn local_arch(selection: &Selection, ours: Option<Arch>) -> Option<ArchChoice> {
    match (selection.flags.arch, ours) {
        (Some(ArchChoice::Both), Some(ours)) if selection.program.is_empty() => Some(ours.into()),
        (typed, _) => typed,
    }
}

/// Where programs for Linux cannot run, only one that is built for the machine itself can.
pub(crate) fn check_native(selection: &Selection, ours: Option<Arch>) -> Result<()> {
    let wrong = |message: String| Error::known("program-machine", Class::Request, message);
    if !selection.program.is_empty() {
        let message = "`--program` is a program for Linux, which this system cannot run";
        return Err(wrong(message.into()).with_hint(
            "without `--program`, `invoke` builds the crate for this machine itself; `cargo trap build --program <file>` packages the program",
        ));
    }
    match selection.flags.arch {
        Some(choice) if !ours.is_some_and(|ours| choice.arches().contains(&ours)) => {
            let [arch] = choice.arches()[..] else { return Ok(()) };
            Err(wrong(format!(
                "this machine cannot run {arch} programs: only Linux has an emulator for that"
            ))
            .with_hint("leave `--arch` out (or `CARGO_TRAP_ARCH` unset) to use this machine's own"))
        }
        _ => Ok(()),
    }
}

pub(crate) fn variables(given: &[String]) -> Result<Vec<(OsString, OsString)>> {
    let variable = |text: &String| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(Some((name.into(), value.into()))),
        None if !text.is_empty() => Ok(std::env::var_os(text).map(|value| (text.into(), value))),
        _ => Err(Error::known("env", Class::Request, format!("`--env {text}` names no variable"))
            .with_hint("write `--env NAME=VALUE`, or `--env NAME` to pass on the value it has here")),
    };
    given.iter().filter_map(|text| variable(text).transpose()).collect()
}

/// Starts the container, sends the event, and ends everything, whatever happened.
async fn invoke(function: Function, host: Host, request: Request, ui: &Ui) -> Result<Report> {
    let witness = Witness::of(&host);
    let timeline = Arc::new(Timeline::default());
    let observer = witness.observer(watch(Arc::clone(&timeline), *ui));
    let container = Container::start(function.clone(), 1, observer, host).await?;
    let (invocation, is_http) = request.into_invocation();
    let done = tokio::select! {
        done = container.invoke(invocation) => Ok(done),
        status = interrupted() => Err(status),
    };
    let memory = witness.host().and_then(Memory::of);
    container.shut_down().await;
    // The person who pressed Ctrl-C knows; only the status says it.
    let done = done.map_err(|status| Error::ToolFailed { tool: "the host".into(), status, hint: None })?;
    let answer = failure::check(done.outcome, &function, timeline.reached(), ui)?;
    let answerer = witness.answerer();
    if answerer.as_ref().is_some_and(|answerer| answerer.takeover == Takeover::None) {
        ui.warning(NODE_ANSWERED);
    }
    Report::new(answer, is_http, answerer, memory, timeline.durations())
}

/// Notes when things happen, and shows what the program logs, under `--quiet` too: it is not our talk.
fn watch(timeline: Arc<Timeline>, ui: Ui) -> Observer {
    Observer::new(move |Event { at, phase, .. }| {
        if let Phase::Log { stream, line } = &phase {
            let name = match stream {
                Stream::Stdout => "stdout",
                Stream::Stderr => "stderr",
            };
            ui.log(name, cut(line));
        }
        timeline.note(at, &phase);
    })
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        Some((at, _)) => format!("{}… ({} more bytes)", &line[..at], line.len() - at),
        None => line.to_owned(),
    }
}

/// Waits for a wish to stop; gives the exit status that stands for it.
pub(crate) async fn interrupted() -> i32 {
    interruption().await
}

/// The same, heard from now on, also before anybody waits.
pub(crate) fn interruption() -> impl Future<Output = i32> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let wait = |kind: SignalKind| {
            // Who started this with `nohup` wants it to outlive the terminal.
            let is_heard = kind != SignalKind::hangup() || !is_hangup_ignored();
            let signal = if is_heard { signal(kind) } else { Err(std::io::ErrorKind::Other.into()) };
            async move {
                match signal {
                    Ok(mut signal) => drop(signal.recv().await),
                    Err(_) => std::future::pending().await,
                }
            }
        };
        let [interrupt, terminate, hangup] =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(wait);
        async move {
            tokio::select! {
                () = interrupt => 130,
                () = terminate => 143,
                () = hangup => 129,
            }
        }
    }
    #[cfg(not(unix))]
    async {
        match tokio::signal::ctrl_c().await {
            Ok(()) => 130,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Learns of a wish to stop on a thread of its own, for those who do not wait in an event loop.
///
/// # Errors
/// When there is no event loop to be had.
pub(crate) fn stop() -> Result<mpsc::Receiver<i32>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::file("start an event loop in", "."))?;
    let (sender, wished) = mpsc::channel();
    std::thread::spawn(move || {
        // Nobody listens any more when all is over.
        let _gone = sender.send(runtime.block_on(interrupted()));
    });
    Ok(wished)
}

/// Whether this process was started with the signal ignored that says that the terminal is gone; Linux tells.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    // Signal 1 is the lowest bit.
    ignored & 1 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_positive_and_bounded() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for wrong in ["0", "-1", "1e300", "NaN", "x", ""] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    fn selection(arch: Option<ArchChoice>, program: &str) -> Selection {
        let flags = crate::settings::Flags { arch, ..Default::default() };
        let program = (!program.is_empty()).then(|| program.into()).into_iter().collect();
        Selection { program, flags, ..Selection::default() }
    }

    #[test]
    fn of_both_architectures_this_machines_is_taken() {
        let both = Some(ArchChoice::Both);
        assert_eq!(local_arch(&selection(both, ""), Some(Arch::X64)), Some(ArchChoice::X64));
        assert_eq!(local_arch(&selection(both, ""), Some(Arch::Arm64)), Some(ArchChoice::Arm64));
        assert_eq!(local_arch(&selection(both, "app"), Some(Arch::X64)), both);
        let typed = Some(ArchChoice::Arm64);
        assert_eq!(local_arch(&selection(typed, ""), Some(Arch::X64)), typed);
        assert_eq!(local_arch(&selection(None, ""), Some(Arch::X64)), None);
    }

    #[test]
    fn what_only_linux_can_run_is_refused_elsewhere() {
        let check = |arch, program| check_native(&selection(arch, program), Some(Arch::X64));
        for (arch, program, named) in
            [(Some(ArchChoice::Arm64), "", "arm64 programs"), (None, "./server", "`--program`")]
        {
            let error = check(arch, program).expect_err("it cannot run");
            assert_eq!(error.code(), "program-machine");
            assert!(error.to_string().contains(named) && error.hint().is_some(), "{error}");
        }
        for arch in [None, Some(ArchChoice::X64), Some(ArchChoice::Both)] {
            check(arch, "").expect("the machine's own");
        }
    }

    #[test]
    fn a_variable_needs_a_name() {
        let given = variables(&["A=1=2".into(), "NOT_SET_ANYWHERE_42".into()]).expect("variables");
        assert_eq!(given, [("A".into(), "1=2".into())]);
        assert_eq!(variables(&["=x".into()]).expect_err("no name").code(), "env");
    }

    #[test]
    fn huge_log_lines_are_cut() {
        assert_eq!(cut("short"), "short");
        let cut = cut(&"é".repeat(LONGEST_LINE + 10));
        assert!(cut.ends_with("… (20 more bytes)"), "{}", &cut[cut.len() - 30..]);
    }
}
