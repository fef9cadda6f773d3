//! An example as a child process, with its three streams in the hands of the test.

use std::{
    env,
    future::Future,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
};

pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
    /// The program, when it is not `child` itself; ended with the test unless it has ended before.
    grandchild: Option<Pid>,
}

/// Where cargo puts the example: beside the folder of the test's own executable.
pub fn path(example: &str) -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let path = test.ancestors().nth(2).expect("tests lie in `deps`").join("examples").join(example);
    assert!(
        path.is_file(),
        "`{}` is missing; `cargo test -p trap-runtime --all-features` builds it",
        path.display()
    );
    path
}

/// Fails a test that would hang; how long something takes is not what is tested.
pub async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(60), event).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: did not happen within a minute"),
    }
}

impl Program {
    /// Starts `ask` with these variables and no other that matters to it.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        Self::of(Command::new(path("ask")), variables)
    }

    /// Starts `typed` with a handler of this kind.
    pub fn start_typed(kind: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(path("typed"));
        command.arg(kind);
        Self::of(command, variables)
    }

    /// Starts a shell whose child is this program. Once the shell has read a line it ends, and the program is an
    /// orphan that holds the other ends of stdout and stderr.
    pub async fn start_below_a_shell(words: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", "\"$@\" & echo $!; read line; exit 7", "sh"]).arg(path(words[0])).args(&words[1..]);
        let mut program = Self::of(shell, variables);
        let pid = program.question().await.parse().expect("the shell says the pid first");
        program.grandchild = Pid::from_raw(pid);
        program
    }

    fn of(mut command: Command, variables: &[(&str, &str)]) -> Self {
        for name in ["AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME", "PORT", "TRAP_HOST", "TRAP_TRACE"]
        {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied()).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let stderr = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        Self { child, stdin, stdout, stderr, grandchild: None }
    }

    pub fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        kill_process(pid.expect("the program was not waited for yet"), signal).expect("the program runs");
    }

    pub async fn type_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is piped and was not closed");
        stdin.write_all(format!("{line}\n").as_bytes()).await.expect("the program reads stdin");
    }

    /// Closes stdin, as the end of a file does.
    pub fn type_nothing_more(&mut self) {
        self.stdin = None;
    }

    /// What the program asks next.
    pub async fn question(&mut self) -> String {
        next(&mut self.stdout).await
    }

    /// The next line on stderr.
    pub async fn remark(&mut self) -> String {
        next(&mut self.stderr).await
    }

    /// The address in the line that a program serving HTTP begins with.
    pub async fn address(&mut self) -> String {
        let line = self.remark().await;
        line.strip_prefix("listening on http://").expect(&line).to_owned()
    }

    pub async fn status(&mut self) -> ExitStatus {
        soon("the program ends", self.child.wait()).await.expect("the program can be waited for")
    }

    /// Waits until every process that holds the program's stdout has ended, and with them an orphan.
    pub async fn stdout_closed(&mut self) {
        soon("stdout is closed", drain(self.stdout.get_mut())).await;
        self.grandchild = None;
    }

    /// Everything else that is written on stderr until the program ends.
    pub async fn remarks(&mut self) -> String {
        soon("stderr is closed", drain(self.stderr.get_mut())).await
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(pid) = self.grandchild {
            // An error means that it has ended, which is what is wanted.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

async fn next(lines: &mut Lines<impl AsyncBufReadExt + Unpin>) -> String {
    let line = soon("the program writes a line", lines.next_line()).await.expect("what it writes is text");
    line.expect("the program has closed its output")
}

async fn drain(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("what it writes is text");
    text
}
