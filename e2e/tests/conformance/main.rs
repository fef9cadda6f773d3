//! One set of promises for every platform: the same program, the same requests, in each host's own shape.
//!
//! A host that cannot keep a promise says why in `hosts.rs`; the case is played all the same, and must then fail, so
//! that no excuse outlives its reason. `docs/platforms.md` is the table of all this, held against each complete run.

mod cases;
mod edit_loop;
mod events;
mod hosts;
mod server;
mod streaming;
mod table;

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};

use hosts::{Host, Setup};

fn main() {
    let mut arguments = Arguments::from_args();
    // Hosts start one thing after another, and many cases wait: one more than there are cores keeps these busy.
    arguments
        .test_threads
        .get_or_insert_with(|| std::thread::available_parallelism().map_or(2, |cores| cores.get() + 1));
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
    e2e::stage::set_base(&base);
    let apart = if arguments.list { Ok(()) } else { server::live_apart() };
    let mut trials =
        vec![Trial::test("every-platform-has-its-hosts", || hosts::cover().map_err(Failed::from))];
    for host in hosts::ALL {
        let missing = apart.clone().and_then(|()| (host.missing)()).err();
        for case in cases::ALL {
            trials.push(trial(host, case, missing.clone()));
        }
    }
    trials.extend(edit_loop::trials(|host| apart.clone().and_then(|()| (host.missing)()).err()));
    trials.extend(streaming::trials(|host| apart.clone().and_then(|()| (host.missing)()).err()));
    let is_whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    hosts::stop_all().expect("every host ends and leaves nothing behind");
    if is_whole && !conclusion.has_failed() && conclusion.num_ignored == 0 {
        table::hold();
    }
    conclusion.exit();
}

fn trial(host: &'static Host, case: &'static cases::Case, missing: Option<String>) -> Trial {
    let name = format!("{}/{}", host.name, case.name);
    unless_missing(name, missing, move || play(host, case).map_err(Failed::from))
}

/// A missing tool is a reason not to run, except under CI, where it is a failure.
fn unless_missing(
    name: String,
    missing: Option<String>,
    play: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    match missing {
        None => Trial::test(name, play),
        Some(reason) if std::env::var("CI").is_ok_and(|value| value == "true") => {
            Trial::test(name, move || Err(Failed::from(format!("{reason}; try `cargo xtask setup`"))))
        }
        Some(reason) => Trial::test(name, || Ok(())).with_ignored_flag(true).with_kind(reason),
    }
}

fn play(host: &'static Host, case: &'static cases::Case) -> e2e::Result<()> {
    let outcome = match case.needs {
        cases::Needs::Any => host.shared().and_then(|running| (case.play)(&*running)),
        cases::Needs::Own => host.alone(&Setup { seconds: None }, case),
        cases::Needs::Deadline => host.alone(&Setup { seconds: Some(2) }, case),
    };
    match (host.excuse(case.name), outcome) {
        (None, outcome) => outcome,
        (Some(_), Err(_)) => Ok(()),
        (Some(excuse), Ok(())) => {
            Err(format!("the host can after all, against what is said of it: {excuse}"))
        }
    }
}
