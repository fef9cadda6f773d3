//! HTTP to function URL events (payload 2.0) and answers back to HTTP. Pure functions.
//!
//! The shapes: <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>. A function URL passes
//! the path on as it came, percent-encoding included (an API Gateway HTTP API would decode it).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{Answer, query, time};

/// The content type of a streamed answer that starts with status and headers.
const PRELUDE: &str = "application/vnd.awslambda.http-integration-response";
/// Lambda separates the prelude from the body by this many zero bytes.
const PRELUDE_END: [u8; 8] = [0; 8];

/// Who asked, and when: what an event says besides the request itself.
#[derive(Clone, Debug)]
pub struct Context {
    /// The host name the function answers at.
    pub domain: String,
    /// The caller's address.
    pub source_ip: String,
    /// The id of the request.
    pub request_id: String,
    /// When it came in.
    pub time: SystemTime,
}

/// Why an answer is no HTTP response. A function URL tells its caller only `502`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadAnswer {
    /// The status code is not a number from 100 to 999.
    #[error("the status code `{0}` is not an HTTP status")]
    Status(String),
    /// A header cannot be sent.
    #[error("the header `{0}` has a name or value that HTTP does not allow")]
    Header(String),
    /// The body was announced as base64 and is not.
    #[error("`isBase64Encoded` is true and the body is not base64")]
    Base64,
}

/// The event for an HTTP request.
pub fn event(request: &Request<Bytes>, context: &Context) -> Value {
    let headers = request.headers();
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let (body, is_base64_encoded) = encode(headers, request.body());

    let mut event = LambdaFunctionUrlRequest::default();
    event.version = Some("2.0".into());
    event.raw_path = Some(path.into());
    event.raw_query_string = Some(query.into());
    event.cookies = cookies(headers);
    event.query_string_parameters = query::parameters(query);
    event.body = body;
    event.is_base64_encoded = is_base64_encoded;

    let since = context.time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let about = &mut event.request_context;
    about.account_id = Some("anonymous".into());
    let prefix = context.domain.split('.').next().unwrap_or_default();
    about.apiid = Some(prefix.into());
    about.domain_prefix = Some(prefix.into());
    about.domain_name = Some(context.domain.clone());
    about.request_id = Some(context.request_id.clone());
    about.time = Some(time::common_log(since.as_secs()));
    about.time_epoch = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    about.http.method = Some(request.method().as_str().into());
    about.http.path = Some(path.into());
    about.http.protocol =
        Some(if request.version() == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" }.into());
    about.http.source_ip = Some(context.source_ip.clone());
    about.http.user_agent = headers.get(header::USER_AGENT).map(text);

    let mut event = serde_json::to_value(event).unwrap_or_default();
    if let Value::Object(event) = &mut event {
        // What the published type leaves out: without a route some programs take it for another source.
        event.insert("routeKey".into(), "$default".into());
        event.insert("headers".into(), joined(headers));
        if let Some(Value::Object(about)) = event.get_mut("requestContext") {
            about.insert("routeKey".into(), "$default".into());
            about.insert("stage".into(), "$default".into());
        }
        if event.get("queryStringParameters") == Some(&Value::Object(Map::new())) {
            event.remove("queryStringParameters");
        }
    }
    without_nulls(event)
}

/// Lambda leaves out what is not there.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        other => other,
    }
}

/// Lower-case names; values of a repeated name joined by commas; cookies stand elsewhere.
fn joined(headers: &HeaderMap) -> Value {
    headers
        .keys()
        .filter(|name| *name != header::COOKIE)
        .map(|name| {
            let values: Vec<String> = headers.get_all(name).iter().map(text).collect();
            (name.as_str().to_owned(), Value::from(values.join(",")))
        })
        .collect::<Map<_, _>>()
        .into()
}

fn cookies(headers: &HeaderMap) -> Option<Vec<String>> {
    let cookies: Vec<String> = headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| text(value).split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>())
        .filter(|cookie| !cookie.is_empty())
        .collect();
    (!cookies.is_empty()).then_some(cookies)
}

/// HTTP says nothing about bytes above 127 in headers; they travel as Latin-1, which loses none.
fn text(value: &HeaderValue) -> String {
    match value.to_str() {
        Ok(text) => text.to_owned(),
        Err(_) => std::str::from_utf8(value.as_bytes())
            .map_or_else(|_| value.as_bytes().iter().copied().map(char::from).collect(), str::to_owned),
    }
}

fn encode(headers: &HeaderMap, body: &[u8]) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    match std::str::from_utf8(body) {
        Ok(text) if is_text(headers) => (Some(text.to_owned()), false),
        _ => (Some(STANDARD.encode(body)), true),
    }
}

/// Only these travel as text; a form, for one, does not.
fn is_text(headers: &HeaderMap) -> bool {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return false;
    }
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return true };
    let content_type = text(content_type).to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(essence, "application/json" | "application/javascript" | "application/xml")
}

/// The HTTP response for what a program answered.
///
/// # Errors
/// When the answer announces something HTTP cannot carry.
pub fn response(answer: &Answer) -> Result<Response<Bytes>, BadAnswer> {
    if answer.streamed {
        return streamed(answer);
    }
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(Value::Object(object)) if object.contains_key("statusCode") => from_object(&object, None),
        // Anything else is taken as the body of a success.
        _ => {
            let mut response = Response::new(answer.body.clone());
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            Ok(response)
        }
    }
}

fn streamed(answer: &Answer) -> Result<Response<Bytes>, BadAnswer> {
    let has_prelude = answer.content_type.as_deref().is_some_and(|kind| kind.starts_with(PRELUDE));
    let end = answer.body.windows(PRELUDE_END.len()).position(|window| window == PRELUDE_END);
    if let (true, Some(end)) = (has_prelude, end)
        && let Ok(Value::Object(prelude)) = serde_json::from_slice(&answer.body[..end])
    {
        return from_object(&prelude, Some(answer.body.slice(end + PRELUDE_END.len()..)));
    }
    let kind = answer.content_type.as_deref().unwrap_or("application/octet-stream");
    let mut response = Response::new(answer.body.clone());
    let kind = HeaderValue::from_str(kind).map_err(|_| BadAnswer::Header("content-type".into()))?;
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

fn from_object(object: &Map<String, Value>, body: Option<Bytes>) -> Result<Response<Bytes>, BadAnswer> {
    let body = body.map_or_else(|| body_of(object), Ok)?;
    let mut response = Response::new(body);
    *response.status_mut() = status(object.get("statusCode"))?;
    let cookies =
        object.get("cookies").filter(|cookies| cookies.as_array().is_some_and(|all| !all.is_empty()));
    let single = object.get("headers").and_then(Value::as_object);
    let multiple = object.get("multiValueHeaders").and_then(Value::as_object);
    // Programs that give a header both ways repeat one of its several values in `headers`, and those
    // that list their cookies may have them as headers too. Each is sent once.
    let given_below = |name: &str| {
        multiple.is_some_and(|multiple| multiple.keys().any(|other| other.eq_ignore_ascii_case(name)))
    };
    let listed = |name: &str| cookies.is_some() && name.eq_ignore_ascii_case("set-cookie");
    let single = single.into_iter().flatten().filter(|(name, _)| !given_below(name));
    for (name, value) in single.chain(multiple.into_iter().flatten()).filter(|(name, _)| !listed(name)) {
        append(response.headers_mut(), name, value)?;
    }
    if let Some(cookies) = cookies {
        append(response.headers_mut(), header::SET_COOKIE.as_str(), cookies)?;
    }
    if !response.headers().contains_key(header::CONTENT_TYPE) {
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    Ok(response)
}

fn status(value: Option<&Value>) -> Result<StatusCode, BadAnswer> {
    let number = match value {
        None | Some(Value::Null) => Some(200),
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_u64(),
    };
    number
        .and_then(|number| u16::try_from(number).ok())
        .and_then(|number| StatusCode::from_u16(number).ok())
        .ok_or_else(|| BadAnswer::Status(value.map(Value::to_string).unwrap_or_default()))
}

fn body_of(object: &Map<String, Value>) -> Result<Bytes, BadAnswer> {
    let text = match object.get("body") {
        None | Some(Value::Null) => return Ok(Bytes::new()),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    if object.get("isBase64Encoded") == Some(&Value::Bool(true)) {
        return STANDARD.decode(text.as_bytes()).map(Bytes::from).map_err(|_| BadAnswer::Base64);
    }
    Ok(text.into())
}

/// Appends one value, or each of several.
fn append(headers: &mut HeaderMap, name: &str, value: &Value) -> Result<(), BadAnswer> {
    let text = match value {
        Value::Null => return Ok(()),
        Value::Array(values) => return values.iter().try_for_each(|value| append(headers, name, value)),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let bad = || BadAnswer::Header(name.to_owned());
    let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
    headers.append(key, HeaderValue::from_bytes(text.as_bytes()).map_err(|_| bad())?);
    Ok(())
}

#[cfg(test)]
#[path = "function_url_tests.rs"]
mod tests;
