//! `cargo xtask setup`: install what the tests need, and say where it is.

use std::collections::BTreeSet;
use std::sync::Mutex;

use anyhow::{Result, bail};

use crate::tool::{self, Tool};
use crate::{cache, dir, prerequisite, ui};

/// Tools installed at the same time: configure scripts leave half of a two-core machine idle.
const AT_ONCE: usize = 2;

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
            ui::data(&format!("{:16} {}", tool.name, tool.summary));
        }
        return Ok(());
    }
    let wanted = choose(&known, &args.tools)?;
    let failures = provide(&wanted)?;
    let root = cache::root()?;
    ui::data(&format!("cache {}", root.display()));
    for tool in &wanted {
        let place = tool.path.as_ref().map_or("(system)".into(), |path| root.join(path).display().to_string());
        let failure = failures.iter().find(|(name, _)| *name == tool.name);
        let state = failure.map_or("ready".to_owned(), |(_, why)| format!("NOT READY: {why:#}"));
        ui::data(&format!("{:16} {place}  {state}", tool.name));
    }
    if failures.is_empty() { Ok(()) } else { bail!("{} of {} tools are not ready", failures.len(), wanted.len()) }
}

fn choose<'a>(known: &'a [Tool], names: &[String]) -> Result<Vec<&'a Tool>> {
    for name in names {
        if !known.iter().any(|tool| tool.name == *name) {
            let names = known.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>();
            bail!("no tool named `{name}`: choose from `{}`", names.join("`, `"));
        }
    }
    Ok(known.iter().filter(|tool| names.is_empty() || names.contains(&tool.name)).collect())
}

/// Provides all of them, and returns why some could not be.
pub fn provide(tools: &[&Tool]) -> Result<Vec<(String, anyhow::Error)>> {
    // One call of apt-get for everything, before anything that compiles.
    let mut packages = BTreeSet::new();
    for tool in tools {
        packages.extend(tool::system(tool)?);
    }
    let mut failures = Vec::new();
    if let Err(error) = prerequisite::install_packages(&packages) {
        ui::step("warning", &format!("{error:#}"));
    }
    let queue = Mutex::new(tools.iter());
    let failed = Mutex::new(&mut failures);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(tool) = queue.lock().expect("no holder panics").next() else { break };
                    if let Err(error) = tool::provide(tool) {
                        ui::step("failed", &format!("{}: {error:#}", tool.name));
                        failed.lock().expect("no holder panics").push((tool.name.clone(), error));
                    }
                }
            });
        }
    });
    Ok(failures)
}
