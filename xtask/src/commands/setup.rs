//! `cargo xtask setup`: install what the tests need, and say where it is.

use anyhow::{Result, bail};

use crate::suite::{Outcome, Provision};
use crate::tool;
use crate::{cache, dir, ui};

/// Install what the tests need, outside the tree, and print where it is
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Names of tools (default: all of them)
    tools: Vec<String>,

    /// List the tools and stop
    #[arg(long)]
    list: bool,
}

pub fn run(args: &Args) -> Result<()> {
    let known = tool::all(&dir::tools())?;
    if args.list {
        for tool in &known {
            ui::data(&format!("{:18} {}", tool.name, tool.summary));
        }
        return Ok(());
    }
    let every = known.iter().map(|tool| tool.name.clone()).collect::<Vec<_>>();
    let wanted = tool::with_needs(if args.tools.is_empty() { &every } else { &args.tools }, &known)?;
    let provision = Provision::new(wanted.clone());
    provision.work_all(|| ())?;

    let root = cache::root()?;
    let mut failed = 0;
    for tool in &wanted {
        let path = tool.path.as_ref().map(|path| root.join(path).display().to_string());
        let place = path.unwrap_or_else(|| "(in the system)".to_owned());
        let state = match provision.wait(&tool.name) {
            None | Some(Outcome::Passed) => "ready".to_owned(),
            Some(Outcome::Failed(reason) | Outcome::Skipped(reason)) => {
                failed += 1;
                format!("NOT READY: {reason}")
            }
        };
        ui::data(&format!("{:18} {place}  {state}", tool.name));
    }
    if failed == 0 { Ok(()) } else { bail!("{failed} of {} tools are not ready", wanted.len()) }
}
