//! `cargo trap build`: compile the program and write the project that carries it.
//!
//! [`resolve`] decides, [`crate::exec`] acts; `--dry-run` prints the decision and stops.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::arch::{Arch, ArchChoice};
use crate::artifact::Artifact;
use crate::cargo_args::CargoArgs;
use crate::compile::Compile;
use crate::deploy::Deployment;
use crate::payload::Encoding;
use crate::plan::{self, Plan, Request, Source, Step, plan};
use crate::platform::{self, Platform};
use crate::project::{Product, Project};
use crate::settings::{Flags, Lang, Takeover, class_name};
use crate::size::Bytes;
use crate::ui::Ui;
use crate::{Class, Error, Result, exec};

/// Compile the program and package it for a Node.js platform
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  cargo trap build                                   this crate, for its platform
  cargo trap build --platform lambda --zip           a zip for AWS Lambda
  cargo trap build --arch both --out-dir ../backend  into an existing TypeScript project
  cargo trap build --program ./server                a static program of any language
  cargo trap build --dev                             for `genezio local` or `sst dev`, again after each change")]
pub struct Args {
    /// What to build and package.
    #[command(flatten)]
    pub selection: Selection,
    /// What is written, and where.
    #[command(flatten)]
    pub output: Output,
    /// For the platform's own dev server on this machine: name the last build instead of carrying the program
    #[arg(long, help_heading = "Packaging", conflicts_with_all = ["zip", "payload", "single_file"])]
    pub dev: bool,
    /// Print the steps and stop
    #[arg(long, help_heading = "Packaging")]
    pub dry_run: bool,
}

/// What is written, and where: what `build` and `deploy` share.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Output {
    /// Write the class, the trampoline and, unless `--payload file` is given, the program into one file
    #[arg(long, help_heading = "Packaging")]
    pub single_file: bool,
    /// Write into this folder, which may be an existing project; only our own files are touched
    #[arg(long, value_name = "DIR", help_heading = "Packaging")]
    pub out_dir: Option<PathBuf>,
    /// Also write a zip of the artifact, beside its folder
    #[arg(long, help_heading = "Packaging")]
    pub zip: bool,
}

/// Which program, and how it is packaged: what `build` and `invoke` share.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Selection {
    /// A compiled static Linux program to package instead of this crate; once per architecture
    #[arg(long, value_name = "FILE", help_heading = "Packaging")]
    #[arg(conflicts_with_all = ["package", "bin", "example", "manifest_path", "profile", "release"])]
    #[arg(conflicts_with_all = ["features", "all_features", "no_default_features", "jobs", "keep_going", "timings"])]
    pub program: Vec<PathBuf>,
    /// Packaging flags.
    #[command(flatten)]
    pub flags: Flags,
    /// Cargo's flags.
    #[command(flatten)]
    pub cargo: CargoArgs,
}

/// What an artifact is built for.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// To be deployed.
    Deploy {
        /// What is written, and where.
        output: Output,
        /// True when the platform's own tool is given it next: with what that wants.
        at_once: bool,
    },
    /// To be served on this machine by the platform's own tools: the artifact feeds whatever program was built last.
    EditLoop {
        /// Where it is written; a folder of its own by default.
        out_dir: Option<PathBuf>,
    },
    /// To be started on this machine, by `invoke`: for this machine's architecture unless another was typed,
    /// as JavaScript (older Node versions do not read TypeScript), with the platform's loader stood in for.
    Local,
}

/// Runs the command.
///
/// # Errors
/// Those of [`resolve`] and of [`exec::execute`].
pub fn run(args: Args, ui: &Ui) -> Result<()> {
    let mut args = args;
    let purpose = if args.dev {
        args.selection.cargo.compile_fast();
        Purpose::EditLoop { out_dir: args.output.out_dir }
    } else {
        Purpose::Deploy { output: args.output, at_once: false }
    };
    let plan = resolve(&args.selection, &purpose)?;
    if args.dry_run {
        return print_plan(&plan, ui);
    }
    let artifact = exec::execute(&plan, args.selection.cargo.is_offline(), ui)?;
    report(&artifact, ui)?;
    if ui.is_json() { Ok(()) } else { next(&plan, ui) }
}

/// Builds an artifact for a purpose.
///
/// # Errors
/// Those of [`resolve`] and of [`exec::execute`].
pub fn artifact(selection: &Selection, purpose: &Purpose, ui: &Ui) -> Result<Artifact> {
    exec::execute(&resolve(selection, purpose)?, selection.cargo.is_offline(), ui)
}

/// Decides everything: the program, the platform, the folder, the steps.
///
/// # Errors
/// When the request does not fit the project, the platform or this machine.
pub fn resolve(selection: &Selection, purpose: &Purpose) -> Result<Plan> {
    let local = matches!(purpose, Purpose::Local);
    let is_edited = matches!(purpose, Purpose::EditLoop { .. });
    let here = local || is_edited;
    let project = if selection.program.is_empty() {
        Some(Project::find(&selection.cargo, selection.flags.takeover)?)
    } else {
        None
    };
    let typed_arch = selection.flags.arch;
    let flags = selection
        .flags
        .clone()
        .over(project.as_ref().map(|project| project.flags.clone()).unwrap_or_default());
    let platform = platform::find(flags.platform.as_deref().unwrap_or(platform::DEFAULT))?;
    let manifest = &platform.manifest;

    let name = match &project {
        Some(project) => project.target.name().to_owned(),
        None => {
            crate::files::read_regular(&selection.program[0])?;
            program_name(&selection.program[0])?
        }
    };
    // Programs for Linux cannot run on other systems: there the program for the machine itself is used.
    let native = here && !cfg!(target_os = "linux");
    let choice =
        if here { typed_arch.or_else(|| Arch::of_this_machine().map(ArchChoice::from)) } else { flags.arch };
    let mut arches = choice.unwrap_or(manifest.arch).arches();
    let source = match &project {
        Some(project) => {
            let compile = |arch| Compile::decide(project, &selection.cargo, arch);
            let compiles = if native {
                vec![compile(None)?]
            } else {
                arches.iter().map(|&arch| compile(Some(arch))).collect::<Result<_>>()?
            };
            Source::Cargo(compiles)
        }
        None => {
            // The programs say themselves what they are for; a typed `--arch` is held against them.
            let wanted = typed_arch.map(ArchChoice::arches);
            arches = wanted.clone().unwrap_or(program_arches(&selection.program)?);
            Source::Files(selection.program.clone(), wanted)
        }
    };

    if is_edited && arches.len() != 1 {
        return Err(Error::known("program-machine", Class::Request, "`--dev` is for one machine, this one")
            .with_hint("leave `--arch` out, or name one architecture that can run here"));
    }
    if !here {
        platform.runs(&arches)?;
    }
    let lang = match flags.lang {
        _ if local => Lang::Js,
        None => manifest.langs[0],
        Some(lang) if manifest.langs.contains(&lang) => lang,
        Some(lang) => {
            let known: Vec<_> =
                manifest.langs.iter().map(|lang| format!("`{lang:?}`").to_lowercase()).collect();
            return Err(Error::known(
                "lang",
                Class::Request,
                format!("`{}` is not given {lang:?} files", manifest.id)
                    .replace("Ts ", "TypeScript ")
                    .replace("Js ", "JavaScript "),
            )
            .with_hint(format!("leave `--lang` out, or give {}", known.join(" or "))));
        }
    };
    let one_file = matches!(purpose, Purpose::Deploy { output: Output { single_file: true, .. }, .. });
    let default_payload = if one_file { Encoding::Base64 } else { manifest.payload };
    let encoding =
        if native || is_edited { Encoding::File } else { flags.payload.unwrap_or(default_payload) };
    let product = project.as_ref().map(|project| project.product);
    let asked = if is_edited { Some(fed(flags.takeover, &platform)?) } else { flags.takeover };
    let takeover = takeover(asked, product, &platform, encoding)?;
    let takeover = if native { native_takeover(takeover)? } else { takeover };
    let target_dir = match &project {
        Some(project) => project.target_dir.clone(),
        None => (selection.cargo.target_dir.clone())
            .or_else(|| std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from))
            .unwrap_or_else(|| PathBuf::from("target")),
    };
    let own_dir = |below: &str| target_dir.join("trap").join(below).join(&manifest.id).join(&name);
    let (dir, shared_dir, single_file, zip) = match purpose {
        Purpose::Local => (own_dir("local"), false, manifest.single_file, None),
        Purpose::EditLoop { out_dir } => {
            let dir = out_dir.clone().unwrap_or_else(|| own_dir("edit-loop"));
            (dir, out_dir.is_some(), manifest.single_file, None)
        }
        Purpose::Deploy { output: Output { single_file, out_dir, zip }, at_once } => {
            let dir = out_dir.clone().unwrap_or_else(|| own_dir(""));
            let zip = *zip || (*at_once && manifest.deploy.zip);
            let archive = zip.then(|| plan::zip_path(&dir, &name, out_dir.is_some()));
            (dir, out_dir.is_some(), *single_file || manifest.single_file, archive)
        }
    };
    let last_build = crate::dev::last_program(&target_dir, &name);
    let last_build = std::path::absolute(&last_build).map_err(Error::file("find", last_build))?;
    let request = Request {
        class: class_name(flags.class.as_deref(), &name)?,
        typed: None,
        name,
        platform,
        source,
        encoding,
        system: if native { crate::payload::system_of_this_machine() } else { "linux" },
        takeover,
        lang,
        single_file,
        self_contained: one_file,
        dir,
        shared_dir,
        zip,
        with_host: local,
        last_build: is_edited.then_some(last_build),
    };
    plan(request, &arches)
}

/// How the program gets control: what was asked for, as far as it goes with the platform, with what is built and with
/// how it travels.
fn takeover(
    asked: Option<Takeover>,
    product: Option<Product>,
    platform: &Platform,
    encoding: Encoding,
) -> Result<Takeover> {
    let is_library = product == Some(Product::Library);
    let takeover = platform.takeover(asked.unwrap_or(if is_library {
        Takeover::Library
    } else {
        Takeover::default()
    }))?;
    let refused =
        |message: String, hint: &str| Err(Error::known("takeover", Class::Request, message).with_hint(hint));
    match takeover {
        Takeover::Library => Ok(takeover),
        _ if is_library => refused(
            format!(
                "takeover `{}` starts a program, and a library is what would be built",
                takeover.as_str()
            ),
            "give `--takeover library`, or name a program with `--bin`",
        ),
        Takeover::Wrapper if encoding == Encoding::Base64 => refused(
            "takeover `wrapper` needs a program that is a file, and this payload is text".to_owned(),
            "add `--payload file`",
        ),
        _ => Ok(takeover),
    }
}

/// The takeover of an artifact for the edit loop: Node stays, so that the next build needs no restart.
fn fed(asked: Option<Takeover>, platform: &Platform) -> Result<Takeover> {
    match asked.unwrap_or_default() {
        Takeover::Auto | Takeover::Bridge => platform.takeover(Takeover::Bridge),
        other => {
            let message = format!("`--dev` feeds the program, and takeover `{}` does not", other.as_str());
            Err(Error::known("takeover", Class::Request, message).with_hint("leave `--takeover` out"))
        }
    }
}

/// On systems that are not Linux a program for the machine itself is started, as a child: nothing else works there.
fn native_takeover(asked: Takeover) -> Result<Takeover> {
    match asked {
        Takeover::Library => Err(Error::known(
            "takeover",
            Class::Request,
            "a library for Linux cannot be loaded on this system",
        )
        .with_hint(
            "`cargo trap build` packages it; `cargo run` or `--bin` tries a program of the same code",
        )),
        Takeover::Bridge => Ok(Takeover::Bridge),
        _ => Ok(Takeover::Spawn),
    }
}

/// The name of a program given as a file: its file name without an ending, as far as it can name files.
fn program_name(path: &Path) -> Result<String> {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' })
        .collect::<String>()
        .trim_matches('-')
        .to_owned();
    if name.is_empty() {
        return Err(Error::known(
            "program-name",
            Class::Request,
            format!("`{}` has no name to call the artifact by", path.display()),
        )
        .with_hint("rename the file to something like `server`"));
    }
    Ok(name)
}

/// The architectures of given programs, as far as their headers say; the gate judges them later.
pub(crate) fn program_arches(programs: &[PathBuf]) -> Result<Vec<Arch>> {
    let mut arches = Vec::new();
    for path in programs {
        let bytes = crate::files::read_regular(path)?;
        let elf = crate::elf::Elf::read(&plan::shown(path), &bytes)?;
        if let crate::elf::Machine::Known(arch) = elf.machine {
            arches.push(arch);
        }
    }
    arches.sort();
    arches.dedup();
    Ok(arches)
}

fn print_plan(plan: &Plan, ui: &Ui) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        reason: &'static str,
        #[serde(flatten)]
        step: &'a Step,
    }
    if ui.is_json() {
        return plan.steps.iter().try_for_each(|step| ui.json(&Line { reason: "trap-step", step }));
    }
    let dir = plan::shown(&plan.request.dir);
    let mut text = String::new();
    for step in &plan.steps {
        text.push_str(&match step {
            Step::AddTarget { target } => format!("if missing  rustup target add {target}\n"),
            Step::Compile { compile, command } => {
                format!("run         {command}\n            linked by {}\n", compile.linker)
            }
            Step::Addon { arch } => format!("if missing  build the addon that loads libraries for {arch}\n"),
            Step::Keep { path } => format!("keep        {}  (the last build)\n", plan::shown(path)),
            Step::Check { program } => format!("check       {}\n", plan::shown(program)),
            Step::Write { path, what, keep, .. } => {
                let keep = if *keep { ", unless it is yours by now" } else { "" };
                format!("write       {dir}/{path}  ({what}{keep})\n")
            }
            Step::Zip { path } => format!("zip         {}\n", plan::shown(path)),
        });
    }
    ui.text(text)
}

/// Says what was built.
///
/// # Errors
/// When stdout cannot take it.
pub fn report(artifact: &Artifact, ui: &Ui) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        reason: &'static str,
        dir: &'a Path,
        zip: Option<&'a Path>,
        #[serde(flatten)]
        record: &'a crate::artifact::Record,
    }
    let record = &artifact.record;
    for program in &record.programs {
        let size = match record.payload {
            Encoding::Base64 => {
                let text = Bytes(crate::payload::base64_len(program.size));
                format!("{} ({text} as base64)", Bytes(program.size))
            }
            Encoding::File => format!("{}", Bytes(program.size)),
        };
        ui.status(
            "Packaged",
            format_args!(
                "`{}` for {} on {}: {size}, takeover {}",
                record.name,
                program.arch,
                record.platform,
                record.takeover.as_str()
            ),
        );
    }
    if let Some(path) = &record.last_build {
        let (name, platform) = (&record.name, &record.platform);
        let path = plan::shown(path);
        ui.status(
            "Packaged",
            format_args!("`{name}` on {platform} for the edit loop: it runs what lies at {path}"),
        );
    }
    ui.status("Wrote", format_args!("{}", plan::shown(&artifact.dir.join(&record.main))));
    if let Some(zip) = &artifact.zip {
        ui.status("Zipped", plan::shown(zip));
    }
    if ui.is_json() {
        return ui.json(&Line {
            reason: "trap-artifact",
            dir: &artifact.dir,
            zip: artifact.zip.as_deref(),
            record,
        });
    }
    Ok(())
}

/// Says what to type after a build: what the manifest says, and at last what deploys it.
fn next(plan: &Plan, ui: &Ui) -> Result<()> {
    let request = &plan.request;
    let values = plan::values(request, &plan.arches);
    for next in &request.platform.manifest.next {
        // A line that says nothing is about something else than this build.
        let next = platform::render_text("next", next, &values)?;
        if !next.is_empty() {
            ui.status("Next", next);
        }
    }
    if request.last_build.is_some() {
        ui.status(
            "Next",
            "after a change: this again, or leave `cargo trap dev` running, which builds by itself",
        );
        return Ok(());
    }
    let dir = &request.dir;
    let artifact = if request.shared_dir { dir.join(plan::record_path(&request.name)) } else { dir.clone() };
    let deployment = Deployment::plan(request, &plan.arches, None, &[])?;
    let artifact = plan::word(&plan::shown(&artifact));
    ui.status("Next", format_args!("cargo trap deploy {artifact}    # by `{}`", deployment.verb()));
    Ok(())
}
