//! A project to be edited, a server that serves it, and a client of that server.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use e2e::artifact;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Longer than anything takes that comes at all, on a machine that does a lot besides.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whether this machine has what these tests need; under CI it must.
pub fn is_ready() -> bool {
    let node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(node || std::env::var_os("CI").is_none(), "CI needs `node` on PATH");
    if !node {
        eprintln!("skipped: no `node` on PATH");
    }
    node
}

/// A crate, a target folder, and a folder for temporary files.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dev");
        fs::create_dir_all(&base).expect("the target folder can be written");
        let place = Self { folder: tempfile::tempdir_in(base).expect("a folder") };
        place.write("Cargo.toml", "[package]\nname = \"edited\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[profile.dev]\ndebug = false\n\n[workspace]\n");
        place.write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"edited\"\nversion = \"0.1.0\"\n");
        place.write(".gitignore", "/target\n");
        place.write("src/main.rs", include_str!("program.rs"));
        place.answer("one");
        fs::create_dir(place.path("tmp")).expect("made");
        place
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// Edits the program: this is what it answers from now on.
    pub fn answer(&self, text: &str) {
        self.write(
            "src/answer.rs",
            &format!("pub const ANSWER: &str = {text:?};\npub const EXIT: bool = false;\n"),
        );
    }

    /// The command that serves, without its output connected.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(artifact::cli().expect("the command line is built"));
        command.args(["trap", "dev", "--offline"]).args(arguments);
        if !arguments.contains(&"--platform") {
            command.args(["--platform", "lambda"]);
        }
        command.current_dir(self.folder.path());
        command.env("TMPDIR", self.path("tmp")).env("CARGO_TARGET_DIR", self.path("target"));
        // What this machine says about Node and CI is not about the project.
        for name in ["NODE_EXTRA_CA_CERTS", "CARGO_TRAP_NODE", "CARGO_TRAP_PLATFORM", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        command
    }

    /// Serves, and waits until the address is known.
    pub fn serve(&self, arguments: &[&str]) -> Server {
        let log = fs::File::create(self.path("log")).expect("written");
        let port = if arguments.contains(&"--port") { &[][..] } else { &["--port", "0"] };
        let mut command = self.command(&[port, &["--message-format", "json"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the server starts");
        let lines = Lines::default();
        let (stdout, heard) = (child.stdout.take().expect("piped"), lines.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                heard.push(serde_json::from_str(&line).expect("stdout is JSON, line by line"));
            }
            heard.end();
        });
        let mut server = Server { child, lines, address: String::new(), log: self.path("log") };
        let line = server.until("the address", |line| line["reason"] == "trap-serving");
        server.address = line["url"].as_str().expect("a URL").trim_start_matches("http://").to_owned();
        server
    }

    /// Serves, and waits until the first version does.
    pub fn serve_ready(&self, arguments: &[&str]) -> Server {
        let server = self.serve(arguments);
        server.version(1);
        server
    }

    /// Temporary files of everything that runs here, and versions.
    pub fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        for folder in ["tmp", "target/trap/dev/edited"] {
            for entry in fs::read_dir(self.path(folder)).into_iter().flatten().flatten() {
                left.push(format!("{folder}/{}", entry.file_name().to_string_lossy()));
            }
        }
        left.sort();
        left
    }

    /// Processes that were started for something in this place.
    pub fn processes(&self) -> Vec<u32> {
        let wanted = self.folder.path().to_str().expect("UTF-8").as_bytes().to_vec();
        let all = fs::read_dir("/proc").expect("Linux").flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let contains = |pid: &u32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.windows(wanted.len()).any(|window| window == wanted)
        };
        pids.filter(contains).collect()
    }

    /// Waits until there is none.
    pub fn is_quiet(&self) {
        eventually("every process is gone", || self.processes().is_empty().then_some(()));
        let left: Vec<_> = self.left().into_iter().filter(|name| !name.ends_with("/program")).collect();
        assert_eq!(left, Vec::<String>::new());
    }
}

/// Looks until there is something to see.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What the server said so far.
#[derive(Clone, Default)]
struct Lines(Arc<(Mutex<Said>, Condvar)>);

#[derive(Default)]
struct Said {
    lines: Vec<Value>,
    is_over: bool,
}

impl Lines {
    fn push(&self, line: Value) {
        self.0.0.lock().expect("no holder panics").lines.push(line);
        self.0.1.notify_all();
    }

    fn end(&self) {
        self.0.0.lock().expect("no holder panics").is_over = true;
        self.0.1.notify_all();
    }
}

/// A server that runs; it ends with this.
pub struct Server {
    child: Child,
    lines: Lines,
    pub address: String,
    log: PathBuf,
}

impl Server {
    /// Waits for a line of stdout, from the first one on.
    pub fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let (lock, changed) = &*self.lines.0;
        let mut said = lock.lock().expect("no holder panics");
        let begun = Instant::now();
        loop {
            if let Some(line) = said.lines.iter().find(|line| wanted(line)) {
                return line.clone();
            }
            let left = PATIENCE.saturating_sub(begun.elapsed());
            assert!(
                !said.is_over && !left.is_zero(),
                "{what} did not come: {:?}\n{}",
                said.lines,
                self.said()
            );
            said = changed.wait_timeout(said, left).expect("no holder panics").0;
        }
    }

    /// Waits until that version serves.
    pub fn version(&self, number: u64) -> Value {
        self.until(&format!("version {number}"), |line| {
            line["reason"] == "trap-version" && line["version"] == number
        })
    }

    /// All lines of stdout with that reason.
    pub fn lines(&self, reason: &str) -> Vec<Value> {
        let said = self.lines.0.0.lock().expect("no holder panics");
        said.lines.iter().filter(|line| line["reason"] == reason).cloned().collect()
    }

    /// What stands on stderr.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until this stands on stderr, where it may come after what other streams and answers say.
    pub fn says(&self, text: &str) {
        eventually(&format!("stderr says `{text}`"), || self.said().contains(text).then_some(()));
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn get(&self, path: &str) -> Reply {
        request(&self.address, "GET", path, &[], "")
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        request(&self.address, "POST", path, &[("Content-Type", "application/json")], &body.to_string())
    }

    /// Everything the page is told when it opens.
    pub fn state(&self) -> Value {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        write!(stream, "GET /__trap/api/live HTTP/1.1\r\nHost: {}\r\n\r\n", self.address).expect("sent");
        let mut reader = BufReader::new(stream);
        loop {
            let mut line = String::new();
            assert!(reader.read_line(&mut line).expect("it goes on") > 0, "the stream ended");
            if let Some(data) = line.strip_prefix("data: ") {
                return serde_json::from_str(data).expect("JSON");
            }
        }
    }

    /// The open files of the server's process.
    pub fn files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("it runs").count()
    }

    /// Its resident memory in bytes.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).expect("a number") * 1024
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        eventually("the server has ended", || self.child.try_wait().expect("it is ours"))
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, signal).expect("it runs");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.signal(Signal::TERM);
            let _ended = self.child.wait();
        }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// One request on a connection of its own; status 0 when there was no answer.
pub fn request(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let host = if headers.iter().any(|(name, _)| *name == "Host") {
        String::new()
    } else {
        format!("Host: {address}\r\n")
    };
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "{method} {path} HTTP/1.1\r\n{host}{headers}Connection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut raw = Vec::new();
    let asked = TcpStream::connect(address).and_then(|mut stream| {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        stream.read_to_end(&mut raw)
    });
    let text = String::from_utf8_lossy(&raw).into_owned();
    match (asked, text.split_once("\r\n\r\n")) {
        (Ok(_), Some((head, body))) => {
            let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
            Reply { status, head: head.to_owned(), body: body.to_owned() }
        }
        (outcome, _) => Reply { status: 0, head: format!("{outcome:?}"), body: text },
    }
}
