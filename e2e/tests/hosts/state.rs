//! The process as a new program must find it, whatever Node made of it for itself: signals, streams, environment.
//! And as the host must find it again when the stub could not replace it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use e2e::{
    Result,
    platform::Answer,
    stage::{Stage, json},
    subject::{Arch, Node, Payload, Subject, Takeover},
    wait,
};
use serde_json::Value;

use crate::{
    disk::expect_trap_error,
    identity::report,
    payload::payload_file,
    table::{Case, each_way, expect, mounting, rows, wrapping},
};

pub fn cases() -> Vec<Case> {
    let stub = |nodes: &[Node]| -> Vec<Subject> {
        nodes.iter().map(|&node| Subject::plain(node, Takeover::ExecStub)).collect()
    };
    let every = [Node::V20, Node::V22, Node::V24];
    let execs = || -> Vec<Subject> {
        let execve = [Node::V22, Node::V24].map(|node| Subject::plain(node, Takeover::ExecExecve));
        stub(&every).into_iter().chain(execve).collect()
    };
    let emulated = Subject { arch: Arch::Arm64, ..Subject::plain(Node::V22, Takeover::ExecStub) };
    let libraries = every.map(|node| Subject::plain(node, Takeover::Library));
    let emulated_library = Subject { takeover: Takeover::Library, ..emulated };
    // The next means after the stub is another on each.
    let next = [(Node::V20, Takeover::Auto), (Node::V24, Takeover::Auto), (Node::V24, Takeover::Exec)]
        .map(|(node, takeover)| Subject::plain(node, takeover));
    let embedded = next.map(|subject| Subject { payload: Payload::Base64, ..subject });
    let next: Vec<Subject> = next.into_iter().chain(embedded).collect();
    let files = next.iter().copied().filter(|subject| subject.payload == Payload::File).collect();
    [
        wrapping("state/ignored-signals", execs(), nothing_is_ignored),
        wrapping("state/blocked-signals", stub(&[Node::V22, Node::V24]), nothing_is_blocked),
        wrapping(
            "state/slow-pipe",
            each_way().into_iter().chain([emulated, emulated_library]).collect(),
            a_slow_pipe_takes_everything,
        ),
        rows("state/closing-streams", execs().into_iter().chain(libraries).collect(), streams_stay_open),
        wrapping("state/environment", stub(&every), the_environment_is_passed_on_as_it_is),
        rows("state/other-threads", execs(), other_threads_end),
        rows(
            "stub-comes-back/program-is-gone",
            next.iter().copied().chain([Subject { takeover: Takeover::Auto, ..emulated }]).collect(),
            everything_is_put_back,
        ),
        rows("stub-comes-back/addons-are-off", next, addons_are_off),
        mounting("stub-comes-back/noexec", files, the_artifact_cannot_be_executed),
        rows("stub-forced/program-is-gone", stub(&[Node::V20, Node::V24]), the_host_lives_on),
        rows("stub-forced/worker", stub(&[Node::V20, Node::V24]), a_worker_is_left_alone),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What `/proc/self/status` says of the signals of a process.
#[derive(Debug, PartialEq, Eq)]
struct Signals {
    blocked: u64,
    ignored: u64,
}

/// Runs `cat` in place of the program, with its own state as its input: unlike Rust's programs it changes nothing
/// before it looks.
fn signals(stage: &mut Stage) -> Result<Signals> {
    // Opened by the shell, and of the process that the shell becomes.
    stage.before("exec \"$@\" < /proc/$$/status");
    stage.start()?;
    stage.ask_quietly("{}")?;
    let line = |log: &str, name: &str| {
        let (_, mask) = log.lines().find_map(|line| line.split_once(name))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    };
    wait::until("the program's state in the log", || {
        let log = stage.log();
        // A log that ends here may lack the rest of the line.
        log.contains("SigCgt:")
            .then(|| Some(Signals { blocked: line(&log, "SigBlk:")?, ignored: line(&log, "SigIgn:")? }))?
    })
}

/// The signals of `cat` after a takeover, and those that it has without any host.
fn signals_with_and_without_host(stage: &mut Stage) -> Result<(Signals, Signals)> {
    let program = payload_file(stage)?;
    let size = fs::metadata(&program).map_err(|error| format!("looking at the program: {error}"))?.len();
    let mut cat = fs::read("/bin/cat").map_err(|error| format!("reading `/bin/cat`: {error}"))?;
    cat.resize(usize::try_from(size).unwrap_or_default(), 0);
    write_program(&program, &cat)?;

    let mut bare = Stage::set(stage.subject, stage.platform, "bare")?;
    bare.without_host()?;
    bare.launch.command = vec![program.into_os_string()];
    let expected = signals(&mut bare)?;
    bare.finish()?;
    Ok((signals(stage)?, expected))
}

fn write_program(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o755)))
        .map_err(|error| format!("writing the program: {error}"))
}

fn nothing_is_ignored(stage: &mut Stage) -> Result<()> {
    let (found, expected) = signals_with_and_without_host(stage)?;
    expect(found == expected, || format!("signals should be {expected:x?}, not {found:x?}"))
}

/// A Node that does not listen to SIGUSR1 keeps it blocked.
fn nothing_is_blocked(stage: &mut Stage) -> Result<()> {
    stage.launch.set("NODE_OPTIONS", "--disable-sigusr1");
    nothing_is_ignored(stage)
}

/// A host that has used `console` leaves its pipes non-blocking. A program that prints more than a pipe takes must
/// wait for the reader, not fail.
fn a_slow_pipe_takes_everything(stage: &mut Stage) -> Result<()> {
    stage.own_deployment()?;
    stage.handler(
        "talkative",
        "console.log(\"host: on stdout\");\nconsole.error(\"host: on stderr\");\n\
         const artifact = await import(\"./index.mjs\");\nexport const handler = artifact.handler;\n",
    )?;
    let pipe = stage.folder.join("pipe").display().to_string();
    // Nobody reads for so long that the program has filled the pipe by then.
    stage.before(&format!("mkfifo {pipe}\n{{ sleep 3; exec cat; }} < {pipe} &\nexec \"$@\" > {pipe}"));
    stage.start()?;
    stage.order("shout:1000000")?;
    // Counted one by one: the two streams may meet in the log in the middle of a line.
    let wanted = 2 * 990_000;
    wait::until(&format!("{wanted} characters of the program in the log"), || {
        (stage.log().matches('~').count() == wanted).then_some(())
    })?;
    expect(stage.log().contains("host: on stdout"), || "what the host said before should arrive".to_owned())
}

/// Node has its streams closed when a new program starts; Rust's library would then put `/dev/null` in their place.
/// That stdin stays open too is seen where `cat` reads it.
fn streams_stay_open(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    let report = report(stage)?;
    let descriptors: Vec<&str> =
        report["descriptors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for number in ["1 ", "2 "] {
        let is_pipe = |descriptor: &&str| descriptor.starts_with(number) && descriptor.contains("pipe:");
        expect(descriptors.iter().any(is_pipe), || {
            format!("stream {number}should be the host's pipe: {descriptors:?}")
        })?;
    }
    Ok(())
}

/// Every byte and the order of what the host was started with, and what JavaScript added; the variable that tells
/// the stub what to do is not part of it, even if the host had one of that name.
fn the_environment_is_passed_on_as_it_is(stage: &mut Stage) -> Result<()> {
    stage.own_deployment()?;
    stage.handler(
        "witness",
        "import { readFileSync, writeFileSync } from \"node:fs\";\n\
         writeFileSync(process.env.WITNESS, readFileSync(\"/proc/self/environ\"));\n\
         process.env.FAULTY_LATE = \"set in JavaScript\";\n\
         const artifact = await import(\"./index.mjs\");\nexport const handler = artifact.handler;\n",
    )?;
    let witness = stage.folder.join("witness");
    stage.launch.set("WITNESS", witness.display().to_string());
    stage.before(
        "exec env TRAP_EXEC=/nonexistent FAULTY_BYTES=\"$(printf 'a\\377\\376 z')\" FAULTY_EMPTY= \"$@\"",
    );
    stage.start()?;
    let report = report(stage)?;
    let read = |path: PathBuf| -> Result<Vec<Vec<u8>>> {
        let bytes = fs::read(&path).map_err(|error| format!("reading `{}`: {error}", path.display()))?;
        Ok(bytes.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()).map(<[u8]>::to_vec).collect())
    };
    let found = read(PathBuf::from(format!("/proc/{}/environ", report["pid"])))?;
    // AWS's client takes these for itself.
    let taken: [&[u8]; 2] = [b"TRAP_EXEC=", b"_LAMBDA_TELEMETRY_LOG_FD="];
    let mut expected: Vec<Vec<u8>> = read(witness)?
        .into_iter()
        .filter(|entry| !taken.iter().any(|name| entry.starts_with(name)))
        .collect();
    expect(expected.contains(&b"FAULTY_BYTES=a\xff\xfe z".to_vec()), || {
        "the host should have been started with odd bytes".to_owned()
    })?;
    expected.push(b"FAULTY_LATE=set in JavaScript".to_vec());
    let text = |list: &[Vec<u8>]| -> Vec<String> {
        list.iter().map(|entry| entry.escape_ascii().to_string()).collect()
    };
    expect(found == expected, || {
        format!("the environment should be {:#?}, not {:#?}", text(&expected), text(&found))
    })
}

/// A host whose other threads are busy: the program is alone in the process.
fn other_threads_end(stage: &mut Stage) -> Result<()> {
    stage.own_deployment()?;
    stage.handler(
        "busy",
        "import { Worker } from \"node:worker_threads\";\n\
         const worker = new Worker(\"postMessage(0); for (;;);\".replace(\"post\", \
         \"require('node:worker_threads').parentPort.post\"), { eval: true });\n\
         await new Promise((resolve) => worker.once(\"message\", resolve));\n\
         const artifact = await import(\"./index.mjs\");\nexport const handler = artifact.handler;\n",
    )?;
    stage.start()?;
    let report = report(stage)?;
    let threads = fs::read_dir(format!("/proc/{}/task", report["pid"])).map(Iterator::count);
    expect(matches!(threads, Ok(1)), || format!("one thread should be left, not {threads:?}"))?;
    stage.order("echo").map(drop)
}

/// A host in which the program is gone at the moment of the takeover, and back right after it. Whatever the stub
/// changes must be as it was by then.
const VANISHING: &str = r#"
import { readFileSync, renameSync, writeFileSync } from "node:fs";
console.log("host: on stdout");
console.error("host: on stderr");
const state = () => [
  ...readFileSync("/proc/self/status", "utf8").match(/^Sig(Blk|Ign|Cgt).*$/gm),
  ...[0, 1, 2].map((file) => `${file} ${readFileSync(`/proc/self/fdinfo/${file}`, "utf8").match(/^flags.*$/m)}`),
  ...Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
].join("\n");
const { dlopen } = process;
process.dlopen = (...order) => {
  const program = process.env.TRAP_EXEC;
  renameSync(program, `${program}.gone`);
  const before = state();
  try {
    return dlopen.call(process, ...order);
  } finally {
    renameSync(`${program}.gone`, program);
    writeFileSync(process.env.WITNESS, JSON.stringify([before, state()]));
  }
};
"#;

/// Deploys a host that takes the program away while the stub runs.
fn vanishing(stage: &mut Stage) -> Result<()> {
    stage.own_deployment()?;
    stage.handler("vanishing", &format!("{VANISHING}{THE_ARTIFACT}"))?;
    // So that a signal is blocked as well, where Node can be made to.
    if stage.subject.node != Node::V20 {
        stage.launch.set("NODE_OPTIONS", "--disable-sigusr1");
    }
    let witness = stage.folder.join("witness");
    stage.launch.set("WITNESS", witness.display().to_string());
    stage.launch.set("TRAP_LOG", "debug");
    stage.start()
}

/// What the host had before the stub was loaded, and after it came back.
fn nothing_changed(stage: &Stage) -> Result<()> {
    let text = fs::read_to_string(stage.folder.join("witness"))
        .map_err(|error| format!("reading what the host saw: {error}"))?;
    let [before, after]: [String; 2] =
        serde_json::from_str(&text).map_err(|error| format!("reading what the host saw: {error}"))?;
    expect(before == after, || format!("the state should be\n{before}\nand not\n{after}"))?;
    // Proof that there was something to put back: a closing and non-blocking stream (octal 2004000).
    let is_changed = |line: &str| {
        let flags =
            line.split_once("flags:").and_then(|(_, flags)| u32::from_str_radix(flags.trim(), 8).ok());
        flags.is_some_and(|flags| flags & 0o2_004_000 == 0o2_004_000)
    };
    expect(before.lines().any(is_changed), || format!("the host should change its streams:\n{before}"))
}

const THE_ARTIFACT: &str =
    "const artifact = await import(\"./index.mjs\");\nexport const handler = artifact.handler;\n";

/// The takeover after the stub.
const fn next(subject: &Subject) -> &'static str {
    match subject.node {
        Node::V20 => "spawn",
        Node::V22 | Node::V24 => "exec:execve",
    }
}

/// The program answers by the next means, and the log says why.
fn the_next_means_is_taken(stage: &mut Stage) -> Result<()> {
    stage.order("echo")?;
    let next = next(&stage.subject);
    stage.wait_for_log(&format!("{next}, because"))?;
    let hosts = stage.hosts();
    expect(hosts.is_empty() == (next != "spawn"), || format!("after {next}, these hosts are left: {hosts:?}"))
}

fn everything_is_put_back(stage: &mut Stage) -> Result<()> {
    vanishing(stage)?;
    the_next_means_is_taken(stage)?;
    nothing_changed(stage)
}

fn addons_are_off(stage: &mut Stage) -> Result<()> {
    // AWS's client is an addon itself, so they go off when it is loaded.
    stage.own_deployment()?;
    stage.handler(
        "without",
        &format!("process.dlopen = () => {{ throw new Error(\"addons are off\"); }};\n{THE_ARTIFACT}"),
    )?;
    stage.launch.set("TRAP_LOG", "debug");
    stage.start()?;
    the_next_means_is_taken(stage)
}

/// The program is copied to where it can be executed; the stub, which lies beside it, cannot be loaded.
fn the_artifact_cannot_be_executed(stage: &mut Stage) -> Result<()> {
    let folder = stage.own_deployment()?.display().to_string();
    stage.before = ["unshare", "-m", "--propagation", "private", "sh", "-c"].map(Into::into).into();
    let script =
        format!("mount --bind {folder} {folder} && mount -o remount,bind,noexec {folder} && exec \"$@\"");
    stage.before.extend([script.into(), "sh".into()]);
    stage.launch.set("TRAP_LOG", "debug");
    stage.start()?;
    the_next_means_is_taken(stage)
}

/// Nothing else may be tried: the host says so, and still answers.
fn the_host_lives_on(stage: &mut Stage) -> Result<()> {
    vanishing(stage)?;
    for _ in 0..2 {
        let answer = stage.ask("{}")?;
        expect_trap_error(&answer, "TRAP_START_FAILED", &["faulty"])?;
    }
    nothing_changed(stage)
}

/// On another thread the stub would end the whole host: it is not loaded there.
fn a_worker_is_left_alone(stage: &mut Stage) -> Result<()> {
    stage.own_deployment()?;
    stage.handler(
        "threaded",
        "import { Worker } from \"node:worker_threads\";\n\
         export const handler = () => new Promise((resolve) => {\n\
         const worker = new Worker(new URL(\"index.mjs\", import.meta.url));\n\
         worker.on(\"error\", ({ code, message }) => resolve({ code, message, pid: process.pid }));\n\
         worker.on(\"exit\", (status) => resolve({ status }));\n});\n",
    )?;
    stage.start()?;
    let mut pids = Vec::new();
    for _ in 0..2 {
        let answer: Answer = stage.ask_quietly("{}")?;
        let answer = json(&answer)?;
        let told = answer["message"].as_str().is_some_and(|message| message.contains("worker thread"));
        expect(answer["code"] == "TRAP_EXEC_UNAVAILABLE" && told, || {
            format!("the worker should refuse, not say {answer}")
        })?;
        pids.push(answer["pid"].clone());
    }
    expect(pids[0] == pids[1], || format!("the host should live on: {pids:?}"))
}
