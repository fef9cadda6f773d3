//! A streamed answer arrives as it is made, on every host that can: the first line before the program has made the last.

use std::io::{Read, Write};
use std::net::TcpStream;

use e2e::Result;
use libtest_mimic::{Failed, Trial};

use crate::hosts::{self, Streaming};

/// One trial for each host that streams.
pub fn trials(missing: impl Fn(&Streaming) -> Option<String>) -> Vec<Trial> {
    hosts::STREAMING
        .iter()
        .map(|host| {
            let name = format!("{}/streams", host.name);
            crate::unless_missing(name, missing(host), move || play(host).map_err(Failed::from))
        })
        .collect()
}

fn play(host: &'static Streaming) -> Result<()> {
    let server = host.start()?;
    let pieces = pieces(server.address().ok_or("the host takes no HTTP")?, "/4")?;
    let whole = pieces.concat();
    for line in 1..=4 {
        let line = format!("line {line} of 4 from Rust\n");
        if !whole.contains(&line) {
            return Err(format!("`{line}` is missing: {whole}"));
        }
    }
    let first = pieces.iter().find(|piece| piece.contains("line 1")).ok_or("no first line")?;
    if first.contains("line 4") {
        return Err(format!("all came at once, after the last line was made: {first}"));
    }
    server.stop()
}

/// What comes of a request, read by read. Between two lines the program waits for longer than any of it takes.
fn pieces(address: &str, path: &str) -> Result<Vec<String>> {
    let fail = |error: std::io::Error| format!("GET {path}: {error}");
    let mut stream = TcpStream::connect(address).map_err(fail)?;
    stream.set_read_timeout(Some(e2e::wait::LIMIT)).map_err(fail)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").map_err(fail)?;
    let mut pieces = Vec::new();
    let mut buffer = [0; 65536];
    loop {
        match stream.read(&mut buffer).map_err(fail)? {
            0 => return Ok(pieces),
            length => pieces.push(String::from_utf8_lossy(&buffer[..length]).into_owned()),
        }
    }
}
