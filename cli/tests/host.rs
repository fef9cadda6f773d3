//! Real hosts: a Node of this machine that loads handlers, and commands that poll by themselves.
#![cfg(unix)]
#![allow(missing_docs, clippy::print_stderr, reason = "a test crate")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cargo_trap::host::process::Takeover;
use cargo_trap::host::{Container, Host, Witness};
use cargo_trap::lambda::{Event, Exit, Function, Invocation, Observer, Outcome, Phase, Stream, When};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;

/// A program that speaks the Runtime API, without Node and without a compiler.
const PROGRAM: &str = r#"
api=$AWS_LAMBDA_RUNTIME_API
request() {
  exec 3<>"/dev/tcp/${api%:*}/${api#*:}"
  printf '%s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' "$1" "${#2}" "$2" >&3
  while IFS= read -r line <&3 && line=${line%$'\r'} && [ -n "$line" ]; do
    case $line in lambda-runtime-aws-request-id:*) id=${line#*: } ;; esac
  done
  while IFS= read -r line <&3; do :; done
  exec 3>&-
}
echo "program $$ starts"
while :; do
  request "GET /2018-06-01/runtime/invocation/next" ""
  request "POST /2018-06-01/runtime/invocation/$id/response" "\"from $$\""
done
"#;

fn node() -> Option<PathBuf> {
    let found = which::which("node").ok();
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI needs `node` on PATH");
        eprintln!("skipped: no `node` on PATH");
    }
    found
}

/// A container, its folder, its events.
struct Stage {
    container: Container,
    events: UnboundedReceiver<Event>,
    folder: TempDir,
}

impl Stage {
    async fn of(host: impl FnOnce(&Path) -> Host, files: &[(&str, &str)], timeout: Duration) -> Self {
        let (observer, events) = Observer::channel();
        Self::observed(host, files, timeout, observer, events).await
    }

    async fn observed(
        host: impl FnOnce(&Path) -> Host,
        files: &[(&str, &str)],
        timeout: Duration,
        observer: Observer,
        events: UnboundedReceiver<Event>,
    ) -> Self {
        let folder = TempDir::new().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("written");
        }
        let mut function = Function::new("f");
        function.timeout = timeout;
        let host = host(folder.path());
        let container = Container::start(function, 1, observer, host).await.expect("a container");
        Self { container, events, folder }
    }

    /// A Node with these files as its function.
    async fn node(node: &Path, files: &[(&str, &str)]) -> Self {
        Self::of(|root| Host::node(node, root, "index.handler"), files, Duration::from_secs(30)).await
    }

    async fn invoke(&self, event: Value) -> Outcome {
        within(self.container.invoke(Invocation::new(event.to_string()))).await.outcome
    }

    async fn answer(&self, event: Value) -> Value {
        match self.invoke(event).await {
            Outcome::Answered(answer) => serde_json::from_slice(&answer.body).expect("JSON"),
            other => panic!("{other:?}"),
        }
    }

    async fn until(&mut self, wanted: impl Fn(&Phase) -> bool) -> Vec<Phase> {
        let mut seen = Vec::new();
        within(async {
            loop {
                let phase = self.events.recv().await.expect("the container runs").phase;
                let is_wanted = wanted(&phase);
                seen.push(phase);
                if is_wanted {
                    return seen;
                }
            }
        })
        .await
    }
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it should not take this long")
}

/// Waits until no process has this id; a killed one is gone when its parent has noticed.
async fn gone(pid: u64) {
    within(async {
        loop {
            let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let state = state.rsplit(')').next().unwrap_or_default().trim_start().to_owned();
            if state.is_empty() || state.starts_with('Z') {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_handler_is_loaded_and_answers_and_its_phases_are_reported() {
    let Some(node) = node() else { return };
    let handler = "console.log('loading');
        export async function handler(event, context) {
            console.error('handling ' + event.a);
            return { doubled: event.a * 2, id: context.awsRequestId, left: context.getRemainingTimeInMillis() > 0 };
        }";
    let mut stage = Stage::node(&node, &[("index.mjs", handler)]).await;
    let invocation = Invocation::new("{\"a\":21}");
    let id = invocation.request_id.clone();
    let outcome = within(stage.container.invoke(invocation)).await.outcome;
    let Outcome::Answered(answer) = outcome else { panic!("{outcome:?}") };
    let answer: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(answer, json!({ "doubled": 42, "id": id, "left": true }));
    let seen = stage.until(|phase| matches!(phase, Phase::Answered { .. })).await;
    let names: Vec<_> = seen
        .iter()
        .filter_map(|phase| match phase {
            Phase::Spawned { .. } => Some("spawned"),
            Phase::LoadingCode => Some("loading"),
            Phase::FirstPoll { .. } => Some("polled"),
            Phase::Delivered { .. } => Some("delivered"),
            Phase::Answered { error: false, .. } => Some("answered"),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["spawned", "loading", "polled", "delivered", "answered"]);
    stage.container.shut_down().await;
    let mut lines = Vec::new();
    while let Some(event) = stage.events.recv().await {
        if let Phase::Log { stream, line } = event.phase {
            lines.push((stream, line));
        }
    }
    let earlier = seen.into_iter().filter_map(|phase| match phase {
        Phase::Log { stream, line } => Some((stream, line)),
        _ => None,
    });
    let lines: Vec<_> = earlier.chain(lines).collect();
    let expected = [(Stream::Stdout, "loading".to_owned()), (Stream::Stderr, "handling 21".to_owned())];
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(expected.iter().all(|line| lines.contains(line)), "{lines:?}");
}

#[tokio::test]
async fn commonjs_and_callbacks_work_as_on_the_platform() {
    let Some(node) = node() else { return };
    let handler = "exports.handler = (event, context, callback) => {
        callback(null, { main: require.main !== module, event });
    };";
    for name in ["index.js", "index.cjs"] {
        let stage = Stage::node(&node, &[(name, handler)]).await;
        assert_eq!(stage.answer(json!([1])).await, json!({ "main": true, "event": [1] }), "{name}");
        stage.container.shut_down().await;
    }
}

#[tokio::test]
async fn an_error_while_loading_is_told_with_its_code() {
    let Some(node) = node() else { return };
    let handler = "class TrapError extends Error { name = 'TrapError'; code = 'TRAP_X'; }
        throw new TrapError('no program');";
    let stage = Stage::node(&node, &[("index.mjs", handler)]).await;
    for _ in 0..2 {
        let outcome = stage.invoke(json!({})).await;
        let Outcome::InitError { body } = outcome else { panic!("{outcome:?}") };
        let told: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(told["errorType"], "TrapError");
        assert_eq!(told["errorMessage"], "no program");
        assert_eq!(told["code"], "TRAP_X");
        assert!(told["stackTrace"][0].as_str().is_some_and(|line| line.contains("no program")), "{told}");
    }
    stage.container.shut_down().await;
}

#[tokio::test]
async fn a_missing_module_or_handler_has_the_platforms_name() {
    let Some(node) = node() else { return };
    for (files, name) in [
        (&[("other.mjs", "")][..], "Runtime.ImportModuleError"),
        (&[("index.mjs", "export const handle = 1;")][..], "Runtime.HandlerNotFound"),
    ] {
        let stage = Stage::node(&node, files).await;
        let outcome = stage.invoke(json!({})).await;
        let Outcome::InitError { body } = outcome else { panic!("{outcome:?}") };
        assert!(String::from_utf8_lossy(&body).contains(name), "{body:?}");
        stage.container.shut_down().await;
    }
}

#[tokio::test]
async fn a_throwing_handler_is_a_function_error_and_the_host_lives_on() {
    let Some(node) = node() else { return };
    let handler = "export const handler = (event) => {
        if (event.fail) throw new RangeError('too far');
        return process.pid;
    };";
    let stage = Stage::node(&node, &[("index.mjs", handler)]).await;
    let before = stage.answer(json!({})).await;
    let outcome = stage.invoke(json!({ "fail": true })).await;
    let Outcome::FunctionError { body, kind } = outcome else { panic!("{outcome:?}") };
    assert_eq!(kind.as_deref(), Some("RangeError"));
    assert!(String::from_utf8_lossy(&body).contains("too far"), "{body:?}");
    assert_eq!(stage.answer(json!({})).await, before);
    stage.container.shut_down().await;
}

#[tokio::test]
async fn a_host_that_exits_or_is_killed_is_replaced() {
    let Some(node) = node() else { return };
    let handler = "export const handler = (event) => {
        if (event.exit) process.exit(event.exit);
        if (event.signal) process.kill(process.pid, event.signal);
        return event.signal ? new Promise(() => {}) : process.pid;
    };";
    let stage = Stage::node(&node, &[("index.mjs", handler)]).await;
    let first = stage.answer(json!({})).await;
    let died = |exit| Outcome::Exited { exit, when: When::Invocation, posted: None };
    assert_eq!(stage.invoke(json!({ "exit": 3 })).await, died(Exit::Status(3)));
    let second = stage.answer(json!({})).await;
    assert_ne!(first, second);
    assert_eq!(stage.invoke(json!({ "signal": "SIGKILL" })).await, died(Exit::Signal(9)));
    assert_ne!(stage.answer(json!({})).await, second);
    stage.container.shut_down().await;
}

#[tokio::test]
async fn the_environment_is_the_containers_and_not_ours() {
    let Some(node) = node() else { return };
    let handler =
        "export const handler = () => ({ env: process.env, cwd: process.cwd(), args: process.argv.length });";
    let files = [("index.mjs", handler)];
    let host = |root: &Path| Host::node(&node, root, "index.handler").env("EXTRA", "1");
    let stage = Stage::of(host, &files, Duration::from_secs(30)).await;
    let answer = stage.answer(json!({})).await;
    let environment = &answer["env"];
    assert_eq!(environment["AWS_LAMBDA_RUNTIME_API"], stage.container.address().to_string());
    assert_eq!(environment["_HANDLER"], "index.handler");
    assert_eq!(environment["LAMBDA_TASK_ROOT"], stage.folder.path().to_str().expect("UTF-8"));
    assert_eq!(environment["EXTRA"], "1");
    assert!(environment.get("CARGO_MANIFEST_DIR").is_none(), "{environment}");
    let real = fs::canonicalize(stage.folder.path()).expect("it exists");
    assert_eq!(answer["cwd"], real.to_str().expect("UTF-8"));
    stage.container.shut_down().await;
}

#[tokio::test]
async fn nothing_that_was_started_survives_and_no_file_is_left() {
    let Some(node) = node() else { return };
    let handler = "import { spawn } from 'node:child_process';
        export const handler = () => {
            const child = spawn('sleep', ['1000'], { stdio: 'inherit' });
            const daemon = spawn('sleep', ['1000'], { stdio: 'inherit', detached: true });
            return { host: process.pid, child: child.pid, daemon: daemon.pid, dir: process.env.TRAP_DIR };
        };";
    let stage = Stage::node(&node, &[("index.mjs", handler)]).await;
    let answer = stage.answer(json!({})).await;
    let folder = PathBuf::from(answer["dir"].as_str().expect("a folder"));
    assert!(folder.is_dir());
    within(stage.container.shut_down()).await;
    for name in ["host", "child"] {
        gone(answer[name].as_u64().expect("a pid")).await;
    }
    if cfg!(target_os = "linux") {
        gone(answer["daemon"].as_u64().expect("a pid")).await;
    }
    assert!(!folder.parent().expect("its parent").exists());
}

#[tokio::test]
async fn the_deadline_ends_a_host_and_all_its_children() {
    let Some(node) = node() else { return };
    let handler = "import { spawnSync } from 'node:child_process';
        export const handler = () => spawnSync('sh', ['-c', 'echo $$ && sleep 1000'], { stdio: 'inherit' });";
    let files = [("index.mjs", handler)];
    let host = |root: &Path| Host::node(&node, root, "index.handler");
    let mut stage = Stage::of(host, &files, Duration::from_secs(3)).await;
    // Booting is not what the limit is for here, however slow the machine.
    stage.container.warm_up();
    stage.until(|phase| matches!(phase, Phase::FirstPoll { .. })).await;
    assert_eq!(stage.invoke(json!({})).await, Outcome::TimedOut);
    let seen = stage.until(|phase| matches!(phase, Phase::Exited(Exit::Signal(9)))).await;
    let pid = seen.iter().find_map(|phase| match phase {
        Phase::Log { line, .. } => line.parse().ok(),
        _ => None,
    });
    gone(pid.expect("the child's pid was logged")).await;
    stage.container.shut_down().await;
}

#[tokio::test]
async fn a_command_that_does_not_exist_is_told_and_nothing_hangs() {
    let host = |root: &Path| Host::command("/nowhere/host", [""; 0], root, "index.handler");
    let stage = Stage::of(host, &[], Duration::from_secs(30)).await;
    let outcome = stage.invoke(json!({})).await;
    assert!(matches!(outcome, Outcome::NotLaunched { .. }), "{outcome:?}");
    stage.container.shut_down().await;
}

/// The answerer that a witness saw, and the pid the program gave.
#[cfg(target_os = "linux")]
async fn witnessed(
    program: &Path,
    host: impl FnOnce(&Path) -> Host,
    files: &[(&str, &str)],
) -> (cargo_trap::host::Answerer, String) {
    let witness = Witness::new(program);
    let (observer, events) = Observer::channel();
    let observer = witness.observer(observer);
    let stage = Stage::observed(host, files, Duration::from_secs(30), observer, events).await;
    let answer = stage.answer(json!({})).await;
    stage.container.shut_down().await;
    (witness.answerer().expect("somebody answered"), answer.as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_program_that_replaced_the_host_is_seen_as_exec() {
    let shell = which::which("sh").expect("a shell");
    let host = |root: &Path| Host::command(&shell, ["-c", "exec bash program.sh"], root, "");
    let (answerer, said) = witnessed(&shell, host, &[("program.sh", PROGRAM)]).await;
    assert_eq!(answerer.takeover, Takeover::Exec);
    assert!(answerer.process.program.ends_with("bash"), "{answerer:?}");
    assert_eq!(said, format!("from {}", answerer.process.pid));
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_program_below_the_host_is_seen_as_spawn() {
    let Some(node) = node() else { return };
    let handler = "import { spawnSync } from 'node:child_process';
        process.exit(spawnSync('bash', ['program.sh'], { stdio: 'inherit' }).status ?? 1);";
    let host = |root: &Path| Host::node(&node, root, "index.handler");
    let files = [("program.sh", PROGRAM), ("index.mjs", handler)];
    let (answerer, said) = witnessed(&node, host, &files).await;
    assert_eq!(answerer.takeover, Takeover::Spawn);
    assert!(answerer.process.program.ends_with("bash"), "{answerer:?}");
    assert_eq!(said, format!("from {}", answerer.process.pid));
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_host_that_answers_itself_is_seen_as_no_takeover() {
    let Some(node) = node() else { return };
    let host = |root: &Path| Host::node(&node, root, "index.handler");
    let files = [("index.mjs", "export const handler = () => `from ${process.pid}`;")];
    let (answerer, said) = witnessed(&node, host, &files).await;
    assert_eq!(answerer.takeover, Takeover::None);
    assert_eq!(said, format!("from {}", answerer.process.pid));
}
