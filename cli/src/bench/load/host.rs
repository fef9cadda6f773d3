//! The host under load, and everything that runs below it.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use super::Settings;
use crate::host::group::{self, Group};
use crate::host::{environment, process};
use crate::ui::Ui;
use crate::{Class, Error, Result};

/// How long the host may take until it listens, and until it has ended after it was told to.
const PATIENCE: Duration = Duration::from_secs(10);

/// How soon the end of the host and a wish to stop are noticed.
pub(super) const NOTICED: Duration = Duration::from_millis(50);

/// How many of the host's last lines are told when it fails.
const LAST_LINES: usize = 10;

/// A Node that serves.
pub(super) struct Host {
    child: Child,
    group: Group,
    pub(super) url: String,
    /// Every process that was seen below it, with when it was started.
    seen: Vec<(u32, u64)>,
}

impl Host {
    /// Starts `main` in `dir`; a program may be put into `folder`.
    ///
    /// # Errors
    /// `host-start`.
    pub(super) fn start(settings: &Settings, dir: &Path, main: &str, folder: &Path, ui: &Ui) -> Result<Self> {
        let mut command = Command::new(&settings.node.path);
        command.arg(main).current_dir(dir).env_clear();
        command.envs(environment::inherited(std::env::vars_os()));
        command.envs([("PORT", "0"), ("TRAP_HOST", "127.0.0.1")]).env("TRAP_DIR", folder);
        command.envs(settings.node.environment.iter().chain(&settings.environment).cloned());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        group::isolate(&mut command);
        let program = settings.node.path.clone();
        let mut child = command.spawn().map_err(Error::file("start", &program))?;
        let group = Group::of(child.id());
        let (sender, address) = mpsc::channel();
        let lines = Arc::new(Mutex::new(Vec::new()));
        if let Some(stderr) = child.stderr.take() {
            let (lines, ui) = (Arc::clone(&lines), *ui);
            std::thread::spawn(move || read_log(stderr, &sender, &lines, ui));
        }
        let Ok(url) = address.recv_timeout(PATIENCE) else {
            let said = lines.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
            let message = format!("the host does not listen\n{said}");
            return Err(Error::known("host-start", Class::Run, message.trim_end())
                .with_hint("`cargo trap invoke --platform server` shows more"));
        };
        Ok(Self { child, group, url, seen: Vec::new() })
    }

    pub(super) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Kills every program below the host; says how many those were.
    pub(super) fn kill_programs(&mut self) -> u64 {
        let programs = self.look();
        programs.into_iter().filter(|pid| group::kill_one(*pid)).count() as u64
    }

    /// What runs below the host now.
    fn look(&mut self) -> Vec<u32> {
        let below = process::below(self.child.id());
        for pid in &below {
            let Some(since) = process::started(*pid) else { continue };
            if !self.seen.contains(&(*pid, since)) {
                self.seen.push((*pid, since));
            }
        }
        below
    }

    /// Tells the host to end, as its platform would; `None` when it does not.
    pub(super) fn end(&mut self) -> Option<ExitStatus> {
        self.look();
        group::terminate(self.child.id());
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(NOTICED);
        }
        None
    }

    /// What of all that was seen is still there.
    pub(super) fn left(&mut self) -> Vec<u32> {
        // A program that was told to end may take a moment.
        let until = Instant::now() + Duration::from_secs(2);
        loop {
            let new = process::below(self.child.id());
            let is_there = |(pid, since): &&(u32, u64)| process::started(*pid) == Some(*since);
            let seen = self.seen.iter().filter(is_there).map(|(pid, _)| *pid);
            let left: std::collections::BTreeSet<u32> = seen.chain(new).collect();
            if left.is_empty() || Instant::now() > until {
                return left.into_iter().collect();
            }
            std::thread::sleep(NOTICED);
        }
    }
}

/// Nothing of it is left when this goes.
impl Drop for Host {
    fn drop(&mut self) {
        if !self.has_ended() {
            let _gone = self.child.kill();
            let _status = self.child.wait();
        }
        self.group.finish();
    }
}

/// Reads what the host logs to its end; sends where it listens.
fn read_log(log: impl Read, address: &mpsc::Sender<String>, lines: &Mutex<Vec<String>>, ui: Ui) {
    for line in BufReader::new(log).lines().map_while(std::io::Result::ok) {
        if let Some((_, url)) = line.split_once("listening on ") {
            // Nobody waits for a second one.
            let _heard = address.send(url.trim().to_owned());
        }
        ui.detail("Host", &line);
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LAST_LINES {
            lines.remove(0);
        }
        lines.push(line);
    }
}
