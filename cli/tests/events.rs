//! The example events are what the services send, as far as `aws_lambda_events` and `lambda_http` can tell.
#![allow(missing_docs, reason = "a test crate")]

use aws_lambda_events::alb::AlbTargetGroupRequest;
use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use aws_lambda_events::cloudwatch_events::CloudWatchEvent;
use aws_lambda_events::dynamodb::Event as DynamoDbEvent;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::s3::S3Event;
use aws_lambda_events::sqs::SqsEvent;
use cargo_trap::events;
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What the services send and the types do not know.
const UNKNOWN: [&str; 1] = ["extendedRequestId"];

/// Reads an example as a type, and makes sure that the type knows every part of it.
fn read<T: DeserializeOwned + Serialize>(name: &str) -> T {
    let text = events::find(name).expect("an example").text;
    let event: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let kept = serde_json::to_value(&event).expect("JSON");
    let sent: Value = serde_json::from_str(text).expect("JSON");
    compare(name, &sent, &kept);
    event
}

/// What was sent must be there; the type may add what was not sent. A moment may be written otherwise.
fn compare(at: &str, sent: &Value, kept: &Value) {
    match (sent, kept) {
        (Value::Object(sent), Value::Object(kept)) => {
            let told = sent.iter().filter(|(_, value)| !is_nothing(value));
            for (name, value) in told.filter(|(name, _)| !UNKNOWN.contains(&name.as_str())) {
                let kept = kept.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
                let (_, kept) = kept.unwrap_or_else(|| panic!("{at}.{name} is lost"));
                compare(&format!("{at}.{name}"), value, kept);
            }
        }
        (Value::Array(sent), Value::Array(kept)) => {
            assert_eq!(sent.len(), kept.len(), "{at}");
            sent.iter().zip(kept).for_each(|(sent, kept)| compare(at, sent, kept));
        }
        (Value::String(sent), Value::String(kept)) if sent.contains('T') && sent.ends_with('Z') => {
            assert_eq!(sent[..19], kept[..19], "{at}");
        }
        (Value::Number(sent), Value::Number(kept)) => assert_eq!(sent.as_f64(), kept.as_f64(), "{at}"),
        _ => assert_eq!(sent, kept, "{at}"),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

#[test]
fn sqs_sends_messages() {
    let event: SqsEvent = read("sqs");
    assert_eq!(event.records.len(), 2);
    assert_eq!(event.records[1].body.as_deref(), Some("a second message"));
    assert_eq!(event.records[0].message_attributes["priority"].string_value.as_deref(), Some("high"));
}

#[test]
fn s3_tells_of_an_object() {
    let event: S3Event = read("s3");
    let s3 = &event.records[0].s3;
    assert_eq!((s3.bucket.name.as_deref(), s3.object.size), (Some("my-pictures"), Some(184_532)));
    assert_eq!(s3.object.key.as_deref(), Some("holidays/2026/day+one.jpg"));
}

#[test]
fn dynamodb_tells_of_changes() {
    let event: DynamoDbEvent = read("dynamodb");
    let names: Vec<_> = event.records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(names, ["INSERT", "MODIFY"]);
    let image = serde_json::to_value(&event.records[1].change.new_image).expect("JSON");
    assert_eq!(image["paid"]["BOOL"], true);
}

#[test]
fn eventbridge_sends_what_somebody_put() {
    let event: EventBridgeEvent<Value> = read("eventbridge");
    assert_eq!((event.source.as_str(), event.detail_type.as_str()), ("shop.orders", "OrderPlaced"));
    assert_eq!(event.detail["order"], "1042");
}

#[test]
fn a_schedule_is_an_event_without_details() {
    let event: CloudWatchEvent<Value> = read("cron");
    assert_eq!(event.detail_type.as_deref(), Some("Scheduled Event"));
    assert_eq!(event.source.as_deref(), Some("aws.events"));
    let _also: EventBridgeEvent<Value> = read("cron");
}

#[test]
fn http_comes_in_three_shapes_of_its_own() {
    let rest: ApiGatewayProxyRequest = read("apigw-v1");
    assert_eq!(rest.path.as_deref(), Some("/hello"));
    let http: ApiGatewayV2httpRequest = read("apigw-v2");
    assert_eq!(http.raw_path.as_deref(), Some("/hello"));
    let balancer: AlbTargetGroupRequest = read("alb");
    assert_eq!(balancer.path.as_deref(), Some("/hello"));
}

#[test]
fn lambda_http_takes_each_of_them_for_what_it_is() {
    for name in ["apigw-v1", "apigw-v2", "alb"] {
        let text = events::find(name).expect("an example").text;
        let request = lambda_http::request::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let kind = match request.request_context() {
            RequestContext::ApiGatewayV1(_) => "apigw-v1",
            RequestContext::ApiGatewayV2(_) => "apigw-v2",
            RequestContext::Alb(_) => "alb",
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(kind, name);
        assert_eq!((request.method().as_str(), request.raw_http_path()), ("GET", "/hello"), "{name}");
        assert_eq!(request.query_string_parameters().first("name"), Some("you"), "{name}");
        assert_eq!(request.headers()["user-agent"], "example/1.0", "{name}");
    }
}
