//! The Runtime API's client side over plain sockets: one connection, one exchange at a time.
//!
//! Enough HTTP/1.1 for that API and no more: `host:port` is on this machine or the next, nothing is encrypted, and every
//! body is small enough to be held in memory.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use serde_json::json;

use crate::Diagnostic;

/// Longest head of a reply, in bytes: Lambda's largest header, the client context, has 3583 (its documentation).
const LONGEST_HEAD: usize = 64 * 1024;

/// Most fields of a reply's head; Lambda sends about ten.
const MOST_FIELDS: usize = 64;

/// Headers by their names in lower case.
type Fields = Vec<(String, String)>;

/// A Runtime API, and the connection to it.
pub(crate) struct Client {
    authority: String,
    /// What stands before the API's own paths, without a slash at its end.
    base: String,
    connection: Option<TcpStream>,
}

/// What the API said.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    fields: Fields,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The value of a header, by its name in lower case.
    #[cfg(feature = "blocking")]
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(&self.fields, name)
    }
}

fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

impl Client {
    /// For the value of `AWS_LAMBDA_RUNTIME_API`: `host:port`, or, as some emulators have it, a whole URL.
    pub(crate) fn new(api: &str) -> Self {
        let rest = api.strip_prefix("http://").unwrap_or(api);
        let (authority, base) = rest.split_once('/').unwrap_or((rest, ""));
        let base = match base.trim_end_matches('/') {
            "" => String::new(),
            base => format!("/{base}"),
        };
        Self { authority: authority.to_owned(), base, connection: None }
    }

    /// Asks for the next event. `wait` returns once there is something to read, with `true`, or because nobody wants
    /// the event any more, with `false`; then there is no reply.
    #[cfg(feature = "blocking")]
    pub(crate) fn next(
        &mut self,
        wait: impl FnMut(&TcpStream) -> io::Result<bool>,
    ) -> io::Result<Option<Reply>> {
        let request = self.request("GET", "invocation/next", &[], &[]);
        self.exchange(&request, wait)
    }

    /// Posts the answer to an event.
    #[cfg(feature = "blocking")]
    pub(crate) fn answer(&mut self, id: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
        self.post(&format!("invocation/{id}/response"), headers, body)
    }

    /// Posts that an event failed.
    #[cfg(feature = "blocking")]
    pub(crate) fn error(
        &mut self,
        id: &str,
        headers: &[(&str, &str)],
        diagnostic: &Diagnostic,
    ) -> io::Result<Reply> {
        let kind = category(diagnostic);
        let mut all = vec![("lambda-runtime-function-error-type", kind.as_str())];
        all.extend(headers);
        self.post(&format!("invocation/{id}/error"), &all, &body_of(diagnostic))
    }

    /// Posts that there will be no events, because the program cannot start.
    pub(crate) fn init_error(&mut self, diagnostic: &Diagnostic) -> io::Result<Reply> {
        let headers = [("lambda-runtime-function-error-type", "Runtime.InitError")];
        self.post("init/error", &headers, &body_of(diagnostic))
    }

    fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
        let request = self.request("POST", path, headers, body);
        let reply = self.exchange(&request, |_| Ok(true))?;
        reply.ok_or_else(|| io::ErrorKind::Interrupted.into())
    }

    /// Head and body in one piece, so that they leave in as few packets as they need.
    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let Self { authority, base, .. } = self;
        let mut head = format!(
            "{method} {base}/2018-06-01/runtime/{path} HTTP/1.1\r\nhost: {authority}\r\n\
             user-agent: trap-runtime/{}\r\n",
            env!("CARGO_PKG_VERSION")
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if method == "POST" {
            head.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        request
    }

    /// Sends a request and reads the reply, once more on a new connection where the first was closed without a reply:
    /// servers close those on which nothing happens for a while, and a handler may take longer. Nothing is answered
    /// twice by that: an API that has the answer already refuses the second.
    fn exchange(
        &mut self,
        request: &[u8],
        mut wait: impl FnMut(&TcpStream) -> io::Result<bool>,
    ) -> io::Result<Option<Reply>> {
        let stream = match self.connection.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        match self.exchange_on(stream, request, &mut wait) {
            Err(error) if is_closed(&error) => self.exchange_on(self.connect()?, request, &mut wait),
            done => done,
        }
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(&self.authority)?;
        // The last packet of a long answer must not wait until the one before was acknowledged.
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Keeps the connection when all went well and the server keeps it too.
    fn exchange_on(
        &mut self,
        mut stream: TcpStream,
        request: &[u8],
        wait: &mut impl FnMut(&TcpStream) -> io::Result<bool>,
    ) -> io::Result<Option<Reply>> {
        // A server may refuse a request before it has read all of it.
        let sent = stream.write_all(request);
        if sent.is_ok() && !wait(&stream)? {
            return Ok(None);
        }
        match (read(&mut stream), sent) {
            (Ok((reply, keeps)), sent) => {
                self.connection = (keeps && sent.is_ok()).then_some(stream);
                Ok(Some(reply))
            }
            (Err(_), Err(error)) | (Err(error), Ok(())) => Err(error),
        }
    }
}

/// Whether the other side had closed the connection before it said anything.
fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

fn body_of(diagnostic: &Diagnostic) -> Vec<u8> {
    let Diagnostic { error_type, error_message } = diagnostic;
    json!({ "errorType": error_type, "errorMessage": error_message }).to_string().into_bytes()
}

/// The type of an error as Lambda's documentation recommends it for the header: `<category>.<reason>`. What would not
/// be one, such as a type with spaces in it, or with the end of a line, stands in the body alone.
#[cfg(feature = "blocking")]
fn category(diagnostic: &Diagnostic) -> String {
    let reason = &diagnostic.error_type;
    match !reason.is_empty() && reason.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        true => format!("Function.{reason}"),
        false => "Function.Error".to_owned(),
    }
}

/// Reads one reply to its end, and says whether another exchange may follow on this connection.
fn read(stream: &mut impl Read) -> io::Result<(Reply, bool)> {
    let mut read = Vec::new();
    let (status, fields, end, by_default) = loop {
        if let Some(head) = head(&read)? {
            break head;
        }
        if read.len() > LONGEST_HEAD {
            return Err(broken("its head has no end"));
        }
        if more(stream, &mut read)? == 0 {
            return Err(match read.is_empty() {
                true => io::ErrorKind::UnexpectedEof.into(),
                false => broken("it breaks off in its head"),
            });
        }
    };
    let mut body = read.split_off(end);
    let is_chunked =
        field(&fields, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let mut has_end = true;
    if is_chunked {
        body = chunks(stream, body)?;
    } else if status == 204 || status == 304 {
        body.clear();
    } else if let Some(length) = field(&fields, "content-length") {
        let length = length.parse::<usize>().map_err(|_| broken("its length is no number"))?;
        until(stream, &mut body, length)?;
        body.truncate(length);
    } else {
        has_end = false;
        stream.read_to_end(&mut body)?;
    }
    let says = |what| field(&fields, "connection").is_some_and(|value| value.eq_ignore_ascii_case(what));
    let keeps = has_end && if by_default { !says("close") } else { says("keep-alive") };
    Ok((Reply { status, fields, body }, keeps))
}

/// Status, headers and length of a head that is complete, and whether connections stay by default.
fn head(read: &[u8]) -> io::Result<Option<(u16, Fields, usize, bool)>> {
    let mut storage = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut reply = httparse::Response::new(&mut storage);
    let length = match reply.parse(read).map_err(|error| broken(&error.to_string()))? {
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(length) => length,
    };
    let lower = |header: &httparse::Header<'_>| {
        (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).trim().to_owned())
    };
    let fields = reply.headers.iter().map(lower).collect();
    Ok(Some((reply.code.unwrap_or_default(), fields, length, reply.version == Some(1))))
}

/// The body behind chunked framing; `raw` is what was read of it already.
fn chunks(stream: &mut impl Read, mut raw: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let (start, size) = loop {
            match httparse::parse_chunk_size(&raw[at..]).map_err(|_| broken("a chunk has no length"))? {
                httparse::Status::Complete((start, size)) => break (at + start, size),
                httparse::Status::Partial => grow(stream, &mut raw)?,
            }
        };
        let size = usize::try_from(size).map_err(|_| broken("a chunk is larger than memory"))?;
        if size == 0 {
            // Trailers, if there are any, end with an empty line, as their absence does.
            at = start;
            while !(raw[at..].starts_with(b"\r\n") || raw[at..].windows(4).any(|four| four == b"\r\n\r\n")) {
                grow(stream, &mut raw)?;
            }
            return Ok(body);
        }
        let end = start.checked_add(size).ok_or_else(|| broken("a chunk is larger than memory"))?;
        until(stream, &mut raw, end.saturating_add(2))?;
        body.extend_from_slice(&raw[start..end]);
        at = end + 2;
    }
}

/// Reads on until there are so many bytes.
fn until(stream: &mut impl Read, read: &mut Vec<u8>, length: usize) -> io::Result<()> {
    while read.len() < length {
        grow(stream, read)?;
    }
    Ok(())
}

/// Reads on inside a body.
fn grow(stream: &mut impl Read, read: &mut Vec<u8>) -> io::Result<()> {
    match more(stream, read)? {
        0 => Err(broken("it breaks off in its body")),
        _ => Ok(()),
    }
}

/// Reads once; returns how much it was, 0 at the end.
fn more(stream: &mut impl Read, read: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(length) => {
                read.extend_from_slice(&buffer[..length]);
                return Ok(length);
            }
        }
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not an answer of a Runtime API: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time: every boundary falls between two reads.
    struct Dripping<'a>(&'a [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            buffer[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    /// Status, body and whether the connection is kept, read at once and byte by byte.
    fn reply(text: &str) -> Result<(u16, String, bool), io::ErrorKind> {
        let seen = |read: io::Result<(Reply, bool)>| {
            let (reply, keeps) = read.map_err(|error| error.kind())?;
            Ok((reply.status, String::from_utf8_lossy(&reply.body).into_owned(), keeps))
        };
        let at_once = seen(read(&mut text.as_bytes()));
        assert_eq!(seen(read(&mut Dripping(text.as_bytes()))), at_once, "{text:?}");
        at_once
    }

    #[test]
    fn a_body_has_a_length_or_chunks_or_lasts_until_the_end() {
        let ok = |body: &str, keeps| Ok((200, body.to_owned(), keeps));
        assert_eq!(reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), ok("{}", true));
        assert_eq!(reply("HTTP/1.1 200 OK\r\n\r\n{}"), ok("{}", false));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(
            reply(&format!("{chunked}1\r\n{{\r\na;x=y\r\n\"a\": 1234}}\r\n0\r\n\r\n")),
            ok("{\"a\": 1234}", true)
        );
        assert_eq!(reply(&format!("{chunked}0\r\n\r\n")), ok("", true));
        assert_eq!(reply(&format!("{chunked}2\r\n{{}}\r\n0\r\na: b\r\nc: d\r\n\r\n")), ok("{}", true));
    }

    #[test]
    fn a_connection_is_kept_only_when_both_sides_want_it() {
        let keeps = |version: &str, connection: &str| {
            reply(&format!("HTTP/{version} 202 Accepted\r\n{connection}Content-Length: 0\r\n\r\n"))
                .map(|(_, _, keeps)| keeps)
        };
        assert_eq!(keeps("1.1", ""), Ok(true));
        assert_eq!(keeps("1.1", "Connection: Close\r\n"), Ok(false));
        assert_eq!(keeps("1.0", ""), Ok(false));
        assert_eq!(keeps("1.0", "Connection: keep-alive\r\n"), Ok(true));
        assert_eq!(reply("HTTP/1.1 204 No Content\r\n\r\n"), Ok((204, String::new(), true)));
    }

    #[test]
    fn what_breaks_off_is_an_error_and_no_shorter_reply() {
        let whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        for end in 1..whole.len() {
            assert_eq!(reply(&whole[..end]), Err(io::ErrorKind::InvalidData), "cut at {end}");
        }
        assert_eq!(reply("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}"), Err(io::ErrorKind::InvalidData));
        // Told apart, because nothing at all means that the server had closed the connection before.
        assert_eq!(reply(""), Err(io::ErrorKind::UnexpectedEof));
    }

    #[test]
    fn what_is_no_http_is_an_error() {
        for text in [
            "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        ] {
            assert_eq!(reply(text), Err(io::ErrorKind::InvalidData), "{text:?}");
        }
        let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(2 * LONGEST_HEAD));
        // At once alone: byte by byte it is looked through for its end as often as it has bytes.
        assert_eq!(
            read(&mut endless.as_bytes()).map_err(|error| error.kind()).err(),
            Some(io::ErrorKind::InvalidData)
        );
    }

    #[test]
    fn an_api_may_be_given_as_a_url_with_a_path() {
        for (api, host, path) in [
            ("127.0.0.1:9001", "127.0.0.1:9001", "/2018-06-01/runtime/init/error"),
            ("http://127.0.0.1:9001/", "127.0.0.1:9001", "/2018-06-01/runtime/init/error"),
            ("http://localhost:9/.rt/f/", "localhost:9", "/.rt/f/2018-06-01/runtime/init/error"),
        ] {
            let request = Client::new(api).request("POST", "init/error", &[("a", "b")], b"{}");
            let request = String::from_utf8_lossy(&request).into_owned();
            assert!(request.starts_with(&format!("POST {path} HTTP/1.1\r\nhost: {host}\r\n")), "{request}");
            assert!(
                request
                    .ends_with("\r\na: b\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"),
                "{request}"
            );
        }
    }

    #[cfg(feature = "blocking")]
    #[test]
    fn an_error_type_that_could_not_be_a_header_stands_in_the_body_alone() {
        let category = |kind: &str| category(&Diagnostic::new(kind, "x"));
        assert_eq!(category("TooPoor"), "Function.TooPoor");
        for kind in ["", "too poor", "a\r\nb: c", "Größe"] {
            assert_eq!(category(kind), "Function.Error");
        }
    }
}
