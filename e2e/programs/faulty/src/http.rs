//! HTTP/1.1 by hand: one request per connection, the whole answer as it came.

use std::io::{Read, Write};
use std::net::TcpStream;

/// Where the Runtime API listens.
pub struct Api {
    address: String,
}

/// An answer: status, headers with lower-case names in their order, and the bytes of the body.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The first value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are not UTF-8 become replacement characters.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Api {
    /// The API the platform named, if it named one.
    pub fn from_env() -> Option<Self> {
        std::env::var("AWS_LAMBDA_RUNTIME_API").ok().map(|address| Self { address })
    }

    /// Waits for the next event. `None` when the server hung up.
    pub fn next(&self) -> Option<Reply> {
        self.send("GET", "/2018-06-01/runtime/invocation/next", "", None).ok()
    }

    /// Waits until connections are accepted, for five seconds at most.
    pub fn wait_until_it_listens(&self) {
        for _ in 0..500 {
            match TcpStream::connect(&self.address) {
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                _ => return,
            }
        }
    }

    /// Posts to a path below `/2018-06-01/runtime/`.
    pub fn post(&self, path: &str, body: &str, error_type: Option<&str>) -> Reply {
        self.send("POST", &format!("/2018-06-01/runtime/{path}"), body, error_type)
            .expect("the Runtime API answers a post")
    }

    /// Posts in pieces, as a program does that streams its answer, in the mode it names.
    pub fn stream(&self, path: &str, pieces: &[&str], mode: &str) -> std::io::Result<Reply> {
        let mut stream = TcpStream::connect(&self.address)?;
        let mut request = format!(
            "POST /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/octet-stream\r\nLambda-Runtime-Function-Response-Mode: {mode}\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
            self.address
        );
        for piece in pieces {
            request.push_str(&format!("{:x}\r\n{piece}\r\n", piece.len()));
        }
        request.push_str("0\r\n\r\n");
        // In one piece: a server may refuse the mode and hang up before it has read what follows.
        let sent = stream.write_all(request.as_bytes());
        answer(stream, sent)
    }

    /// Any request at all; an error if the server hung up before a complete answer.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        body: &str,
        error_type: Option<&str>,
    ) -> std::io::Result<Reply> {
        let mut stream = TcpStream::connect(&self.address)?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        if method == "POST" {
            head.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        if let Some(kind) = error_type {
            head.push_str(&format!("Lambda-Runtime-Function-Error-Type: {kind}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        // A server may refuse a large body before it has read all of it, and hang up.
        let sent = stream.write_all(body.as_bytes());
        answer(stream, sent)
    }
}

/// What the server answers, be it before it had everything; without an answer, why there is none.
fn answer(mut stream: TcpStream, sent: std::io::Result<()>) -> std::io::Result<Reply> {
    let mut raw = Vec::new();
    let received = stream.read_to_end(&mut raw);
    match parse(&raw) {
        Some(reply) => Ok(reply),
        None => {
            sent?;
            received?;
            Err(std::io::Error::other("the answer ended early"))
        }
    }
}

fn parse(raw: &[u8]) -> Option<Reply> {
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&raw[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let raw = &raw[end + 4..];
    let value =
        |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let body = if value("transfer-encoding") == Some("chunked") {
        dechunk(raw)?
    } else {
        match value("content-length") {
            Some(length) if length.parse() != Ok(raw.len()) => return None,
            _ => raw.to_vec(),
        }
    };
    Some(Reply { status, headers, body })
}

/// The body behind chunked framing.
fn dechunk(mut raw: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = raw.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&raw[..end]).ok()?, 16).ok()?;
        let chunk = raw.get(end + 2..end + 2 + size)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
        raw = raw.get(end + 2 + size + 2..)?;
    }
}
