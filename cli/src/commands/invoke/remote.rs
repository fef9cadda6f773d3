//! A function that is deployed, asked at its URL.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{self, Uri};
use serde_json::json;

use super::many::{One, Tally, Times};
use super::report::{self, Read};
use super::request::Request;
use super::stop;
use crate::lambda::STREAM_LIMIT;
use crate::ui::Ui;
use crate::{Class, Error, Result};

/// Headers that we add for a function here, and that a platform adds itself.
const ADDED_HERE: [&str; 4] = ["host", "x-forwarded-for", "x-forwarded-proto", "content-length"];

/// How soon a wish to stop is noticed.
const NOTICED: Duration = Duration::from_millis(50);

/// Where a function is asked.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    base: String,
    host: String,
    agent: ureq::Agent,
}

impl Remote {
    /// A function URL, or any other that ends up at the program.
    ///
    /// # Errors
    /// `url` when it is none that can be asked.
    pub(super) fn new(url: &str, timeout: Duration) -> Result<Self> {
        let wrong = || {
            Error::known("url", Class::Request, format!("`{url}` is not a URL that can be asked"))
                .with_hint("write it as the platform shows it: `https://….lambda-url.eu-central-1.on.aws`; the path is an argument of its own")
        };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let is_web = uri.scheme_str().is_some_and(|scheme| ["http", "https"].contains(&scheme));
        let host = uri.host().filter(|host| is_web && !host.is_empty()).ok_or_else(wrong)?.to_owned();
        if uri.query().is_some() {
            return Err(wrong());
        }
        let tls = ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::PlatformVerifier);
        #[cfg(any(target_os = "macos", windows))]
        let tls = tls.provider(ureq::tls::TlsProvider::NativeTls);
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            // An answer is what is asked for, wherever it points to.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .tls_config(tls.build());
        let base = url.split('#').next().unwrap_or(url).trim_end_matches('/').to_owned();
        Ok(Self { base, host, agent: config.build().into() })
    }

    fn ask(&self, request: &http::Request<Bytes>, timeout: Duration) -> Result<Read> {
        let mut asked =
            http::Request::builder().method(request.method()).uri(format!("{}{}", self.base, request.uri()));
        for (name, value) in request.headers() {
            let is_ours = ADDED_HERE.contains(&name.as_str()) && is_default(name.as_str(), value.as_bytes());
            if !is_ours {
                asked = asked.header(name, value);
            }
        }
        let failed = |error: ureq::Error| self.failed(error, timeout);
        let asked = asked.body(request.body().to_vec()).map_err(|error| failed(ureq::Error::Http(error)))?;
        let answer = self.agent.run(asked).map_err(failed)?;
        let (parts, body) = answer.into_parts();
        let body = body.into_with_config().limit(STREAM_LIMIT as u64).read_to_vec().map_err(failed)?;
        Ok(Read::http(parts.status, parts.headers, body.into()))
    }

    fn failed(&self, error: ureq::Error, timeout: Duration) -> Error {
        let host = &self.host;
        let failed = |message: String| Error::known("remote", Class::Run, message);
        match error {
            ureq::Error::Timeout(_) => {
                let message = format!("`{host}` gave no whole answer within {} s", timeout.as_secs_f64());
                Error::known("timeout", Class::Run, message)
                    .with_hint("`--timeout <seconds>` gives it longer")
            }
            error if error.to_string().contains("certificate") => {
                failed(format!("`{host}` could not be asked")).with_source(error).with_hint(
                    "this machine does not trust its certificate; `SSL_CERT_FILE` names a file of others",
                )
            }
            error @ (ureq::Error::Io(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed) => {
                failed(format!("`{host}` could not be asked"))
                    .with_source(error)
                    .with_hint("is it the URL that the platform shows, and is this machine online?")
            }
            error => failed(format!("`{host}` could not be asked")).with_source(error),
        }
    }
}

/// True for what [`Request::http`] adds by itself.
fn is_default(name: &str, value: &[u8]) -> bool {
    match name {
        "host" => value == b"localhost",
        "x-forwarded-for" => value == b"127.0.0.1",
        "x-forwarded-proto" => value == b"http",
        _ => true,
    }
}

/// Asks, as often as is wanted.
///
/// # Errors
/// The first failure; when stdout cannot take the answers.
pub(super) fn run(remote: Remote, request: Request, times: Times, timeout: Duration, ui: &Ui) -> Result<()> {
    let Request::Http(request) = request else {
        let message = "a function URL takes HTTP requests, and an event is none";
        return Err(Error::known("event", Class::Request, message).with_hint(
            "give a method and a path; `aws lambda invoke --payload file://event.json …` sends an event to a deployed function",
        ));
    };
    let (sender, over) = mpsc::sync_channel::<One>(1);
    let next = Arc::new(AtomicU32::new(1));
    let is_over = Arc::new(AtomicBool::new(false));
    let request: Arc<http::Request<Bytes>> = Arc::from(request);
    let started = Instant::now();
    for _ in 0..times.at_once {
        let (remote, request, next) = (remote.clone(), Arc::clone(&request), Arc::clone(&next));
        let (sender, is_over) = (sender.clone(), Arc::clone(&is_over));
        std::thread::spawn(move || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number > times.count || is_over.load(Ordering::Relaxed) {
                    return;
                }
                let asked = Instant::now();
                let came = remote.ask(&request, timeout);
                let one = One { number, came, took: Some(asked.elapsed()), container: None };
                if sender.send(one).is_err() {
                    return;
                }
            }
        });
    }
    drop(sender);
    if times.is_once() {
        let progress = ui.progress("Asking", &remote.host);
        let one = over.recv();
        drop(progress);
        let Ok(One { came, took, .. }) = one else { return Ok(()) };
        return print(&came?, took.unwrap_or_default(), &remote, ui);
    }
    let stop = stop()?;
    let mut tally = Tally::default();
    let mut status = None;
    while status.is_none() {
        match over.recv_timeout(NOTICED) {
            Ok(one) => tally.take(one, ui)?,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
        status = stop.try_recv().ok();
    }
    is_over.store(true, Ordering::Relaxed);
    let concluded =
        tally.conclude(times, started.elapsed(), Vec::new(), json!({ "remote": remote.base }), ui);
    match status {
        Some(status) => Err(Error::ToolFailed { tool: "the host".into(), status, hint: None }),
        None => concluded,
    }
}

fn print(read: &Read, took: Duration, remote: &Remote, ui: &Ui) -> Result<()> {
    if ui.is_json() {
        let mut line = read.line();
        line["reason"] = "trap-invocation".into();
        line["remote"] = remote.base.clone().into();
        line["timings_ms"] = json!({ "answer": report::milliseconds(took) });
        return ui.json(&line);
    }
    read.print(ui)?;
    ui.status("Answer", read.told());
    ui.status(
        "Request",
        format_args!("{} until the whole answer was here", report::span(report::milliseconds(took))),
    );
    if let Some(advice) = advice(read) {
        ui.warning(advice);
    }
    Ok(())
}

/// What an answer means that comes from the platform and not from the program.
fn advice(read: &Read) -> Option<&'static str> {
    let kind = read.header("x-amzn-errortype").unwrap_or_default();
    let is_aws = !kind.is_empty() || read.header("x-amzn-requestid").is_some();
    match read.status()?.as_u16() {
        403 if is_aws => Some(
            "this is AWS refusing, not the program: the URL's auth type is AWS_IAM, which wants signed requests \
             (`curl --aws-sigv4` makes them), or its policy does not let everybody in",
        ),
        502 if is_aws => Some("the program failed: its log group (`aws logs tail`) says why"),
        429 if is_aws => Some("AWS throttles: the function has no more concurrency to give"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_one_that_can_be_asked() {
        for url in ["https://a.on.aws", "https://a.on.aws/", "http://127.0.0.1:3000/base/"] {
            let remote = Remote::new(url, Duration::from_secs(1)).expect("a URL");
            assert_eq!(remote.base, url.trim_end_matches('/'));
        }
        for url in ["a.on.aws", "ftp://a", "https://", "https://a/?q=1", "/path", ""] {
            assert_eq!(Remote::new(url, Duration::from_secs(1)).expect_err(url).code(), "url", "{url}");
        }
    }

    #[test]
    fn an_event_cannot_be_sent_to_a_url() {
        let remote = Remote::new("http://localhost:1", Duration::from_secs(1)).expect("a URL");
        let times = Times { count: 1, at_once: 1 };
        let error = run(remote, Request::Event("{}".into()), times, Duration::from_secs(1), &Ui::default());
        assert_eq!(error.expect_err("no HTTP").code(), "event");
    }

    #[test]
    fn what_the_platform_says_is_told_from_what_the_program_says() {
        let read = |status: u16, header: Option<&'static str>| {
            let mut headers = http::HeaderMap::new();
            if let Some(kind) = header {
                headers.insert("x-amzn-errortype", http::HeaderValue::from_static(kind));
            }
            Read::http(http::StatusCode::from_u16(status).expect("a status"), headers, Bytes::new())
        };
        assert!(
            advice(&read(403, Some("AccessDeniedException"))).is_some_and(|told| told.contains("AWS_IAM"))
        );
        assert_eq!(advice(&read(403, None)), None);
        assert_eq!(advice(&read(200, Some("x"))), None);
    }
}
