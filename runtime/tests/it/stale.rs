//! A Runtime API that closes connections: Node's server does so after 5 seconds without a request, which a handler may
//! well take.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use rustix::process::Signal;

use crate::program::Program;

const EVENT: &str = r#"{"do":"greet","name":"Ferris"}"#;

/// Reads one request to its end; `None` when the other side is gone.
fn request(stream: &TcpStream) -> Option<(String, String)> {
    let mut lines = BufReader::new(stream);
    let mut first = String::new();
    let mut length = 0;
    lines.read_line(&mut first).ok().filter(|read| *read > 0)?;
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).expect("a head has an end");
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().expect("a length is a number");
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).expect("a body has its length");
    Some((first.trim().to_owned(), String::from_utf8(body).expect("it is JSON")))
}

fn event(mut stream: &TcpStream) {
    let head = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 7\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n";
    write!(stream, "{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{EVENT}\r\n0\r\n\r\n", EVENT.len())
        .expect("the program reads");
}

#[tokio::test]
async fn an_answer_finds_its_way_over_a_new_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let mut program = Program::start_typed("blocking", &[("AWS_LAMBDA_RUNTIME_API", &address)]);

    // Not a task, which the end of a failed test would wait for.
    let (done, seen) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        let mut seen = Vec::new();
        let (first, _) = listener.accept().expect("the program connects");
        seen.push(request(&first).expect("it polls").0);
        event(&first);
        // Whether the answer is under way by now or not: nobody reads it.
        drop(first);
        let (mut second, _) = listener.accept().expect("the program connects again");
        let (line, body) = request(&second).expect("it answers");
        seen.extend([line, body]);
        second
            .write_all(b"HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            .expect("it reads");
        let (third, _) = listener.accept().expect("the program connects once more");
        seen.push(request(&third).expect("it polls").0);
        // Closed while it waits, as by a server that restarts.
        drop(third);
        let (fourth, _) = listener.accept().expect("the program connects at last");
        seen.push(request(&fourth).expect("it polls").0);
        done.send((seen, fourth)).expect("the test waits");
    });
    let (seen, open) = crate::program::soon("four connections", seen).await.expect("nothing panics there");
    let poll = "GET /2018-06-01/runtime/invocation/next HTTP/1.1";
    let answer = "POST /2018-06-01/runtime/invocation/7/response HTTP/1.1";
    assert_eq!(seen, [poll, answer, r#"{"hello":"Ferris"}"#, poll, poll]);

    program.signal(Signal::TERM);
    assert!(program.status().await.success());
    drop(open);
}

#[tokio::test]
async fn an_api_that_is_broken_for_good_is_left() {
    for (reply, said) in [
        ("HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\nfire", "the Runtime API answered 500: fire"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "an event without `lambda-runtime-aws-request-id`",
        ),
        ("SSH-2.0-x\r\n\r\n", "not an answer of a Runtime API"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let mut program = Program::start_typed("blocking", &[("AWS_LAMBDA_RUNTIME_API", &address)]);
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("the program connects");
            request(&stream).expect("it polls");
            stream.write_all(reply.as_bytes()).expect("it reads");
            stream
        });
        assert_eq!(program.status().await.code(), Some(1));
        let remarks = program.remarks().await;
        assert!(
            remarks.starts_with("Error: polling for events failed\n") && remarks.contains(said),
            "{remarks}"
        );
        drop(server.join());
    }
}
