//! `cargo trap invoke` as a person types it, with a real Node and a program that this file compiles.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::print_stderr, reason = "a test crate")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// Speaks the Runtime API with nothing but the standard library. `MODE` says what it does.
const PROGRAM: &str = r##"
use std::io::{Read, Write};

fn request(head: &str, body: &[u8]) -> String {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = std::net::TcpStream::connect(api).unwrap();
    let head = format!("{head} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn main() {
    let mode = std::env::var("MODE").unwrap_or_default();
    eprintln!("program {} in mode {mode:?}", std::process::id());
    if mode == "exit" { std::process::exit(3) }
    if mode == "hang" { loop { std::thread::park() } }
    loop {
        let event = request("GET /2018-06-01/runtime/invocation/next", b"");
        let id = event.lines().find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: ")).unwrap();
        let event = event.split_once("\r\n\r\n").unwrap().1;
        if mode == "abort" { std::process::abort() }
        let answer = match mode.as_str() {
            "binary" => r#"{"statusCode":200,"body":"AP8K","isBase64Encoded":true}"#.to_owned(),
            "odd" => r#"{"statusCode":7}"#.to_owned(),
            "error" => {
                let error = br#"{"errorType":"Oops","errorMessage":"it broke"}"#;
                request(&format!("POST /2018-06-01/runtime/invocation/{id}/error"), error);
                continue;
            }
            _ => event.to_owned(),
        };
        request(&format!("POST /2018-06-01/runtime/invocation/{id}/response"), answer.as_bytes());
    }
}
"##;

/// The compiled program, made once; `None` where Node or the Rust target is missing.
fn program() -> Option<&'static Path> {
    static PROGRAM_FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let file = PROGRAM_FILE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (source, file) = (folder.join("invoked.rs"), folder.join("invoked"));
        fs::write(&source, PROGRAM).expect("written");
        let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
        let status = Command::new("rustc")
            .args([
                "--edition",
                "2021",
                "--target",
                &target,
                "-C",
                "linker=rust-lld",
                "-C",
                "strip=symbols",
                "-o",
            ])
            .args([&file, &source])
            .status();
        let is_ready = which::which("node").is_ok() && status.is_ok_and(|status| status.success());
        assert!(is_ready || std::env::var_os("CI").is_none(), "CI needs `node` and the target {target}");
        is_ready.then_some(file)
    });
    if file.is_none() {
        eprintln!("skipped: no `node`, or no Rust target for musl");
    }
    file.as_deref()
}

/// A folder to work in and one for temporary files, which is empty afterwards.
struct Place {
    work: TempDir,
    temporary: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { work: TempDir::new().expect("a folder"), temporary: TempDir::new().expect("a folder") }
    }

    fn command(&self, program: &Path, mode: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-trap"));
        command.args(["trap", "invoke", "--program"]).arg(program).arg("--env").arg(format!("MODE={mode}"));
        command.args(arguments).current_dir(self.work.path()).env("TMPDIR", self.temporary.path());
        command
    }

    fn invoke(&self, program: &Path, mode: &str, arguments: &[&str]) -> Output {
        let output = self.command(program, mode, arguments).output().expect("it starts");
        self.is_clean();
        output
    }

    fn is_clean(&self) {
        let left: Vec<_> = fs::read_dir(self.temporary.path()).expect("listed").flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn the_event_is_the_request_and_the_talk_is_on_stderr() {
    let Some(program) = program() else { return };
    let arguments = ["PUT", "/a%2Fb c?q=1", "-H", "X-Tag: 1", "-H", "X-Tag: 2", "-d", "{\"a\":1}"];
    let output = Place::new().invoke(program, "echo", &arguments);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let event: Value = serde_json::from_slice(&output.stdout).expect("the event, and nothing else");
    assert_eq!(event["rawPath"], "/a%2Fb%20c");
    assert_eq!(event["requestContext"]["http"]["method"], "PUT");
    assert_eq!(event["headers"]["x-tag"], "1,2");
    assert_eq!(event["headers"]["content-type"], "application/json");
    assert_eq!(event["body"], "{\"a\":1}");
    for part in [
        "Answer HTTP 200 OK",
        "Answered by",
        "pid ",
        "Memory",
        "MiB resident (PSS ",
        "Build",
        "Node boot",
        "Hand-over",
        "Request",
    ] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
    assert!(said.contains("stderr program "), "the program's log is marked:\n{said}");
}

#[test]
fn json_says_who_answered_and_how() {
    let Some(program) = program() else { return };
    let arguments = ["--takeover", "spawn", "--message-format", "json", "/"];
    let output = Place::new().invoke(program, "echo", &arguments);
    let line: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(line["reason"], "trap-invocation");
    assert_eq!(line["status"], 200);
    assert_eq!(line["answered_by"]["takeover"], "spawn");
    let pid = line["answered_by"]["pid"].to_string();
    assert!(text(&output.stderr).contains(&format!("program {pid} ")), "{line}");
    for step in ["build", "boot", "hand_over", "answer"] {
        assert!(line["timings_ms"][step].as_f64().is_some_and(|took| took > 0.0), "{step} in {line}");
    }
}

#[test]
fn binary_bodies_come_out_byte_for_byte() {
    let Some(program) = program() else { return };
    assert_eq!(Place::new().invoke(program, "binary", &["/"]).stdout, [0, 255, 10]);
}

#[test]
fn an_event_file_is_sent_and_answered_unchanged() {
    let Some(program) = program() else { return };
    let place = Place::new();
    fs::write(place.work.path().join("event.json"), "{\"Records\": []}").expect("written");
    let output = place.invoke(program, "echo", &["--event-file", "event.json"]);
    assert_eq!(text(&output.stdout), "{\"Records\": []}");
}

#[test]
fn an_example_event_is_sent_as_the_service_sends_it() {
    let Some(program) = program() else { return };
    let output = Place::new().invoke(program, "echo", &["--event", "sqs"]);
    let event: Value = serde_json::from_slice(&output.stdout).expect("the event");
    assert_eq!(event["Records"][1]["body"], "a second message");
    let output = Place::new().command(program, "echo", &["--event", "sqz"]).output().expect("it starts");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for name in ["sqs", "s3", "dynamodb", "eventbridge", "cron", "apigw-v1", "apigw-v2", "alb"] {
        assert!(said.contains(name), "{name} in {said}");
    }
}

#[test]
fn many_at_once_have_containers_of_their_own_and_every_answer_is_shown() {
    let Some(program) = program() else { return };
    let arguments = ["--repeat", "30", "--concurrency", "3", "--message-format", "json", "/"];
    let output = Place::new().invoke(program, "echo", &arguments);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let lines: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (last, each) = lines.split_last().expect("lines");
    let mut numbers: Vec<_> = each.iter().filter_map(|line| line["number"].as_u64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
    let containers: std::collections::BTreeSet<_> =
        each.iter().map(|line| line["container"].to_string()).collect();
    assert_eq!(containers.len(), 3, "{containers:?}");
    let pids = said.lines().filter(|line| line.contains("program ")).count();
    assert_eq!(pids, 3, "each began once: {said}");
    assert_eq!(
        (&last["reason"], &last["answered"], &last["failed"]),
        (&"trap-invocations".into(), &30.into(), &0.into())
    );
    assert!(last["answer_ms"]["median"].as_f64().is_some_and(|ms| ms > 0.0), "{last}");

    let output = Place::new().invoke(program, "echo", &["--repeat", "3", "--quiet", "-d", "hello", "/"]);
    assert_eq!(text(&output.stdout).lines().count(), 3);
}

#[test]
fn of_many_the_first_failure_is_told_and_how_many_there_were() {
    let Some(program) = program() else { return };
    let output = Place::new().invoke(program, "error", &["--repeat", "4", "/"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains("4 of 4 failed; the first: the handler failed: Oops: it broke"), "{said}");
    assert!(output.stdout.is_empty());
}

/// A server of Node that stands for a deployed function; it ends with this.
struct Deployed {
    server: std::process::Child,
    url: String,
}

impl Deployed {
    /// With TLS when there is a folder with key and certificate.
    fn new(tls: Option<&Path>) -> Self {
        let script = "const [, dir] = process.argv; const fs = require('fs');
            const answer = (request, response) => { let body = ''; request.on('data', (part) => body += part);
              request.on('end', () => { response.statusCode = request.url.startsWith('/denied') ? 403 : 200;
                if (request.url.startsWith('/denied')) response.setHeader('x-amzn-errortype', 'AccessDeniedException');
                response.setHeader('content-type', 'application/json');
                response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body })); }); };
            const server = dir ? require('https').createServer({ key: fs.readFileSync(dir + '/key.pem'),
              cert: fs.readFileSync(dir + '/cert.pem') }, answer) : require('http').createServer(answer);
            server.listen(0, '127.0.0.1', () => console.log(server.address().port));";
        let mut command = Command::new("node");
        command.args(["-e", script]).args(tls.map(|dir| dir.as_os_str())).stdout(Stdio::piped());
        let mut server = command.spawn().expect("node");
        let mut port = String::new();
        BufReader::new(server.stdout.take().expect("piped")).read_line(&mut port).expect("its port");
        let scheme = if tls.is_some() { "https" } else { "http" };
        Self { server, url: format!("{scheme}://localhost:{}", port.trim()) }
    }
}

impl Drop for Deployed {
    fn drop(&mut self) {
        let _gone = self.server.kill();
        let _gone = self.server.wait();
    }
}

/// Asks a deployed function, as a person would.
fn remote(arguments: &[&str], certificate: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-trap"));
    command.args(["trap", "invoke", "--remote"]).args(arguments);
    for proxy in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env_remove(proxy);
    }
    if let Some(certificate) = certificate {
        command.env("SSL_CERT_FILE", certificate).env_remove("SSL_CERT_DIR");
    }
    command.output().expect("it starts")
}

#[test]
fn a_deployed_function_is_asked_at_its_url() {
    if program().is_none() {
        return; // without Node there is no server either
    }
    let deployed = Deployed::new(None);
    let base = format!("{}/base/", deployed.url);
    let output = remote(&[&base, "PUT", "/a?q=1", "-d", "hi", "-H", "X-Tag: 1"], None);
    let said = text(&output.stderr);
    assert!(output.status.success() && said.contains("HTTP 200 OK"), "{said}");
    let seen: Value = serde_json::from_slice(&output.stdout).expect("what it saw");
    assert_eq!(
        (&seen["method"], &seen["url"], &seen["body"]),
        (&"PUT".into(), &"/base/a?q=1".into(), &"hi".into())
    );
    assert_eq!(seen["headers"]["x-tag"], "1");
    assert!(seen["headers"]["host"].as_str().is_some_and(|host| host.starts_with("localhost:")), "{seen}");
    assert_eq!(seen["headers"].get("x-forwarded-for"), None);

    let output = remote(&[&deployed.url, "/denied"], None);
    assert!(output.status.success() && text(&output.stderr).contains("AWS_IAM"), "{}", text(&output.stderr));

    let output =
        remote(&[&deployed.url, "--repeat", "20", "--concurrency", "4", "--message-format", "json"], None);
    let last: Value =
        serde_json::from_str(text(&output.stdout).lines().last().expect("lines")).expect("JSON");
    assert_eq!((&last["answered"], &last["answers"]["200 OK"]), (&20.into(), &20.into()));

    drop(deployed);
    let output = remote(&["http://127.0.0.1:9", "/"], None);
    assert_eq!(output.status.code(), Some(6));
    assert!(
        text(&output.stderr).contains("error[remote]: `127.0.0.1` could not be asked"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_certificate_must_be_one_that_this_machine_trusts() {
    if program().is_none() {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let make = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]).args(arguments);
        let status = command.current_dir(folder.path()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    let is_made = make(&["-subj", "/CN=ours", "-keyout", "ca.key", "-out", "ca.pem"])
        && make(&[
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=CA:FALSE",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ]);
    if !is_made {
        assert!(std::env::var_os("CI").is_none(), "CI needs `openssl`");
        eprintln!("skipped: no `openssl`");
        return;
    }
    let deployed = Deployed::new(Some(folder.path()));
    let trusted = remote(&[&deployed.url, "/"], Some(&folder.path().join("ca.pem")));
    assert!(trusted.status.success(), "{}", text(&trusted.stderr));
    let unknown = remote(&[&deployed.url, "/"], None);
    assert_eq!(unknown.status.code(), Some(6), "{}", text(&unknown.stderr));
    for part in ["error[remote]", "certificate", "SSL_CERT_FILE"] {
        assert!(text(&unknown.stderr).contains(part), "{part} in {}", text(&unknown.stderr));
    }
}

#[test]
fn quiet_leaves_the_answer_and_what_the_program_logs() {
    let Some(program) = program() else { return };
    let output = Place::new().invoke(program, "echo", &["--quiet", "/"]);
    let said = text(&output.stderr);
    assert!(said.starts_with("program ") && said.lines().count() == 1, "{said}");
    assert!(output.stdout.starts_with(b"{"));
}

#[test]
fn failures_have_a_code_and_status_6_and_leave_stdout_empty() {
    let Some(program) = program() else { return };
    for (mode, code, words) in [
        ("exit", "program-exited", "ended with exit status 3 before it asked for the request"),
        ("abort", "program-exited", "ended by signal 6 (aborted) while it had the request"),
        ("error", "function-error", "the handler failed: Oops: it broke"),
        ("odd", "bad-answer", "the status code `7` is not an HTTP status"),
        ("hang", "timeout", "timed out after 2.00 seconds: nobody asked for the request"),
    ] {
        let output = Place::new().invoke(program, mode, &["--timeout", "2", "/"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(6), "{mode}: {said}");
        assert!(said.contains(&format!("error[{code}]")) && said.contains(words), "{mode}: {said}");
        assert!(output.stdout.is_empty(), "{mode}");
    }
}

#[test]
fn an_interruption_ends_everything() {
    let Some(program) = program() else { return };
    let place = Place::new();
    let mut command = place.command(program, "hang", &["--takeover", "spawn", "/"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
    let stderr = BufReader::new(child.stderr.take().expect("piped"));
    let mut lines = stderr.lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("in mode")).expect("the program starts");
    let mut words = line.split_whitespace().skip_while(|word| *word != "program").skip(1);
    let pid: u32 = words.next().and_then(|pid| pid.parse().ok()).expect("its pid");
    let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it runs");
    // The lines end when the tool does; it has nothing to say to somebody who knows.
    assert_eq!(lines.collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "the program survived: {state}");
    place.is_clean();
}
