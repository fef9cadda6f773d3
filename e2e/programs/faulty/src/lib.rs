//! A Lambda program that does what it is told: answer, fail, die, hang, look around. It is a program and a library.
//!
//! It speaks the Runtime API over a bare `TcpStream`, so that nothing between the test and the wire tidies
//! up what a host or a server did. `FAULTY_INIT` says what to do before the first poll, the field `do` of
//! an event what to do with it, and `FAULTY_JOURNAL` names a file that receives every exchange as it was.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    reason = "how it prints and ends is what is tested"
)]

mod http;
mod journal;
mod json;
mod protocol;
mod report;

use std::{process::exit, thread, time::Duration};

use http::{Api, Reply};
use journal::Journal;

trap_runtime::library!(run);

/// Does what it is told, until the Runtime API is gone.
pub fn run() {
    // Looked at first: std and the libc have done nothing yet that would change it.
    let birth = report::Birth::observe();
    let journal = Journal::from_env();
    journal.line("start", &birth.line());
    if let Some(text) = env("FAULTY_STDERR") {
        eprintln!("{text}");
    }
    init(&journal);
    let api = Api::from_env().unwrap_or_else(|| {
        eprintln!("faulty: AWS_LAMBDA_RUNTIME_API is not set to host:port");
        exit(2);
    });
    poll(&api, &journal, &birth)
}

/// Carries out `FAULTY_INIT`; `FAULTY_INIT_ONCE` names a file whose presence says "already done".
fn init(journal: &Journal) {
    let Some(order) = env("FAULTY_INIT") else { return };
    if let Some(mark) = env("FAULTY_INIT_ONCE") {
        if std::path::Path::new(&mark).exists() {
            return;
        }
        std::fs::write(&mark, "").expect("the mark file is writable");
    }
    journal.line("init", &order);
    let api = Api::from_env();
    match (order.split_once(':').unwrap_or((&order, "")), api) {
        (("exit", status), _) => exit(status.parse().expect("exit:<status>")),
        (("abort", _), _) => std::process::abort(),
        (("hang", _), _) => hang(),
        (("panic", words), _) => panic!("{words}"),
        (("error", kind), Some(api)) => {
            let body = error_body(kind);
            let reply = api.post("init/error", &body, Some(kind));
            journal.reply("init/error", &reply);
            let again = api.post("init/error", &body, Some(kind));
            journal.reply("init/error again", &again);
            exit(1)
        }
        (("protocol", _), Some(api)) => protocol::before_the_first_poll(&api, journal),
        _ => panic!("FAULTY_INIT={order} means nothing here"),
    }
}

/// Asks for events and obeys them until the API is gone.
fn poll(api: &Api, journal: &Journal, birth: &report::Birth) {
    // Started without Node in between, the program can be faster than the emulator's own server.
    api.wait_until_it_listens();
    loop {
        let Some(next) = api.next() else {
            // The server went away: so do we, quietly, as nobody is left to tell.
            return;
        };
        journal.reply("next", &next);
        if next.status != 200 {
            exit(70);
        }
        let event = next.text();
        let id = next.header("lambda-runtime-aws-request-id").unwrap_or_default().to_owned();
        let order = json::string_field(&event, "do").unwrap_or_else(|| "echo".to_owned());
        let (verb, argument) = order.split_once(':').unwrap_or((&order, ""));
        obey(api, journal, birth, &id, &event, (verb, argument));
    }
}

fn obey(
    api: &Api,
    journal: &Journal,
    birth: &report::Birth,
    id: &str,
    event: &str,
    (verb, argument): (&str, &str),
) {
    let answer = |body: &str| {
        let reply = api.post(&format!("invocation/{id}/response"), body, None);
        journal.reply("response", &reply);
    };
    match verb {
        "echo" => answer(&format!("{{\"pid\":{},\"event\":{event}}}", std::process::id())),
        "report" => answer(&birth.json()),
        "exit" => exit(argument.parse().expect("exit:<status>")),
        "abort" => std::process::abort(),
        "panic" => panic!("{argument}"),
        "hang" => {
            journal.line("hanging", &std::process::id().to_string());
            hang()
        }
        "big" => answer(&json::quoted(&"x".repeat(argument.parse().expect("big:<bytes>")))),
        "error" => {
            let reply = api.post(&format!("invocation/{id}/error"), &error_body(argument), Some(argument));
            journal.reply("error", &reply);
        }
        "leave" => {
            // Answers, and is gone before it asks again: the platform must not call that healthy.
            answer("\"left\"");
            exit(4)
        }
        "stream" => protocol::stream(api, journal, id, argument),
        "shout" => answer(&report::shout(argument)),
        "protocol" => protocol::during_an_invocation(api, journal, id),
        other => panic!("the order `{other}` is not known"),
    }
}

fn hang() -> ! {
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}

fn error_body(kind: &str) -> String {
    format!("{{\"errorMessage\":\"as told\",\"errorType\":{},\"stackTrace\":[]}}", json::quoted(kind))
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What an answer says about itself, for `journal`.
impl std::fmt::Display for Reply {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut headers: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        headers.sort();
        write!(out, "{} [{}] {}", self.status, headers.join(" | "), self.text())
    }
}
