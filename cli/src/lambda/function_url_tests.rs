//! The awkward cases of [`super`].

use super::*;

fn context() -> Context {
    Context {
        domain: "abc.lambda-url.us-east-1.on.aws".into(),
        source_ip: "127.0.0.1".into(),
        request_id: "ID".into(),
        time: UNIX_EPOCH + Duration::from_millis(1_583_348_638_390),
    }
}

fn request(uri: &str, headers: &[(&str, &[u8])], body: &[u8]) -> Request<Bytes> {
    let mut request = Request::builder().method("POST").uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::copy_from_slice(body)).expect("a request")
}

fn answer(body: &str) -> Answer {
    Answer { body: body.to_owned().into(), ..Answer::default() }
}

fn values(response: &Response<Bytes>, name: &str) -> Vec<String> {
    response.headers().get_all(name).iter().map(text).collect()
}

#[test]
fn the_whole_event_has_lambdas_shape() {
    let request = request("/a?q=1", &[("host", b"h"), ("user-agent", b"u")], b"");
    let expected = serde_json::json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/a",
        "rawQueryString": "q=1",
        "headers": { "host": "h", "user-agent": "u" },
        "queryStringParameters": { "q": "1" },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abc",
            "domainName": "abc.lambda-url.us-east-1.on.aws",
            "domainPrefix": "abc",
            "http": {
                "method": "POST",
                "path": "/a",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "u",
            },
            "requestId": "ID",
            "routeKey": "$default",
            "stage": "$default",
            "time": "04/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1_583_348_638_390_u64,
        },
        "isBase64Encoded": false,
    });
    assert_eq!(event(&request, &context()), expected);
}

#[test]
fn paths_and_queries_stay_encoded() {
    let event = event(&request("/a%2Fb/%C3%A9/..//x%20y?a=%26&a=b+c&plus=%2B", &[], b""), &context());
    assert_eq!(event["rawPath"], "/a%2Fb/%C3%A9/..//x%20y");
    assert_eq!(event["requestContext"]["http"]["path"], event["rawPath"]);
    assert_eq!(event["rawQueryString"], "a=%26&a=b+c&plus=%2B");
    assert_eq!(event["queryStringParameters"], serde_json::json!({ "a": "&,b c", "plus": "+" }));
}

#[test]
fn repeated_headers_are_joined_and_cookies_split_out() {
    let headers: &[(&str, &[u8])] =
        &[("X-Tag", b"a"), ("x-tag", b"b, c"), ("cookie", b"k=v; k2=\"a=b\";"), ("Cookie", b"last=1")];
    let event = event(&request("/", headers, b""), &context());
    assert_eq!(event["headers"], serde_json::json!({ "x-tag": "a,b, c" }));
    assert_eq!(event["cookies"], serde_json::json!(["k=v", "k2=\"a=b\"", "last=1"]));
}

#[test]
fn only_text_types_travel_as_text() {
    let encoded = |kind: &str, body: &[u8]| {
        let event = event(&request("/", &[("content-type", kind.as_bytes())], body), &context());
        (event["body"].as_str().expect("a body").to_owned(), event["isBase64Encoded"] == true)
    };
    assert_eq!(encoded("application/json; charset=utf-8", b"{}"), ("{}".into(), false));
    assert_eq!(encoded("TEXT/Plain", b"hi"), ("hi".into(), false));
    assert_eq!(encoded("application/x-www-form-urlencoded", b"a=b"), ("YT1i".into(), true));
    assert_eq!(encoded("application/octet-stream", b"\x00\xff"), ("AP8=".into(), true));
    assert_eq!(encoded("text/plain", b"\xff"), ("/w==".into(), true));
    let compressed: &[(&str, &[u8])] = &[("content-type", b"text/plain"), ("content-encoding", b"gzip")];
    assert_eq!(event(&request("/", compressed, b"x"), &context())["isBase64Encoded"], true);
}

#[test]
fn header_bytes_above_127_are_kept() {
    let event = event(&request("/", &[("x", b"caf\xe9"), ("y", "é".as_bytes())], b""), &context());
    assert_eq!(event["headers"], serde_json::json!({ "x": "café", "y": "é" }));
}

#[test]
fn a_full_answer_becomes_a_response() {
    let response = response(&answer(
        r#"{"statusCode":201,"headers":{"X-One":"1","n":2},"body":"AP8=","isBase64Encoded":true,
           "cookies":["a=1; Path=/","b=2"]}"#,
    ))
    .expect("a response");
    assert_eq!(response.status(), 201);
    assert_eq!(response.body().as_ref(), [0, 255]);
    assert_eq!(values(&response, "x-one"), ["1"]);
    assert_eq!(values(&response, "n"), ["2"]);
    assert_eq!(values(&response, "set-cookie"), ["a=1; Path=/", "b=2"]);
    assert_eq!(values(&response, "content-type"), ["application/json"]);
}

#[test]
fn headers_given_both_ways_are_sent_once() {
    let response = response(&answer(
        r#"{"statusCode":200,"headers":{"x-tag":"a","content-type":"text/plain"},
           "multiValueHeaders":{"X-Tag":["a","b"],"content-type":["text/plain"],"set-cookie":["a=1"]},
           "cookies":["a=1"],"body":"hi"}"#,
    ))
    .expect("a response");
    assert_eq!(values(&response, "x-tag"), ["a", "b"]);
    assert_eq!(values(&response, "content-type"), ["text/plain"]);
    assert_eq!(values(&response, "set-cookie"), ["a=1"]);
}

#[test]
fn empty_cookies_do_not_hide_set_cookie_headers() {
    let body = r#"{"statusCode":200,"multiValueHeaders":{"set-cookie":["a=1","b=2"]},"cookies":[]}"#;
    let response = response(&answer(body)).expect("a response");
    assert_eq!(values(&response, "set-cookie"), ["a=1", "b=2"]);
}

#[test]
fn anything_without_a_status_is_the_body_of_a_success() {
    for body in ["{\"msg\":\"hi\"}", "\"text\"", "[1,2]", "null", "not json", ""] {
        let response = response(&answer(body)).expect("a response");
        assert_eq!(response.status(), 200, "{body}");
        assert_eq!(response.body().as_ref(), body.as_bytes());
        assert_eq!(values(&response, "content-type"), ["application/json"]);
    }
}

#[test]
fn what_http_cannot_carry_is_refused_with_its_name() {
    let refused = |body| response(&answer(body)).expect_err("refused");
    assert_eq!(refused(r#"{"statusCode":99}"#), BadAnswer::Status("99".into()));
    assert_eq!(refused(r#"{"statusCode":"ok"}"#), BadAnswer::Status("\"ok\"".into()));
    assert_eq!(refused(r#"{"statusCode":200,"headers":{"a b":"1"}}"#), BadAnswer::Header("a b".into()));
    assert_eq!(refused("{\"statusCode\":200,\"headers\":{\"a\":\"1\\n2\"}}"), BadAnswer::Header("a".into()));
    assert_eq!(refused(r#"{"statusCode":200,"body":"*","isBase64Encoded":true}"#), BadAnswer::Base64);
}

#[test]
fn a_streamed_answer_starts_with_its_status() {
    let mut body = br#"{"statusCode":418,"headers":{"x":"1"},"cookies":["a=1"]}"#.to_vec();
    body.extend([0; 8]);
    body.extend([1, 0, 2]);
    let answer = Answer { body: body.into(), content_type: Some(PRELUDE.into()), streamed: true };
    let response = response(&answer).expect("a response");
    assert_eq!(response.status(), 418);
    assert_eq!(response.body().as_ref(), [1, 0, 2]);
    assert_eq!(values(&response, "x"), ["1"]);
    assert_eq!(values(&response, "set-cookie"), ["a=1"]);
}

#[test]
fn a_streamed_answer_without_a_prelude_is_the_body() {
    let answer = Answer { body: "hi".into(), content_type: Some("text/plain".into()), streamed: true };
    let response = response(&answer).expect("a response");
    assert_eq!((response.status().as_u16(), response.body().as_ref()), (200, b"hi".as_slice()));
    assert_eq!(values(&response, "content-type"), ["text/plain"]);
}
