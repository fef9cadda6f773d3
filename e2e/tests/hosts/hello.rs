//! An axum program answers from inside a real host: every takeover, Node, payload and delivery.

use e2e::{
    Result,
    platform::Answer,
    stage::{Stage, json},
    subject::{Arch, Delivery, Node, Payload, Program, Subject, Takeover},
};

use crate::table::{Case, TAKEOVERS, expect, rows};

/// A request as a function URL hands it over (payload 2.0).
pub const EVENT: &str = r#"{"version":"2.0","routeKey":"$default","rawPath":"/","rawQueryString":"","headers":{"host":"localhost","x-forwarded-proto":"https"},"requestContext":{"accountId":"anonymous","apiId":"e2e","domainName":"localhost","domainPrefix":"localhost","http":{"method":"GET","path":"/","protocol":"HTTP/1.1","sourceIp":"127.0.0.1","userAgent":"e2e"},"requestId":"1","routeKey":"$default","stage":"$default","time":"21/Nov/2026:00:00:00 +0000","timeEpoch":1795219200000},"isBase64Encoded":false}"#;

pub fn cases() -> Vec<Case> {
    let mut subjects = Vec::new();
    for &(node, takeover) in TAKEOVERS {
        let plain = Subject { program: Program::HelloAxum, ..Subject::plain(node, takeover) };
        for payload in [Payload::Base64, Payload::File] {
            subjects.push(Subject { payload, ..plain });
        }
        subjects.push(Subject { delivery: Delivery::Genezio, payload: Payload::Base64, ..plain });
        subjects.push(Subject { arch: Arch::Arm64, payload: Payload::Base64, ..plain });
        if takeover == Takeover::Auto {
            subjects.push(Subject { delivery: Delivery::Genezio, payload: Payload::File, ..plain });
            subjects.push(Subject { arch: Arch::Arm64, ..plain });
            subjects.push(Subject {
                arch: Arch::Arm64,
                delivery: Delivery::Genezio,
                payload: Payload::Base64,
                ..plain
            });
            subjects.push(Subject { delivery: Delivery::LambdaCjs, payload: Payload::Base64, ..plain });
        }
    }
    for node in [Node::V20, Node::V22, Node::V24] {
        let program = Program::HelloRuntime;
        subjects.push(Subject { program, ..Subject::plain(node, Takeover::Auto) });
    }
    for node in [Node::V20, Node::V22, Node::V24] {
        let program = Program::Library;
        let plain = Subject { program, ..Subject::plain(node, Takeover::Library) };
        for payload in [Payload::Base64, Payload::File] {
            subjects.push(Subject { payload, ..plain });
            subjects.push(Subject { payload, arch: Arch::Arm64, ..plain });
            subjects.push(Subject { payload, delivery: Delivery::Genezio, ..plain });
        }
        subjects.push(Subject { delivery: Delivery::LambdaCjs, payload: Payload::Base64, ..plain });
    }
    let lazy = [
        (Node::V20, Takeover::Spawn),
        (Node::V20, Takeover::ExecStub),
        (Node::V22, Takeover::ExecExecve),
        (Node::V24, Takeover::ExecStub),
    ];
    let lazy = lazy.map(|(node, takeover)| Subject {
        program: Program::HelloAxum,
        delivery: Delivery::LambdaLazy,
        ..Subject::plain(node, takeover)
    });
    let library = Subject {
        program: Program::Library,
        delivery: Delivery::LambdaLazy,
        ..Subject::plain(Node::V22, Takeover::Library)
    };
    let lazy = lazy.into_iter().chain([library]).collect();
    let mut cases = rows("hello", subjects, two_requests_are_answered);
    cases.extend(rows("constructed-lazily", lazy, two_requests_are_answered));
    cases
}

/// The first request may be the one in which the host constructs; the second must not need that.
pub fn two_requests_are_answered(stage: &mut Stage) -> Result<()> {
    stage.start()?;
    for request in ["first", "second"] {
        let answer = stage.ask(EVENT)?;
        let answer = json(&answer)?;
        let (status, body) = (&answer["statusCode"], answer["body"].as_str().unwrap_or_default());
        // The program says what it was compiled for: an emulator would run the wrong one without a word.
        let machine = if stage.subject.arch == Arch::X64 { "x86_64" } else { "aarch64" };
        expect(status == 200 && body.contains("Hello") && body.contains(machine), || {
            format!("the {request} request should be answered by the {machine} program, not with {answer}")
        })?;
    }
    match stage.ask(&EVENT.replace("\"rawPath\":\"/\"", "\"rawPath\":\"/no/such/route\""))? {
        Answer::Posted(body) => {
            let text = String::from_utf8_lossy(&body).into_owned();
            expect(text.contains("404"), || format!("the router should answer 404, not {text}"))
        }
        other => Err(format!("the router should answer 404, but the platform {other}")),
    }
}
