//! A host in a sandbox: how it is started, watched and ended.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use super::{Clock, child, environment, group, lines};
use crate::lambda::{Event, Exit, Function, Launch, Launched, Observer, Phase, Sandbox, Stream};
use crate::{Error, Result};

/// Our stand-in for a platform's Node client.
const CLIENT: &str = include_str!("client.mjs");

/// Our stand-in for what a platform starts Node with, where another program may be started in its place.
pub const BOOTSTRAP: &str = include_str!("bootstrap.sh");

/// What runs it.
const SHELL: &str = "/bin/sh";

/// How long output may take to end once its writers have. They are dead; only the pipe is to be drained.
const DRAIN: Duration = Duration::from_secs(1);

/// What to start, and with what in view.
#[derive(Clone, Debug)]
pub struct Host {
    program: PathBuf,
    arguments: Vec<OsString>,
    is_node_client: bool,
    task_root: PathBuf,
    handler: String,
    environment: BTreeMap<OsString, OsString>,
    has_own_trap_dir: bool,
    is_cold: bool,
    is_paced: bool,
    has_bootstrap: bool,
    libraries: Vec<String>,
}

impl Host {
    /// A Node at `node` that loads `handler` (`index.handler`) from `task_root` and polls for events.
    pub fn node(node: impl Into<PathBuf>, task_root: impl Into<PathBuf>, handler: impl Into<String>) -> Self {
        Self { is_node_client: true, ..Self::command(node, Vec::<OsString>::new(), task_root, handler) }
    }

    /// Any other command that polls, e.g. a Node with a platform's own client as its argument.
    pub fn command(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        task_root: impl Into<PathBuf>,
        handler: impl Into<String>,
    ) -> Self {
        // It is started in the task root, where a relative path would mean something else. A bare name
        // is looked up on `PATH`.
        let program = program.into();
        let program = if program.components().count() > 1 { absolute(program) } else { program };
        Self {
            program,
            arguments: arguments.into_iter().map(Into::into).collect(),
            is_node_client: false,
            task_root: absolute(task_root.into()),
            handler: handler.into(),
            environment: BTreeMap::new(),
            has_own_trap_dir: true,
            is_cold: false,
            is_paced: false,
            has_bootstrap: false,
            libraries: Vec::new(),
        }
    }

    /// Adds a variable to those of a function's container, or replaces one.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Lets the trampoline choose where to put the program (`/tmp`, usually), where it stays. Without
    /// this it gets a folder that goes with the container, so that each container starts cold.
    #[must_use]
    pub fn shared_tmp(mut self) -> Self {
        self.has_own_trap_dir = false;
        self
    }

    /// Keeps what slows a start down here and nowhere else from the container: our variables for Node, for the
    /// trampoline and for logs.
    #[must_use]
    pub fn cold(mut self) -> Self {
        self.is_cold = true;
        self
    }

    /// Starts it by [`BOOTSTRAP`], which a platform's variable can have start something else.
    #[must_use]
    pub fn bootstrap(mut self) -> Self {
        self.has_bootstrap = true;
        self
    }

    /// Says by which file names a library is known that it may load into its own process.
    #[must_use]
    pub fn loading(mut self, libraries: impl IntoIterator<Item = String>) -> Self {
        self.libraries.extend(libraries);
        self
    }

    /// Reads no more of the output at a time than a person could want: a program that floods its log has to wait
    /// for it, and slows nobody else down.
    #[must_use]
    pub fn paced(mut self) -> Self {
        self.is_paced = true;
        self
    }

    /// True when Node is started, which loads the artifact.
    pub fn is_node(&self) -> bool {
        self.is_node_client
    }

    /// The variables that a host for `function` sees, its Runtime API being at `api`.
    pub fn variables(&self, function: &Function, api: SocketAddr) -> BTreeMap<OsString, OsString> {
        let ours = std::env::vars_os().filter(|(name, _)| !self.is_cold || environment::is_harmless(name));
        let mut all = environment::of(function, api, &self.task_root, &self.handler, ours);
        all.extend(self.environment.clone());
        all
    }

    /// The executable that is started.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// True when it is started by [`BOOTSTRAP`].
    pub(super) fn has_bootstrap(&self) -> bool {
        self.has_bootstrap
    }

    /// File names of libraries that it may load.
    pub fn libraries(&self) -> &[String] {
        &self.libraries
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    // Fails only for an empty path or without a current folder; then starting it says so.
    std::path::absolute(&path).unwrap_or(path)
}

/// A sandbox whose runtime is a host; it can do all a [`Sandbox`] can.
#[derive(Debug)]
pub struct Container {
    // Ends before the folder below goes.
    sandbox: Option<Sandbox>,
    outputs: Outputs,
    address: SocketAddr,
    // Gone once `shut_down` has taken it.
    remains: Option<Remains>,
}

/// What is left of a container when its host has ended; it goes with this.
#[derive(Debug)]
struct Remains {
    _strays: Strays,
    _folder: TempDir,
}

/// Ways to ask the readers of the running host's output whether they have read all there is.
type Outputs = Arc<Mutex<Vec<mpsc::UnboundedSender<lines::Drained>>>>;

impl Container {
    /// Prepares a container. The host starts with [`Sandbox::warm_up`] or the first invocation, again
    /// after it ended. `number` marks its events.
    ///
    /// # Errors
    /// When there is no port or no room for a temporary folder.
    pub async fn start(function: Function, number: u32, observer: Observer, host: Host) -> Result<Self> {
        let folder = TempDir::with_prefix("cargo-trap-")
            .map_err(Error::file("create a folder in", std::env::temp_dir()))?;
        let client = folder.path().join("client.mjs");
        if host.is_node_client {
            std::fs::write(&client, CLIENT).map_err(Error::file("write", &client))?;
        }
        let bootstrap = folder.path().join("bootstrap");
        if host.has_bootstrap {
            std::fs::write(&bootstrap, BOOTSTRAP).map_err(Error::file("write", &bootstrap))?;
        }
        let trap_dir = folder.path().join("tmp");
        std::fs::create_dir(&trap_dir).map_err(Error::file("create the folder", &trap_dir))?;
        let outputs = Outputs::default();
        let launcher = Launcher {
            function: function.clone(),
            number,
            observer: observer.clone(),
            host,
            client,
            bootstrap,
            trap_dir,
            outputs: Arc::clone(&outputs),
        };
        let sandbox = Sandbox::start(function, number, observer, launcher)
            .await
            .map_err(Error::file("listen on", "127.0.0.1"))?;
        let address = sandbox.address();
        let remains = Remains { _strays: Strays(address), _folder: folder };
        Ok(Self { sandbox: Some(sandbox), outputs, address, remains: Some(remains) })
    }

    /// Waits until everything has been reported that the host had written by now.
    pub async fn drain_output(&self) {
        let outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let asked: Vec<_> = outputs
            .into_iter()
            .filter_map(|output| {
                let (drained, is_drained) = oneshot::channel();
                output.send(drained).ok().map(|()| is_drained)
            })
            .collect();
        for is_drained in asked {
            // A reader that went away has read to the end.
            let _end = is_drained.await;
        }
    }

    /// Ends the host, everything it started, and the Runtime API; removes the temporary folder.
    pub async fn shut_down(mut self) {
        if let Some(sandbox) = self.sandbox.take() {
            sandbox.shut_down().await;
        }
        // Looking at every process and emptying a folder take milliseconds that others need not wait.
        let remains = self.remains.take();
        let _gone = tokio::task::spawn_blocking(move || drop(remains)).await;
    }

    /// Where its Runtime API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Deref for Container {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("it is only taken by `shut_down`, which takes all")
    }
}

/// Ends what left its process group.
#[derive(Debug)]
struct Strays(SocketAddr);

impl Drop for Strays {
    fn drop(&mut self) {
        group::kill_strays(self.0);
    }
}

struct Launcher {
    function: Function,
    number: u32,
    observer: Observer,
    host: Host,
    client: PathBuf,
    bootstrap: PathBuf,
    trap_dir: PathBuf,
    outputs: Outputs,
}

impl Launch for Launcher {
    fn launch(&mut self, api: SocketAddr, launch: u32) -> io::Result<Launched> {
        // Nobody else can know the line that says "about to load user code".
        let marker = format!("loading-{:016x}", crate::lambda::random());
        let mut command = self.command(api, &marker);
        group::isolate(&mut command);
        let since = Instant::now();
        let mut child = command.spawn()?;
        let pid = child.id();
        let group = Arc::new(group::Group::of(pid));
        let reader = Arc::new(Reader {
            number: self.number,
            launch,
            observer: self.observer.clone(),
            marker: self.host.is_node_client.then_some(marker),
        });
        let (output, drains) = Arc::clone(&reader).read(&mut child, self.host.is_paced)?;
        *self.outputs.lock().unwrap_or_else(PoisonError::into_inner) = drains;
        let killer = Arc::clone(&group);
        Ok(Launched {
            since,
            pid: Some(pid),
            exit: Box::pin(wait(child::ended(child)?, group, output, reader)),
            kill: Box::new(move || killer.kill()),
        })
    }
}

impl Launcher {
    fn command(&self, api: SocketAddr, marker: &str) -> Command {
        let host = &self.host;
        let mut command = Command::new(if host.has_bootstrap { Path::new(SHELL) } else { &host.program });
        if host.has_bootstrap {
            command.arg(&self.bootstrap).arg(&host.program);
        }
        command.args(&host.arguments);
        if host.is_node_client {
            command.arg(&self.client).arg(marker);
        }
        command.current_dir(&host.task_root).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut all = host.variables(&self.function, api);
        if host.has_own_trap_dir {
            all.entry("TRAP_DIR".into()).or_insert_with(|| self.trap_dir.clone().into());
        }
        command.envs(all);
        command
    }
}

/// Waits for the leader, ends what it left behind, and drains the output.
async fn wait(
    ended: impl Future<Output = io::Result<child::Ended>>,
    group: Arc<group::Group>,
    output: impl Future<Output = ()>,
    reader: Arc<Reader>,
) -> Exit {
    let (mut ended, mut output) = (Box::pin(ended), Box::pin(output));
    let (ended, is_drained) = tokio::select! {
        ended = &mut ended => (ended, false),
        // Output may end long before the process does.
        () = &mut output => (ended.await, true),
    };
    group.finish();
    if !is_drained {
        let _drained = tokio::time::timeout(DRAIN, output).await;
    }
    let Ok(child::Ended { status, peak }) = ended else { return Exit::Status(-1) };
    if let Some(peak) = peak {
        reader.observer.report(reader.number, reader.launch, Phase::Used { peak });
    }
    status.into()
}

struct Reader {
    number: u32,
    launch: u32,
    observer: Observer,
    marker: Option<String>,
}

impl Reader {
    /// Reports every line of both streams until both end. Reading goes on in tasks of its own, which can be asked
    /// whether they have read all there is.
    fn read(
        self: Arc<Self>,
        child: &mut Child,
        is_paced: bool,
    ) -> io::Result<(impl Future<Output = ()> + Send + use<>, Vec<mpsc::UnboundedSender<lines::Drained>>)>
    {
        let spawn = |from: Box<dyn tokio::io::AsyncRead + Send + Unpin>, stream| {
            let reader = Arc::clone(&self);
            let (ask, drains) = mpsc::unbounded_channel();
            let reading =
                async move { lines::read(from, is_paced, drains, |line| reader.line(stream, line)).await };
            (tokio::spawn(reading), ask)
        };
        let mut readings = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            let stdout = tokio::process::ChildStdout::from_std(stdout)?;
            readings.push(spawn(Box::new(stdout), Stream::Stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            let stderr = tokio::process::ChildStderr::from_std(stderr)?;
            readings.push(spawn(Box::new(stderr), Stream::Stderr));
        }
        let (readings, drains): (Vec<_>, Vec<_>) = readings.into_iter().unzip();
        let all = async move {
            for reading in readings {
                let _ended = reading.await;
            }
        };
        Ok((all, drains))
    }

    fn line(&self, stream: Stream, line: String) {
        let (number, launch) = (self.number, self.launch);
        let told = self.marker.as_deref().filter(|_| stream == Stream::Stdout);
        if let Some(at) = told.and_then(|marker| loading(&line, marker)) {
            return self.observer.pass(Event { at, sandbox: number, launch, phase: Phase::LoadingCode });
        }
        self.observer.report(number, launch, Phase::Log { stream, line });
    }
}

/// When the line says that user code is about to be loaded: `<marker> <nanoseconds>`. Without a common clock
/// that is when the line arrived.
fn loading(line: &str, marker: &str) -> Option<Instant> {
    let told = line.strip_prefix(marker)?.trim();
    let clock = Clock::common().zip(told.parse().ok());
    Some(clock.and_then(|(clock, told)| clock.instant(told)).unwrap_or_else(Instant::now))
}
