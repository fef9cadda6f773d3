//! One caller: asks, and compares the answer with what the program is known to answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Settings;
use crate::lambda::STREAM_LIMIT;
use crate::{Class, Error, Result};

/// How the bridge's answer begins when the program that had a request ended.
const ENDED: &[u8] = b"TRAP_PROGRAM_ENDED:";

/// What one request came to.
pub(super) enum Came {
    Answered(Duration),
    Failed,
    Lost(String),
}

/// The program's answer.
#[derive(Clone)]
pub(super) struct Reference {
    answer: Answer,
    /// Whether a second request got the same body.
    is_steady: bool,
}

impl Reference {
    /// Status, type and body (in base64), for a server that gives the same answer.
    pub(super) fn as_json(&self) -> String {
        let Answer { status, content_type, body } = &self.answer;
        let headers: serde_json::Map<_, _> =
            content_type.iter().map(|value| ("content-type".to_owned(), value.as_str().into())).collect();
        serde_json::json!({ "status": status.as_u16(), "headers": headers, "body": STANDARD.encode(body) })
            .to_string()
    }
}

#[derive(Clone)]
struct Answer {
    status: http::StatusCode,
    content_type: Option<String>,
    body: Vec<u8>,
}

/// Asks, one request at a time.
#[derive(Clone)]
pub(super) struct Caller {
    url: String,
    request: Arc<http::Request<Bytes>>,
    agent: ureq::Agent,
}

impl Caller {
    pub(super) fn new(url: &str, settings: &Settings) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(settings.timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections_per_host(settings.at_once.into())
            .max_idle_connections(settings.at_once.into());
        Self {
            url: url.to_owned(),
            request: Arc::new(settings.request.clone()),
            agent: config.build().into(),
        }
    }

    fn send(&self) -> Result<Answer, ureq::Error> {
        let uri = format!("{}{}", self.url, self.request.uri());
        let mut asked = http::Request::builder().method(self.request.method()).uri(uri);
        for (name, value) in self.request.headers() {
            // Both are said by the client itself.
            if ![http::header::HOST, http::header::CONTENT_LENGTH].contains(name) {
                asked = asked.header(name, value);
            }
        }
        let answer = self.agent.run(asked.body(self.request.body().to_vec())?)?;
        let status = answer.status();
        let content_type = answer.headers().get(http::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let body = answer.into_body().into_with_config().limit(STREAM_LIMIT as u64).read_to_vec()?;
        Ok(Answer { status, content_type, body })
    }

    /// What the program answers while nothing is killed.
    ///
    /// # Errors
    /// `bench-program`.
    pub(super) fn reference(&self) -> Result<Reference> {
        let refused = |what: String| {
            Error::known("bench-program", Class::Run, format!("the program does not answer: {what}"))
                .with_hint("`cargo trap invoke` shows what it logs")
        };
        let ask = || self.send().map_err(|error| refused(error.to_string()));
        let (answer, again) = (ask()?, ask()?);
        if answer.body.starts_with(b"TRAP_") {
            return Err(refused(String::from_utf8_lossy(&answer.body).trim_end().to_owned()));
        }
        let is_steady = answer.body == again.body;
        Ok(Reference { answer, is_steady })
    }

    pub(super) fn ask(&self, reference: &Reference) -> Came {
        let asked = Instant::now();
        match self.send() {
            Ok(Answer { status, body, .. }) => {
                if status == http::StatusCode::BAD_GATEWAY && body.starts_with(ENDED) {
                    Came::Failed
                } else if status != reference.answer.status {
                    let what = String::from_utf8_lossy(&body[..body.len().min(200)]).trim_end().to_owned();
                    Came::Lost(format!("status {}: {what}", status.as_u16()))
                } else if reference.is_steady && reference.answer.body != body {
                    Came::Lost("an answer to something else".to_owned())
                } else {
                    Came::Answered(asked.elapsed())
                }
            }
            Err(error) => Came::Lost(error.to_string()),
        }
    }
}
