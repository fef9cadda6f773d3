//! What the program finds: the environment, folder, arguments and streams of its host, and itself on disk
//! under the name of its content.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf};

use e2e::{
    Result, artifact,
    platform::Platform,
    stage::Stage,
    subject::{Arch, Delivery, Node, Payload, Program, Subject, Takeover},
};
use serde_json::Value;

use crate::disk::expect_trap_error;
use crate::table::{Case, TAKEOVERS, each_takeover, each_way, expect, rows};

/// The signals 1 to 31. Those above belong to C libraries, which change them as they like.
const CLASSIC_SIGNALS: u64 = 0x7fff_ffff;

pub fn cases() -> Vec<Case> {
    let native = TAKEOVERS.iter().map(|&(node, takeover)| Subject::plain(node, takeover));
    let foreign = native.clone().map(|subject| Subject { arch: Arch::Arm64, ..subject });
    let everywhere: Vec<Subject> = native
        .clone()
        .chain(foreign)
        .map(|subject| Subject { payload: Payload::Base64, ..subject })
        .collect();
    let embedded = |subjects: Vec<Subject>| -> Vec<Subject> {
        subjects.into_iter().map(|subject| Subject { payload: Payload::Base64, ..subject }).collect()
    };
    let bundled = [
        (Delivery::Genezio, Payload::Base64),
        (Delivery::Genezio, Payload::File),
        (Delivery::LambdaCjs, Payload::Base64),
    ]
    .into_iter()
    .flat_map(|(delivery, payload)| {
        [
            (Node::V20, Takeover::Auto),
            (Node::V22, Takeover::Auto),
            (Node::V24, Takeover::Auto),
            (Node::V20, Takeover::Library),
            (Node::V24, Takeover::Library),
        ]
        .map(|(node, takeover)| Subject { delivery, payload, ..Subject::plain(node, takeover) })
    });
    let large = embedded(each_takeover()).into_iter().map(|subject| Subject {
        program: Program::Big,
        carries: e2e::subject::Carries::X64,
        ..subject
    });
    [
        rows("takes-over", everywhere, takes_over),
        rows(
            "execve-forced-without-execve",
            vec![Subject::plain(Node::V20, Takeover::ExecExecve)],
            execve_is_impossible,
        ),
        rows("sees-what-the-host-has", native.collect(), sees_what_the_host_has),
        rows("runs-a-file-in-place", each_way(), runs_a_file_in_place),
        rows("runs-from-a-bundle", bundled.collect(), runs_from_a_bundle),
        rows("copies-a-file-that-is-not-executable", each_way(), copies_a_plain_file),
        rows("reuses-what-is-installed", embedded(each_way()), reuses_what_is_installed),
        rows("two-starts-at-once", large.collect(), two_starts_at_once),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The one file that should be installed, complete and under the name of its content.
pub fn installed_program(stage: &Stage) -> Result<PathBuf> {
    let files = stage.installed()?;
    let [file] = files.as_slice() else { return Err(format!("one installed file expected, not {files:?}")) };
    let hash = artifact::sha256(file)?;
    let expected = artifact::sha256(&artifact::carried(&stage.subject)?)?;
    expect(hash == expected, || format!("the installed program is not the one that was built: {hash}"))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    expect(name == format!("trap-{}", &hash[..16]), || format!("it is named by its content, not `{name}`"))?;
    let facts = fs::metadata(file).map_err(|error| format!("looking at the program: {error}"))?;
    expect(facts.mode() & 0o777 == 0o755, || format!("its mode is 755, not {:o}", facts.mode()))?;
    Ok(file.clone())
}

/// Asks the program for its report, and for which host processes are left.
pub fn report(stage: &Stage) -> Result<Value> {
    let report = e2e::stage::json(&stage.ask_quietly(r#"{"do":"report"}"#)?)?;
    match stage.subject.effective_takeover() {
        Takeover::Spawn => {
            let hosts = stage.hosts();
            expect(hosts.len() == 1 && report["parent"] == hosts[0], || {
                format!("one Node should be the program's parent, not {hosts:?}: {report}")
            })?;
        }
        Takeover::Library => {
            let hosts = stage.hosts();
            expect(hosts.len() == 1 && report["pid"] == hosts[0], || {
                format!("the library should answer from inside the one Node, not {hosts:?}: {report}")
            })?;
            if stage.platform != Platform::Rie {
                stage.wait_for_log(&format!("Spawned {{ pid: {} }}", report["pid"]))?;
            }
        }
        _ => {
            // The stub's keeper of memory looks like one, and ends when there is time.
            e2e::wait::until("Node to be gone", || stage.hosts().is_empty().then_some(()))?;
            // Our server says whom it started: the program has the pid of the Node that was.
            if stage.platform != Platform::Rie {
                stage.wait_for_log(&format!("Spawned {{ pid: {} }}", report["pid"]))?;
            }
        }
    }
    let arch = stage.subject.arch.word();
    expect(report["machine"] == arch, || format!("an {arch} program should run: {report}"))?;
    Ok(report)
}

fn takes_over(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    let report = report(stage)?;
    let program = installed_program(stage)?;
    let path = program.display().to_string();
    expect(report["argv"] == Value::from(vec![path.clone()]), || {
        format!("its arguments are its own path alone: {}", report["argv"])
    })?;
    expect(report["exe"] == path, || format!("it runs where it was installed: {}", report["exe"]))?;
    stage.order("echo").map(drop)
}

/// Node 20 has no such call: the artifact says so instead of choosing what nobody asked for.
fn execve_is_impossible(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    for _ in 0..2 {
        let answer = stage.ask("{}")?;
        expect_trap_error(&answer, "TRAP_EXEC_UNAVAILABLE", &["exec:execve", "22.15"])?;
    }
    Ok(())
}

/// The same program is started by the platform itself; what it sees there is what it must see here.
pub fn sees_what_the_host_has(stage: &mut Stage) -> Result<()> {
    stage.launch.set("FAULTY_ODD", "a=b \"c\" 'd' $HOME \\ \u{fc}\n\tend");
    stage.launch.set("FAULTY_EMPTY", "");
    let mut bare = Stage::set(stage.subject, stage.platform, "bare")?;
    let log = bare.launch.log.clone();
    bare.launch = stage.launch.clone();
    bare.launch.log = log;
    bare.without_host()?;
    bare.start()?;
    let expected = e2e::stage::json(&bare.ask_quietly(r#"{"do":"report"}"#)?)
        .map_err(|error| format!("without a host: {error}\n{}", bare.log()))?;
    bare.finish()?;

    stage.start()?;
    let found = report(stage)?;
    for name in ["cwd", "stdin", "blocked"] {
        expect(found[name] == expected[name], || {
            format!("`{name}` should be {}, not {}", expected[name], found[name])
        })?;
    }
    let (missing, added) = (environment(&expected, &found), environment(&found, &expected));
    expect(missing.is_empty() && added.is_empty(), || {
        format!("the environment lost {missing:?} and gained {added:?}")
    })?;
    expect(streams(&found) == streams(&expected), || {
        format!("the streams should be {:?}, not {:?}", streams(&expected), streams(&found))
    })?;
    let leaked: Vec<String> =
        others(&found).into_iter().filter(|item| !others(&expected).contains(item)).collect();
    expect(leaked.is_empty(), || format!("Node's own files should be closed: {leaked:?}"))?;
    let mask = |report: &Value| {
        let mask = u64::from_str_radix(report["ignored"].as_str().unwrap_or_default(), 16);
        mask.map(|mask| mask & CLASSIC_SIGNALS)
    };
    let (found, expected) = (mask(&found), mask(&expected));
    match (found, expected) {
        (Ok(found), Ok(expected)) => {
            expect(found == expected, || format!("ignored signals should be {expected:x}, not {found:x}"))
        }
        other => Err(format!("signal masks are hexadecimal, not {other:?}")),
    }
}

/// The variables of one report that the other has not, or not with that value; ports aside.
fn environment(of: &Value, other: &Value) -> Vec<String> {
    let list = |report: &Value| -> Vec<String> {
        let items = report["environment"].as_array().into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let elsewhere = list(other);
    let per_start = ["AWS_LAMBDA_RUNTIME_API=", "AWS_LAMBDA_METADATA_API=", "AWS_LAMBDA_METADATA_TOKEN="];
    list(of)
        .into_iter()
        .filter(|item| !elsewhere.contains(item) && !per_start.iter().any(|name| item.starts_with(name)))
        .collect()
}

/// Number, flags and kind of the open descriptors, without the numbers of pipes.
fn descriptors(report: &Value) -> Vec<String> {
    let items = report["descriptors"].as_array().into_iter().flatten();
    items
        .filter_map(|item| item.as_str())
        .map(|item| item.split(":[").next().unwrap_or_default().to_owned())
        .collect()
}

fn is_stream(descriptor: &str) -> bool {
    ["0 ", "1 ", "2 "].iter().any(|number| descriptor.starts_with(number))
}

fn streams(report: &Value) -> Vec<String> {
    descriptors(report).into_iter().filter(|descriptor| is_stream(descriptor)).collect()
}

/// Descriptors beyond the streams. What the emulator itself lets through while it starts processes in
/// parallel is open for `/dev/null`.
fn others(report: &Value) -> Vec<String> {
    let descriptors = descriptors(report).into_iter();
    descriptors.filter(|descriptor| !is_stream(descriptor) && !descriptor.ends_with("/dev/null")).collect()
}

fn runs_a_file_in_place(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    let report = report(stage)?;
    let folder = stage.deployment.display().to_string();
    expect(report["file"].as_str().is_some_and(|file| file.starts_with(&folder)), || {
        format!("it runs where it was deployed, not in {}", report["file"])
    })?;
    let installed = stage.installed()?;
    expect(installed.is_empty(), || format!("nothing needs to be installed: {installed:?}"))
}

/// A bundler rewrites the module; the payload must survive as text that is never evaluated.
fn runs_from_a_bundle(stage: &mut Stage) -> Result<()> {
    stage.launch.set("TRAP_LOG", "debug");
    stage.start()?;
    report(stage)?;
    stage.wait_for_log(&format!("{}, because", stage.subject.effective_takeover()))?;
    match stage.subject.payload {
        Payload::File => stage.wait_for_log("payload: file in place")?,
        Payload::Base64 => {
            stage.wait_for_log("payload: source text")?;
            installed_program(stage)?;
        }
    }
    stage.order("echo").map(drop)
}

fn copies_a_plain_file(stage: &mut Stage) -> Result<()> {
    let folder = stage.own_deployment()?.to_owned();
    artifact::run(std::process::Command::new("chmod").args(["-R", "a-x,a+X"]).arg(&folder))?;
    stage.start()?;
    report(stage)?;
    installed_program(stage).map(drop)
}

fn reuses_what_is_installed(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    stage.order("echo")?;
    let program = installed_program(stage)?;
    let inode = |path: &PathBuf| fs::metadata(path).map(|facts| (facts.ino(), facts.mtime_nsec()));
    let before = inode(&program).map_err(|error| format!("looking at the program: {error}"))?;
    stage.ask(r#"{"do":"exit:1"}"#)?;
    stage.order("echo")?;
    let after = inode(&installed_program(stage)?).map_err(|error| format!("looking again: {error}"))?;
    expect(before == after, || "the second start should use the file of the first".to_owned())
}

/// Two hosts in one container, both with ten megabytes to install under the same name.
fn two_starts_at_once(stage: &mut Stage) -> Result<()> {
    let mut other = Stage::set(stage.subject, stage.platform, "other")?;
    other.launch.set("TRAP_DIR", stage.folder.join("trap").display().to_string());
    stage.start()?;
    other.start()?;
    let (mine, theirs) = (stage.ask_meanwhile("{}")?, other.ask_meanwhile("{}")?);
    for asked in [mine, theirs] {
        let answer = asked.join().map_err(|_| "the asking thread panicked".to_owned())??;
        e2e::stage::json(&answer)?;
    }
    other.finish()?;
    installed_program(stage).map(drop)
}
