//! One caller: asks, and compares the answer with what the program is known to answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http;

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

/// The program's answer; the body where two requests got the same.
#[derive(Clone)]
pub(super) struct Reference {
    status: http::StatusCode,
    body: Option<Vec<u8>>,
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

    fn send(&self) -> Result<(http::StatusCode, Vec<u8>), ureq::Error> {
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
        let body = answer.into_body().into_with_config().limit(STREAM_LIMIT as u64).read_to_vec()?;
        Ok((status, body))
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
        let ((status, body), (_, again)) = (ask()?, ask()?);
        if body.starts_with(b"TRAP_") {
            return Err(refused(String::from_utf8_lossy(&body).trim_end().to_owned()));
        }
        Ok(Reference { status, body: (body == again).then_some(body) })
    }

    pub(super) fn ask(&self, reference: &Reference) -> Came {
        let asked = Instant::now();
        match self.send() {
            Ok((status, body)) => {
                if status == http::StatusCode::BAD_GATEWAY && body.starts_with(ENDED) {
                    Came::Failed
                } else if status != reference.status {
                    let what = String::from_utf8_lossy(&body[..body.len().min(200)]).trim_end().to_owned();
                    Came::Lost(format!("status {}: {what}", status.as_u16()))
                } else if reference.body.as_ref().is_some_and(|wanted| *wanted != body) {
                    Came::Lost("an answer to something else".to_owned())
                } else {
                    Came::Answered(asked.elapsed())
                }
            }
            Err(error) => Came::Lost(error.to_string()),
        }
    }
}
