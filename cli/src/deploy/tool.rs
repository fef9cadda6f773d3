//! The platform's own tool: where it is, what it says when it is asked, and its run in full view.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use super::plan::Call;
use crate::platform::{Deploy, Get};
use crate::{Class, Error, Result};

/// A tool that is here.
#[derive(Clone, Debug)]
pub struct Tool {
    /// How it is started.
    pub program: PathBuf,
    /// What one would type for that, where it is started.
    pub name: String,
}

/// What a tool answered.
#[derive(Clone, Debug)]
pub struct Said {
    /// True when it succeeded.
    pub success: bool,
    /// Its exit status, as a shell has it.
    pub status: i32,
    /// All that it printed.
    pub stdout: Vec<u8>,
    /// All that it complained.
    pub stderr: Vec<u8>,
}

impl Tool {
    /// Looks where the artifact's own npm packages are, then where the person's are, then in `PATH`.
    pub fn find(deploy: &Deploy, dir: &Path) -> Option<Self> {
        let here = std::env::current_dir().ok()?;
        let from_npm = matches!(deploy.get, Get::Npm(_));
        for folder in [dir, &here].into_iter().filter(|_| from_npm) {
            let bin = std::path::absolute(folder).ok()?.join("node_modules/.bin");
            if let Ok(program) = which::which_in(&deploy.tool, Some(&bin), &here) {
                let start = if deploy.inside { std::path::absolute(dir).ok()? } else { here.clone() };
                let name = program.strip_prefix(&start).unwrap_or(&program).display().to_string();
                return Some(Self { program, name });
            }
        }
        let program = which::which(&deploy.tool).ok()?;
        Some(Self { program, name: deploy.tool.clone() })
    }

    /// What to do about one that is not here.
    pub fn missing(deploy: &Deploy, platform: &str) -> Error {
        let message = format!("`{}` is not installed, which deploys to `{platform}`", deploy.tool);
        Error::known("tool-missing", Class::Machine, message).with_hint(match &deploy.get {
            Get::Npm(package) => format!("run `npm install --global {package}`"),
            Get::Page(page) => format!("{page} says how to get it"),
        })
    }
}

impl Call {
    /// Asks the tool and takes in what it says.
    ///
    /// # Errors
    /// `tool-missing` when it cannot be started.
    pub fn ask(&self) -> Result<Said> {
        let output = self.std_command().stdin(Stdio::null()).output().map_err(self.unstartable())?;
        Ok(Said {
            success: output.status.success(),
            status: status(output.status),
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }

    /// Runs the tool in full view, to its end, and returns its status. With `aside`, what it prints goes to stderr.
    ///
    /// A wish to stop is the tool's to heed: it is waited for, so that nothing of it is left half done unseen.
    ///
    /// # Errors
    /// `tool-missing` when it cannot be started.
    pub fn run(&self, aside: bool) -> Result<i32> {
        let mut command = self.std_command();
        if aside {
            command.stdout(std::io::stderr());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(self.unstartable())?;
        let ended = runtime.block_on(async {
            // Before the tool is there, so that no signal comes between.
            let mut signals = Signals::new()?;
            let mut child = tokio::process::Command::from(command).spawn()?;
            loop {
                tokio::select! {
                    ended = child.wait() => return ended,
                    signal = signals.next() => signal.pass_on(child.id()),
                }
            }
        });
        Ok(status(ended.map_err(self.unstartable())?))
    }

    fn std_command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args).envs(&self.variables);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }

    fn unstartable(&self) -> impl FnOnce(std::io::Error) -> Error {
        let tool = self.program.display().to_string();
        move |source| Error::Start { tool, source, hint: None }
    }
}

/// As a shell has it: 128 and the signal for a program that one ended.
fn status(ended: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&ended) {
        return 128 + signal;
    }
    ended.code().unwrap_or(1)
}

/// Signals that would end us and leave the tool behind.
#[cfg(unix)]
struct Signals(Vec<(tokio::signal::unix::Signal, Option<rustix::process::Signal>)>);

/// One that came: what the tool has to be sent, where it has not got it itself.
#[cfg(unix)]
struct Came(Option<rustix::process::Signal>);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        // Ctrl-C reaches every process of the terminal by itself; what is sent to us alone does not.
        let wanted = [
            (SignalKind::interrupt(), None),
            (SignalKind::terminate(), Some(Signal::TERM)),
            (SignalKind::hangup(), Some(Signal::HUP)),
        ];
        wanted.into_iter().map(|(kind, sent)| Ok((signal(kind)?, sent))).collect::<Result<_, _>>().map(Self)
    }

    async fn next(&mut self) -> Came {
        let [(first, a), (second, b), (third, c)] = &mut self.0[..] else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = first.recv() => Came(*a),
            _ = second.recv() => Came(*b),
            _ = third.recv() => Came(*c),
        }
    }
}

#[cfg(unix)]
impl Came {
    fn pass_on(self, child: Option<u32>) {
        let pid = child.and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        if let (Some(pid), Some(signal)) = (pid, self.0) {
            // It may have ended in this moment, and then that is told next.
            let _ = rustix::process::kill_process(pid, signal);
        }
    }
}

/// Elsewhere Ctrl-C reaches every process of the console by itself.
#[cfg(not(unix))]
struct Signals;

/// One that came.
#[cfg(not(unix))]
struct Came;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Came {
        let _ = tokio::signal::ctrl_c().await;
        Came
    }
}

#[cfg(not(unix))]
impl Came {
    fn pass_on(self, _: Option<u32>) {}
}
