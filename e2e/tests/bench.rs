//! `cargo trap bench` with a real program in real Nodes: what a run says is whole and plausible. How long anything
//! takes is not tested.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::print_stderr, reason = "a test crate")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use cargo_trap::bench::journal;
use cargo_trap::bench::model::{Client, Kind, Phase, Run, Variant};
use e2e::subject::{Arch, Node, Program};
use e2e::{artifact, stage, tools};
use rustix::process::{Pid, Signal, kill_process};

/// The program and the Nodes; `None` where something is missing.
fn ready() -> Option<(PathBuf, Vec<(Node, PathBuf)>)> {
    static BASE: OnceLock<()> = OnceLock::new();
    BASE.get_or_init(|| {
        let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
        fs::create_dir_all(&base).expect("the target folder can be written");
        stage::set_base(&base);
    });
    let nodes: Result<Vec<_>, tools::Missing> = [Node::V20, Node::V22, Node::V24]
        .into_iter()
        .map(|node| Ok((node, tools::node(Arch::X64, node)?)))
        .collect();
    match nodes {
        Ok(nodes) => {
            let program = artifact::program(Program::HelloRuntime, Arch::X64).expect("the program is built");
            Some((program, nodes))
        }
        Err(missing) => {
            assert!(std::env::var_os("CI").is_none(), "{missing}; `cargo xtask setup` brings it");
            eprintln!("skipped: {missing}");
            None
        }
    }
}

/// A folder to measure in and one for temporary files, which is empty afterwards.
struct Place {
    work: tempfile::TempDir,
    temporary: tempfile::TempDir,
    program: PathBuf,
}

impl Place {
    fn new(program: &Path) -> Self {
        let folder = || tempfile::TempDir::new().expect("a folder");
        let (work, temporary) = (folder(), folder());
        // Named like what is measured, without the architecture.
        let copy = work.path().join("hello");
        fs::copy(program, &copy).expect("it can be read");
        Self { work, temporary, program: copy }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(artifact::cli().expect("it compiles"));
        command.args(["trap", "bench", "--program"]).arg(&self.program).args(arguments);
        command.current_dir(self.work.path()).env("TMPDIR", self.temporary.path());
        command.env_remove("CARGO_TRAP_NODE").env_remove("CARGO_TARGET_DIR");
        command
    }

    fn bench(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().expect("it starts");
        self.is_clean();
        output
    }

    fn journal(&self) -> PathBuf {
        self.work.path().join("target/trap/bench/hello.jsonl")
    }

    /// Nothing is left but the journal.
    fn is_clean(&self) {
        let names = |folder: &Path| -> Vec<_> {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names(self.temporary.path()), [""; 0]);
        let kept = names(&self.work.path().join("target/trap/bench"));
        assert!(kept.iter().all(|name| name.ends_with(".jsonl")), "{kept:?}");
    }
}

fn run_of(output: &Output) -> Run {
    let text = String::from_utf8_lossy(&output.stdout);
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{talk}", output.status);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}\n{talk}"))
}

fn path(path: &Path) -> &str {
    path.to_str().expect("paths here are text")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn name(variant: &Variant) -> String {
    format!("{} on {:?} under {:?}", variant.id, variant.node, variant.client)
}

#[test]
fn three_samples_of_everything() {
    let Some((program, nodes)) = ready() else { return };
    let place = Place::new(&program);
    let mut arguments = vec!["--runs", "3", "--warm", "5", "--format", "json"];
    for (_, node) in &nodes {
        arguments.extend(["--node", path(node)]);
    }
    let run = run_of(&place.bench(&arguments));

    assert!(
        !run.interrupted && run.asked == 3 && run.program.name == "hello" && run.program.tells_main,
        "{run:?}"
    );
    assert_eq!(run.own_overhead_ms.len(), 20);
    assert_eq!(run.variants.len(), 3 + 3 * 15);
    for variant in &run.variants {
        is_plausible(variant);
    }
    for major in ["20.", "22.", "24."] {
        let left = left(run.variants.iter().filter(|variant| is_on(variant, major)));
        assert!(
            left["file/exec:stub"] * 4.0 < left["file/spawn"],
            "Node {major} is gone after exec: {left:?}"
        );
        let defaults: Vec<_> =
            run.variants.iter().filter(|variant| variant.default && is_on(variant, major)).collect();
        assert!(
            defaults.len() == 3 && defaults.iter().all(|variant| variant.id.ends_with("/exec:stub")),
            "{defaults:?}"
        );
    }
    // A Node without `process.execve` lacks something, and a program that is given has no library; both is said.
    for variant in run.variants.iter().filter(|variant| variant.unavailable.is_some()) {
        let lacks_execve = variant.id.ends_with("/exec:execve") && is_on(variant, "20.");
        assert!(lacks_execve || variant.id.ends_with("/library"), "{}", name(variant));
        assert!(variant.samples.is_empty() && variant.traces.is_empty(), "{variant:?}");
    }
    let kept = journal::read(&place.journal()).expect("the journal reads");
    assert_eq!((kept.variants.len(), kept.interrupted), (run.variants.len(), false));
    for (kept, told) in kept.variants.iter().zip(&run.variants) {
        assert_eq!((kept.samples.len(), kept.traces.len()), (told.samples.len(), told.traces.len()));
    }
}

#[test]
fn under_the_client_of_aws() {
    let Some((program, nodes)) = ready() else { return };
    let place = Place::new(&program);
    let (node, bin) = &nodes[1];
    let Ok(ric) = tools::ric(Arch::X64, *node) else {
        assert!(std::env::var_os("CI").is_none(), "AWS's client is missing");
        return;
    };
    let run = run_of(&place.bench(&[
        "--runs",
        "3",
        "--warm",
        "2",
        "--format",
        "json",
        "--host",
        "ric",
        "--ric",
        path(&ric),
        "--node",
        path(bin),
        "--variant",
        "file",
        "--variant",
        "seed",
        "--variant",
        "handler",
    ]));
    assert_eq!(run.variants.len(), 11, "{:?}", run.variants.iter().map(name).collect::<Vec<_>>());
    for variant in &run.variants {
        is_plausible(variant);
        assert!(!variant.kind.has_node() || variant.client == Some(Client::Ric), "{}", name(variant));
        assert_eq!(
            variant.client_version.is_some(),
            variant.client == Some(Client::Ric),
            "{}",
            name(variant)
        );
    }
}

/// What only a crate has that is a library too. That it answered from inside Node, and that no Node was started for the
/// wrapper, is looked at before a start counts.
#[test]
fn a_library_and_a_wrapper_beside_what_they_are_held_against() {
    let Some((program, nodes)) = ready() else { return };
    let place = Place::new(&program);
    let mut command = artifact::trap().expect("it compiles");
    command.args(["bench", "--package", "library", "--locked"]).envs(artifact::UNWIND);
    command.args(["--runs", "3", "--warm", "2", "--format", "json", "--node", path(&nodes[1].1)]);
    for variant in ["file/library", "base64/library", "file/wrapper", "file/exec:stub"] {
        command.args(["--variant", variant]);
    }
    // Limits that hold whatever the machine does: that they can be held is what counts.
    for budget in ["file/wrapper: over-bootstrap<=60s", "file/library: over-boot<=60s"] {
        command.args(["--budget", budget]);
    }
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).env("TMPDIR", place.temporary.path());
    let output = command.env_remove("CARGO_TRAP_NODE").output().expect("it starts");
    place.is_clean();
    let run = run_of(&output);
    let ids: Vec<_> = run.variants.iter().map(|variant| variant.id.as_str()).collect();
    assert_eq!(
        ids,
        ["program", "bootstrap", "file/wrapper", "boot", "base64/library", "file/exec:stub", "file/library"]
    );
    run.variants.iter().for_each(is_plausible);
    let left = left(run.variants.iter());
    assert!(left["file/library"] > 4.0 * left["file/exec:stub"], "Node stays: {left:?}");
    assert!(left["file/wrapper"] < 2.0 * left["program"], "no Node was there: {left:?}");
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(
        talk.contains("is kept by `file/wrapper`: ") && talk.contains("is kept by `file/library`"),
        "{talk}"
    );
}

/// Everything a variant has to say, and nothing that cannot be.
fn is_plausible(variant: &Variant) {
    let name = name(variant);
    assert!(variant.failed.is_empty(), "{name}: {:?}", variant.failed);
    if variant.unavailable.is_some() {
        return;
    }
    assert_eq!(variant.samples.iter().map(|sample| sample.round).collect::<Vec<_>>(), [1, 2, 3], "{name}");
    assert!(variant.artifact.is_some_and(|size| size > 100), "{name}");
    for sample in &variant.samples {
        let what = format!("{name}: {sample:?}");
        assert!(sample.total_ms > 0.0, "{what}");
        assert!(sample.cpu_ms.is_some_and(|ms| ms > 0.0), "{what}");
        assert!(sample.left.is_some_and(|bytes| bytes > 100_000), "{what}");
        assert!(sample.peak.is_some_and(|bytes| bytes > 100_000), "{what}");
        assert_eq!(sample.log_line_ms.is_some(), variant.kind == Kind::Seed, "{what}");
        if variant.kind == Kind::Boot {
            assert!(sample.answer_ms.is_none() && sample.warm_us.is_empty(), "{what}");
            continue;
        }
        assert!(sample.answer_ms.is_some_and(|ms| ms >= sample.total_ms), "{what}");
        assert!(!sample.warm_us.is_empty() && sample.warm_us.iter().all(|us| *us > 0.0), "{what}");
        assert!(sample.per_second.is_some_and(|rate| rate > 0.0), "{what}");
    }
    // Where Node stays there is no hand-over to tell of.
    let tells = variant.kind == Kind::Ours && !variant.id.ends_with("/bridge");
    assert_eq!(variant.traces.len(), if tells { 3 } else { 0 }, "{name}");
    for trace in &variant.traces {
        let what = format!("{name}: {trace:?}");
        let phases: BTreeMap<Phase, f64> = trace.phases.iter().copied().collect();
        let until_poll: f64 =
            phases.iter().filter(|(phase, _)| **phase != Phase::Answer).map(|(_, ms)| ms).sum();
        assert!((until_poll - trace.total_ms).abs() < 0.01 * trace.total_ms + 0.1, "{what}");
        assert!(phases.values().all(|ms| *ms >= 0.0), "{what}");
        let has = |phase| phases.contains_key(&phase);
        assert!(
            [Phase::Load, Phase::Construct, Phase::Main, Phase::Poll, Phase::Answer]
                .map(has)
                .iter()
                .all(|has| *has),
            "{what}"
        );
        assert_eq!(has(Phase::Boot), variant.client == Some(Client::Minimal), "{what}");
        assert_eq!(has(Phase::Decode), variant.id.starts_with("base64/"), "{what}");
        assert_eq!(has(Phase::Write), !variant.id.starts_with("file/"), "{what}");
    }
}

fn is_on(variant: &Variant, major: &str) -> bool {
    variant.node.as_deref().is_some_and(|node| node.starts_with(major))
}

/// Memory left, the median of each variant.
fn left<'a>(variants: impl Iterator<Item = &'a Variant>) -> BTreeMap<String, f64> {
    let measured = variants.filter(|variant| !variant.samples.is_empty());
    measured
        .map(|variant| {
            let left = variant.samples.iter().filter_map(|sample| sample.left.map(|bytes| bytes as f64));
            (variant.id.clone(), median(left.collect()))
        })
        .collect()
}

#[test]
fn a_run_that_is_stopped_or_killed_keeps_its_samples() {
    let Some((program, nodes)) = ready() else { return };
    let place = Place::new(&program);
    let start = || -> Child {
        let mut command =
            place.command(&["--runs", "9999", "--warm", "1", "--variant", "file/spawn", "--format", "json"]);
        command.args(["--node", path(&nodes[2].1)]).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().expect("it starts");
        let limit = Instant::now() + Duration::from_secs(120);
        let lines = || fs::read_to_string(place.journal()).map_or(0, |text| text.lines().count());
        while lines() < 12 {
            assert!(Instant::now() < limit, "no samples came");
            std::thread::sleep(Duration::from_millis(20));
        }
        child
    };
    let signal = |child: &Child, signal| {
        let pid = Pid::from_raw(child.id().cast_signed()).expect("a process has a number");
        kill_process(pid, signal).expect("it runs");
    };
    for (wish, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let child = start();
        signal(&child, wish);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(status));
        let run: Run = serde_json::from_slice(&output.stdout).expect("the report is whole");
        assert!(run.interrupted && run.variants.iter().all(|variant| !variant.samples.is_empty()));
        place.is_clean();
        fs::remove_file(place.journal()).expect("it is there");
    }
    let child = start();
    signal(&child, Signal::KILL);
    child.wait_with_output().expect("it ends");
    let run = run_of(
        &place.command(&["--from", path(&place.journal()), "--format", "json"]).output().expect("it starts"),
    );
    assert!(run.interrupted && run.variants.iter().any(|variant| variant.samples.len() > 1));
}

#[test]
fn a_node_that_does_not_start_is_told_with_its_last_words() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some((program, _)) = ready() else { return };
    let place = Place::new(&program);
    let node = place.work.path().join("node");
    fs::write(
        &node,
        "#!/bin/sh\n[ \"$1\" = --version ] && echo v22.1.0 && exit\necho 'no such luck' >&2\nexit 7\n",
    )
    .expect("written");
    fs::set_permissions(&node, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let output = place.bench(&["--runs", "1", "--node", path(&node)]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{text}");
    assert!(text.contains("error[host-start]") && text.contains("no such luck"), "{text}");
}

#[test]
fn a_variant_that_cannot_be_measured_is_given_up_with_its_reason() {
    let Some((program, nodes)) = ready() else { return };
    let place = Place::new(&program);
    let run = run_of(&place.bench(&[
        "--runs",
        "4",
        "--warm",
        "0",
        "--format",
        "json",
        "--node",
        path(&nodes[1].1),
        "--variant",
        "file/exec",
        "--env",
        "NODE_OPTIONS=--no-addons",
    ]));
    let find = |id: &str| run.variants.iter().find(|variant| variant.id == id).expect("it was asked for");
    let stub = find("file/exec:stub");
    let why = stub.unavailable.as_deref().expect("a stub is an addon");
    assert!(why.contains("its first 3 starts failed") && why.contains("TRAP_"), "{why}");
    assert!(stub.samples.is_empty());
    assert_eq!(find("file/exec:execve").samples.len(), 4);
}

#[test]
fn no_request_is_lost_while_programs_are_killed() {
    let Some((program, nodes)) = ready() else { return };
    let place = Place::new(&program);
    let (_, node) = &nodes[1];
    let load = [
        "--load",
        "3",
        "--kill-every",
        "0.7",
        "--at-once",
        "20",
        "--message-format",
        "json",
        "--budget",
        "warm-over-handler<=1s",
    ];
    let output = place.command(&[&load[..], &["--node", path(node)]].concat()).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let load: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one line of JSON");
    let count = |name: &str| load[name].as_u64().unwrap_or_else(|| panic!("no number `{name}`: {load}"));
    assert!(count("answered") > 20, "{load}");
    assert!((3..=4).contains(&count("kills")) && count("killed") >= count("kills"), "{load}");
    assert!(count("failed") <= count("killed"), "{load}");
    let warm =
        |name: &str| load["warm"][name].as_f64().unwrap_or_else(|| panic!("no number `{name}`: {load}"));
    assert!(warm("requests") == 1000.0 && warm("warm_us") > 0.0 && warm("handler_us") > 0.0, "{load}");
    assert!(said.contains("`warm-over-handler<=1s` is kept by `server`"), "{said}");
    assert_eq!((&load["lost"], &load["left"]), (&serde_json::json!({}), &serde_json::json!([])), "{load}");
    place.is_clean();
}
