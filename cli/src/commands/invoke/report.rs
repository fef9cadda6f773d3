//! What came back and who gave it, for people and for programs.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use serde::Serialize;
use serde_json::{Map, Value};

use super::timeline::Durations;
use crate::arch::Arch;
use crate::host::Answerer;
use crate::host::process::{Memory, Takeover};
use crate::lambda::{Answer, function_url};
use crate::ui::Ui;
use crate::{Class, Error, Result, size};

/// An answer, read as HTTP unless it is for an event that was sent as it is.
#[derive(Debug)]
pub(super) struct Read {
    /// `None` when an event was sent as it is: then the answer is printed as it is.
    http: Option<(StatusCode, HeaderMap)>,
    body: Bytes,
}

/// One finished invocation.
#[derive(Debug)]
pub(super) struct Report {
    read: Read,
    answerer: Option<Answerer>,
    memory: Option<Memory>,
    durations: Durations,
    /// How long the artifact took to build.
    pub(super) build: Duration,
    /// The version of the Node that was booted.
    pub(super) node: String,
    /// What the program was built for.
    pub(super) arch: Arch,
}

/// The JSON form. Durations are in milliseconds, memory in bytes; `null` is what could not be seen.
#[derive(Debug, Serialize)]
struct Line<'a> {
    reason: &'static str,
    status: Option<u16>,
    headers: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    answered_by: Option<By<'a>>,
    arch: Arch,
    node: &'a str,
    memory: Option<Used>,
    timings_ms: Timings,
}

#[derive(Debug, Serialize)]
struct By<'a> {
    pid: u32,
    exe: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    emulator: Option<&'a Path>,
    takeover: Takeover,
}

#[derive(Debug, Serialize)]
struct Used {
    rss: u64,
    pss: u64,
}

#[derive(Debug, Serialize)]
struct Timings {
    build: f64,
    boot: Option<f64>,
    hand_over: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<f64>,
    answer: Option<f64>,
}

impl Read {
    /// Reads an answer.
    ///
    /// # Errors
    /// `bad-answer` when a function URL could not pass it on.
    pub(super) fn of(answer: Answer, is_http: bool) -> Result<Self> {
        let (http, body) = if is_http {
            let response = function_url::response(&answer).map_err(|error| {
                let message = format!("the answer cannot be passed on as HTTP: {error}");
                Error::known("bad-answer", Class::Run, message).with_hint(
                    "a function URL would tell its caller `502`; `--event-file` prints an answer unchanged",
                )
            })?;
            let (parts, body) = response.into_parts();
            (Some((parts.status, parts.headers)), body)
        } else {
            (None, answer.body)
        };
        Ok(Self { http, body })
    }

    /// An answer that came as HTTP.
    pub(super) fn http(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self { http: Some((status, headers)), body }
    }

    /// The status, of HTTP.
    pub(super) fn status(&self) -> Option<StatusCode> {
        self.http.as_ref().map(|(status, _)| *status)
    }

    /// A header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.http.as_ref()?.1.get(name)?.to_str().ok()
    }

    /// The body.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body on stdout, unchanged; on a terminal a line of its own.
    pub(super) fn print(&self, ui: &Ui) -> Result<()> {
        ui.bytes(&self.body)?;
        if std::io::stdout().is_terminal() && !self.body.is_empty() && !self.body.ends_with(b"\n") {
            ui.bytes(b"\n")?;
        }
        Ok(())
    }

    /// What it is, in a few words.
    pub(super) fn told(&self) -> String {
        let length = size::Bytes(self.body.len() as u64);
        match &self.http {
            None => format!("{length}, as the program gave it"),
            Some((status, headers)) => {
                let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
                format!("HTTP {status}, {length}, {}", kind.unwrap_or("no content type"))
            }
        }
    }

    /// Every header with all its values.
    fn headers(&self) -> Map<String, Value> {
        let mut headers = Map::new();
        for (name, value) in self.http.iter().flat_map(|(_, headers)| headers) {
            let values = headers.entry(name.as_str()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(values) = values {
                values.push(String::from_utf8_lossy(value.as_bytes()).into());
            }
        }
        headers
    }

    /// The body as text, or as base64.
    fn text(&self) -> (Option<&str>, Option<String>) {
        let body = std::str::from_utf8(&self.body).ok();
        let encode = || base64::engine::general_purpose::STANDARD.encode(&self.body);
        (body, body.is_none().then(encode))
    }

    /// The JSON form, without what is not of the answer.
    pub(super) fn line(&self) -> Value {
        let (body, body_base64) = self.text();
        let status = self.status().map(|status| status.as_u16());
        let mut line = serde_json::json!({ "status": status, "headers": self.headers() });
        match body_base64 {
            Some(encoded) => line["body_base64"] = encoded.into(),
            None => line["body"] = body.into(),
        }
        line
    }
}

impl Report {
    /// Reads the answer, as HTTP unless it is for an event sent as it is.
    ///
    /// # Errors
    /// `bad-answer` when a function URL could not pass it on.
    pub(super) fn new(
        answer: Answer,
        is_http: bool,
        answerer: Option<Answerer>,
        memory: Option<Memory>,
        durations: Durations,
    ) -> Result<Self> {
        let read = Read::of(answer, is_http)?;
        let (build, node, arch) = (Duration::ZERO, String::new(), Arch::X64);
        Ok(Self { read, answerer, memory, durations, build, node, arch })
    }

    /// The body on stdout and the rest on stderr, or all of it as one object.
    pub(super) fn print(&self, ui: &Ui) -> Result<()> {
        if ui.is_json() {
            return ui.json(&self.line());
        }
        self.read.print(ui)?;
        for (verb, what) in self.rows() {
            ui.status(verb, what);
        }
        Ok(())
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![("Answer", self.read.told())];
        if let Some(answerer) = &self.answerer {
            rows.push(("Answered by", self.by(answerer)));
        }
        if let Some(Memory { rss, pss }) = self.memory {
            rows.push((
                "Memory",
                format!("{:.1} MiB resident (PSS {:.1} MiB)", mebibytes(rss), mebibytes(pss)),
            ));
        }
        let mut took = |verb, duration: Option<Duration>, what: &str| {
            if let Some(duration) = duration {
                rows.push((verb, format!("{} {what}", span(milliseconds(duration))).trim_end().to_owned()));
            }
        };
        took("Build", Some(self.build), "");
        took("Node boot", self.durations.boot, "until it loads the artifact");
        took("Hand-over", self.durations.hand_over, "until the first poll");
        took("Start", self.durations.start, "until the first poll");
        took("Request", self.durations.answer, "until the answer");
        rows
    }

    fn by(&self, Answerer { process, takeover }: &Answerer) -> String {
        let node = format!("Node {}", self.node);
        let how = match takeover {
            Takeover::Exec => format!("exec: it replaced {node}"),
            Takeover::Spawn => format!("spawn: a child of {node}, which waits"),
            Takeover::Library => format!("library: loaded into {node}"),
            Takeover::Wrapper => format!("wrapper: {node} was never started"),
            Takeover::Bridge => format!("bridge: a child of {node}, which feeds it"),
            Takeover::None => format!("no takeover: this is {node} itself"),
        };
        let emulator = match process.is_emulated() {
            true => format!(", {} under {}", self.arch, name(&process.executable)),
            false => String::new(),
        };
        format!("{}, pid {}{emulator} ({how})", crate::plan::shown(&process.program), process.pid)
    }

    fn line(&self) -> Line<'_> {
        let (body, body_base64) = self.read.text();
        Line {
            reason: "trap-invocation",
            status: self.read.status().map(|status| status.as_u16()),
            headers: self.read.headers(),
            body,
            body_base64,
            answered_by: self.answerer.as_ref().map(|Answerer { process, takeover }| By {
                pid: process.pid,
                exe: &process.program,
                emulator: process.is_emulated().then_some(&process.executable),
                takeover: *takeover,
            }),
            arch: self.arch,
            node: &self.node,
            memory: self.memory.map(|Memory { rss, pss }| Used { rss, pss }),
            timings_ms: Timings {
                build: milliseconds(self.build),
                boot: self.durations.boot.map(milliseconds),
                hand_over: self.durations.hand_over.map(milliseconds),
                start: self.durations.start.map(milliseconds),
                answer: self.durations.answer.map(milliseconds),
            },
        }
    }
}

/// As a number of milliseconds, to the microsecond.
pub(super) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Numbers end in one column, so that they can be compared at a glance.
pub(super) fn span(ms: f64) -> String {
    let (number, unit) =
        if ms < 1e3 { (format!("{ms:.1}"), "ms") } else { (format!("{:.2}", ms / 1e3), "s") };
    format!("{number:>7} {unit:<2}")
}

/// In one unit, so that the two can be compared at a glance.
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

fn name(path: &Path) -> String {
    PathBuf::from(path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::process::Process;

    fn report(answer: &str, is_http: bool) -> Report {
        let answer = Answer { body: answer.to_owned().into(), ..Answer::default() };
        let process = Process { pid: 7, executable: "/tmp/trap-1".into(), program: "/tmp/trap-1".into() };
        let answerer = Answerer { process, takeover: Takeover::Exec };
        let durations = Durations {
            boot: Some(Duration::from_micros(23_412)),
            hand_over: Some(Duration::from_micros(6_050)),
            start: None,
            answer: Some(Duration::from_micros(400)),
        };
        let memory = Some(Memory { rss: 3 << 20, pss: 1 << 20 });
        let mut report = Report::new(answer, is_http, Some(answerer), memory, durations).expect("a report");
        report.build = Duration::from_millis(1240);
        report.node = "22.1.0".into();
        report
    }

    #[test]
    fn people_read_a_small_table() {
        let report =
            report(r#"{"statusCode":200,"headers":{"content-type":"text/plain"},"body":"hi"}"#, true);
        let rows: Vec<_> = report.rows().iter().map(|(verb, what)| format!("{verb:>12} {what}")).collect();
        assert_eq!(
            rows,
            [
                "      Answer HTTP 200 OK, 2 B, text/plain",
                " Answered by /tmp/trap-1, pid 7 (exec: it replaced Node 22.1.0)",
                "      Memory 3.0 MiB resident (PSS 1.0 MiB)",
                "       Build    1.24 s",
                "   Node boot    23.4 ms until it loads the artifact",
                "   Hand-over     6.0 ms until the first poll",
                "     Request     0.4 ms until the answer",
            ]
        );
    }

    #[test]
    fn programs_read_one_object() {
        let report = report(
            r#"{"statusCode":201,"headers":{"a":"1"},"cookies":["x=1","y=2"],"body":"/w==","isBase64Encoded":true}"#,
            true,
        );
        let line = serde_json::to_value(report.line()).expect("JSON");
        let expected = serde_json::json!({
            "reason": "trap-invocation",
            "status": 201,
            "headers": { "a": ["1"], "content-type": ["application/json"], "set-cookie": ["x=1", "y=2"] },
            "body_base64": "/w==",
            "answered_by": { "pid": 7, "exe": "/tmp/trap-1", "takeover": "exec" },
            "arch": "x64",
            "node": "22.1.0",
            "memory": { "rss": 3 << 20, "pss": 1 << 20 },
            "timings_ms": { "build": 1240.0, "boot": 23.412, "hand_over": 6.05, "answer": 0.4 },
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn an_event_sent_as_it_is_gets_its_answer_as_it_is() {
        let report = report(r#"{"statusCode":200,"body":"hi"}"#, false);
        assert_eq!(report.read.body, r#"{"statusCode":200,"body":"hi"}"#);
        assert_eq!(report.line().status, None);
    }
}
