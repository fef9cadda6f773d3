//! A process that serves HTTP on a port, as most hosts do.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use e2e::http::{Request, Response};
use e2e::stage::{self, MARK};
use e2e::{Result, tools, wait};

use crate::hosts::Running;

/// Longest time for one answer.
const LIMIT: Duration = Duration::from_secs(60);

/// What to start.
pub struct Serve {
    pub command: Vec<OsString>,
    pub folder: PathBuf,
    pub environment: Vec<(String, String)>,
    /// The port it is told to serve on.
    pub port: u16,
    /// What its paths begin with before the program's own.
    pub prefix: String,
    /// Where its output goes.
    pub log: PathBuf,
    pub mark: String,
    pub ending: Ending,
}

/// How a host is told to end.
#[derive(Clone, Copy)]
pub enum Ending {
    /// SIGTERM, as platforms do.
    Terminate,
    /// Ctrl-C, as people do with a server on their own machine.
    Interrupt,
}

/// A server that runs, ended on drop.
pub struct Server {
    process: Mutex<Child>,
    address: String,
    prefix: String,
    mark: String,
    log: PathBuf,
    ending: Ending,
}

impl Server {
    pub fn start(serve: Serve) -> Result<Self> {
        let fail = |what: &str, error: std::io::Error| format!("{what} the host: {error}");
        let log = File::create(&serve.log).map_err(|error| fail("logging", error))?;
        let [program, arguments @ ..] = serve.command.as_slice() else {
            return Err("a host has a command".to_owned());
        };
        let process = Command::new(program)
            .args(arguments)
            .current_dir(&serve.folder)
            .env_clear()
            .envs(serve.environment)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", std::env::var_os("HOME").unwrap_or_default())
            .env(MARK, &serve.mark)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(|error| fail("logging", error))?)
            .stderr(log)
            .spawn()
            .map_err(|error| fail("starting", error))?;
        let (address, prefix, mark, log) =
            (format!("127.0.0.1:{}", serve.port), serve.prefix, serve.mark, serve.log);
        let ending = serve.ending;
        let server = Self { process: Mutex::new(process), address, prefix, mark, log, ending };
        // Only connected to: nothing is to reach the program before the test's own requests.
        wait::until("the host to listen", || match server.ended() {
            true => Some(Err("the host ended at once".to_owned())),
            false => TcpStream::connect(&server.address).ok().map(|_| Ok(())),
        })
        .and_then(|listening| listening)
        .map_err(|error| server.with_log(&error))?;
        Ok(server)
    }

    fn ended(&self) -> bool {
        self.process.lock().is_ok_and(|mut process| !matches!(process.try_wait(), Ok(None)))
    }

    /// What the host printed says more than we can.
    fn with_log(&self, error: &str) -> String {
        let text = String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned();
        let from = text.char_indices().rev().nth(5000).map_or(0, |(at, _)| at);
        format!("{error}\n--- the host printed:\n{}", &text[from..])
    }
}

impl Running for Server {
    fn send(&self, request: &Request) -> Result<Response> {
        let target = if self.prefix.is_empty() || request.target != "/" {
            format!("{}{}", self.prefix, request.target)
        } else {
            self.prefix.clone()
        };
        e2e::http::send(&self.address, &Request { target, ..request.clone() }, LIMIT)
            .map_err(|error| self.with_log(&error))
    }

    fn address(&self) -> Option<&str> {
        Some(&self.address)
    }

    fn stop(&self) -> Result<()> {
        let mut process = self.process.lock().map_err(|_| "a thread panicked while it stopped".to_owned())?;
        if matches!(process.try_wait(), Ok(None)) {
            match self.ending {
                Ending::Terminate => stage::terminate(process.id()),
                Ending::Interrupt => stage::interrupt(process.id()),
            }
            wait::until("the host to end", || process.try_wait().ok().flatten())?;
        }
        wait::until("every process of the host to end", || stage::marked(&self.mark).is_empty().then_some(()))
            .map_err(|error| format!("{error}: {:?} are left", stage::marked(&self.mark)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for pid in stage::marked(&self.mark) {
            stage::kill(pid);
        }
        if let Ok(mut process) = self.process.lock() {
            let _ = process.wait();
        }
    }
}

/// Moves this process into a network of its own, with loopback alone: some hosts listen on every address, and no
/// port is taken by anybody else.
///
/// # Errors
/// When this user may not.
pub fn live_apart() -> std::result::Result<(), tools::Missing> {
    let refused =
        |error: &dyn std::fmt::Display| format!("this user may not have a network of its own: {error}");
    // No other thread runs yet that would stay outside.
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).map_err(|error| refused(&error))?;
    let up =
        Command::new("ip").args(["link", "set", "lo", "up"]).status().map_err(|error| refused(&error))?;
    if up.success() { Ok(()) } else { Err(refused(&up)) }
}

/// A port that nobody uses; in a network of our own it stays so.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("finding a port: {error}"))?;
    listener.local_addr().map(|address| address.port()).map_err(|error| format!("finding a port: {error}"))
}

/// A file or folder of this package.
pub fn own(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
