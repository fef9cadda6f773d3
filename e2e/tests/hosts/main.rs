//! Every promise of the trampoline, kept or broken for real inside the hosts it is made for.
//!
//! Cases form a table: what is played × Node, architecture, takeover, delivery and payload. Each is played
//! on every platform (AWS's emulator, our own server), and then the records of what the program and its
//! callers saw must be equal.

mod deaths;
mod disk;
mod hello;
mod identity;
mod library;
mod payload;
mod protocol;
mod state;
mod table;
mod wrapper;

use std::path::Path;

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};

use table::Case;

fn main() {
    let mut arguments = Arguments::from_args();
    // Many cases wait: for a deadline, for a process to end. Two more than there are cores keep these busy.
    arguments
        .test_threads
        .get_or_insert_with(|| std::thread::available_parallelism().map_or(2, |cores| cores.get() + 2));
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e");
    e2e::stage::set_base(&base);
    // What an earlier run left for whoever looked for a cause.
    let _ = std::fs::remove_dir_all(base.join("stages"));
    let cases = [
        hello::cases(),
        identity::cases(),
        deaths::cases(),
        disk::cases(),
        payload::cases(),
        protocol::cases(),
        state::cases(),
        library::cases(),
        wrapper::cases(),
    ];
    let trials: Vec<Trial> = cases.into_iter().flatten().map(trial).collect();
    let conclusion: Conclusion = libtest_mimic::run(&arguments, trials);
    conclusion.exit();
}

/// A missing tool is a reason not to run, except under CI, where it is a failure.
fn trial(case: Case) -> Trial {
    let name = case.name();
    match case.missing() {
        None => Trial::test(name, move || case.play_everywhere().map_err(Failed::from)),
        Some(reason) if std::env::var("CI").is_ok_and(|value| value == "true") => {
            Trial::test(name, move || Err(Failed::from(format!("{reason}; try `cargo xtask setup`"))))
        }
        Some(reason) => Trial::test(name, || Ok(())).with_ignored_flag(true).with_kind(reason),
    }
}
