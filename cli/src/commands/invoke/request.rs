//! What to send: the command line as an event.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use axum::body::Bytes;
use axum::http::{self, HeaderName, HeaderValue, Method, Uri, header};

use crate::lambda::function_url::{self, Context};
use crate::lambda::{Invocation, PAYLOAD_LIMIT, uuid};
use crate::{Class, Error, Result, events, size};

/// The flags that say what to send.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Request")]
pub struct Input {
    /// Send this as the body; its type is guessed (JSON, text) unless given with `-H`
    #[arg(short, long, value_name = "TEXT", conflicts_with_all = ["data_file", "event_file", "event"])]
    data: Option<String>,
    /// Send this file as the body; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["event_file", "event"])]
    data_file: Option<PathBuf>,
    /// Send this JSON as the event, unchanged, and print the answer as the program gave it, not read as
    /// HTTP; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["header", "first", "second"])]
    event_file: Option<PathBuf>,
    /// Send an example of what this service sends, and print the answer as the program gave it
    #[arg(long, value_name = "EXAMPLE", value_parser = events::values())]
    #[arg(conflicts_with_all = ["header", "first", "second", "event_file"])]
    event: Option<String>,
    /// Add a header; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    header: Vec<String>,
}

/// A request that is ready to be sent.
#[derive(Clone, Debug)]
pub enum Request {
    /// An event as it is.
    Event(Bytes),
    /// An HTTP request, which becomes a function URL's event.
    Http(Box<http::Request<Bytes>>),
}

impl Request {
    /// Resolves what was typed.
    pub(crate) fn new(first: Option<String>, second: Option<String>, input: Input) -> Result<Self> {
        if let Some(file) = input.event_file {
            let event = read(&file)?;
            serde_json::from_slice::<serde::de::IgnoredAny>(&event).map_err(|error| {
                let message = format!("`{}` is no event: it is not JSON", file.display());
                Error::known("event", Class::Request, message).with_source(error)
            })?;
            return Ok(Self::Event(event));
        }
        if let Some(example) = input.event.as_deref().and_then(events::find) {
            return Ok(Self::Event(example.text.into()));
        }
        let body = match (&input.data, &input.data_file) {
            (Some(text), _) => Some(Bytes::from(text.clone())),
            (None, Some(file)) => Some(read(file)?),
            (None, None) => None,
        };
        let (method, path) = match (first, second) {
            (Some(path), None) if path.starts_with('/') => (None, Some(path)),
            other => other,
        };
        Self::http(method.as_deref(), path.as_deref(), &input.header, body)
    }

    /// An HTTP request with what every client sends; a header is `Name: value`.
    ///
    /// # Errors
    /// `method`, `path`, `header` or `too-large`.
    pub(crate) fn http(
        method: Option<&str>,
        path: Option<&str>,
        headers: &[String],
        body: Option<Bytes>,
    ) -> Result<Self> {
        let mut request = http::Request::new(body.clone().unwrap_or_default());
        *request.method_mut() = parse_method(method, body.is_some())?;
        *request.uri_mut() = uri(path.unwrap_or("/"))?;
        for text in headers {
            let (name, value) = parse_header(text)?;
            request.headers_mut().append(name, value);
        }
        let mut add = |name: HeaderName, value: &str| {
            if let (false, Ok(value)) = (request.headers().contains_key(&name), HeaderValue::from_str(value))
            {
                request.headers_mut().insert(name, value);
            }
        };
        add(header::HOST, "localhost");
        add(header::ACCEPT, "*/*");
        add(header::USER_AGENT, concat!("cargo-trap/", env!("CARGO_PKG_VERSION")));
        add(HeaderName::from_static("x-forwarded-for"), "127.0.0.1");
        add(HeaderName::from_static("x-forwarded-proto"), "http");
        if let Some(body) = body {
            add(header::CONTENT_TYPE, content_type(&body));
            add(header::CONTENT_LENGTH, &body.len().to_string());
        }
        check_size(event(&request, &uuid()).len(), "the request, as an event, is ").map_err(|error| {
            error.with_hint("a body that is not text travels as base64, a third longer: at most about 4.5 MB")
        })?;
        Ok(Self::Http(Box::new(request)))
    }

    /// The invocation, and whether its answer is to be read as HTTP.
    pub(crate) fn into_invocation(self) -> (Invocation, bool) {
        match self {
            Self::Event(event) => (Invocation::new(event), false),
            Self::Http(request) => {
                let mut invocation = Invocation::new("");
                invocation.payload = event(&request, &invocation.request_id);
                let trace = request.headers().get("x-amzn-trace-id").and_then(|value| value.to_str().ok());
                invocation.trace_id = trace.map(str::to_owned);
                (invocation, true)
            }
        }
    }
}

/// What the program is sent: the request as a function URL would hand it over now.
fn event(request: &http::Request<Bytes>, request_id: &str) -> Bytes {
    let context = Context {
        domain: "localhost".into(),
        source_ip: "127.0.0.1".into(),
        request_id: request_id.into(),
        time: SystemTime::now(),
    };
    function_url::event(request, &context).to_string().into()
}

/// Lambda refuses larger events, so they are refused here, before anything is built.
fn check_size(bytes: usize, what: &str) -> Result<()> {
    if bytes <= PAYLOAD_LIMIT {
        return Ok(());
    }
    let message = format!("{what}{}: Lambda takes 6 MB", size::Bytes(bytes as u64));
    Err(Error::known("too-large", Class::Request, message))
}

fn parse_method(given: Option<&str>, has_body: bool) -> Result<Method> {
    let default = if has_body { "POST" } else { "GET" };
    let name = given.unwrap_or(default);
    // HTTP allows any word; one that is neither a known method nor written like one is a path mistyped.
    let known = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "PATCH", "TRACE"];
    let upper = name.to_ascii_uppercase();
    let method = if known.contains(&upper.as_str()) { &upper } else { name };
    let shouted = method.chars().all(|c| c.is_ascii_uppercase() || c == '-');
    Method::from_bytes(method.as_bytes()).ok().filter(|_| shouted).ok_or_else(|| {
        Error::known("method", Class::Request, format!("`{name}` is not an HTTP method")).with_hint(format!(
            "the order is METHOD PATH, such as `POST /items`; a path begins with `/`: `/{name}`"
        ))
    })
}

/// Encodes what cannot stand in a request line, as a browser would; what is encoded already stays.
fn uri(path: &str) -> Result<Uri> {
    let wrong = || {
        Error::known("path", Class::Request, format!("`{path}` is not a path"))
            .with_hint("it begins with `/` and may have a query: `/items?limit=10`")
    };
    if !path.starts_with('/') {
        return Err(wrong());
    }
    let mut encoded = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    // Path and query alone, because `//host/path` would be taken for an address.
    let path_and_query = http::uri::PathAndQuery::try_from(encoded).map_err(|_| wrong())?;
    Ok(Uri::from(path_and_query))
}

fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue)> {
    let wrong = || {
        Error::known("header", Class::Request, format!("`{text}` is not a header"))
            .with_hint("write `-H 'Name: value'`")
    };
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wrong())?;
    Ok((name, HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| wrong())?))
}

fn content_type(body: &[u8]) -> &'static str {
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        "application/json"
    } else if std::str::from_utf8(body).is_ok() {
        "text/plain; charset=utf-8"
    } else {
        "application/octet-stream"
    }
}

fn read(file: &Path) -> Result<Bytes> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    let bytes = bytes.map_err(Error::file("read", file))?;
    check_size(bytes.len(), &format!("`{}` is ", file.display()))?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(first: &str, second: &str, input: Input) -> http::Request<Bytes> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        match Request::new(text(first), text(second), input).expect("a request") {
            Request::Http(request) => *request,
            Request::Event(_) => panic!("an event"),
        }
    }

    fn data(text: &str) -> Input {
        Input { data: Some(text.into()), ..Input::default() }
    }

    #[test]
    fn a_single_word_with_a_slash_is_the_path() {
        for (first, second, expected) in
            [("", "", "GET /"), ("/a", "", "GET /a"), ("delete", "/a", "DELETE /a"), ("HEAD", "", "HEAD /")]
        {
            let request = request(first, second, Input::default());
            assert_eq!(format!("{} {}", request.method(), request.uri()), expected);
        }
        let with_data = request("/a", "", data("x"));
        assert_eq!(with_data.method(), Method::POST);
    }

    #[test]
    fn paths_are_encoded_only_where_they_must_be() {
        let path = |path| request(path, "", Input::default()).uri().to_string();
        assert_eq!(path("/a%2Fb?q=%20&r=ü x"), "/a%2Fb?q=%20&r=%C3%BC%20x");
        assert_eq!(path("//a//b"), "//a//b");
        assert_eq!(path("/a#b"), "/a%23b");
        let error =
            Request::new(Some("GET".into()), Some("a".into()), Input::default()).expect_err("no slash");
        assert_eq!(error.code(), "path");
    }

    #[test]
    fn the_type_of_data_is_guessed_unless_given() {
        let kind = |request: &http::Request<Bytes>| request.headers()["content-type"].clone();
        assert_eq!(kind(&request("/", "", data("{}"))), "application/json");
        assert_eq!(kind(&request("/", "", data("hello"))), "text/plain; charset=utf-8");
        let given =
            Input { header: vec!["Content-Type: a/b".into(), "X: 1".into(), "x: 2".into()], ..data("{}") };
        let request = request("/", "", given);
        assert_eq!(kind(&request), "a/b");
        assert_eq!(request.headers().get_all("x").iter().count(), 2);
    }

    #[test]
    fn what_is_too_large_as_an_event_is_refused() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let file = folder.path().join("data");
        let with_file = |byte: u8, bytes: usize| {
            std::fs::write(&file, vec![byte; bytes]).expect("written");
            Request::new(None, None, Input { data_file: Some(file.clone()), ..Input::default() })
        };
        for (byte, bytes) in [(0xff, PAYLOAD_LIMIT * 4 / 5), (b'a', PAYLOAD_LIMIT), (b'a', PAYLOAD_LIMIT + 1)]
        {
            assert_eq!(with_file(byte, bytes).expect_err("too large").code(), "too-large", "{bytes}");
        }
        with_file(b'a', PAYLOAD_LIMIT * 4 / 5).expect("text is no longer as an event");
    }

    #[test]
    fn what_is_no_header_or_method_is_refused() {
        let input = Input { header: vec!["no colon".into()], ..Input::default() };
        assert_eq!(Request::new(None, None, input).expect_err("refused").code(), "header");
        let error = Request::new(Some("no method".into()), Some("/".into()), Input::default());
        assert_eq!(error.expect_err("refused").code(), "method");
    }
}
