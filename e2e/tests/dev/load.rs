//! Many at once, and some that do not behave.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::place::{Place, Server, eventually, is_ready, request};

fn ask_all(
    server: &Server,
    paths: impl Iterator<Item = String>,
) -> Vec<std::thread::JoinHandle<(u16, String)>> {
    paths
        .map(|path| {
            let address = server.address.clone();
            std::thread::spawn(move || {
                let reply = request(&address, "GET", &path, &[], "");
                (reply.status, reply.body)
            })
        })
        .collect()
}

fn invocations(state: &Value) -> Vec<Value> {
    state["invocations"].as_array().expect("invocations").clone()
}

fn log_of(server: &Server, number: &Value) -> Value {
    server.get(&format!("/__trap/api/invocations/{number}")).json()["log"].clone()
}

#[test]
fn five_hundred_at_once_are_answered_in_order_by_eight_containers() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&["--concurrency", "8"]);
    let before = server.memory();
    let asked = ask_all(&server, (0..500).map(|_| "/slow/5".to_owned()));
    let mut pids = BTreeSet::new();
    for asked in asked {
        let (status, pid) = asked.join().expect("it was asked");
        assert_eq!(status, 200, "{pid}");
        pids.insert(pid);
    }
    assert!(pids.len() <= 8 && pids.len() > 1, "{pids:?}");
    let state = server.state();
    let mut all = invocations(&state);
    assert_eq!(all.len(), 500);
    // In the order they came, each was taken.
    all.sort_by_key(|invocation| invocation["number"].as_u64());
    let taken = |invocation: &Value| {
        invocation["arrived"].as_f64().expect("a time") + invocation["waitedMs"].as_f64().expect("a time")
    };
    let times: Vec<_> = all.iter().map(taken).collect();
    let late = times.windows(2).find(|pair| pair[1] + 0.01 < pair[0]);
    assert!(late.is_none(), "taken out of order: {late:?}");
    assert!(
        state["containers"].as_array().is_some_and(|containers| containers.len() <= 8),
        "{}",
        state["containers"]
    );
    let after = server.memory();
    println!("memory of the server: {} MiB before, {} MiB after", before >> 20, after >> 20);
    // Nothing of 500 small requests is worth this much.
    assert!(after < before + (64 << 20), "{before} {after}");
    // Requests that went by leave no file open but those of the containers.
    assert!(server.files() < 200, "{}", server.files());
}

#[test]
fn a_program_that_hangs_is_ended_at_its_deadline_and_nobody_else_waits_for_it() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&["--timeout", "3", "--concurrency", "2"]);
    let hung = ask_all(&server, std::iter::once("/hang".to_owned()));
    eventually("it has the event", || {
        invocations(&server.state())
            .iter()
            .any(|i| i["state"] == "running" && !i["startMs"].is_null())
            .then_some(())
    });
    let pid = invocations(&server.state())[0]["container"].clone();
    for _ in 0..5 {
        assert_eq!(server.get("/").body, "one");
    }
    let (status, body) = hung.into_iter().next().expect("one").join().expect("it was asked");
    assert_eq!((status, body.contains("Internal Server Error")), (502, true), "{body}");
    let state = server.state();
    let invocation = invocations(&state).into_iter().find(|i| i["title"] == "/hang").expect("kept");
    assert_eq!(invocation["failure"]["code"], "timeout");
    let container =
        state["containers"].as_array().expect("containers").iter().find(|c| c["number"] == pid).cloned();
    let container = container.expect("kept");
    assert_eq!(container["stand"], "ended");
    let pid = container["pid"].as_u64().expect("a pid");
    eventually("it is gone", || (!std::path::Path::new(&format!("/proc/{pid}")).exists()).then_some(()));
    server.says("timed out after 3.00 seconds");
}

#[test]
fn a_program_that_ends_is_started_anew_for_the_next_request() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&["--concurrency", "1"]);
    assert_eq!(server.get("/exit").status, 502);
    assert_eq!(server.get("/").body, "one");
    // One that is killed while it waits costs nobody an answer.
    let pid: i32 = server.get("/pid").body.parse().expect("a pid");
    let id = rustix::process::Pid::from_raw(pid).expect("a pid");
    rustix::process::kill_process(id, rustix::process::Signal::KILL).expect("it runs");
    eventually("its end is noticed", || {
        let state = server.state();
        let container = state["containers"].as_array()?.iter().find(|c| c["pid"] == pid)?.clone();
        (container["stand"] == "ended").then_some(())
    });
    assert_eq!(server.get("/").body, "one");
}

#[test]
fn a_flood_of_lines_slows_nobody_down_and_is_kept_within_bounds() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&["--concurrency", "2"]);
    let before = server.memory();
    let flooding = ask_all(&server, std::iter::once("/flood".to_owned()));
    let flood = || invocations(&server.state()).into_iter().find(|i| i["title"] == "/flood");
    eventually("the flood has begun", || flood()?["lines"].as_u64().filter(|lines| *lines > 20_000));
    for _ in 0..100 {
        assert_eq!(server.get("/").body, "one");
    }
    eventually("the flood is high", || flood()?["lines"].as_u64().filter(|lines| *lines > 60_000));
    // All was answered while it went on.
    let seen = flood().expect("kept");
    assert_eq!(seen["state"], "running", "{seen}");
    let state = server.state();
    let containers = state["containers"].as_array().expect("containers");
    let container = containers.iter().find(|c| c["number"] == seen["container"]).expect("it runs");
    let pid = container["pid"].as_i64().and_then(|pid| pid.try_into().ok()).expect("a pid");
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it runs");
    let (status, _) = flooding.into_iter().next().expect("one").join().expect("it was asked");
    assert_eq!(status, 502);
    let log = log_of(&server, &seen["number"]);
    let kept = |part: &str| log[part].as_array().map_or(0, Vec::len);
    let after = server.memory();
    println!(
        "{} lines left out, {} kept; the server takes {} MiB, {} before",
        log["leftOut"],
        kept("head") + kept("tail"),
        after >> 20,
        before >> 20
    );
    assert!(log["leftOut"].as_u64().is_some_and(|lines| lines > 55_000), "{}", log["leftOut"]);
    assert!(kept("head") > 0 && kept("tail") > 0 && kept("head") + kept("tail") <= 800);
    // Each line has 62 bytes, and as much again around it: all of them would take 7 MiB, beside the 3 that are taken.
    assert!(after < before + (8 << 20), "{before} {after}");
}

#[test]
fn a_flood_of_lines_is_ended_at_its_deadline() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&["--timeout", "3"]);
    assert_eq!(server.get("/flood").status, 502);
    let flood = invocations(&server.state()).into_iter().find(|i| i["title"] == "/flood").expect("kept");
    assert_eq!(flood["failure"]["code"], "timeout", "{flood}");
    server.says("timed out after 3.00 seconds");
    assert_eq!(server.get("/").body, "one");
}

#[test]
fn every_line_belongs_to_the_invocation_that_wrote_it() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&["--concurrency", "3"]);
    for asked in ask_all(&server, (0..60).map(|number| format!("/say/line-{number}"))) {
        assert_eq!(asked.join().expect("it was asked").0, 200);
    }
    for invocation in invocations(&server.state()) {
        let log = log_of(&server, &invocation["number"]);
        let title = invocation["title"].as_str().expect("a title");
        let said = title.trim_start_matches("/say/");
        let mut lines: Vec<_> = log["head"]
            .as_array()
            .expect("lines")
            .iter()
            .map(|line| (line[1].clone(), line[2].clone()))
            .collect();
        lines.sort_by_key(|(stream, _)| stream.to_string());
        assert_eq!(
            lines,
            [(json!("stderr"), json!(format!("{said}, too"))), (json!("stdout"), json!(said))],
            "{title}"
        );
    }
    let container = server.get("/__trap/api/containers/1").json();
    assert!(
        container["log"]["head"][0][2].as_str().is_some_and(|line| line.starts_with("begins as ")),
        "{container}"
    );
}
