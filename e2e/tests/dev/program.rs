//! The program that the tests edit: it speaks the Runtime API with nothing but the standard library, so that it
//! compiles in a moment. The path of a request says what it does.

use std::io::{Read, Write};

mod answer;

fn request(head: &str, body: &[u8]) -> String {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = std::net::TcpStream::connect(api).unwrap();
    let length = body.len();
    write!(stream, "{head} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n").unwrap();
    stream.write_all(body).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn field<'a>(event: &'a str, name: &str) -> &'a str {
    let start = format!("\"{name}\":\"");
    event.split_once(&start).and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default()
}

fn main() {
    if answer::EXIT {
        eprintln!("it ends before it polls");
        std::process::exit(3);
    }
    println!("begins as {}", std::process::id());
    loop {
        let event = request("GET /2018-06-01/runtime/invocation/next", b"");
        let id = event.lines().find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: ")).unwrap();
        let path = field(&event, "rawPath");
        let body = match path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), "")) {
            ("hang", _) => loop {
                std::thread::park();
            },
            ("flood", _) => loop {
                println!("a line of a flood, which does not end before somebody ends it");
            },
            ("exit", _) => std::process::exit(4),
            ("slow", ms) => {
                std::thread::sleep(std::time::Duration::from_millis(ms.parse().unwrap()));
                std::process::id().to_string()
            }
            ("say", what) => {
                println!("{what}");
                eprintln!("{what}, too");
                what.to_owned()
            }
            ("pid", _) => std::process::id().to_string(),
            ("variable", name) => std::env::var(name).unwrap_or_default(),
            ("arguments", _) => std::env::args().count().to_string(),
            _ => answer::ANSWER.to_owned(),
        };
        let answer = format!(
            "{{\"statusCode\":200,\"headers\":{{\"content-type\":\"text/plain\"}},\"cookies\":[\"id=7\"],\"body\":\"{body}\"}}"
        );
        request(&format!("POST /2018-06-01/runtime/invocation/{id}/response"), answer.as_bytes());
    }
}
