//! The command line, and nothing that acts on it.

use std::ffi::OsString;

use crate::Result;
use crate::commands::{
    bench, build, client, completions, deploy, dev, doctor, init, inspect, invoke, man, new, platforms,
};
use crate::ui::{Format, Ui};

/// Cargo calls `cargo-trap trap …`; typed by hand it is the same.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "cargo", bin_name = "cargo", styles = clap_cargo::style::CLAP_STYLING)]
pub enum Cli {
    /// Run Rust programs on hosts that only take TypeScript or JavaScript.
    Trap(Trap),
}

/// Run Rust programs on hosts that only take TypeScript or JavaScript
///
/// Compiles a program to a static Linux executable, wraps it into a small TypeScript or JavaScript project
/// that the platform accepts, and lets that project hand the process over to the program when it starts.
#[derive(Clone, Debug, clap::Args)]
#[command(version, arg_required_else_help = true)]
pub struct Trap {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say less: errors only
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// Say more: linkers, command lines, reasons
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = "Output")]
    pub verbose: bool,
    /// How results are printed on stdout
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, global = true, help_heading = "Output")]
    pub message_format: Format,
    /// Colour
    #[command(flatten, next_help_heading = "Output")]
    pub color: colorchoice_clap::Color,
}

/// One line per command.
#[derive(Clone, Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each is documented on its `Args`, which is also its help")]
pub enum Command {
    New(new::Args),
    Init(init::Args),
    Build(build::Args),
    Dev(dev::Args),
    Invoke(invoke::Args),
    Deploy(deploy::Args),
    Bench(bench::Args),
    Inspect(inspect::Args),
    Client(client::Args),
    Platforms(platforms::Args),
    Doctor(doctor::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Cargo passes the subcommand's own name first; somebody who types `cargo-trap build` does not.
pub fn arguments(given: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<_> = given.collect();
    if !arguments.is_empty() && arguments.get(1).is_none_or(|first| first != "trap") {
        arguments.insert(1, "trap".into());
    }
    arguments
}

impl Trap {
    /// What is said, and how loudly.
    pub fn ui(&self) -> Ui {
        self.color.write_global();
        Ui::new(self.quiet, self.verbose, self.message_format)
    }

    /// Runs the command.
    ///
    /// # Errors
    /// The command's own.
    pub fn run(self, ui: &Ui) -> Result<()> {
        match self.command {
            Command::New(args) => new::run(args, ui),
            Command::Init(args) => init::run(args, ui),
            Command::Build(args) => build::run(args, ui),
            Command::Dev(args) => dev::run(args, ui),
            Command::Invoke(args) => invoke::run(args, ui),
            Command::Deploy(args) => deploy::run(args, ui),
            Command::Bench(args) => bench::run(args, ui),
            Command::Inspect(args) => inspect::run(args, ui),
            Command::Client(args) => client::run(args, ui),
            Command::Platforms(args) => platforms::run(args, ui),
            Command::Doctor(args) => doctor::run(args, ui),
            Command::Completions(args) => completions::run(args, ui),
            Command::Man(args) => man::run(args, ui),
        }
    }
}

#[test]
fn the_binary_understands_its_own_name_and_cargos_way_of_calling_it() {
    let expanded = |typed: &[&str]| arguments(typed.iter().map(OsString::from));
    assert_eq!(expanded(&["cargo-trap", "trap", "build"]), ["cargo-trap", "trap", "build"]);
    assert_eq!(expanded(&["cargo-trap", "build"]), ["cargo-trap", "trap", "build"]);
    assert_eq!(expanded(&["cargo-trap"]), ["cargo-trap", "trap"]);
}

#[test]
fn the_command_line_is_well_formed() {
    <Cli as clap::CommandFactory>::command().debug_assert();
}
