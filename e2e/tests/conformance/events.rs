//! Hosts that take events: the emulator of AWS, with AWS's Node client, and what comes in front of it in production.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use axum::body::Bytes;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cargo_trap::lambda::{Answer as Posted, function_url};
use e2e::Result;
use e2e::http::{Request, Response};
use e2e::platform::{Answer, Platform, Running as Runtime};
use e2e::{stage, wait};
use serde_json::{Map, Value, json};

use crate::hosts::Running;

/// How requests become events, and answers responses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A function URL.
    FunctionUrl,
    /// Netlify's, to either of its kinds of functions.
    Netlify,
}

/// An emulator that runs, behind a front that gives it one request at a time, as Lambda does with a container.
pub struct Emulator {
    runtime: Arc<dyn Runtime>,
    shape: Shape,
    turn: Mutex<()>,
    mark: String,
}

impl Emulator {
    pub fn start(launch: &e2e::platform::Launch, shape: Shape, mark: &str) -> Result<Self> {
        let runtime = Platform::Rie.start(launch)?;
        Ok(Self { runtime, shape, turn: Mutex::default(), mark: mark.to_owned() })
    }
}

impl Running for Emulator {
    fn send(&self, request: &Request) -> Result<Response> {
        let event = match self.shape {
            Shape::FunctionUrl => function_url_event(request)?,
            Shape::Netlify => netlify_event(request),
        };
        let _turn = self.turn.lock();
        let response = match self.runtime.ask(event.to_string().as_bytes())? {
            // So it ends what it is at when it is told to end; no program posts nothing, not even for an empty body.
            Answer::Posted(body) if body.is_empty() => {
                return Err("the emulator answered with nothing".to_owned());
            }
            Answer::Posted(body) => response(body)?,
            Answer::Failed { kind, .. } => failed(kind),
            Answer::TimedOut(text) => failed(text),
        };
        // A front sends no body for HEAD.
        let body = if request.method == "HEAD" { Vec::new() } else { response.body };
        Ok(Response { body, ..response })
    }

    fn stop(&self) -> Result<()> {
        self.runtime.stop()?;
        wait::until("every process of the host to end", || stage::marked(&self.mark).is_empty().then_some(()))
            .map_err(|error| format!("{error}: {:?} are left", stage::marked(&self.mark)))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        for pid in stage::marked(&self.mark) {
            stage::kill(pid);
        }
    }
}

/// What a function URL says when the function gives it nothing to say.
fn failed(kind: String) -> Response {
    Response { status: 502, headers: Vec::new(), body: kind.into_bytes() }
}

fn function_url_event(request: &Request) -> Result<Value> {
    let mut http = axum::http::Request::builder()
        .method(request.method)
        .uri(&request.target)
        .header("host", "localhost");
    for (name, value) in &request.headers {
        http = http.header(*name, value);
    }
    let http =
        http.body(Bytes::from(request.body.clone())).map_err(|error| format!("the request: {error}"))?;
    let context = function_url::Context {
        domain: "localhost".to_owned(),
        source_ip: "127.0.0.1".to_owned(),
        request_id: "conformance".to_owned(),
        time: SystemTime::now(),
    };
    Ok(function_url::event(&http, &context))
}

/// As Netlify's two bootstraps read it: <https://docs.netlify.com/build/functions/lambda-compatibility/>.
fn netlify_event(request: &Request) -> Value {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut headers = Map::new();
    let mut multiple: Map<String, Value> = Map::new();
    headers.insert("host".to_owned(), "localhost".into());
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        let values = multiple.entry(name.clone()).or_insert_with(|| json!([]));
        values.as_array_mut().expect("an array was put there").push(value.clone().into());
        let all: Vec<_> = values.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        headers.insert(name, all.join(", ").into());
    }
    let is_text = std::str::from_utf8(&request.body).is_ok();
    let body = if is_text {
        String::from_utf8_lossy(&request.body).into_owned()
    } else {
        STANDARD.encode(&request.body)
    };
    json!({
        "rawUrl": format!("https://localhost{}", request.target),
        "rawQuery": query,
        "path": path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": multiple,
        "body": if request.body.is_empty() { Value::Null } else { body.into() },
        "isBase64Encoded": !is_text,
        "flags": {},
    })
}

/// The response for what the function posted, be it an object or a stream with a beginning.
fn response(body: Vec<u8>) -> Result<Response> {
    let streamed = body.windows(8).any(|window| window == [0; 8]);
    let is_error = serde_json::from_slice::<Value>(&body).is_ok_and(|value| value.get("errorType").is_some());
    if is_error {
        return Ok(failed(String::from_utf8_lossy(&body).into_owned()));
    }
    let content_type = streamed.then(|| "application/vnd.awslambda.http-integration-response".to_owned());
    let answer = Posted { body: body.into(), content_type, streamed };
    let (head, body) = function_url::response(&answer).map_err(|error| error.to_string())?.into_parts();
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    Ok(Response { status: head.status.as_u16(), headers, body: body.to_vec() })
}
