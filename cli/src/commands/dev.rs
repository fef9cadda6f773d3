//! `cargo trap dev`: serve the program the way production would, and build it anew when its sources change.

use std::path::PathBuf;
use std::time::Duration;

use crate::arch::Arch;
use crate::commands::build::Selection;
use crate::commands::invoke;
use crate::dev::{self, Wanted};
use crate::host::node;
use crate::payload::Encoding;
use crate::ui::Ui;
use crate::{Class, Error, Result};

/// Serve the program as a platform would, and build it anew whenever its sources change
#[derive(Clone, Debug, clap::Args)]
#[command(mut_arg("profile", |arg| arg.help("Build with this profile [default: dev]")))]
#[command(mut_arg("release", |arg| arg.help("Build with the release profile")))]
#[command(mut_arg("payload", |arg| arg.help("How the program travels [default: file, which is fastest for a large one]")))]
#[command(after_long_help = "Examples:
  cargo trap dev                              this crate, at http://127.0.0.1:3000
  cargo trap dev -p hello --env-file .env     with variables for the program
  cargo trap dev --direct                     without Node, the shortest way from save to answer
  cargo trap dev --program ./server           a program that something else builds

Every request is an event in a real container: Node boots, the artifact hands over, the program
polls. The page at /__trap shows each with its event, its answer and its log lines, and sends others.
The old version answers until the new one can. Ctrl-C ends everything.

The address is 127.0.0.1; requests made to a name that another machine may have are refused unless
`--allow-host` gives it.")]
pub struct Args {
    /// Serve on this port, or on the next one that is free; 0 takes any
    #[arg(long, value_name = "PORT", default_value_t = 3000, help_heading = "Server")]
    port: u16,
    /// How many containers may run at once; further requests wait for one
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000), help_heading = "Server")]
    concurrency: u16,
    /// Open the page in a browser
    #[arg(long, help_heading = "Server")]
    open: bool,
    /// Answer requests that were made to this host name too; may be repeated
    #[arg(long, value_name = "NAME", help_heading = "Server")]
    allow_host: Vec<String>,
    /// The Node to boot: a path, or a version in `node_modules` or on PATH [default: `node` on PATH]
    #[arg(
        long,
        value_name = "PATH|VERSION",
        env = "CARGO_TRAP_NODE",
        hide_env_values = true,
        help_heading = "Host"
    )]
    node: Option<String>,
    /// Start the program itself, without Node and artifact
    #[arg(long, help_heading = "Host")]
    direct: bool,
    /// End an invocation after this many seconds, and a start-up that takes as long
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = invoke::seconds, help_heading = "Host")]
    timeout: Duration,
    /// Set a variable for the program, or pass ours on; it inherits few others
    #[arg(long = "env", value_name = "NAME[=VALUE]", help_heading = "Host")]
    environment: Vec<String>,
    /// Set the variables of a file, one `NAME=value` a line; it is watched, and `--env` wins
    #[arg(long, value_name = "FILE", help_heading = "Host")]
    env_file: Vec<PathBuf>,
    /// Which program, and how it is packaged.
    #[command(flatten)]
    selection: Selection,
}

/// Runs the command.
///
/// # Errors
/// When there is nothing to serve, or no way to: no project, no Node, no port; what happens later is told, and the
/// server goes on.
pub fn run(mut args: Args, ui: &Ui) -> Result<()> {
    let selection = &mut args.selection;
    selection.cargo.compile_fast();
    // A program for a debugger is large, and base64 would make each start wait for it.
    if args.direct {
        selection.flags.payload = Some(Encoding::File);
    }
    selection.flags.payload.get_or_insert(Encoding::File);
    selection.flags.arch = invoke::local_arch(selection, Arch::of_this_machine());
    if !cfg!(target_os = "linux") {
        invoke::check_native(selection, Arch::of_this_machine())?;
    }
    for host in &args.allow_host {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if host.is_empty() || !host.chars().all(is_name) {
            let message = format!("`--allow-host {host}` is no host name");
            return Err(Error::known("host-name", Class::Request, message)
                .with_hint("write it without scheme and port, such as `app.example`"));
        }
    }
    let environment = invoke::variables(&args.environment)?;
    let wanted = Wanted {
        selection: args.selection,
        port: args.port,
        concurrency: args.concurrency.into(),
        timeout: args.timeout,
        environment,
        env_files: args.env_file,
        open: args.open,
        allowed_hosts: args.allow_host,
    };
    let (direct, given) = (args.direct, args.node);
    let node = |arch| {
        if direct {
            return Ok(None);
        }
        let found =
            given.as_deref().map_or_else(|| node::find(None, arch), |given| node::resolve(given, arch));
        found.map(Some).map_err(|error| {
            let hint = error.hint().map(|hint| format!("{hint}; ")).unwrap_or_default();
            error.with_hint(format!("{hint}`--direct` does without Node"))
        })
    };
    dev::run(wanted, node, ui)
}
