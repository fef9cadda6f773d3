//! Programs that die: the next request is answered or fails cleanly, never with a stale answer, never with
//! a hang.

use e2e::{
    Result,
    platform::Answer,
    stage::{Stage, alive, json, kill, terminate},
    subject::{Node, Program, Subject, Takeover},
    wait,
};

use crate::table::{Case, each_way, each_way_and_arch, expect, rows};

/// Seconds until the platform gives up: enough for Node to start on a busy machine, and no more, because
/// these cases wait for it.
const DEADLINE: u32 = 4;

pub fn cases() -> Vec<Case> {
    let replaced =
        [(Node::V20, Takeover::ExecStub), (Node::V24, Takeover::ExecStub), (Node::V24, Takeover::ExecExecve)];
    let replaced = replaced
        .map(|(node, takeover)| Subject { program: Program::HelloRuntime, ..Subject::plain(node, takeover) });
    let spawned = [Node::V20, Node::V24]
        .map(|node| Subject { program: Program::HelloRuntime, ..Subject::plain(node, Takeover::Spawn) });
    [
        rows("exits-during-init", each_way_and_arch(), exits_during_init),
        rows("aborts-during-init", each_way(), aborts_during_init),
        rows("hangs-during-init", each_way(), hangs_during_init),
        rows("reports-an-init-error", each_way(), reports_an_init_error),
        rows("exits-in-mid-request", each_way_and_arch(), exits_in_mid_request),
        rows("exits-with-success-in-mid-request", each_way(), exits_with_success),
        rows("aborts-in-mid-request", each_way_and_arch(), aborts_in_mid_request),
        rows("killed-in-mid-request", each_way_and_arch(), killed_in_mid_request),
        rows("killed-while-idle", each_way_and_arch(), killed_while_idle),
        rows("host-killed-while-idle", spawned.to_vec(), host_killed_while_idle),
        rows("host-told-to-end", replaced.to_vec(), host_told_to_end),
        rows("deadline-passes", each_way(), deadline_passes),
        rows("reports-an-error", each_way(), reports_an_error),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The platform must say `Runtime.ExitError`, and `reason` where it gives a reason at all.
fn expect_exit(answer: &Answer, reason: &str) -> Result<()> {
    match answer {
        Answer::Failed { kind, message, .. }
            if kind == "Runtime.ExitError" && (message.is_empty() || message.ends_with(reason)) =>
        {
            Ok(())
        }
        other => Err(format!("expected Runtime.ExitError with `{reason}`, but the platform {other}")),
    }
}

fn expect_fresh_answer(stage: &mut Stage) -> Result<()> {
    let answer = json(&stage.ask(r#"{"do":"echo","fresh":true}"#)?)?;
    expect(answer["event"]["fresh"] == true, || format!("a new start should answer this event, not {answer}"))
}

/// Dies once before its first poll, and works when the platform starts it again.
fn dies_in_the_first_init(stage: &mut Stage, order: &str, reason: &str) -> Result<()> {
    stage.launch.set("FAULTY_INIT", order);
    stage.launch.set("FAULTY_INIT_ONCE", stage.folder.join("once").display().to_string());
    stage.start()?;
    let answer = stage.ask(r#"{"do":"echo"}"#)?;
    expect_exit(&answer, reason)?;
    expect_fresh_answer(stage)
}

fn exits_during_init(stage: &mut Stage) -> Result<()> {
    dies_in_the_first_init(stage, "exit:3", "exit status 3")?;
    // The emulator does not tell the caller how the program ended in init, but it knows.
    stage.wait_for_log("exit status 3")
}

fn aborts_during_init(stage: &mut Stage) -> Result<()> {
    dies_in_the_first_init(stage, "abort", "signal: aborted")?;
    stage.wait_for_log("signal: aborted")
}

fn hangs_during_init(stage: &mut Stage) -> Result<()> {
    stage.launch.timeout_seconds = DEADLINE;
    stage.launch.set("FAULTY_INIT", "hang");
    stage.launch.set("FAULTY_INIT_ONCE", stage.folder.join("once").display().to_string());
    stage.start()?;
    let answer = stage.ask(r#"{"do":"echo"}"#)?;
    expect_timeout(&answer)?;
    expect_fresh_answer(stage)
}

fn reports_an_init_error(stage: &mut Stage) -> Result<()> {
    stage.launch.set("FAULTY_INIT", "error:My.Kind");
    stage.launch.set("FAULTY_INIT_ONCE", stage.folder.join("once").display().to_string());
    stage.start()?;
    let answer = stage.ask(r#"{"do":"echo"}"#)?;
    let told =
        matches!(&answer, Answer::Failed { kind, message, .. } if kind == "My.Kind" && message == "as told");
    expect(told, || format!("the program's own error should be told, not: {answer}"))?;
    expect_fresh_answer(stage)
}

fn dies_in_mid_request(stage: &mut Stage, order: &str, reason: &str) -> Result<()> {
    stage.start()?;
    expect_fresh_answer(stage)?;
    let answer = stage.ask(&format!("{{\"do\":\"{order}\"}}"))?;
    expect_exit(&answer, reason)?;
    expect_fresh_answer(stage)
}

fn exits_in_mid_request(stage: &mut Stage) -> Result<()> {
    dies_in_mid_request(stage, "exit:7", "exit status 7")
}

fn exits_with_success(stage: &mut Stage) -> Result<()> {
    dies_in_mid_request(stage, "exit:0", "Runtime exited without providing a reason")
}

fn aborts_in_mid_request(stage: &mut Stage) -> Result<()> {
    dies_in_mid_request(stage, "abort", "signal: aborted")
}

fn killed_in_mid_request(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    let answer = stage.ask_meanwhile(r#"{"do":"hang"}"#)?;
    let pid: u32 = stage.journal("hanging")?.parse().map_err(|_| "the journal names a pid".to_owned())?;
    kill(pid);
    let answer = answer.join().map_err(|_| "the asking thread panicked".to_owned())??;
    stage.note(&format!("killed in mid-request: {answer}"));
    expect_exit(&answer, "signal: killed")?;
    expect_fresh_answer(stage)
}

/// One request may be lost to the corpse, with a clean error; the next one starts a new program.
fn killed_while_idle(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    let pid = pid_of(stage)?;
    let hosts = stage.hosts();
    kill(pid);
    // Node under `spawn` ends because the program did; only then is the host what the platform thinks it is.
    wait::until("program and host to end after the kill", || {
        (!alive(pid) && hosts.iter().all(|host| !alive(*host))).then_some(())
    })?;
    let answer = stage.ask(r#"{"do":"echo","n":2}"#)?;
    expect_exit(&answer, "signal: killed")?;
    expect_fresh_answer(stage)
}

/// The host dies under a waiting program: the program must not stay and take the events of the next one.
fn host_killed_while_idle(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    stage.ask("{}")?;
    let programs = stage.programs();
    let hosts = stage.hosts();
    expect(hosts.len() == 1 && programs.len() == 1, || {
        format!("one host and one program should run, not {hosts:?} and {programs:?}")
    })?;
    hosts.iter().copied().for_each(kill);
    wait::until("the program to end after its host", || {
        programs.iter().all(|pid| !alive(*pid)).then_some(())
    })?;
    let answer = stage.ask("{}")?;
    expect_exit(&answer, "signal: killed")?;
    match stage.ask("{}")? {
        Answer::Posted(_) => Ok(()),
        other => Err(format!("a new start should answer, but the platform {other}")),
    }
}

/// After `exec` the host's process is the program's: a SIGTERM for the one is handled by the other.
fn host_told_to_end(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    stage.ask("{}")?;
    let programs = stage.programs();
    let [program] = programs.as_slice() else {
        return Err(format!("one program should run, not {programs:?}"));
    };
    terminate(*program);
    wait::until("the program to end after SIGTERM", || (!alive(*program)).then_some(()))?;
    let answer = stage.ask("{}")?;
    // Without a handler it would be `signal: terminated`.
    expect_exit(&answer, "Runtime exited without providing a reason")
}

fn expect_timeout(answer: &Answer) -> Result<()> {
    let expected = Answer::TimedOut(format!("Task timed out after {DEADLINE}.00 seconds"));
    expect(*answer == expected, || format!("the deadline should end it, but the platform {answer}"))
}

fn deadline_passes(stage: &mut Stage) -> Result<()> {
    stage.launch.timeout_seconds = DEADLINE;
    stage.start()?;
    let pid = pid_of(stage)?;
    let answer = stage.ask(r#"{"do":"hang"}"#)?;
    expect_timeout(&answer)?;
    wait::until("the program to end after its deadline", || (!alive(pid)).then_some(()))?;
    expect_fresh_answer(stage)
}

fn reports_an_error(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    let before = pid_of(stage)?;
    let error = stage.order("error:My.Kind")?;
    expect(error["errorType"] == "My.Kind", || format!("the program's error should arrive, not {error}"))?;
    let after = pid_of(stage)?;
    expect(before == after, || "an error is not the end of a program".to_owned())
}

fn pid_of(stage: &mut Stage) -> Result<u32> {
    let answer = stage.order("echo")?;
    answer["pid"]
        .as_u64()
        .and_then(|pid| u32::try_from(pid).ok())
        .ok_or_else(|| format!("no pid in {answer}"))
}
