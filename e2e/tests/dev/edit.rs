//! Saves, and what becomes of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::place::{Place, Reply, eventually, is_ready, request};

/// Twenty requests a second.
const PACE: Duration = Duration::from_millis(50);

#[test]
fn an_edit_under_load_is_answered_by_the_new_version_and_no_request_fails() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&[]);
    let is_over = Arc::new(AtomicBool::new(false));
    let replies: Arc<Mutex<Vec<(Instant, Instant, Reply)>>> = Arc::default();
    let load = {
        let (address, is_over, replies) =
            (server.address.clone(), Arc::clone(&is_over), Arc::clone(&replies));
        std::thread::spawn(move || {
            let mut asked = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let (address, replies) = (address.clone(), Arc::clone(&replies));
                asked.push(std::thread::spawn(move || {
                    let begun = Instant::now();
                    let reply = request(&address, "GET", "/", &[], "");
                    replies.lock().expect("no holder panics").push((begun, Instant::now(), reply));
                }));
                std::thread::sleep(PACE);
            }
            for asked in asked {
                asked.join().expect("it was asked");
            }
        })
    };
    let seen = |text: &str| {
        eventually(&format!("`{text}` is answered"), || {
            let replies = replies.lock().expect("no holder panics");
            replies.iter().filter(|(.., reply)| reply.body == text).map(|(_, at, _)| *at).min()
        })
    };
    seen("one");
    for (number, text) in [(2, "two"), (3, "three")] {
        let saved = Instant::now();
        place.answer(text);
        let answered = seen(text);
        let version = server.version(number);
        let first = server.until("the first answer", |line| {
            line["reason"] == "trap-first-answer" && line["version"] == number
        });
        let timings = &version["timings_ms"];
        println!(
            "version {number}: first new answer seen {} ms after the save, reported {} ms; cargo {}, Node {}, ours {}",
            answered.saturating_duration_since(saved).as_millis(),
            first["ms"],
            timings["cargo"],
            timings["node"],
            timings["ours"]
        );
        for part in ["total", "cargo", "node", "ours"] {
            assert!(timings[part].as_f64().is_some_and(|ms| ms > 0.0), "{part} in {version}");
        }
        assert!(first["ms"].as_f64() >= timings["total"].as_f64(), "{first} {version}");
    }
    is_over.store(true, Ordering::Relaxed);
    load.join().expect("it ends");
    let mut replies = std::mem::take(&mut *replies.lock().expect("no holder panics"));
    let failed: Vec<_> = replies.iter().filter(|(.., reply)| reply.status != 200).collect();
    assert!(failed.is_empty(), "{} of {}: {:?}", failed.len(), replies.len(), failed[0].2);
    println!("{} requests, none failed", replies.len());
    // Who asks after somebody got a new answer gets no older one.
    replies.sort_by_key(|(begun, ..)| *begun);
    for (text, older) in [("two", &["one"][..]), ("three", &["one", "two"])] {
        let first = replies
            .iter()
            .filter(|(.., reply)| reply.body == text)
            .map(|(_, at, _)| *at)
            .min()
            .expect("it came");
        let late =
            replies.iter().find(|(begun, _, reply)| *begun > first && older.contains(&reply.body.as_str()));
        assert!(late.is_none(), "an older answer after `{text}`: {late:?}");
    }
    assert_eq!(server.stop(rustix::process::Signal::INT).code(), Some(130));
    place.is_quiet();
}

#[test]
fn a_compile_error_is_told_and_the_old_version_goes_on() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    place.write("src/answer.rs", "pub const ANSWER: &str = not_a_string<'a>;\n");
    let server = place.serve(&[]);
    server.until("a failure", |line| line["reason"] == "trap-failed" && line["code"] == "tool-failed");
    // There is nothing that could answer: whoever asks is told why, people in a page.
    let plain = server.get("/");
    assert_eq!(plain.status, 503, "{plain:?}");
    assert!(plain.body.contains("error") && plain.body.contains("not_a_string<'a>"), "{plain:?}");
    let page = request(&server.address, "GET", "/", &[("Accept", "text/html,*/*")], "");
    assert!(page.body.contains("not_a_string&lt;&#39;a&gt;") && page.body.contains("/__trap"), "{page:?}");
    let state = server.state();
    assert_eq!(state["build"]["stage"], "failed");
    assert!(state["build"]["said"].as_str().is_some_and(|said| said.starts_with("error")), "{state}");
    // Cargo says it on the terminal, too.
    server.says("error");

    place.answer("mended");
    server.version(1);
    assert_eq!(server.get("/").body, "mended");
    assert_eq!(server.state()["build"]["failure"], json!(null));

    place.write("src/answer.rs", "pub const ANSWER: &str = 7;\n");
    eventually("the failure is noticed", || (server.lines("trap-failed").len() == 2).then_some(()));
    assert_eq!((server.get("/").status, server.get("/").body.as_str()), (200, "mended"));
    let state = server.state();
    assert_eq!(
        (&state["build"]["stage"], &state["build"]["serving"]["number"]),
        (&json!("failed"), &json!(1))
    );

    place.answer("mended");
    server.until("that nothing has changed", |line| line["reason"] == "trap-unchanged");
    assert_eq!(server.state()["build"]["stage"], "ready");
}

#[test]
fn a_version_that_does_not_come_to_serve_replaces_none_that_does() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&[]);
    place.write("src/answer.rs", "pub const ANSWER: &str = \"\";\npub const EXIT: bool = true;\n");
    let line = server.until("the failure", |line| line["reason"] == "trap-failed");
    assert_eq!(line["code"], "program-exited");
    assert!(line["message"].as_str().is_some_and(|m| m.contains("exit status 3 before it asked")), "{line}");
    // What it wrote is shown.
    server.says("it ends before it polls");
    assert_eq!(server.get("/").body, "one");
    place.answer("two");
    eventually("the next version answers", || (server.get("/").body == "two").then_some(()));
}

#[test]
fn requests_wait_for_the_first_version() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve(&[]);
    // Nothing is compiled yet.
    let reply = server.get("/");
    assert_eq!((reply.status, reply.body.as_str()), (200, "one"));
}

#[test]
fn a_manifest_and_a_file_with_variables_are_watched_too() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    place.write(".gitignore", "/target\n.env\n");
    place.write(".env", "COLOUR=red\nGIVEN=file\nPASSWORD='hush'\n");
    let server = place.serve_ready(&["--env-file", ".env", "--env", "GIVEN=typed"]);
    let variable = |name: &str| server.get(&format!("/variable/{name}")).body;
    assert_eq!((variable("COLOUR"), variable("GIVEN")), ("red".into(), "typed".into()));
    // A file with variables compiles nothing.
    place.write(".env", "COLOUR=blue\nPASSWORD='hush'\n");
    let version = server.version(2);
    assert_eq!(version["timings_ms"]["cargo"], json!(null));
    assert_eq!(variable("COLOUR"), "blue");

    let masked = server.get("/__trap/api/environment").body;
    assert!(masked.contains("PASSWORD") && !masked.contains("hush"), "{masked}");
    assert!(server.get("/__trap/api/environment?reveal").body.contains("hush"));

    place.write(
        "src/main.rs",
        &include_str!("program.rs")
            .replace("answer::ANSWER.to_owned()", "env!(\"CARGO_PKG_VERSION\").to_owned()"),
    );
    server.version(3);
    assert_eq!(server.get("/").body, "0.1.0");
    place.write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"edited\"\nversion = \"0.2.0\"\n");
    let manifest = std::fs::read_to_string(place.path("Cargo.toml")).expect("read");
    place.write("Cargo.toml", &manifest.replace("0.1.0", "0.2.0"));
    eventually("the manifest counts", || (server.get("/").body == "0.2.0").then_some(()));
    // A save that git ignores is none.
    let before = server.lines("trap-building").len();
    place.write("target/note.rs", "");
    place.write("src/answer.rs~", "");
    place.answer("four");
    eventually("the next build", || (server.lines("trap-building").len() > before).then_some(()));
    assert_eq!(server.lines("trap-building").len(), before + 1);
}

#[test]
fn a_program_of_somebody_else_is_started_anew_when_it_changes() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let build = |answer: &str| {
        place.answer(answer);
        let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
        let out = place.path("made");
        let mut rustc = std::process::Command::new("rustc");
        rustc.args(["--edition", "2024", "--target", &target, "-Clinker=rust-lld", "-Cstrip=symbols", "-o"]);
        let status = rustc.arg(out).arg(place.path("src/main.rs")).status().expect("rustc");
        assert!(status.success());
        std::fs::rename(place.path("made"), place.path("server")).expect("renamed");
    };
    build("first");
    let server = place.serve_ready(&["--program", "server", "--direct"]);
    assert_eq!(server.get("/").body, "first");
    assert_eq!(server.version(1)["timings_ms"]["node"], json!(null), "no Node in between");
    build("second");
    server.version(2);
    assert_eq!(server.get("/").body, "second");
    // Where whatever bridges to the last build finds it.
    let last = std::fs::read(place.path("target/trap/dev/server/program")).expect("it lies there");
    assert_eq!(last, std::fs::read(place.path("server")).expect("read"));
}

#[test]
fn node_hands_over_unless_it_is_left_out() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    for (arguments, takeover, has_node) in
        [(&[][..], "exec", true), (&["--takeover", "spawn"], "spawn", true), (&["--direct"], "none", false)]
    {
        let server = place.serve_ready(arguments);
        assert_eq!(server.get("/").body, "one", "{arguments:?}");
        let container = eventually("who answered is known", || {
            let state = server.state();
            let container = state["containers"][0].clone();
            (!container["takeover"].is_null() && !container["memory"].is_null()).then_some(container)
        });
        assert_eq!(container["takeover"], takeover, "{arguments:?}");
        let phases: Vec<_> =
            container["phases"].as_array().expect("phases").iter().map(|phase| phase[0].clone()).collect();
        assert_eq!(phases.contains(&json!("boot")), has_node, "{phases:?}");
        assert_eq!(
            phases.contains(&json!("load")) && phases.contains(&json!("hand-over")),
            has_node,
            "{phases:?}"
        );
        assert_eq!(phases.last(), Some(&json!("answer")), "{phases:?}");
    }
}

#[test]
fn the_default_platform_tells_its_phases_too() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&["--platform", cargo_trap::platform::DEFAULT]);
    assert_eq!(server.get("/").body, "one");
    let phases = server.state()["containers"][0]["phases"].to_string();
    for phase in ["boot", "load", "construct", "prepare", "hand-over", "poll", "answer"] {
        assert!(phases.contains(&format!("\"{phase}\"")), "{phase} in {phases}");
    }
}

#[test]
fn hosts_that_push_are_served_by_their_bridge() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    for platform in ["netlify", "server"] {
        let server = place.serve_ready(&["--platform", platform, "--takeover", "bridge"]);
        assert_eq!(server.get("/").body, "one", "{platform}");
        let container = eventually("who answered is known", || {
            let container = server.state()["containers"][0].clone();
            (!container["takeover"].is_null()).then_some(container)
        });
        assert_eq!(container["takeover"], "bridge", "{platform}");
        place.answer("two");
        server.version(2);
        assert_eq!(server.get("/").body, "two", "{platform}");
        server.stop(rustix::process::Signal::INT);
        place.is_quiet();
        place.answer("one");
    }
}

#[test]
fn fifty_rebuilds_leave_nothing_behind() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&[]);
    let settle = |number: u64| {
        let text = format!("answer {number}");
        place.answer(&text);
        server.version(number);
        assert_eq!(server.get("/").body, text);
    };
    // What an old version left is taken down in the background.
    let count = || {
        // The last program, its version, the folder of its container.
        let is_settled = || place.processes().len() == 2 && place.left().len() == 3;
        eventually("one container is left", || is_settled().then_some(()));
        (place.processes().len(), server.files(), place.left().len())
    };
    settle(2);
    // A file may be open for a moment, here and at the end: what stays is the least of what is seen.
    let looks = (0..50).map(|_| {
        std::thread::sleep(Duration::from_millis(10));
        count()
    });
    let first = looks.min().expect("there are looks");
    for number in 3..=51 {
        settle(number);
    }
    eventually(&format!("{first:?} again"), || (count() == first).then_some(()));
    println!(
        "processes, open files, temporary files after the first and after the fiftieth rebuild: {first:?}"
    );
    let state = server.state();
    let alive =
        state["containers"].as_array().expect("containers").iter().filter(|c| c["stand"] != "ended").count();
    assert_eq!(alive, 1);
    assert_eq!(server.stop(rustix::process::Signal::TERM).code(), Some(143));
    place.is_quiet();
}
