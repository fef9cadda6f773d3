//! `cargo trap man`: manual pages, made from the same definitions as `--help`.

use std::path::PathBuf;

use clap::CommandFactory as _;

use crate::files::{self, Mode};
use crate::ui::Ui;
use crate::{Error, Result};

/// Write manual pages into a folder
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The folder, such as ~/.local/share/man/man1
    dir: PathBuf,
}

/// Writes `cargo-trap.1` and one page per command.
///
/// # Errors
/// When a page cannot be written.
pub fn run(args: Args, ui: &Ui) -> Result<()> {
    let root = crate::cli::Cli::command();
    let trap = root.find_subcommand("trap").cloned().unwrap_or(root);
    let mut pages = vec![("cargo-trap".to_owned(), trap.clone())];
    pages.extend(
        trap.get_subcommands().map(|command| (format!("cargo-trap-{}", command.get_name()), command.clone())),
    );
    for (name, command) in &pages {
        let path = args.dir.join(format!("{name}.1"));
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone().name(name.clone()).display_name(name.clone()))
            .render(&mut page)
            .map_err(Error::file("render", &path))?;
        files::write(&path, &page, Mode::Plain)?;
    }
    ui.status("Wrote", format_args!("{} pages to {}", pages.len(), args.dir.display()));
    Ok(())
}
