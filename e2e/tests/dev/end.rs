//! Beginnings and ends: ports, signals, a terminal that is closed.

use std::fs;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::place::{Place, eventually, is_ready};

#[test]
fn every_way_to_end_it_ends_everything_it_started() {
    if !is_ready() {
        return;
    }
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        for takeover in ["exec", "spawn"] {
            let place = Place::new();
            let server = place.serve_ready(&["--takeover", takeover]);
            // Somebody waits for an answer that does not come.
            let address = server.address.clone();
            let hung =
                std::thread::spawn(move || crate::place::request(&address, "GET", "/hang", &[], "").status);
            eventually("it hangs", || {
                let state = server.state();
                state["invocations"].as_array()?.iter().any(|i| i["state"] == "running").then_some(())
            });
            assert_eq!(server.stop(signal).code(), Some(status), "{takeover}");
            assert_ne!(hung.join().expect("it was asked"), 200);
            place.is_quiet();
        }
    }
}

#[test]
fn who_wants_it_to_outlive_the_terminal_says_nohup() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let command = place.command(&["--port", "0"]);
    let mut nohup = Command::new("nohup");
    nohup.arg(command.get_program()).args(command.get_args()).current_dir(place.path("."));
    for (name, value) in command.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        nohup.env(name, value);
    }
    let log = fs::File::create(place.path("log")).expect("written");
    let mut child = nohup.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("it starts");
    let said = || fs::read_to_string(place.path("log")).unwrap_or_default();
    eventually("it serves", || said().contains("Ready").then_some(()));
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a pid");
    kill_process(pid, Signal::HUP).expect("it runs");
    let address = said()
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .expect("it")
        .to_owned();
    assert_eq!(crate::place::request(&address, "GET", "/", &[], "").body, "one");
    kill_process(pid, Signal::TERM).expect("it runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(143));
    place.is_quiet();
}

#[test]
fn it_ends_while_cargo_compiles() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    // A build script that takes longer than anybody waits.
    place.write("build.rs", "fn main() { std::thread::sleep(std::time::Duration::from_secs(600)) }");
    let server = place.serve(&[]);
    eventually("the build script runs", || (place.processes().len() >= 3).then_some(()));
    assert_eq!(server.stop(Signal::INT).code(), Some(130));
    place.is_quiet();
}

#[test]
fn closing_the_terminal_ends_it() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let command = place.command(&["--port", "0"]);
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_str().expect("UTF-8").to_owned())
        .collect();
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--flush", "--command", &words.join(" "), "/dev/null"])
        .current_dir(place.path("."));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    let log = fs::File::create(place.path("terminal")).expect("written");
    let mut script = script.stdin(Stdio::null()).stdout(log).spawn().expect("`script` of Debian's bsdutils");
    let shown = || fs::read_to_string(place.path("terminal")).unwrap_or_default();
    eventually("it serves", || shown().contains("Ready").then_some(()));
    assert!(place.processes().len() >= 3, "the terminal, the server, a container");
    // The terminal goes without a word, as when a window is closed.
    let pid = i32::try_from(script.id()).ok().and_then(Pid::from_raw).expect("a pid");
    kill_process(pid, Signal::KILL).expect("it runs");
    script.wait().expect("it ends");
    place.is_quiet();
}

#[test]
fn a_port_in_use_is_passed_over_and_said_aloud() {
    if !is_ready() {
        return;
    }
    let (place, other) = (Place::new(), Place::new());
    let first = place.serve_ready(&[]);
    let port: u16 = first.address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let second = other.serve(&["--port", &port.to_string()]);
    assert_ne!(first.address, second.address);
    assert!(second.address.starts_with("127.0.0.1:"), "{}", second.address);
    let said = eventually("it is said", || Some(second.said()).filter(|said| said.contains("is in use")));
    assert!(said.contains(&format!("port {port} is in use; serving on ")), "{said}");
    assert_eq!((first.get("/").body.as_str(), second.get("/").body.as_str()), ("one", "one"));
}

#[test]
fn a_browser_is_opened_when_it_is_wanted() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    // Whatever opens browsers here, this one comes first.
    place.write("bin/xdg-open", "#!/bin/sh\necho \"$1\" > opened\n");
    std::os::unix::fs::symlink("xdg-open", place.path("bin/wslview")).expect("linked");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(place.path("bin/xdg-open"), mode).expect("ours");
    let path = format!("{}:{}", place.path("bin").display(), std::env::var("PATH").expect("a path"));
    let log = fs::File::create(place.path("log")).expect("written");
    let mut child =
        place.command(&["--port", "0", "--open"]).env("PATH", path).stderr(log).spawn().expect("it starts");
    let opened = eventually("the page is opened", || {
        fs::read_to_string(place.path("opened")).ok().filter(|text| text.ends_with('\n'))
    });
    assert!(opened.starts_with("http://127.0.0.1:") && opened.trim().ends_with("/__trap"), "{opened}");
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a pid");
    kill_process(pid, Signal::TERM).expect("it runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(143));
}

#[test]
fn what_cannot_be_served_is_told_at_once() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let failed = |arguments: &[&str]| {
        let output = place.command(arguments).output().expect("it starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (arguments, status, told) in [
        (&["--node", "3.14"][..], 3, "error[node-missing]"),
        (&["--node", "3.14"], 3, "`--direct` does without Node"),
        (&["--bin", "other"], 2, "error[no-program]"),
        (&["--env", "=x"], 2, "error[env]"),
        (&["--allow-host", "http://x"], 2, "error[host-name]"),
        (&["--port", "70000"], 2, "70000"),
        (&["--concurrency", "0"], 2, "0 is not in 1..=1000"),
        (&["--program", "missing"], 5, "missing"),
        (&["--env-file", "missing.env"], 5, "missing.env"),
        (&["--env-file", "Cargo.toml"], 2, "error[env-file]"),
    ] {
        let (code, said) = failed(arguments);
        assert_eq!(code, Some(status), "{arguments:?}: {said}");
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
}
