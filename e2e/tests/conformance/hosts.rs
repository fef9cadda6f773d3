//! Every host that is played on: how an artifact gets there, how it is started, and what it cannot do.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use e2e::artifact::{self, run};
use e2e::bundle::copy_folder;
use e2e::genezio::{self, link};
use e2e::http::{Request, Response};
use e2e::platform::Launch;
use e2e::stage::{self, MARK};
use e2e::subject::{Arch, Node};
use e2e::{Result, tools, wait};

use crate::cases::Case;
use crate::events::{Emulator, Shape};
use crate::server::{Ending, Serve, Server, free_port, own};

/// The program that everybody runs.
const PROGRAM: &str = "mirror";

/// A host that runs.
pub trait Running: Send + Sync {
    /// # Errors
    /// When no answer comes, or only a part of one.
    fn send(&self, request: &Request) -> Result<Response>;

    /// Where it takes HTTP, if it does.
    fn address(&self) -> Option<&str> {
        None
    }

    /// Ends it as its platform does, and waits until nothing is left of it.
    ///
    /// # Errors
    /// When it does not end, or leaves a process behind.
    fn stop(&self) -> Result<()>;
}

/// A column of the table.
pub struct Host {
    /// For the names of tests.
    pub name: &'static str,
    /// The heading of its column.
    pub title: &'static str,
    /// What is run, for the table.
    pub what: &'static str,
    pub platform: &'static str,
    /// What it needs that is not there.
    pub missing: fn() -> std::result::Result<(), tools::Missing>,
    start: fn(&Place) -> Result<Box<dyn Running>>,
    /// Cases that it cannot do, each with a sentence.
    cannot: &'static [(&'static str, &'static str)],
}

/// How a host is to be started.
pub struct Setup {
    /// What it gives a request.
    pub seconds: Option<u32>,
}

/// Where it lives.
struct Place {
    folder: PathBuf,
    /// The artifact, or what the platform's own tool made of it; not to be changed.
    deployed: PathBuf,
    mark: String,
    seconds: Option<u32>,
}

/// A host that passes a streamed answer on as it comes.
pub struct Streaming {
    pub name: &'static str,
    platform: &'static str,
    pub missing: fn() -> std::result::Result<(), tools::Missing>,
    start: fn(&Place) -> Result<Box<dyn Running>>,
}

impl Streaming {
    /// # Errors
    /// When it does not come up.
    pub fn start(&self) -> Result<Box<dyn Running>> {
        let folder = fresh(&format!("streaming-{}", self.name), "streams")?;
        let deployed = folder.join("built");
        artifact::for_platform(self.platform, "streaming", &[], &deployed)?;
        (self.start)(&Place { folder, deployed, mark: mark(self.name, "streams"), seconds: None })
    }
}

/// A folder with nothing in it.
///
/// # Errors
/// When it cannot be made.
pub fn fresh(host: &str, case: &str) -> Result<PathBuf> {
    let folder = stage::base().join("hosts").join(host).join(case);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("creating `{}`: {error}", folder.display()))?;
    Ok(folder)
}

/// A word that only the processes of one host have.
fn mark(host: &str, case: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("conformance-{host}-{case}-{}-{number}", std::process::id())
}

impl Host {
    /// Why the host cannot do a case.
    pub fn excuse(&self, case: &str) -> Option<&'static str> {
        self.cannot.iter().find(|(known, _)| *known == case).map(|(_, excuse)| *excuse)
    }

    /// The one that cases use together.
    pub fn shared(&'static self) -> Result<Arc<dyn Running>> {
        static STARTED: artifact::Once<&str, Result<Arc<dyn Running>>> = artifact::Once::new();
        STARTED.get(self.name, || {
            let running: Arc<dyn Running> = self.start(&Setup { seconds: None }, "shared")?.into();
            SHARED
                .lock()
                .map_err(|_| "a thread panicked".to_owned())?
                .push((self.name, Arc::clone(&running)));
            Ok(running)
        })
    }

    /// Plays a case on a host of its own, which is ended after it.
    pub fn alone(&'static self, setup: &Setup, case: &Case) -> Result<()> {
        let running = self.start(setup, case.name)?;
        (case.play)(&*running)?;
        running.stop()
    }

    fn start(&self, setup: &Setup, case: &str) -> Result<Box<dyn Running>> {
        self.host(self.deployed()?, setup.seconds, case)
    }

    /// Starts one around another artifact than the one that all cases share.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn around(&self, deployed: PathBuf, case: &str) -> Result<Box<dyn Running>> {
        self.host(deployed, None, case)
    }

    fn host(&self, deployed: PathBuf, seconds: Option<u32>, case: &str) -> Result<Box<dyn Running>> {
        let (folder, mark) = (fresh(self.name, case)?, mark(self.name, case));
        (self.start)(&Place { folder, deployed, mark, seconds })
    }

    /// What is deployed, made once.
    fn deployed(&self) -> Result<PathBuf> {
        static MADE: artifact::Once<&str, Result<PathBuf>> = artifact::Once::new();
        MADE.get(self.name, || {
            let folder = stage::base().join("artifacts").join(self.name);
            let _ = fs::remove_dir_all(&folder);
            let built = folder.join("built");
            fs::create_dir_all(&built).map_err(|error| format!("creating `{}`: {error}", built.display()))?;
            let more: &[&str] = if self.name == "server-bridge" { &["--takeover", "bridge"] } else { &[] };
            artifact::for_platform(self.platform, PROGRAM, more, &built)?;
            Ok(built)
        })
    }
}

static SHARED: Mutex<Vec<(&str, Arc<dyn Running>)>> = Mutex::new(Vec::new());

/// Ends the hosts that cases used together.
///
/// # Errors
/// When one does not end, or leaves a process behind.
pub fn stop_all() -> Result<()> {
    let all: Vec<_> = SHARED.lock().map_err(|_| "a thread panicked".to_owned())?.drain(..).collect();
    all.iter().try_for_each(|(name, running)| running.stop().map_err(|error| format!("{name}: {error}")))
}

/// Every platform must have a host here.
pub fn cover() -> Result<()> {
    let platforms = cargo_trap::platform::all().map_err(|error| error.to_string())?;
    let forgotten: Vec<_> = platforms
        .iter()
        .map(|platform| &platform.manifest.id)
        .filter(|id| ALL.iter().all(|host| host.platform != **id))
        .collect();
    let strange: Vec<_> = ALL
        .iter()
        .filter(|host| platforms.iter().all(|platform| platform.manifest.id != host.platform))
        .collect();
    if forgotten.is_empty() && strange.is_empty() {
        return Ok(());
    }
    Err(format!("no host plays {forgotten:?}; {} hosts are of no platform", strange.len()))
}

const QUERY_MAP: &str = "Genezio's loader of classes keeps one value for each name of a query";
const LOCAL_OPTIONS: &str = "`genezio local` answers OPTIONS itself";

pub const ALL: &[Host] = &[
    Host {
        name: "lambda",
        title: "`lambda`",
        what: "AWS's Runtime Interface Emulator with Node client 4.0.2, Node 22: takeover `exec`; one request at a time, as Lambda gives a container",
        platform: "lambda",
        missing: || aws(Node::V22),
        start: |place| emulator(place, &place.deployed, Node::V22, "index.handler", Shape::FunctionUrl),
        cannot: &[],
    },
    Host {
        name: "lambda-managed-instance",
        title: "`lambda`, managed instance",
        what: "AWS's Node client 4.0.2 with `AWS_LAMBDA_MAX_CONCURRENCY`, Node 24, polling a stand-in for what is around it there",
        platform: "lambda",
        missing: || aws(Node::V24),
        start: |place| runtime_api(place, &place.deployed, Node::V24, "index.handler", 16),
        cannot: &[],
    },
    Host {
        name: "genezio-aws",
        title: "`genezio`, on AWS",
        what: "AWS's Runtime Interface Emulator with Node client 3.3.0, Node 20, around what `genezio bundleClass --cloudAdapter aws` makes: takeover `exec`",
        platform: "genezio",
        missing: || aws(Node::V20).and_then(|()| tools::genezio().map(drop)),
        start: |place| {
            let bundle = genezio_class(place, "aws")?;
            emulator(place, &bundle, Node::V20, "index.handler", Shape::FunctionUrl)
        },
        cannot: &[],
    },
    Host {
        name: "genezio-cloud",
        title: "`genezio`, its cloud",
        what: "what `genezio bundleClass --cloudAdapter runtime` makes, Node 20, called by a stand-in for its closed host",
        platform: "genezio",
        missing: || node(Node::V20).and_then(|()| tools::genezio().map(drop)),
        start: |place| {
            let bundle = genezio_class(place, "runtime")?;
            stand_in(place, Node::V20, "genezio-cloud.mjs", &[&bundle.join("index.mjs")], &[], "/Mirror/http")
        },
        cannot: &[("query", QUERY_MAP), ("methods", "Genezio's loader of classes answers OPTIONS itself")],
    },
    Host {
        name: "genezio-local",
        title: "`genezio local`",
        what: "`genezio local` 3.2.10, Node 20",
        platform: "genezio",
        missing: || node(Node::V20).and_then(|()| tools::genezio().map(drop)),
        start: |place| genezio_local(place, "/Mirror/http"),
        cannot: &[("methods", LOCAL_OPTIONS)],
    },
    Host {
        name: "genezio-function-cloud",
        title: "`genezio-function`, its cloud",
        what: "what `genezio bundleFunction` makes, Node 20, called by a stand-in for its closed host",
        platform: "genezio-function",
        missing: || node(Node::V20).and_then(|()| tools::genezio().map(drop)),
        start: |place| {
            let loader = genezio_function(place)?;
            stand_in(place, Node::V20, "genezio-cloud.mjs", &[&loader], &[], "")
        },
        cannot: &[],
    },
    Host {
        name: "genezio-function-local",
        title: "`genezio-function`, `genezio local`",
        what: "`genezio local` 3.2.10, Node 20",
        platform: "genezio-function",
        missing: || node(Node::V20).and_then(|()| tools::genezio().map(drop)),
        start: |place| genezio_local(place, "/.functions/function-mirror"),
        cannot: &[("methods", LOCAL_OPTIONS)],
    },
    Host {
        name: "architect",
        title: "`architect`",
        what: "Architect's sandbox 9.0.0, Node 22: takeover `exec`",
        platform: "architect",
        missing: || node(Node::V22).and_then(|()| tools::architect().map(drop)),
        start: architect,
        cannot: &[
            (
                "body-5-mb",
                "the sandbox encodes every body as base64, and 5 MB are then more than the 6 MB of Lambda's events",
            ),
            ("dies", "the sandbox answers 200 for a function that dies"),
        ],
    },
    Host {
        name: "netlify",
        title: "`netlify`",
        what: "what Netlify's zip-it-and-ship-it 16.2.3 makes, in AWS's Runtime Interface Emulator with Node client 4.0.2, Node 24",
        platform: "netlify",
        missing: || aws(Node::V24).and_then(|()| tools::netlify().map(drop)),
        start: |place| {
            let bundle = netlify(place, PROGRAM)?;
            emulator(place, &bundle, Node::V24, "___netlify-entry-point.handler", Shape::Netlify)
        },
        cannot: &[],
    },
    Host {
        name: "netlify-v1",
        title: "`netlify-v1`",
        what: "the same, with Node 22",
        platform: "netlify-v1",
        missing: || aws(Node::V22).and_then(|()| tools::netlify().map(drop)),
        start: |place| {
            let bundle = netlify(place, PROGRAM)?;
            emulator(place, &bundle, Node::V22, "mirror.handler", Shape::Netlify)
        },
        cannot: &[],
    },
    Host {
        name: "functions-framework",
        title: "`functions-framework`",
        what: "Google's Functions Framework 5.0.5, Node 22",
        platform: "functions-framework",
        missing: || node(Node::V22).and_then(|()| tools::functions_framework().map(drop)),
        start: |place| functions_framework(place, &place.deployed),
        cannot: &[],
    },
    Host {
        name: "firebase",
        title: "`firebase`",
        what: "the same around firebase-functions 7.4.0",
        platform: "firebase",
        missing: || {
            node(Node::V22)?;
            tools::functions_framework()?;
            tools::firebase().map(drop)
        },
        start: firebase,
        cannot: &[],
    },
    Host {
        name: "openwhisk",
        title: "`openwhisk`",
        what: "a stand-in for Apache OpenWhisk, whose runtime is on no registry, Node 20",
        platform: "openwhisk",
        missing: || node(Node::V20),
        start: |place| openwhisk(place, &place.deployed, "openwhisk"),
        cannot: &[],
    },
    Host {
        name: "digitalocean",
        title: "`digitalocean`",
        what: "the same stand-in, as DigitalOcean's parameters are",
        platform: "digitalocean",
        missing: || node(Node::V20),
        start: |place| openwhisk(place, &place.deployed.join("packages/default/mirror"), "digitalocean"),
        cannot: &[],
    },
    Host {
        name: "server",
        title: "`server`",
        what: "`node server.mjs`, Node 24: takeover `port`",
        platform: "server",
        missing: || node(Node::V24),
        start: server,
        cannot: &[
            ("fails", "the program serves by itself: a body that breaks off breaks the connection off"),
            ("dies", "the program is the host's process: the platform starts another"),
            ("deadline", "the program serves by itself: the platform ends the request"),
        ],
    },
    Host {
        name: "server-bridge",
        title: "`server`, bridge",
        what: "the same, built with `--takeover bridge`",
        platform: "server",
        missing: || node(Node::V24),
        start: server,
        cannot: &[],
    },
];

/// Where an answer can stream; the program is the example `streaming`.
pub const STREAMING: &[Streaming] = &[
    Streaming {
        // Its takeover: AWS's client loads the artifact, and the program polls in its place.
        name: "lambda",
        platform: "lambda",
        missing: || aws(Node::V22),
        start: |place| runtime_api(place, &place.deployed, Node::V22, "index.handler", 1),
    },
    Streaming {
        name: "netlify",
        platform: "netlify",
        missing: || aws(Node::V24).and_then(|()| tools::netlify().map(drop)),
        start: |place| {
            let bundle = netlify(place, "streaming")?;
            runtime_api(place, &bundle, Node::V24, "___netlify-entry-point.handler", 1)
        },
    },
    Streaming {
        name: "functions-framework",
        platform: "functions-framework",
        missing: || node(Node::V22).and_then(|()| tools::functions_framework().map(drop)),
        start: |place| functions_framework(place, &place.deployed),
    },
    Streaming {
        name: "firebase",
        platform: "firebase",
        missing: || {
            node(Node::V22)?;
            tools::functions_framework()?;
            tools::firebase().map(drop)
        },
        start: firebase,
    },
    // The program serves by itself.
    Streaming { name: "server", platform: "server", missing: || node(Node::V24), start: server },
];

/// What every host needs.
fn node(version: Node) -> std::result::Result<(), tools::Missing> {
    tools::node(Arch::X64, version).map(drop)
}

/// What hosts need that are AWS's.
fn aws(version: Node) -> std::result::Result<(), tools::Missing> {
    node(version)?;
    tools::ric(Arch::X64, version)?;
    tools::rie().map(drop)
}

impl Place {
    /// The artifact once more, where it may be changed.
    fn own_copy(&self) -> Result<PathBuf> {
        let copy = self.folder.join("deployment");
        copy_folder(&self.deployed, &copy)?;
        Ok(copy)
    }

    /// Something that a tool makes of the artifact, made once beside it.
    fn bundled(&self, name: &'static str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        static MADE: artifact::Once<PathBuf, Result<PathBuf>> = artifact::Once::new();
        let folder = self.deployed.with_file_name(name);
        MADE.get(folder.clone(), || {
            fs::create_dir_all(&folder)
                .map_err(|error| format!("creating `{}`: {error}", folder.display()))?;
            make(&folder)?;
            Ok(folder)
        })
    }

    fn environment(&self) -> Vec<(String, String)> {
        let trap = self.folder.join("trap");
        let mut all = vec![("TRAP_DIR".to_owned(), trap.display().to_string())];
        all.extend(self.seconds.map(|seconds| ("TRAP_TIMEOUT".to_owned(), seconds.to_string())));
        all
    }

    /// Starts a command that serves on a port; its last word may be that port.
    fn serve(
        &self,
        folder: &Path,
        prefix: &str,
        command: impl FnOnce(u16) -> Vec<OsString>,
        more: &[(&str, String)],
        ending: Ending,
    ) -> Result<Box<dyn Running>> {
        let port = free_port()?;
        fs::create_dir_all(self.folder.join("trap")).map_err(|error| format!("creating `trap`: {error}"))?;
        let mut environment = self.environment();
        environment.push(("PORT".to_owned(), port.to_string()));
        environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let server = Server::start(Serve {
            command: command(port),
            folder: folder.to_owned(),
            environment,
            port,
            prefix: prefix.to_owned(),
            log: self.folder.join("log"),
            mark: self.mark.clone(),
            ending,
        })?;
        Ok(Box::new(server))
    }
}

fn words<const N: usize>(words: [&dyn AsRef<std::ffi::OsStr>; N]) -> Vec<OsString> {
    words.iter().map(|word| word.as_ref().to_owned()).collect()
}

/// AWS's emulator and Node client around a deployment.
fn emulator(
    place: &Place,
    folder: &Path,
    version: Node,
    handler: &str,
    shape: Shape,
) -> Result<Box<dyn Running>> {
    fs::create_dir_all(place.folder.join("trap")).map_err(|error| format!("creating `trap`: {error}"))?;
    let mut environment = place.environment();
    let more = [
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("LAMBDA_TASK_ROOT", folder.display().to_string()),
        ("_HANDLER", handler.to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", "mirror".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "group".to_owned()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "stream".to_owned()),
        (MARK, place.mark.clone()),
    ];
    environment.extend(more.map(|(name, value)| (name.to_owned(), value)));
    // Here it is the host that counts.
    environment.retain(|(name, _)| name != "TRAP_TIMEOUT");
    let launch = Launch {
        command: words([&tools::node(Arch::X64, version)?, &tools::ric(Arch::X64, version)?, &handler]),
        is_node: false,
        folder: folder.to_owned(),
        handler: handler.to_owned(),
        environment,
        timeout_seconds: place.seconds.unwrap_or(60),
        log: place.folder.join("log"),
    };
    Ok(Box::new(Emulator::start(&launch, shape, &place.mark)?))
}

/// AWS's Node client around a deployment, polling a stand-in for what is around it on Lambda.
fn runtime_api(
    place: &Place,
    folder: &Path,
    version: Node,
    handler: &str,
    at_a_time: u32,
) -> Result<Box<dyn Running>> {
    let client = tools::ric(Arch::X64, version)?;
    let (seconds, at_a_time) = (place.seconds.unwrap_or(60).to_string(), at_a_time.to_string());
    let before = [&client, folder, Path::new(handler), Path::new(&seconds), Path::new(&at_a_time)];
    stand_in(place, version, "runtime-api.mjs", &before, &[], "")
}

/// A script of ours in place of a host.
fn stand_in(
    place: &Place,
    version: Node,
    script: &str,
    before: &[&Path],
    after: &[&str],
    prefix: &str,
) -> Result<Box<dyn Running>> {
    let node = tools::node(Arch::X64, version)?;
    let command = |port: u16| {
        let mut command = words([&node, &own("hosts").join(script)]);
        command.extend(before.iter().map(|path| path.as_os_str().to_owned()));
        command.push(port.to_string().into());
        command.extend(after.iter().map(OsString::from));
        command
    };
    place.serve(&place.folder, prefix, command, &[], Ending::Terminate)
}

fn openwhisk(place: &Place, action: &Path, kind: &str) -> Result<Box<dyn Running>> {
    let seconds = place.seconds.unwrap_or(60).to_string();
    stand_in(place, Node::V20, "openwhisk.mjs", &[action], &[kind, &seconds], "")
}

/// What Genezio makes of a class for one of its providers.
fn genezio_class(place: &Place, adapter: &str) -> Result<PathBuf> {
    let arguments = ["bundleClass", "--className", "Mirror", "--cloudAdapter", adapter];
    genezio::bundle(&place.deployed, &arguments, "bundle.zip", &stage::base().join("genezio").join(adapter))
}

/// The loader that Genezio makes for a function, beside a copy of it.
fn genezio_function(place: &Place) -> Result<PathBuf> {
    let name = ["bundleFunction", "--functionName", "mirror", "--handler", "handler", "--entry", "index.mjs"];
    let arguments = [&name[..], &["--functionPath", ".", "--backendPath", "."]].concat();
    let folder = stage::base().join("genezio/function");
    let bundle = genezio::bundle(&place.deployed, &arguments, "genezioDeploy.zip", &folder)?;
    // Where the function has the loader's name, the loader gets another.
    let entries = fs::read_dir(bundle).map_err(|error| format!("reading the bundle: {error}"))?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("index-")))
        .ok_or_else(|| "Genezio made no loader".to_owned())
}

fn genezio_local(place: &Place, prefix: &str) -> Result<Box<dyn Running>> {
    let project = place.folder.join("project");
    genezio::project(&place.deployed, &project)?;
    let (node, genezio) = (tools::node(Arch::X64, Node::V20)?, tools::genezio()?);
    let command = |port: u16| words([&node, &genezio, &"local", &"--port", &port.to_string()]);
    // It keeps what it bundles in the temporary folder.
    let tmp = place.folder.join("tmp");
    fs::create_dir_all(&tmp).map_err(|error| format!("creating `tmp`: {error}"))?;
    let more = [
        ("CI", "true".to_owned()),
        ("GENEZIO_NO_TELEMETRY", "1".to_owned()),
        ("TMPDIR", tmp.display().to_string()),
    ];
    let running = place.serve(&project, prefix, command, &more, Ending::Interrupt)?;
    // It listens before what it started does.
    wait::until("the host to be ready", || {
        running.send(&Request::get("/")).is_ok_and(|response| response.status == 200).then_some(())
    })?;
    Ok(running)
}

fn netlify(place: &Place, program: &str) -> Result<PathBuf> {
    place
        .bundled("netlify", |folder| {
            let mut command = Command::new(tools::node(Arch::X64, Node::V24)?);
            command
                .arg(own("hosts/netlify-bundle.mjs"))
                .arg(tools::netlify()?)
                .arg(&place.deployed)
                .arg(program);
            run(command.arg(folder))?;
            e2e::bundle::unzip(&folder.join(format!("{program}.zip")), &folder.join("bundle"))
        })
        .map(|folder| folder.join("bundle"))
}

fn functions_framework(place: &Place, source: &Path) -> Result<Box<dyn Running>> {
    let (node, main) = (tools::node(Arch::X64, Node::V22)?, tools::functions_framework()?);
    let source = format!("--source={}", source.display());
    let command = |_| words([&node, &main, &"--target=handler", &source]);
    place.serve(&place.folder, "", command, &[], Ending::Terminate)
}

fn firebase(place: &Place) -> Result<Box<dyn Running>> {
    let source = place.own_copy()?;
    link(&tools::firebase()?, &source.join("node_modules"))?;
    functions_framework(place, &source)
}

fn architect(place: &Place) -> Result<Box<dyn Running>> {
    let project = place.own_copy()?;
    let (node, sandbox) = (tools::node(Arch::X64, Node::V22)?, tools::architect()?);
    if let Some(seconds) = place.seconds {
        let config = project.join("src/http/any-catchall/config.arc");
        fs::write(&config, format!("@aws\ntimeout {seconds}\n"))
            .map_err(|error| format!("writing `config.arc`: {error}"))?;
    }
    let command = |port: u16| words([&node, &sandbox, &"--port", &port.to_string(), &"--host", &"127.0.0.1"]);
    // It starts functions by the `node` of its path.
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", node.parent().unwrap_or(Path::new("/")).display());
    place.serve(
        &project,
        "",
        command,
        &[("PATH", path), ("ARC_HOST", "127.0.0.1".to_owned())],
        Ending::Terminate,
    )
}

fn server(place: &Place) -> Result<Box<dyn Running>> {
    let node = tools::node(Arch::X64, Node::V24)?;
    let main = place.deployed.join("server.mjs");
    place.serve(
        &place.folder,
        "",
        |_| words([&node, &main]),
        &[("TRAP_HOST", "127.0.0.1".to_owned())],
        Ending::Terminate,
    )
}
