//! Without a Runtime API the program is an HTTP server.

use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::program::{Program, soon};

const FREE_PORT: (&str, &str) = ("PORT", "0");

/// Sends one request and leaves the connection open for the answer.
async fn request(address: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("the program listens");
    let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("the program reads");
    stream
}

async fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    soon("the answer arrives", stream.read_to_string(&mut text)).await.expect("the answer is text");
    text
}

#[tokio::test]
async fn a_request_is_answered_on_loopback() {
    let mut program = Program::start(&[FREE_PORT]);
    let address = program.address().await;
    assert!(address.starts_with("127.0.0.1:"), "{address}");

    let stream = request(&address, "/a?b=c").await;
    assert_eq!(program.question().await, "GET /a?b=c?");
    program.type_line("fine").await;

    let answer = answer(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nfine\n"), "{answer}");
}

#[tokio::test]
async fn empty_variables_count_as_unset() {
    let mut program = Program::start(&[FREE_PORT, ("AWS_LAMBDA_RUNTIME_API", ""), ("TRAP_HOST", "")]);
    let address = program.address().await;
    assert!(address.starts_with("127.0.0.1:"), "{address}");
}

#[tokio::test]
async fn the_address_is_the_one_in_trap_host() {
    let mut program = Program::start(&[FREE_PORT, ("TRAP_HOST", "127.0.0.2")]);
    let address = program.address().await;
    assert!(address.starts_with("127.0.0.2:"), "{address}");
}

#[tokio::test]
async fn sigterm_finishes_the_request_in_flight() {
    finishes_the_request_in_flight(Signal::TERM).await;
}

#[tokio::test]
async fn ctrl_c_finishes_the_request_in_flight() {
    finishes_the_request_in_flight(Signal::INT).await;
}

async fn finishes_the_request_in_flight(signal: Signal) {
    let mut program = Program::start(&[FREE_PORT]);
    let address = program.address().await;
    let stream = request(&address, "/").await;
    program.question().await;

    program.signal(signal);
    assert_eq!(program.remark().await, "finishing requests in flight, then ending");
    program.type_line("still here").await;

    let answer = answer(stream).await;
    assert!(answer.ends_with("\r\n\r\nstill here\n"), "{answer}");
    assert!(program.status().await.success());
}

#[tokio::test]
async fn a_second_signal_does_not_wait() {
    let mut program = Program::start(&[FREE_PORT]);
    let address = program.address().await;
    let stream = request(&address, "/").await;
    program.question().await;

    program.signal(Signal::INT);
    program.remark().await;
    program.signal(Signal::INT);

    assert!(program.status().await.success());
    assert_eq!(answer(stream).await, "");
}

#[tokio::test]
async fn an_idle_connection_does_not_keep_the_program() {
    let mut program = Program::start(&[FREE_PORT]);
    let address = program.address().await;
    let _idle = TcpStream::connect(&address).await.expect("the program listens");

    program.signal(Signal::TERM);

    assert!(program.status().await.success());
}

#[tokio::test]
async fn a_port_in_use_is_an_error_with_advice() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = taken.local_addr().expect("it is bound").port().to_string();

    let mut program = Program::start(&[("PORT", &port)]);

    assert_eq!(program.status().await.code(), Some(1));
    assert_eq!(
        program.remarks().await,
        format!(
            "Error: port {port} of 127.0.0.1 is in use\n\n\
             hint: stop what listens there, or choose another port with `PORT`; `PORT=0` takes a free one\n"
        )
    );
}

#[tokio::test]
async fn a_port_that_is_no_number_is_an_error_with_advice() {
    let mut program = Program::start(&[("PORT", "http")]);

    assert_eq!(program.status().await.code(), Some(1));
    assert_eq!(
        program.remarks().await,
        "Error: `PORT` is `http`, which is no port number\n\n\
         hint: set `PORT` to a number from 0 to 65535, or unset it for 3000\n"
    );
}

#[tokio::test]
async fn a_server_outlives_its_parent() {
    let mut program = Program::start_below_a_shell(&["ask"], &[FREE_PORT]).await;
    let address = program.address().await;
    program.type_line("the shell may end").await;
    assert_eq!(program.status().await.code(), Some(7));

    // The shell gave its background child an empty stdin.
    let answer = answer(request(&address, "/").await).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}
