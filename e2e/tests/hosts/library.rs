//! A library inside the host: what it can do there, how it ends, and what the addon does that loads it.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::PathBuf,
    thread,
};

use e2e::{
    Result, artifact, native,
    platform::Answer,
    stage::{Stage, alive, json, terminate},
    subject::{Arch, Node, Payload, Program, Subject, Takeover},
    wait,
};
use serde_json::Value;

use crate::{
    disk::expect_trap_error,
    hello::EVENT,
    identity::{installed_program, sees_what_the_host_has},
    table::{Case, expect, mounting, rows},
};

const EVERY: [Node; 3] = [Node::V20, Node::V22, Node::V24];

pub fn cases() -> Vec<Case> {
    let plain = |node| Subject::plain(node, Takeover::Library);
    let foreign = |node| Subject { arch: Arch::Arm64, ..plain(node) };
    let on_every = || EVERY.map(plain).to_vec();
    let everywhere = || on_every().into_iter().chain(EVERY.map(foreign)).collect::<Vec<_>>();
    let with = |program: Program, subjects: Vec<Subject>| -> Vec<Subject> {
        subjects.into_iter().map(|subject| Subject { program, ..subject }).collect()
    };
    let once = || vec![plain(Node::V20), plain(Node::V24), foreign(Node::V22)];
    [
        rows("library/inside-the-host", with(Program::Inside, everywhere()), uses_the_host),
        rows("library/panics", with(Program::Inside, everywhere()), panics),
        rows("library/told-to-end", with(Program::Library, everywhere()), told_to_end),
        rows("library/in-a-worker", on_every(), is_not_loaded_in_a_worker),
        rows("library/addons-are-off", once(), addons_are_off),
        mounting("library/noexec-artifact", on_every(), the_artifact_cannot_be_executed),
        rows("addon/panics-by-hand", everywhere(), a_hand_written_entry_aborts),
        rows("addon/refuses", everywhere(), every_refusal_has_its_code),
        rows("addon/executes", everywhere(), executes_a_program),
        rows("addon/cannot-execute", everywhere(), refuses_to_execute),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A request for a path, as a function URL hands it over, with a query.
fn get(stage: &mut Stage, path: &str, query: &str) -> Result<Value> {
    let event = EVENT
        .replace("\"rawPath\":\"/\"", &format!("\"rawPath\":\"{path}\""))
        .replace("\"path\":\"/\"", &format!("\"path\":\"{path}\""))
        .replace("\"rawQueryString\":\"\"", &format!("\"rawQueryString\":\"{query}\""));
    json(&stage.ask_quietly(&event)?)
}

fn expect_body(stage: &mut Stage, path: &str, query: &str, is_right: impl Fn(&str) -> bool) -> Result<()> {
    let answer = get(stage, path, query)?;
    let body = answer["body"].as_str().unwrap_or_default();
    expect(answer["statusCode"] == 200 && is_right(body), || {
        format!("{path} should work in the host: {answer}")
    })
}

/// A server for one connection, which sends back what it is sent.
fn echo_once() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("listening: {error}"))?;
    let address = listener.local_addr().map_err(|error| format!("listening: {error}"))?;
    thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let mut text = Vec::new();
        stream.read_to_end(&mut text)?;
        stream.write_all(b"echo: ")?;
        stream.write_all(&text)
    });
    Ok(address.to_string())
}

/// Files, children, threads and their variables, timers, connections, names, several workers: each as in a program.
fn uses_the_host(stage: &mut Stage) -> Result<()> {
    let node = fs::canonicalize(e2e::tools::node(stage.subject.arch, stage.subject.node)?)
        .map_err(|error| format!("looking for Node: {error}"))?;
    let size = fs::metadata(&node).map_err(|error| format!("looking at Node: {error}"))?.len();
    stage.start()?;
    let files = format!("{} {size} times true", node.display());
    expect_body(stage, "/files", "", |body| body == files)?;
    expect_body(stage, "/command", "", |body| body == "out err Some(3) 0 4")?;
    // The child had the host's own stream, which Node meant to close in children.
    stage.wait_for_log("from a child of the library")?;
    expect_body(stage, "/threads", "", |body| body == "sum 44 dropped 8 here 0")?;
    expect_body(stage, "/timers", "", |body| body == "slept true limited true")?;
    let address = echo_once()?;
    expect_body(stage, "/tcp", &format!("address={address}"), |body| body == "echo: from inside")?;
    expect_body(stage, "/dns", "", |body| body == "true true unknown true")?;
    expect_body(stage, "/tokio", "", |body| body == "threads 3 sum 328350")?;
    let hosts = stage.hosts();
    expect(hosts.len() == 1, || format!("all of that should happen in one Node, not {hosts:?}"))
}

/// A panic in a handler is that event's error; one that reaches the entry ends the host with a status of its own.
fn panics(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    let error = get(stage, "/panic", "")?;
    expect(error["errorMessage"].as_str().is_some_and(|message| message.contains("in a handler")), || {
        format!("the panic should be the event's error, not {error}")
    })?;
    expect_body(stage, "/timers", "", |body| body == "slept true limited true")?;

    let mut other = Stage::set(stage.subject, stage.platform, "panics-at-once")?;
    other.launch.set("INSIDE_PANICS", "1");
    other.start()?;
    let answer = other.ask("{}")?;
    expect_exit(&answer, "exit status 101")?;
    other.wait_for_log("as it was told")?;
    other.wait_for_log("exit status 101")?;
    // Nobody has died of it in the middle.
    expect(!other.log().contains("abort"), || format!("a caught panic is no abort:\n{}", other.log()))?;
    other.finish().map(drop)
}

/// The platform must say `Runtime.ExitError`, and `reason` where it gives a reason at all.
fn expect_exit(answer: &Answer, reason: &str) -> Result<()> {
    let told = matches!(answer, Answer::Failed { kind, message, .. }
        if kind == "Runtime.ExitError" && (message.is_empty() || message.ends_with(reason)));
    expect(told, || format!("expected Runtime.ExitError with `{reason}`, but the platform {answer}"))
}

/// A SIGTERM for the host is handled by the library, which returns; the host ends with its status.
fn told_to_end(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    stage.ask(EVENT)?;
    let hosts = stage.hosts();
    let [host] = hosts.as_slice() else { return Err(format!("one host should run, not {hosts:?}")) };
    terminate(*host);
    wait::until("the host to end after SIGTERM", || (!alive(*host)).then_some(()))?;
    let answer = stage.ask(EVENT)?;
    // Without a handler it would be `signal: terminated`.
    expect_exit(&answer, "Runtime exited without providing a reason")
}

/// A library on another thread could not be stopped: it is not loaded there, and the host answers.
fn is_not_loaded_in_a_worker(stage: &mut Stage) -> Result<()> {
    stage.own_deployment()?;
    stage.handler(
        "threaded",
        "import { Worker } from \"node:worker_threads\";\n\
         export const handler = () => new Promise((resolve) => {\n\
         const worker = new Worker(new URL(\"index.mjs\", import.meta.url));\n\
         worker.on(\"error\", ({ code, message }) => resolve({ code, message }));\n\
         worker.on(\"exit\", (status) => resolve({ status }));\n});\n",
    )?;
    stage.start()?;
    for _ in 0..2 {
        let answer = json(&stage.ask_quietly("{}")?)?;
        let told = answer["message"].as_str().is_some_and(|message| message.contains("worker thread"));
        expect(answer["code"] == "TRAP_LIBRARY_UNAVAILABLE" && told, || {
            format!("the worker should refuse, not say {answer}")
        })?;
    }
    Ok(())
}

const THE_ARTIFACT: &str =
    "const artifact = await import(\"./index.mjs\");\nexport const handler = artifact.handler;\n";

fn addons_are_off(stage: &mut Stage) -> Result<()> {
    // AWS's client is an addon itself, so they go off when it is loaded.
    stage.own_deployment()?;
    let source =
        format!("process.dlopen = () => {{ throw new Error(\"addons are off\"); }};\n{THE_ARTIFACT}");
    stage.handler("without", &source)?;
    stage.start()?;
    for _ in 0..2 {
        let answer = stage.ask("{}")?;
        expect_trap_error(&answer, "TRAP_LIBRARY_UNAVAILABLE", &["addons are off", "cargo trap build"])?;
    }
    Ok(())
}

/// Library and addon are copied to where they can be loaded.
fn the_artifact_cannot_be_executed(stage: &mut Stage) -> Result<()> {
    let folder = stage.own_deployment()?.display().to_string();
    stage.before = ["unshare", "-m", "--propagation", "private", "sh", "-c"].map(Into::into).into();
    let script =
        format!("mount --bind {folder} {folder} && mount -o remount,bind,noexec {folder} && exec \"$@\"");
    stage.before.extend([script.into(), "sh".into()]);
    stage.start()?;
    stage.order("echo")?;
    installed_program(stage).map(drop)
}

/// A handler that loads the addon of the artifact and does with it what an event says.
const ADDON: &str = r#"
const module = { exports: {} };
process.dlopen(module, process.env.ADDON);
const { trap, exec } = module.exports;
const state = () => [
  ...readFileSync("/proc/self/status", "utf8").match(/^Sig(Blk|Ign|Cgt).*$/gm),
  ...[0, 1, 2].map((file) => `${file} ${readFileSync(`/proc/self/fdinfo/${file}`, "utf8").match(/^flags.*$/m)}`),
].join("\n");
const attempt = (run) => {
  try {
    return { returned: run() };
  } catch ({ name, code, message, errno, syscall, path }) {
    return { name, code, message, errno, syscall, path };
  }
};
"#;

/// Deploys that handler, whose module ends with `more`.
fn with_addon(stage: &mut Stage, more: &str) -> Result<PathBuf> {
    let folder = stage.own_deployment()?.to_owned();
    let addon = folder.join("trap").join(format!("{}.{}.node", stage.subject.program, stage.subject.arch));
    stage.launch.set("ADDON", addon.display().to_string());
    stage.handler("addon", &format!("import {{ readFileSync }} from \"node:fs\";\n{ADDON}{more}"))?;
    Ok(folder)
}

/// Rust's own message, and an abort: nothing unwinds out of a function that says it cannot.
fn a_hand_written_entry_aborts(stage: &mut Stage) -> Result<()> {
    let source = "#[unsafe(no_mangle)]\npub extern \"C\" fn trap() -> i32 { panic!(\"by hand\") }\n";
    let library = native::compile("by_hand", source, stage.subject.arch, &stage.folder, &[])?;
    stage.launch.set("LIBRARY", library.display().to_string());
    with_addon(stage, "trap(process.env.LIBRARY);\nexport const handler = () => \"alive\";\n")?;
    stage.start()?;
    let answer = stage.ask("{}")?;
    expect_exit(&answer, "signal: aborted")?;
    for words in ["by hand", "panic in a function that cannot unwind", "signal: aborted"] {
        stage.wait_for_log(words)?;
    }
    Ok(())
}

/// What stands in the way of loading, each caused for real; the host lives on after all of them.
fn every_refusal_has_its_code(stage: &mut Stage) -> Result<()> {
    let (arch, folder) = (stage.subject.arch, stage.folder.clone());
    let other = if arch == Arch::X64 { Arch::Arm64 } else { Arch::X64 };
    let compile = |name: &str, source: &str, arch| native::compile(name, source, arch, &folder, &[]);
    let entry = "#[unsafe(no_mangle)]\npub extern \"C\" fn trap() -> i32 { 7 }\n";
    let wants = "unsafe extern \"C\" { fn no_such_function() -> i32; }\n\
                 #[unsafe(no_mangle)]\npub extern \"C\" fn trap() -> i32 { unsafe { no_such_function() } }\n";
    let library = compile("library", entry, arch)?;
    let read = |path: &PathBuf| fs::read(path).map_err(|error| format!("reading a library: {error}"));
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).map(|()| path).map_err(|error| format!("writing `{name}`: {error}"))
    };
    let bytes = read(&library)?;
    let newer = with_newer_version(&bytes)?;
    let cases = [
        (folder.join("nowhere.so"), "TRAP_LIBRARY_MISSING", "there is no library at"),
        (compile("other", entry, other)?, "TRAP_LIBRARY_WRONG_ARCH", other.word()),
        (compile("without", "pub fn nothing() {}", arch)?, "TRAP_LIBRARY_NO_ENTRY", "`trap`"),
        (compile("wants", wants, arch)?, "TRAP_LIBRARY_UNRESOLVED", "no_such_function"),
        (write("newer.so", &newer)?, "TRAP_LIBRARY_UNRESOLVED", "GLIBC_9.99"),
        (write("script.so", b"#!/bin/sh\n")?, "TRAP_LIBRARY_UNUSABLE", "no shared library"),
        (write("empty.so", b"")?, "TRAP_LIBRARY_UNUSABLE", "an empty file"),
        (write("short.so", &bytes[..100])?, "TRAP_LIBRARY_UNUSABLE", "cannot be loaded here"),
        (folder.clone(), "TRAP_LIBRARY_UNUSABLE", "EISDIR"),
    ];
    with_addon(
        stage,
        "export const handler = async ({ path }) => ({ ...attempt(() => trap(path)), pid: process.pid });\n",
    )?;
    stage.start()?;
    let mut pids = Vec::new();
    for (path, code, says) in cases {
        let answer = json(&stage.ask_quietly(&serde_json::json!({ "path": path }).to_string())?)?;
        let message = answer["message"].as_str().unwrap_or_default();
        let names_it = message.contains(&path.display().to_string());
        expect(answer["code"] == code && message.contains(says) && names_it, || {
            format!("`{}` should be refused with {code}, `{says}` and its path: {answer}", path.display())
        })?;
        pids.push(answer["pid"].clone());
    }
    let answer = json(&stage.ask_quietly(&serde_json::json!({ "path": library }).to_string())?)?;
    expect(answer["returned"] == 7, || format!("after all of that a good one should be called: {answer}"))?;
    pids.push(answer["pid"].clone());
    expect(pids.windows(2).all(|pair| pair[0] == pair[1]), || format!("the host should live on: {pids:?}"))
}

/// The same library, asking for a version of the C library that nobody has.
fn with_newer_version(library: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = library.to_vec();
    let wanted = b"GLIBC_2.34\0";
    let at = bytes.windows(wanted.len()).position(|part| part == wanted);
    let at = at.ok_or("the library asks for nothing of glibc 2.34")?;
    bytes[at..at + wanted.len()].copy_from_slice(b"GLIBC_9.99\0");
    Ok(bytes)
}

/// The program finds what the stub gives it: the host's environment, folder and streams, and signals as they are for
/// new programs.
fn executes_a_program(stage: &mut Stage) -> Result<()> {
    // The program of the same name: the addon comes from an artifact with a library.
    let program = artifact::program(stage.subject.program, stage.subject.arch)?;
    with_addon(
        stage,
        "console.log(\"host: on stdout\");\n\
         const { ADDON: addon, PROGRAM: program, ...env } = process.env;\n\
         exec(program, [program], process.env);\nexport const handler = () => \"alive\";\n",
    )?;
    stage.launch.set("PROGRAM", program.display().to_string());
    // What is expected of the stub is expected here.
    stage.subject = Subject { takeover: Takeover::ExecStub, payload: Payload::File, ..stage.subject };
    sees_what_the_host_has(stage)
}

/// The system refuses: the error says what Node's own would say, and nothing of the host has changed.
fn refuses_to_execute(stage: &mut Stage) -> Result<()> {
    with_addon(
        stage,
        "import { Worker } from \"node:worker_threads\";\n\
         console.log(\"host: on stdout\");\nconsole.error(\"host: on stderr\");\n\
         const inWorker = () => new Promise((resolve) => {\n\
         const code = `const module = { exports: {} }; process.dlopen(module, process.env.ADDON);\n\
         try { module.exports.exec(\"/bin/true\", [\"true\"], {}); } catch ({ code }) {\n\
         require(\"node:worker_threads\").parentPort.postMessage({ code }); }`;\n\
         new Worker(code, { eval: true }).on(\"message\", resolve).on(\"error\", ({ message }) => resolve({ message }));\n});\n\
         export const handler = async ({ worker, path, argv, env }) => {\n\
         if (worker) return inWorker();\n\
         const before = state();\nconst failed = attempt(() => exec(path, argv, env));\n\
         return { ...failed, before, after: state(), pid: process.pid };\n};\n",
    )?;
    let plain = stage.folder.join("plain");
    fs::write(&plain, "no program").map_err(|error| format!("writing a file: {error}"))?;
    // Executable, and in no format that the kernel knows.
    artifact::run(std::process::Command::new("cp").arg(&plain).arg(stage.folder.join("unknown")))?;
    artifact::run(std::process::Command::new("chmod").arg("755").arg(stage.folder.join("unknown")))?;
    let long = "x".repeat(200_000);
    let path = |name: &str| stage.folder.join(name).display().to_string();
    let cases = [
        (path("nowhere"), "a".to_owned(), "ENOENT", -2),
        (path("plain"), "a".to_owned(), "EACCES", -13),
        (path("unknown"), "a".to_owned(), "ENOEXEC", -8),
        (path("plain/below"), "a".to_owned(), "ENOTDIR", -20),
        // One argument that is longer than Linux passes on.
        ("/bin/true".to_owned(), long, "E2BIG", -7),
    ];
    stage.start()?;
    let mut pids = Vec::new();
    for (path, argument, code, errno) in cases {
        let event = serde_json::json!({ "path": path, "argv": [path, argument], "env": { "A": "1" } });
        let answer = json(&stage.ask_quietly(&event.to_string())?)?;
        let told = answer["code"] == code && answer["errno"] == errno && answer["syscall"] == "execve";
        expect(told && answer["path"] == path && answer["name"] == "Error", || {
            format!("`{path}` should be refused with {code}: {answer}")
        })?;
        expect(answer["before"] == answer["after"], || {
            format!("after {code} the state should be as before: {answer}")
        })?;
        // Proof that there was something to put back: a closing and non-blocking stream (octal 2004000).
        expect(
            answer["before"]
                .as_str()
                .is_some_and(|state| state.contains("2004001") || state.contains("2004002")),
            || format!("the host should have changed its streams: {answer}"),
        )?;
        pids.push(answer["pid"].clone());
    }
    expect(pids.windows(2).all(|pair| pair[0] == pair[1]), || format!("the host should live on: {pids:?}"))?;
    let answer = json(&stage.ask_quietly(r#"{"worker":true}"#)?)?;
    expect(answer["code"] == "ERR_WORKER_UNSUPPORTED_OPERATION", || {
        format!("a worker thread should be refused: {answer}")
    })
}
