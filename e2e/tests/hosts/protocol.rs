//! What the Runtime API answers, question by question: AWS's emulator sets the standard.

use e2e::{
    Result,
    platform::Answer,
    stage::Stage,
    subject::{Node, Subject, Takeover},
};

use crate::table::{Case, expect, rows};

pub fn cases() -> Vec<Case> {
    let subject = || vec![Subject::plain(Node::V22, Takeover::Exec)];
    [
        rows("protocol/refusals", subject(), refusals),
        rows("protocol/init-error", subject(), init_error),
        rows("protocol/errors", subject(), errors),
        rows("protocol/streaming", subject(), streaming),
        rows("protocol/sizes", subject(), sizes),
        rows("protocol/left-after-the-answer", subject(), left_after_the_answer),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Unknown paths, wrong methods, unknown ids, a second poll while busy, a second answer.
fn refusals(stage: &mut Stage) -> Result<()> {
    stage.without_host()?;
    stage.launch.set("FAULTY_INIT", "protocol");
    stage.start()?;
    stage.ask(r#"{"do":"protocol"}"#)?;
    let again = stage.journal("next while in flight")?;
    expect(again == "same id: true", || format!("an unfinished event is served again: {again}"))?;
    let second = stage.journal("second response")?;
    expect(second.starts_with("403 "), || format!("a second answer is refused: {second}"))?;
    let unknown = stage.journal("response to an unknown id")?;
    expect(unknown.starts_with("400 "), || format!("an unknown id is refused: {unknown}"))?;
    // Whatever was refused, the next event is served as usual.
    stage.order("echo").map(drop)
}

fn init_error(stage: &mut Stage) -> Result<()> {
    stage.without_host()?;
    stage.launch.set("FAULTY_INIT", "error:My.Kind");
    stage.launch.set("FAULTY_INIT_ONCE", stage.folder.join("once").display().to_string());
    stage.start()?;
    let told = stage.ask(r#"{"do":"echo"}"#)?;
    let same =
        matches!(&told, Answer::Failed { kind, message, .. } if kind == "My.Kind" && message == "as told");
    expect(same, || format!("the posted error is the answer, not: {told}"))?;
    stage.order("echo").map(drop)
}

fn errors(stage: &mut Stage) -> Result<()> {
    stage.without_host()?;
    stage.start()?;
    let error = stage.order("error:My.Kind")?;
    expect(error["errorType"] == "My.Kind", || format!("the posted error is the answer, not {error}"))?;
    stage.order("echo").map(drop)
}

fn streaming(stage: &mut Stage) -> Result<()> {
    stage.without_host()?;
    stage.start()?;
    let streamed = stage.ask(r#"{"do":"stream:streaming"}"#)?;
    expect(streamed == Answer::Posted(br#"{"pieces":2}"#.to_vec()), || {
        format!("the pieces should arrive as one answer, not: {streamed}")
    })?;
    stage.ask(r#"{"do":"stream:dripping"}"#)?;
    stage.order("echo").map(drop)
}

fn sizes(stage: &mut Stage) -> Result<()> {
    stage.without_host()?;
    stage.start()?;
    for bytes in [0, 1_000_000, 6_291_554, 6_291_555, 7_000_000] {
        stage.ask(&format!("{{\"do\":\"big:{bytes}\"}}"))?;
    }
    // An event as large as an answer may be.
    let event = format!("{{\"do\":\"big:1\",\"padding\":\"{}\"}}", "p".repeat(5_000_000));
    let answer = stage.ask_quietly(&event)?;
    stage.note(&format!("five megabytes of event: {answer}"));
    expect(answer == Answer::Posted(b"\"x\"".to_vec()), || format!("a large event arrives: {answer}"))
}

/// An invocation is over when the program asks for the next one, not when it answers.
fn left_after_the_answer(stage: &mut Stage) -> Result<()> {
    stage.without_host()?;
    stage.start()?;
    stage.ask(r#"{"do":"leave"}"#)?;
    stage.order("echo").map(drop)
}
