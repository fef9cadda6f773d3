//! What every host must do.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use e2e::Result;
use e2e::http::{Request, Response};
use serde_json::Value;

use crate::hosts::Running;

/// One promise.
pub struct Case {
    pub name: &'static str,
    /// For the table.
    pub about: &'static str,
    pub needs: Needs,
    pub play: fn(&dyn Running) -> Result<()>,
}

/// On what a case can be played.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// A host that others use at the same time.
    Any,
    /// A host of its own, because it harms it.
    Own,
    /// A host of its own that gives a request two seconds.
    Deadline,
}

const fn case(name: &'static str, about: &'static str, play: fn(&dyn Running) -> Result<()>) -> Case {
    Case { name, about, needs: Needs::Any, play }
}

pub const ALL: &[Case] = &[
    case("get", "empty GET", get),
    case("query", "query with repeated and encoded names", query),
    case("path", "path with `%2F`, other escapes, a slash at its end", path),
    case("methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", methods),
    case("body-text", "body of text", body_text),
    case("body-json", "body of JSON, byte for byte", body_json),
    case("body-bytes-in", "body of bytes to the program", body_bytes_in),
    case("body-bytes-out", "body of bytes from the program", body_bytes_out),
    case("body-empty", "POST without a body", body_empty),
    case("body-5-mb", "body of 5 MB", body_5_mb),
    case("headers-in", "repeated and mixed-case headers to the program", headers_in),
    case("headers-out", "repeated headers from the program", headers_out),
    case("cookies-in", "several cookies to the program", cookies_in),
    case("cookies-out", "several cookies from the program", cookies_out),
    case("status", "status without a body", status),
    case("forwarded", "forwarding headers are data, not truth", forwarded),
    case("fails", "the program fails a request: 5xx, and goes on", fails),
    case("two-at-once", "two requests at once", |host| at_once(host, 2)),
    case("fifty-at-once", "fifty requests at once", |host| at_once(host, 50)),
    Case {
        name: "dies",
        about: "the program dies: 5xx, and the next is answered",
        needs: Needs::Own,
        play: dies,
    },
    Case {
        name: "deadline",
        about: "the time is up: 5xx, and the next is answered",
        needs: Needs::Deadline,
        play: deadline,
    },
    Case {
        name: "shutdown",
        about: "the host is told to end amid a request: answered or refused, nothing left",
        needs: Needs::Own,
        play: shutdown,
    },
];

/// What the program says of a request.
fn echo(host: &dyn Running, request: &Request) -> Result<Value> {
    let response = host.send(request)?;
    expect(response.status == 200, || format!("status {}: {}", response.status, response.text()))?;
    serde_json::from_slice(&response.body).map_err(|error| format!("no JSON ({error}): {}", response.text()))
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<()> {
    expect(found == expected, || format!("{what}: found {found:?}, expected {expected:?}"))
}

fn expect(condition: bool, what: impl FnOnce() -> String) -> Result<()> {
    if condition { Ok(()) } else { Err(what()) }
}

fn get(host: &dyn Running) -> Result<()> {
    let seen = echo(host, &Request::get("/"))?;
    same("method", seen["method"].as_str(), Some("GET"))?;
    same("path", seen["path"].as_str(), Some("/"))?;
    same("query", seen["query"].as_str(), Some(""))?;
    same("length", seen["length"].as_u64(), Some(0))
}

fn query(host: &dyn Running) -> Result<()> {
    let seen = echo(host, &Request::get("/q?a=1&b=x%20y&a=2&%C3%A4=%26%3D&empty="))?;
    let query = seen["query"].as_str().unwrap_or_default();
    // Another order or spelling means the same.
    let mut pairs: Vec<_> = query.split('&').map(decoded).collect();
    pairs.sort();
    same("pairs", pairs, ["a=1", "a=2", "b=x y", "empty=", "ä=&="].map(str::to_owned).to_vec())
}

/// A pair of a query, its escapes undone.
fn decoded(pair: &str) -> String {
    let bytes = pair.replace('+', " ").into_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| std::str::from_utf8(bytes.get(at + 1..at + 3)?).ok()).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn path(host: &dyn Running) -> Result<()> {
    for path in ["/a%2Fb/c", "/%C3%A4%20b", "/a/b/", "/a.b/~c"] {
        let seen = echo(host, &Request::get(path))?;
        same("path", seen["path"].as_str(), Some(path))?;
    }
    Ok(())
}

fn methods(host: &dyn Running) -> Result<()> {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let seen = echo(host, &Request { method, ..Request::get("/m") })?;
        same("method", seen["method"].as_str(), Some(method))?;
    }
    let head = host.send(&Request { method: "HEAD", ..Request::get("/m") })?;
    same("HEAD", (head.status, head.body.len()), (200, 0))
}

/// Sends a body and compares what the program got.
fn sent(host: &dyn Running, content_type: &str, body: &[u8]) -> Result<()> {
    let seen = echo(host, &Request::post("/b", content_type, body))?;
    same("length", seen["length"].as_u64(), Some(body.len() as u64))?;
    let ends =
        if body.len() > 1000 { [&body[..500], &body[body.len() - 500..]].concat() } else { body.to_vec() };
    let got = STANDARD.decode(seen["body"].as_str().unwrap_or_default()).unwrap_or_default();
    expect(got == ends, || format!("{content_type}: the program got {:?}", String::from_utf8_lossy(&got)))
}

fn body_text(host: &dyn Running) -> Result<()> {
    sent(host, "text/plain; charset=utf-8", "zwölf\n\"Wörter\" & mehr".as_bytes())
}

fn body_json(host: &dyn Running) -> Result<()> {
    // White space and order are the sender's.
    sent(host, "application/json", "{ \"b\" : 1.0, \"a\": \"\\u00e4\" }".as_bytes())?;
    sent(host, "application/json", b"[1, 2]")
}

fn body_bytes_in(host: &dyn Running) -> Result<()> {
    let bytes: Vec<u8> = (0..=255).collect();
    sent(host, "application/octet-stream", &bytes)
}

fn body_bytes_out(host: &dyn Running) -> Result<()> {
    let response = host.send(&Request::get("/do/bytes"))?;
    let expected: Vec<u8> = (0..1024_u32).map(|at| u8::try_from(at % 256).unwrap_or_default()).collect();
    same("status", response.status, 200)?;
    expect(response.body == expected, || format!("{} other bytes", response.body.len()))
}

fn body_empty(host: &dyn Running) -> Result<()> {
    let seen = echo(host, &Request { method: "POST", ..Request::get("/e") })?;
    same("length", seen["length"].as_u64(), Some(0))
}

fn body_5_mb(host: &dyn Running) -> Result<()> {
    sent(host, "text/plain", "0123456789abcdef".repeat(5 * 1024 * 1024 / 16).as_bytes())
}

/// The values of a header, as the program saw them.
fn header(seen: &Value, name: &str) -> Vec<String> {
    let all = seen["headers"].as_array().cloned().unwrap_or_default();
    all.iter()
        .filter(|pair| pair[0] == name)
        .flat_map(|pair| {
            pair[1]
                .as_str()
                .unwrap_or_default()
                .split(',')
                .map(|value| value.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn headers_in(host: &dyn Running) -> Result<()> {
    let request =
        Request::get("/h").header("X-Twice", "one").header("x-TWICE", "two").header("X-Mixed-Case", "Value");
    let seen = echo(host, &request)?;
    same("x-twice", header(&seen, "x-twice"), vec!["one".to_owned(), "two".to_owned()])?;
    same("x-mixed-case", header(&seen, "x-mixed-case"), vec!["Value".to_owned()])
}

fn headers_out(host: &dyn Running) -> Result<()> {
    let response = host.send(&Request::get("/do/headers"))?;
    let values: Vec<_> = response.all("x-twice").iter().flat_map(|value| value.split(", ")).collect();
    same("x-twice", values, vec!["one", "two; \"three\""])?;
    same("body", response.text().as_str(), "two headers")
}

fn cookies_in(host: &dyn Running) -> Result<()> {
    let seen = echo(host, &Request::get("/c").header("Cookie", "a=1; b=2; c=x%3By"))?;
    let all = header(&seen, "cookie");
    let cookies: BTreeSet<_> = all.iter().flat_map(|value| value.split(';')).map(str::trim).collect();
    same("cookies", cookies, BTreeSet::from(["a=1", "b=2", "c=x%3By"]))
}

fn cookies_out(host: &dyn Running) -> Result<()> {
    let response = host.send(&Request::get("/do/cookies"))?;
    same("set-cookie", response.all("set-cookie"), vec!["first=1; Path=/", "second=2; HttpOnly"])
}

fn status(host: &dyn Running) -> Result<()> {
    for status in [204, 404, 418] {
        let response = host.send(&Request::get(format!("/do/status/{status}")))?;
        same("status and body", (response.status, response.text().as_str()), (status, ""))?;
    }
    Ok(())
}

fn forwarded(host: &dyn Running) -> Result<()> {
    let request =
        Request::get("/f").header("X-Forwarded-Host", "evil.example").header("X-Original-Url", "/evil");
    let seen = echo(host, &request)?;
    same("path", seen["path"].as_str(), Some("/f"))?;
    expect(!header(&seen, "host").contains(&"evil.example".to_owned()), || {
        "the forwarded host was believed".to_owned()
    })
}

fn fails(host: &dyn Running) -> Result<()> {
    refused(&host.send(&Request::get("/do/fail"))?)?;
    get(host)
}

fn refused(response: &Response) -> Result<()> {
    expect(response.status >= 500, || format!("status {} {:?}", response.status, response.text()))
}

fn at_once(host: &dyn Running, number: usize) -> Result<()> {
    thread::scope(|scope| {
        let asking: Vec<_> = (0..number)
            .map(|at| {
                scope.spawn(move || {
                    let path = format!("/at-once/{at}");
                    let seen = echo(host, &Request::get(&path))?;
                    same("path", seen["path"].as_str(), Some(path.as_str()))
                })
            })
            .collect();
        asking.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked".to_owned())?)
    })
}

fn dies(host: &dyn Running) -> Result<()> {
    get(host)?;
    refused(&host.send(&Request::get("/do/die"))?)?;
    get(host)?;
    get(host)
}

fn deadline(host: &dyn Running) -> Result<()> {
    get(host)?;
    // Ten times what the host gives, and where it gives as long as one likes it is waited for in full.
    refused(&host.send(&Request::get("/do/wait/20000"))?)?;
    get(host)
}

fn shutdown(host: &dyn Running) -> Result<()> {
    get(host)?;
    thread::scope(|scope| {
        let asking = scope.spawn(|| host.send(&Request::get("/do/wait/1500")));
        // Long enough for the request to be on its way, and shorter than it takes.
        thread::sleep(Duration::from_millis(500));
        host.stop()?;
        match asking.join().map_err(|_| "a thread panicked".to_owned())? {
            // Whole, or nothing: a part would be a lie.
            Ok(response) if response.status == 200 => {
                same("body", response.text().as_str(), "waited 1500 ms")
            }
            Ok(response) => refused(&response),
            Err(_) => Ok(()),
        }
    })
}
