//! `cargo trap completions`: a script that teaches a shell our commands.

use clap::CommandFactory as _;

use crate::Result;
use crate::ui::Ui;

/// Print a completion script for a shell
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "Install it once, for instance:
  cargo trap completions bash > ~/.local/share/bash-completion/completions/cargo-trap
  cargo trap completions zsh  > ~/.zfunc/_cargo-trap
  cargo trap completions fish > ~/.config/fish/completions/cargo-trap.fish

The script completes `cargo-trap trap …`; after `cargo trap`, most shells ask cargo's own completion.")]
pub struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

/// Prints the script on stdout.
///
/// # Errors
/// When stdout cannot take it.
pub fn run(args: Args, ui: &Ui) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::cli::Cli::command(), "cargo-trap", &mut script);
    ui.bytes(&script)
}
