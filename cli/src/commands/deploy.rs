//! `cargo trap deploy`: build the artifact, or take one that exists, and hand it to the platform's own tool.
//!
//! What the tool is told stands in the platform's manifest. Everything that can go wrong before the tool runs is looked
//! for before anything is compiled; `--dry-run` prints the commands and stops.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::arch::Arch;
use crate::artifact::Artifact;
use crate::commands::build::{self, Output, Purpose, Selection};
use crate::deploy::{Call, Deployment, Existing, Tool, check};
use crate::plan::{Plan, Request, Step, record_path, shown, word};
use crate::ui::Ui;
use crate::{Class, Error, Result, exec};

/// Arguments that are about building, and so mean nothing for an artifact that exists. Those of packaging are held
/// against it instead.
const FOR_BUILDS: [&str; 24] = [
    "program",
    "single_file",
    "out_dir",
    "zip",
    "package",
    "bin",
    "lib",
    "example",
    "features",
    "all_features",
    "no_default_features",
    "profile",
    "release",
    "jobs",
    "keep_going",
    "target_dir",
    "manifest_path",
    "locked",
    "offline",
    "frozen",
    "ignore_rust_version",
    "timings",
    "config",
    "unstable",
];

/// Build the artifact and hand it to the platform's own tool
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  cargo trap deploy                                 build this crate and deploy it
  cargo trap deploy --dry-run                       only show the commands
  cargo trap deploy target/trap/lambda/my-service   what a build wrote, as it is
  cargo trap deploy -- --region eu-central-1        with arguments for the platform's tool

The tool's own output and exit status are passed on. Code is replaced; settings of what is deployed are neither
deleted nor overwritten. `cargo trap platforms <name>` shows which tool a platform has, and how to get it.")]
pub struct Args {
    /// An artifact that exists: its folder, or its `trap/<name>.json` [default: build one]
    #[arg(value_name = "ARTIFACT", conflicts_with_all = FOR_BUILDS)]
    artifact: Option<PathBuf>,
    /// What it is called on the platform [default: the artifact's name]
    #[arg(long, value_name = "NAME", help_heading = "Deploying")]
    function: Option<String>,
    /// Print the commands and stop
    #[arg(long, help_heading = "Deploying")]
    dry_run: bool,
    /// What to build and package.
    #[command(flatten)]
    selection: Selection,
    /// What is written, and where.
    #[command(flatten)]
    output: Output,
    /// Arguments for the platform's tool
    #[arg(last = true, value_name = "TOOL ARGUMENTS")]
    given: Vec<String>,
}

/// What is deployed.
enum Source {
    Build(Box<Plan>),
    Existing(Box<Existing>),
}

impl Source {
    fn request(&self) -> &Request {
        match self {
            Self::Build(plan) => &plan.request,
            Self::Existing(existing) => &existing.request,
        }
    }

    fn arches(&self) -> &[Arch] {
        match self {
            Self::Build(plan) => &plan.arches,
            Self::Existing(existing) => &existing.arches,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Those of a build; `tool-missing`, `login`, `no-function` and `function-differs` before it; `not-installed`; and the
/// tool's own status.
pub fn run(args: Args, ui: &Ui) -> Result<()> {
    let source = match &args.artifact {
        Some(path) => Source::Existing(Box::new(Existing::open(path, &args.selection.flags)?)),
        None => {
            let purpose = Purpose::Deploy { output: args.output.clone(), at_once: true };
            Source::Build(Box::new(build::resolve(&args.selection, &purpose)?))
        }
    };
    let request = source.request();
    let deployment = Deployment::plan(request, source.arches(), args.function.as_deref(), &args.given)?;
    let tool = Tool::find(&deployment.deploy, &request.dir);
    if args.dry_run {
        return print_commands(&source, &deployment, tool, ui);
    }
    let id = &request.platform.manifest.id;
    let tool = tool.ok_or_else(|| Tool::missing(&deployment.deploy, id))?;
    // What only a build can bring is not there before it.
    if request.dir.join(record_path(&request.name)).exists() {
        check_needs(&deployment, request)?;
    }
    let found = check::all(&deployment, &tool, ui)?;
    let artifact = match &source {
        Source::Build(plan) => {
            let artifact = exec::execute(plan, args.selection.cargo.is_offline(), ui)?;
            build::report(&artifact, ui)?;
            artifact
        }
        Source::Existing(existing) => existing.prepare(ui)?,
    };
    check_needs(&deployment, request)?;
    let call = deployment.call(tool.program, &tool.name, deployment.args(found == check::Found::Nothing));
    ui.status("Deploying", &call.command);
    match call.run(ui.is_json())? {
        0 => report(&deployment, &call, &artifact, ui),
        status => Err(Error::ToolFailed { tool: call.command, status, hint: None }),
    }
}

/// What has to lie in the artifact's folder, and only a person can bring there.
fn check_needs(deployment: &Deployment, request: &Request) -> Result<()> {
    let missing = |path: &str| !request.dir.join(path).exists();
    let Some(need) = deployment.deploy.needs.iter().find(|need| missing(&need.path)) else { return Ok(()) };
    let (dir, tool) = (word(&shown(&request.dir)), &deployment.deploy.tool);
    let message = format!("`{dir}/{}` is missing, which `{tool}` needs", need.path);
    Err(Error::known("not-installed", Class::Machine, message)
        .with_hint(format!("run `cd {dir} && {}`, then deploy again", need.get)))
}

fn report(deployment: &Deployment, call: &Call, artifact: &Artifact, ui: &Ui) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        reason: &'static str,
        platform: &'a str,
        name: &'a str,
        dir: &'a Path,
        #[serde(skip_serializing_if = "Option::is_none")]
        zip: Option<&'a Path>,
        #[serde(flatten)]
        call: &'a Call,
    }
    let record = &artifact.record;
    ui.status("Deployed", format_args!("`{}` by `{}`", record.name, deployment.deploy.tool));
    if !ui.is_json() {
        return Ok(());
    }
    ui.json(&Line {
        reason: "trap-deployment",
        platform: &record.platform,
        name: &record.name,
        dir: &artifact.dir,
        zip: artifact.zip.as_deref(),
        call,
    })
}

/// One thing a deployment does after the build.
#[derive(Serialize)]
#[serde(tag = "step", rename_all = "kebab-case", rename_all_fields = "snake_case")]
enum Command {
    /// Ask whether somebody is logged in.
    CheckLogin(Call),
    /// Ask what is deployed.
    Look(Call),
    /// Hand the artifact over.
    Deploy {
        #[serde(flatten)]
        call: Call,
        /// Said besides when there is nothing of that name yet.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        first: Vec<String>,
    },
}

fn print_commands(source: &Source, deployment: &Deployment, tool: Option<Tool>, ui: &Ui) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a, S> {
        reason: &'static str,
        #[serde(flatten)]
        step: &'a S,
    }
    let name = &deployment.deploy.tool;
    let tool = tool.unwrap_or_else(|| Tool { program: name.into(), name: name.clone() });
    let call = |args: Vec<String>| deployment.call(tool.program.clone(), &tool.name, args);
    let ask = |args: &[String]| deployment.ask(tool.program.clone(), &tool.name, args);
    let login = (!deployment.login.is_empty()).then(|| Command::CheckLogin(ask(&deployment.login)));
    let look = deployment.look.as_deref().map(|args| Command::Look(ask(args)));
    let deploy = Command::Deploy { call: call(deployment.args(false)), first: deployment.first.clone() };
    let commands: Vec<_> = login.into_iter().chain(look).chain([deploy]).collect();
    let built: &[Step] = match source {
        Source::Build(plan) => &plan.steps,
        Source::Existing(_) => &[],
    };
    if ui.is_json() {
        built.iter().try_for_each(|step| ui.json(&Line { reason: "trap-step", step }))?;
        return commands.iter().try_for_each(|step| ui.json(&Line { reason: "trap-step", step }));
    }
    let mut text = String::new();
    let mut line = |label: &str, what: &str| text.push_str(&format!("{label:<11} {what}\n"));
    let request = source.request();
    for command in &commands {
        match command {
            Command::CheckLogin(call) => line("check", &call.command),
            Command::Look(call) => line("look", &call.command),
            Command::Deploy { call, first } => {
                let dir = shown(&request.dir);
                match built.len() {
                    0 => line("take", &dir),
                    _ => line("build", &format!("{dir}  (`cargo trap build --dry-run` shows the steps)")),
                }
                if request.platform.manifest.deploy.zip {
                    line("zip", &shown(&request.zip_path()));
                }
                line("deploy", &call.command);
                if !first.is_empty() {
                    let first: Vec<_> = first.iter().map(|argument| word(argument)).collect();
                    line("", &format!("the first time with {}", first.join(" ")));
                }
            }
        }
    }
    ui.text(text)
}

#[test]
fn what_is_about_building_is_not_taken_for_an_artifact_that_exists() {
    let mut command = <Args as clap::Args>::augment_args(clap::Command::new("deploy"));
    let held_against_it = ["platform", "arch", "payload", "takeover", "class", "lang"];
    let own = ["artifact", "function", "dry_run", "given"];
    for arg in command.clone().get_arguments() {
        let id = arg.get_id().as_str();
        let known = held_against_it.contains(&id) || own.contains(&id);
        assert!(known || FOR_BUILDS.contains(&id), "`{id}`: is it about building?");
    }
    let error = command.try_get_matches_from_mut(["deploy", "dir", "--release"]).unwrap_err();
    assert_eq!(error.kind(), clap::error::ErrorKind::ArgumentConflict);
}
