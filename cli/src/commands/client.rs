//! `cargo trap client`: a typed client of the class that a program holds.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::artifact::{Artifact, Record};
use crate::cargo_args::CargoArgs;
use crate::class::{self, Class};
use crate::commands::build::{self, Purpose, Selection};
use crate::files::{self, Mode};
use crate::ui::Ui;
use crate::{Class as Kind, Error, Result, payload, plan};

/// Write a typed client of the class that a program holds
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Examples:
  cargo trap client --out web/orders.ts                of this crate's class, built first
  cargo trap client target/trap/genezio/orders         of an artifact, or of a compiled program
  cargo trap client --sdk genezio --out complete.ts    what Genezio's own client lacks

The client is one module that needs `fetch` alone; docs/classes.md says what types become.")]
pub struct Args {
    /// An artifact's folder, a module that carries a payload, or a compiled program [default: this folder's crate]
    #[arg(value_name = "PATH", conflicts_with_all = ["package", "bin", "example", "lib", "manifest_path"])]
    #[arg(conflicts_with_all = ["profile", "release", "features", "all_features", "no_default_features"])]
    path: Option<PathBuf>,
    /// The client's language
    #[arg(long, value_name = "LANG", value_enum, default_value_t)]
    lang: Language,
    /// Complete the client that this maker's own tool writes, instead of writing one
    #[arg(long, value_name = "MAKER", value_enum)]
    sdk: Option<Sdk>,
    /// Write into this file [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Cargo's flags.
    #[command(flatten)]
    cargo: CargoArgs,
}

/// What clients can be written in.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Language {
    /// TypeScript
    #[default]
    Ts,
}

/// Whose clients can be completed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Sdk {
    /// Genezio: every type as it is in Rust, from Node, too
    Genezio,
}

/// Runs the command.
///
/// # Errors
/// `no-class` where there is none; those of building, of reading, and of writing the file.
pub fn run(args: Args, ui: &Ui) -> Result<()> {
    if let Some(out) = &args.out {
        files::check_writable(out)?;
    }
    let (name, programs) = match &args.path {
        Some(path) => (plan::shown(path), programs_at(path)?),
        None => {
            let selection = Selection { cargo: args.cargo, ..Selection::default() };
            let Artifact { dir, record, .. } = build::artifact(&selection, &Purpose::Local, ui)?;
            let name = record.name.clone();
            (name, programs_of(&dir, &record))
        }
    };
    let named = programs.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let Some(class) = class::of(named)? else {
        return Err(Error::known("no-class", Kind::Request, format!("`{name}` holds no class")).with_hint(
            "put `#[trap_runtime::class]` above the methods, and give the class to `class::router`",
        ));
    };
    let text = match (args.lang, args.sdk) {
        (Language::Ts, None) => class::client::typescript(&class)?,
        (Language::Ts, Some(Sdk::Genezio)) => class::genezio::completion(&class)?,
    };
    match &args.out {
        None => ui.text(text),
        Some(out) => {
            files::write(out, text.as_bytes(), Mode::Plain)?;
            let what = if args.sdk.is_some() { "what completes a client" } else { "a client" };
            report(&class, what, out, ui)
        }
    }
}

fn report(class: &Class, what: &str, out: &Path, ui: &Ui) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        reason: &'static str,
        class: &'a str,
        file: &'a Path,
    }
    ui.status("Wrote", format_args!("{}, {what} of `{}`", plan::shown(out), class.name));
    if ui.is_json() {
        return ui.json(&Line { reason: "trap-client", class: &class.name, file: out });
    }
    Ok(())
}

/// The programs that something holds or is, each with a name for messages.
fn programs_at(path: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    if path.is_dir() {
        let records = Record::found_in(path)?;
        return match records.as_slice() {
            [record] => Ok(programs_of(path, record)),
            several => {
                let names: Vec<_> = several.iter().map(|record| format!("`{}`", record.name)).collect();
                Err(Error::known(
                    "ambiguous",
                    Kind::Request,
                    format!("`{}` holds the artifacts of {}", plan::shown(path), names.join(" and ")),
                )
                .with_hint("give the module that carries the program, or the program itself"))
            }
        };
    }
    let bytes = files::read_regular(path)?;
    let name = plan::shown(path);
    if bytes.starts_with(b"\x7fELF") {
        return Ok(vec![(name, bytes)]);
    }
    let found = payload::read_back(&String::from_utf8_lossy(&bytes));
    if found.is_empty() {
        // Says what it is instead.
        crate::elf::Elf::read(&name, &bytes)?;
    }
    // A payload module lies in `trap/` with its files; a single module one folder above.
    let folder = path.parent().unwrap_or(Path::new("."));
    let beside = if folder.ends_with("trap") { folder.to_path_buf() } else { folder.join("trap") };
    Ok(named(&found, &beside))
}

fn programs_of(dir: &Path, record: &Record) -> Vec<(String, Vec<u8>)> {
    named(&record.carried(dir), &dir.join(record.trap_folder()))
}

fn named(found: &[payload::Found], beside: &Path) -> Vec<(String, Vec<u8>)> {
    let each = found.iter().filter_map(|found| Some((found.arch.to_string(), found.program(beside)?)));
    each.collect()
}
