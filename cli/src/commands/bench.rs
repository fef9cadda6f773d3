//! `cargo trap bench`: how long a start takes, phase by phase, against what else there is.
//!
//! Everything that was typed is understood before anything is built; [`crate::bench`] measures.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::invoke::request::{self, Request};
use super::{build, invoke};
use crate::arch::{Arch, ArchChoice};
use crate::bench::budget::{self, Budget};
use crate::bench::compare::{self, Comparison};
use crate::bench::load;
use crate::bench::model::{Client, Program, Run};
use crate::bench::report::{self, Format};
use crate::bench::run::{self as runs, Settings};
use crate::bench::{Clients, Missing, Nodejs, Planned, Stage, Wanted, catalogue, journal, missing};
use crate::commands::build::{Purpose, Selection};
use crate::files::{self, Mode};
use crate::host::node;
use crate::platform::{self, Platform};
use crate::settings::Takeover;
use crate::ui::Ui;
use crate::{Class, Error, Result, plan};

/// Measure cold starts on this machine, phase by phase, beside what else there is
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  cargo trap bench                                    this crate, everything, on the `node` on PATH
  cargo trap bench --node 20 --node 22 --runs 100     on two Nodes from `node_modules`
  cargo trap bench --variant file --variant seed      only these, and what they are held against
  cargo trap bench --format html --out bench.html     a page that works offline
  cargo trap bench --load 60 --kill-every 5           what becomes of requests where the program is killed

Variants:
  program        the program alone, as on `provided.al2023`
  bootstrap      the same, started by a shell script such as Node runtimes begin with
  file/wrapper   an artifact whose program that script starts in Node's place
  boot           Node with an empty module
  handler        a plain Node handler that gives the program's answer
  seed           the first try at this idea: a literal, three imports, a shell
  base64/…       an artifact with the program as text in its module
  file/…         one with the program as a file beside it, executed in place
  file-copied/…  the same where the file lost its mode on the way and must be copied
each of the last three by `exec:stub`, `exec:execve` and `spawn`, as far as the Node can, and the
first two of them by `library` where the crate has one, a `cdylib`.

What is measured is an artifact in one module, as `--platform lambda` makes it, unless `--platform`
names another. Each round starts every variant once, in another random order, in a container of its
own that is gone before the next one starts; a start counts after one correct answer. Totals come
from the artifact as it is, phases from a copy that tells them. Samples are kept as they come, in
`target/trap/bench`: `--from` reads them, also after Ctrl-C.

With `--load` one Node serves the artifact for a host that sends HTTP to its port and feeds the
program. It and a plain Node server that gives the same answer are asked in turn, which tells what a
warm request takes longer (budgets `warm`, `warm-over-handler`). Then callers ask it again as soon as
they have an answer. A program that is killed may take the one request with it that it had, which
must fail with 502; the command fails when any other request does, or when a process outlives the
host.")]
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
    /// What to measure, and how often.
    #[command(flatten)]
    what: What,
    /// What hosts it.
    #[command(flatten)]
    hosts: Hosts,
    /// Requests instead of starts.
    #[command(flatten)]
    load: Loading,
    /// Where results go.
    #[command(flatten)]
    output: Output,
    /// Which program, and how it is packaged.
    #[command(flatten)]
    selection: Selection,
}

/// What to measure, and how often.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Measuring")]
struct What {
    /// How many starts of each variant
    #[arg(long, value_name = "N", default_value = "40", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: u32,
    /// How many further events each container gets, for the warm figures
    #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    warm: u32,
    /// Measure only these, and the baselines `program` and `boot`: a variant, or what several begin with
    #[arg(long, value_name = "NAME")]
    variant: Vec<String>,
}

/// What hosts it.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Host")]
struct Hosts {
    /// The Nodes to boot, each by its path or a version: `22`, `22.15.1` [default: `node` on PATH]
    #[arg(long, value_name = "FILE|VERSION", env = "CARGO_TRAP_NODE", hide_env_values = true)]
    node: Vec<String>,
    /// The clients that load the artifact in Node [default: minimal]
    #[arg(long, value_name = "CLIENT")]
    host: Vec<Client>,
    /// AWS's client, for `--host ric`: the folder of the npm package [default: from `node_modules`]
    #[arg(long, value_name = "DIR")]
    ric: Vec<PathBuf>,
    /// A start that has not answered after this many seconds has failed
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = invoke::seconds)]
    timeout: Duration,
    /// Set a variable for the host, or pass ours on; the host inherits few others
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    environment: Vec<String>,
}

/// Requests to a host that stays, instead of starts.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Load")]
struct Loading {
    /// Ask one host, where Node stays and feeds the program, for so long, and count what becomes of the requests
    #[arg(long, value_name = "SECONDS", value_parser = invoke::seconds)]
    #[arg(conflicts_with_all = ["runs", "warm", "variant", "host", "ric", "format", "out", "compare", "from"])]
    load: Option<Duration>,
    /// How many requests are under way at once
    #[arg(long, value_name = "N", default_value_t = 50, requires = "load", value_parser = clap::value_parser!(u16).range(1..=1000))]
    at_once: u16,
    /// Kill the program, in each of its processes, every so often
    #[arg(long, value_name = "SECONDS", requires = "load", value_parser = invoke::seconds)]
    kill_every: Option<Duration>,
}

/// Where results go.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Report")]
struct Output {
    /// How it is written [default: text]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write it into this file instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Fail when a limit is exceeded, such as `over-boot<=10ms` or `file: ratio:seed<=0.5`; may be repeated
    #[arg(long, value_name = "LIMIT", long_help = budget_help())]
    budget: Vec<String>,
    /// Say what changed since an earlier run, and whether it exceeds the noise
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Report what an earlier run left, a journal or JSON, and measure nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["runs", "warm", "variant", "host", "ric"])]
    from: Option<PathBuf>,
}

fn budget_help() -> String {
    let figures = budget::help();
    format!(
        "Fail when a limit is exceeded, such as `over-boot<=10ms` or `file: ratio:seed<=0.5`; may be repeated\n\n{figures}"
    )
}

/// Runs the command.
///
/// # Errors
/// Those of a build; of the search for a Node or a client; `no-variant`; `bench-program` when the program gives
/// no answer.
pub fn run(args: Args, ui: &Ui) -> Result<()> {
    let report = Report::new(&args.output)?;
    if let Some(file) = &args.output.from {
        return report.give(&journal::read(file)?, ui);
    }
    if !cfg!(target_os = "linux") {
        let message = "starts can be measured on Linux alone, whose programs they start";
        return Err(Error::known("bench-system", Class::Machine, message)
            .with_hint("`cargo trap invoke` tries the program on this system"));
    }
    if let Some(duration) = args.load.load {
        return load(args, duration, &report.budgets, ui);
    }
    let (settings, stage) = prepare(args, &report.budgets, ui)?;
    // One thread is enough: all that happens is waited for, and nothing else takes the processors.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::file("start the event loop in", &stage.results))?;
    let (run, stopped) = runtime.block_on(runs::run(&settings, stage, ui))?;
    let Some(status) = stopped else { return report.give(&run, ui) };
    report.show(&run, ui)?;
    // The person who pressed Ctrl-C knows; only the status says it.
    Err(Error::ToolFailed { tool: "the run".into(), status, hint: None })
}

/// Puts a host that feeds the program under load.
///
/// # Errors
/// Those of a build and of the search for a Node; `load-platform` when the platform has no host that can be asked;
/// `host-start`, `bench-program`; `load` when a request was lost or a process is left; `budget` when a limit is exceeded.
fn load(mut args: Args, duration: Duration, budgets: &[Budget], ui: &Ui) -> Result<()> {
    budget::among(budgets, &load::FIGURES)?;
    if args.hosts.node.len() > 1 {
        let message = "a load is put on one host, and several Nodes were given";
        return Err(Error::known("ambiguous", Class::Request, message).with_hint("give `--node` once"));
    }
    let Request::Http(request) = Request::new(args.first, args.second, args.input)? else {
        let message = "a host that serves HTTP takes requests, and an event is none";
        return Err(Error::known("event", Class::Request, message).with_hint("give a method and a path"));
    };
    let environment = invoke::variables(&args.hosts.environment)?;
    args.selection.flags.arch = invoke::local_arch(&args.selection, Arch::of_this_machine());
    let flags = &mut args.selection.flags;
    flags.platform = Some(serving(flags.platform.as_deref())?);
    flags.takeover = Some(Takeover::Bridge);
    let artifact = build::artifact(&args.selection, &Purpose::Local, ui)?;
    let record = &artifact.record;
    let arch = invoke::choose(&record.programs.iter().map(|program| program.arch).collect::<Vec<_>>());
    let node = find_nodes(&args.hosts.node, arch)?.swap_remove(0).node;
    let program = record.programs.iter().find(|program| program.arch == arch).map(|program| Program {
        name: record.name.clone(),
        arch,
        size: program.size,
        sha256: program.sha256.clone(),
        tells_main: false,
    });
    let Some(program) = program else { return Ok(()) };
    let settings = load::Settings {
        command: command(std::env::args()),
        duration,
        at_once: args.load.at_once,
        kill_every: args.load.kill_every,
        timeout: args.hosts.timeout,
        request: *request,
        environment,
        node,
    };
    let (load, stopped) = load::run(settings, &artifact, program, &invoke::stop()?, ui)?;
    if ui.is_json() {
        ui.json(&load)?;
    } else {
        ui.text(&load)?;
    }
    match stopped {
        // The person who pressed Ctrl-C knows; only the status says it.
        Some(status) => Err(Error::ToolFailed { tool: "the load".into(), status, hint: None }),
        None => {
            load.check()?;
            let verdicts = budget::held(budgets, &format!("`{}`", load.platform), &load.warm.figures());
            budget::tell(&verdicts, ui);
            budget::all_kept(&verdicts)
        }
    }
}

/// The platform whose host is put under load: one whose artifact itself is what listens.
///
/// # Errors
/// `load-platform`.
fn serving(asked: Option<&str>) -> Result<String> {
    let all = platform::all()?;
    let serves = |platform: &&Platform| platform.manifest.listens.as_ref() == Some(&platform.manifest.main);
    let known: Vec<_> = all.iter().filter(serves).map(|platform| platform.manifest.id.clone()).collect();
    match asked {
        None => known.first().cloned(),
        Some(asked) => known.iter().find(|id| *id == asked).cloned(),
    }
    .ok_or_else(|| {
        let message = format!("an artifact for `{}` does not listen", asked.unwrap_or_default());
        let known: Vec<_> = known.iter().map(|id| format!("`{id}`")).collect();
        Error::known("load-platform", Class::Request, message)
            .with_hint(format!("leave `--platform` out, or give {}", known.join(" or ")))
    })
}

/// Understands what was typed, finds what hosts it, and compiles the program.
fn prepare(mut args: Args, budgets: &[Budget], ui: &Ui) -> Result<(Settings, Stage)> {
    let What { runs, warm, variant } = args.what;
    let flags = &args.selection.flags;
    let wanted = Wanted { names: variant, payload: flags.payload, takeover: flags.takeover };
    wanted.check()?;
    let request = Request::new(args.first, args.second, args.input)?;
    let environment = invoke::variables(&args.hosts.environment)?;

    args.selection.flags.arch = invoke::local_arch(&args.selection, Arch::of_this_machine());
    // Looked for before a long build rather than after it.
    let typed = args.selection.flags.arch.map(ArchChoice::arches).unwrap_or_default();
    let early = args.selection.program.is_empty().then(|| invoke::choose(&typed));
    let missing = missing(&args.selection)?;
    let early = early.map(|arch| Ready::find(&args.hosts, arch, &wanted, &missing, budgets)).transpose()?;
    let stage = Stage::new(&args.selection, invoke::choose, ui)?;
    let Ready { arch: _, nodes, clients, planned } = match early {
        Some(early) if early.arch == stage.program.arch => early,
        _ => Ready::find(&args.hosts, stage.program.arch, &wanted, &missing, budgets)?,
    };
    let settings = Settings {
        command: command(std::env::args()),
        runs,
        warm,
        timeout: args.hosts.timeout,
        request,
        environment,
        nodes,
        clients,
        planned,
    };
    Ok((settings, stage))
}

/// Everything that hosts programs of an architecture.
struct Ready {
    arch: Arch,
    nodes: Vec<Nodejs>,
    clients: Clients,
    planned: Vec<Planned>,
}

impl Ready {
    fn find(
        hosts: &Hosts,
        arch: Arch,
        wanted: &Wanted,
        missing: &Missing,
        budgets: &[Budget],
    ) -> Result<Self> {
        let nodes = find_nodes(&hosts.node, arch)?;
        let plain: Vec<_> = nodes.iter().map(|host| host.node.clone()).collect();
        let clients = Clients::find(&hosts.host, &hosts.ric, &plain)?;
        let planned = catalogue(&nodes, &clients, wanted, missing);
        let variants: Vec<_> = planned.iter().map(|planned| planned.variant(&nodes, &clients)).collect();
        budget::fits(budgets, &variants)?;
        Ok(Self { arch, nodes, clients, planned })
    }
}

/// The Nodes that were asked for, each once.
fn find_nodes(given: &[String], arch: Arch) -> Result<Vec<Nodejs>> {
    let mut nodes: Vec<Nodejs> = Vec::new();
    let found = match given {
        [] => vec![node::find(None, arch)?],
        given => given.iter().map(|given| node::resolve(given, arch)).collect::<Result<_>>()?,
    };
    for node in found {
        if let Some(twice) = nodes.iter().find(|other| other.node.version == node.version) {
            let (one, two) = (twice.node.path.display(), node.path.display());
            let message = format!("`{one}` and `{two}` are both Node {}", node.version);
            return Err(Error::known("ambiguous", Class::Request, message)
                .with_hint("give each version once: reports tell Nodes apart by their versions"));
        }
        nodes.push(Nodejs::of(node));
    }
    Ok(nodes)
}

/// What was typed, for the report. What may be a secret stays here.
fn command(typed: impl Iterator<Item = String>) -> Vec<String> {
    let mut words = ["cargo", "trap"].map(str::to_owned).to_vec();
    let mut hides = None;
    for word in typed.skip_while(|word| word != "bench") {
        let shown = match (hides.take(), word.split_once('=')) {
            (Some(separator), _) => hide(&word, separator),
            (None, Some(("--env", value))) => format!("--env={}", hide(value, '=')),
            (None, Some(("--header", value))) => format!("--header={}", hide(value, ':')),
            _ => word.clone(),
        };
        hides = match word.as_str() {
            "--env" => Some('='),
            "-H" | "--header" => Some(':'),
            _ => None,
        };
        words.push(shown);
    }
    words
}

fn hide(text: &str, separator: char) -> String {
    match text.split_once(separator) {
        Some((name, _)) => format!("{name}{separator}…"),
        None => text.to_owned(),
    }
}

/// What is to be made of a run, understood before it begins.
struct Report {
    format: Option<Format>,
    out: Option<PathBuf>,
    budgets: Vec<Budget>,
    before: Option<Run>,
}

impl Report {
    fn new(output: &Output) -> Result<Self> {
        if let Some(out) = &output.out {
            files::check_writable(out)?;
        }
        Ok(Self {
            format: output.format,
            out: output.out.clone(),
            budgets: output.budget.iter().map(|text| text.parse()).collect::<Result<_>>()?,
            before: output.compare.as_deref().map(journal::read).transpose()?,
        })
    }

    /// Shows a run and holds it against its limits.
    fn give(&self, run: &Run, ui: &Ui) -> Result<()> {
        self.show(run, ui)?;
        let verdicts = budget::verdicts(&self.budgets, run);
        budget::tell(&verdicts, ui);
        budget::all_kept(&verdicts)
    }

    fn show(&self, run: &Run, ui: &Ui) -> Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            reason: &'static str,
            #[serde(flatten)]
            run: &'a Run,
            #[serde(skip_serializing_if = "Option::is_none")]
            comparison: Option<Comparison>,
        }
        let comparison = self.before.as_ref().map(|before| compare::compare(before, run));
        if self.format.is_none() && self.out.is_none() && ui.is_json() {
            return ui.json(&Line { reason: "trap-bench", run, comparison });
        }
        let format = self.format.unwrap_or_default();
        let Some(out) = &self.out else {
            let width = ui.width().unwrap_or(report::WIDTH);
            return ui.text(report::render(run, format, width, comparison.as_ref())?);
        };
        let text = report::render(run, format, report::WIDTH, comparison.as_ref())?;
        files::write(out, anstream::adapter::strip_str(&text).to_string().as_bytes(), Mode::Plain)?;
        ui.status("Wrote", plan::shown(out));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_may_be_secret_are_not_in_the_report() {
        let typed =
            "/bin/cargo-trap trap bench --env A=b=c --env=D=e -H X:y --header=Z:1 --env HOME --runs 3 /?a=b";
        let words = command(typed.split(' ').map(str::to_owned)).join(" ");
        assert_eq!(
            words,
            "cargo trap bench --env A=… --env=D=… -H X:… --header=Z:… --env HOME --runs 3 /?a=b"
        );
    }
}
