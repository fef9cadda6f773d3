//! One HTTP request, as a caller of a function makes it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::Result;

/// What came back: status and body.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

/// Posts `body` and reads the whole answer.
///
/// # Errors
/// When nothing listens, when the answer takes longer than `limit`, or when it ends early.
pub fn post(address: &str, path: &str, body: &[u8], limit: Duration) -> Result<Reply> {
    let fail = |what: &str, error: std::io::Error| format!("post to {path}: {what}: {error}");
    let mut stream = TcpStream::connect(address).map_err(|error| fail("connecting", error))?;
    stream.set_read_timeout(Some(limit)).map_err(|error| fail("setting a limit", error))?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).map_err(|error| fail("sending", error))?;
    stream.write_all(body).map_err(|error| fail("sending", error))?;
    let mut raw = Vec::new();
    stream
        .read_to_end(&mut raw)
        .map_err(|error| fail(&format!("no whole answer ({} s are given)", limit.as_secs()), error))?;
    parse(&raw).ok_or_else(|| format!("post to {path}: not an HTTP answer: {raw:?}"))
}

fn parse(raw: &[u8]) -> Option<Reply> {
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&raw[..end]);
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let raw = &raw[end + 4..];
    let lower = head.to_ascii_lowercase();
    let header = |name: &str| lower.split(name).nth(1).and_then(|rest| rest.lines().next()).map(str::trim);
    if header("transfer-encoding:") == Some("chunked") {
        return dechunk(raw).map(|body| Reply { status, body });
    }
    match header("content-length:") {
        Some(length) if length.parse() != Ok(raw.len()) => None,
        _ => Some(Reply { status, body: raw.to_vec() }),
    }
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
