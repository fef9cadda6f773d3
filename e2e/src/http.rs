//! One HTTP request, byte for byte as a test wants it: clients would tidy up paths and headers.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::Result;

/// What is sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: &'static str,
    /// Path and query, as they are to stand in the first line.
    pub target: String,
    /// Beside `Host`, `Connection` and the body's length.
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn get(target: impl Into<String>) -> Self {
        Self { method: "GET", target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn post(target: impl Into<String>, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type", content_type.to_owned())];
        Self { method: "POST", target: target.into(), headers, body: body.into() }
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// All values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a request and reads the whole answer.
///
/// # Errors
/// When nothing listens, when the answer takes longer than `limit`, or when it ends early.
pub fn send(address: &str, request: &Request, limit: Duration) -> Result<Response> {
    let Request { method, target, headers, body } = request;
    let fail = |what: &str, error: std::io::Error| format!("{method} {target}: {what}: {error}");
    let mut stream = TcpStream::connect(address).map_err(|error| fail("connecting", error))?;
    stream.set_read_timeout(Some(limit)).map_err(|error| fail("setting a limit", error))?;
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || *method == "POST" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).map_err(|error| fail("sending", error))?;
    stream.write_all(body).map_err(|error| fail("sending", error))?;
    let mut raw = Vec::new();
    stream
        .read_to_end(&mut raw)
        .map_err(|error| fail(&format!("no whole answer ({} s are given)", limit.as_secs()), error))?;
    parse(&raw, method).ok_or_else(|| {
        let shown = String::from_utf8_lossy(&raw[..raw.len().min(2000)]).into_owned();
        format!("{method} {target}: not a whole HTTP answer: {shown:?}")
    })
}

/// Posts JSON.
///
/// # Errors
/// As [`send`].
pub fn post(address: &str, path: &str, body: &[u8], limit: Duration) -> Result<Response> {
    send(address, &Request::post(path, "application/json", body), limit)
}

fn parse(raw: &[u8], method: &str) -> Option<Response> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(end) = head.parse(raw).ok()? else { return None };
    let status = head.code?;
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|header| {
            (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).trim().to_owned())
        })
        .collect();
    let raw = &raw[end..];
    let of = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let body = if method == "HEAD" {
        raw.is_empty().then(Vec::new)?
    } else if of("transfer-encoding") == Some("chunked") {
        dechunk(raw)?
    } else {
        match of("content-length") {
            Some(length) if length.parse() != Ok(raw.len()) => return None,
            _ => raw.to_vec(),
        }
    };
    Some(Response { status, headers, body })
}

/// The body behind chunked framing.
fn dechunk(mut raw: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let httparse::Status::Complete((start, size)) = httparse::parse_chunk_size(raw).ok()? else {
            return None;
        };
        let size = usize::try_from(size).ok()?;
        let chunk = raw.get(start..start + size)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
        raw = raw.get(start + size + 2..)?;
    }
}
