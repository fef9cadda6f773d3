//! Puts everything together, and takes it down again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::api::Page;
use super::builder::Builder;
use super::console::Console;
use super::cycle::Cycle;
use super::env_file;
use super::journal::Journal;
use super::pool::Pool;
use super::server;
use super::sources::Sources;
use super::version::Hosting;
use super::watch::Watch;
use crate::arch::Arch;
use crate::commands::build::Selection;
use crate::commands::invoke::interruption;
use crate::host::node::Node;
use crate::project::Project;
use crate::ui::Ui;
use crate::{Error, Result};

/// How often memory is measured while somebody looks.
const MEASURED: Duration = Duration::from_secs(2);

/// How long work may take that was begun before the end.
const LAST_WORK: Duration = Duration::from_secs(2);

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which program.
    pub selection: Selection,
    /// The port; the next free one is taken where it is in use.
    pub port: u16,
    /// How many containers at most.
    pub concurrency: usize,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// Variables for the program.
    pub environment: Vec<(std::ffi::OsString, std::ffi::OsString)>,
    /// Files with more of them.
    pub env_files: Vec<PathBuf>,
    /// Whether to open the page in a browser.
    pub open: bool,
    /// Host names that are answered besides those of this machine.
    pub allowed_hosts: Vec<String>,
}

/// Serves until it is told to end. `node` finds the Node to boot for an architecture, if one is wanted.
///
/// # Errors
/// What stands in the way of serving at all; [`Error::ToolFailed`] with the status of an interruption.
pub fn run(wanted: Wanted, node: impl FnOnce(Arch) -> Result<Option<Node>>, ui: &Ui) -> Result<()> {
    let started = Instant::now();
    let console = Console::new(*ui).map_err(Error::file("start a thread in", "."))?;
    for file in &wanted.env_files {
        env_file::read(file)?;
    }
    let builder = Builder::new(wanted.selection.clone(), console.clone())?;
    let node = node(builder.arch())?;
    // One thread is enough: all that happens is waited for, and what takes its time has threads of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::file("start the event loop in", "."))?;
    let ended = runtime.block_on(serve(wanted, builder, node, &console, started));
    // Everything that was started ends with what was spawned; what cargo is asked on the side need not be answered.
    runtime.shutdown_timeout(LAST_WORK);
    console.finish();
    ended
}

async fn serve(
    wanted: Wanted,
    builder: Builder,
    node: Option<Node>,
    console: &Console,
    started: Instant,
) -> Result<()> {
    // From here on an interruption is heard, so that nothing is left when it comes early.
    let mut interruption = std::pin::pin!(interruption());
    let journal = Journal::new();
    let pool = Pool::new(wanted.concurrency, Arc::clone(&journal), console.clone());
    let listener = server::bind(wanted.port).await?;
    let address = listener.local_addr().map_err(Error::file("listen on", "127.0.0.1"))?;
    let name = builder.name().to_owned();
    let host = match &node {
        Some(node) => format!("Node {}", node.version),
        None => "no Node in between".to_owned(),
    };
    let viewers = Arc::new(AtomicUsize::new(0));
    let page = Page {
        pool: pool.clone(),
        journal: Arc::clone(&journal),
        name: name.clone(),
        host: host.clone(),
        instance: format!("{:016x}", crate::lambda::random()),
        viewers: Arc::clone(&viewers),
    };
    let env_files = wanted.env_files.iter().map(|file| real(file)).collect::<Vec<_>>();
    let (sources, root) = sources(&wanted.selection, &builder, env_files.clone())?;
    let watch = Watch::new(sources, console.clone())?;
    let server = server::serve(listener, page, wanted.allowed_hosts);
    let url = format!("http://{address}");
    let page_url = format!("{url}/__trap");
    if wanted.port != 0 && address.port() != wanted.port {
        console.warning(format_args!("port {} is in use; serving on {}", wanted.port, address.port()));
    }
    console.status(
        "Serving",
        format_args!("{name} at {url} ({host}, at most {})", containers(wanted.concurrency)),
    );
    console.status("Page", format_args!("{page_url}; Ctrl-C ends"));
    console.json(
        serde_json::json!({ "reason": "trap-serving", "url": url, "page": page_url, "port": address.port() }),
    );
    if wanted.open
        && let Err(error) = open::that_detached(&page_url)
    {
        console.warning(format_args!("no browser could be opened: {error}"));
    }

    let hosting = Hosting { node, environment: wanted.environment, env_files, timeout: wanted.timeout };
    let cycle = Cycle {
        builder,
        watch,
        hosting,
        pool: pool.clone(),
        journal,
        console: console.clone(),
        root,
        started,
        versions: 0,
        staged: None,
    };
    let measuring = async {
        loop {
            tokio::time::sleep(MEASURED).await;
            if viewers.load(Ordering::Relaxed) > 0 {
                pool.measure().await;
            }
        }
    };
    let ended = tokio::select! {
        biased;
        status = &mut interruption => Err(Error::ToolFailed { tool: "the server".into(), status, hint: None }),
        why = console.broken() => Err(Error::Stdout(std::io::Error::new(std::io::ErrorKind::BrokenPipe, why))),
        never = cycle.run() => never,
        () = measuring => Ok(()),
    };
    server.abort();
    ended
}

fn containers(count: usize) -> String {
    if count == 1 { "1 container".into() } else { format!("{count} containers") }
}

/// What is watched, and what it is told relative to.
fn sources(selection: &Selection, builder: &Builder, env_files: Vec<PathBuf>) -> Result<(Sources, PathBuf)> {
    if !selection.program.is_empty() {
        let programs = selection.program.iter().map(|file| real(file));
        let named = programs.chain(env_files).collect();
        let here = std::env::current_dir().map_err(Error::file("find", "."))?;
        return Ok((Sources::new(Vec::new(), Vec::new(), named), here));
    }
    let project = Project::find(&selection.cargo, selection.flags.takeover)?;
    let root = real(&project.workspace_root);
    let mut roots = vec![project.workspace_root];
    roots.extend(project.outside);
    let mut excluded = vec![builder.target_dir(), project.target_dir];
    // Containers have their folders there; where the project itself lies in it, it is one like any other.
    excluded.extend(
        Some(real(&std::env::temp_dir())).filter(|folder| folder.starts_with(&root) && *folder != root),
    );
    Ok((Sources::new(roots, excluded, env_files), root))
}

/// The path as events carry it.
fn real(path: &std::path::Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_path_buf())
}
