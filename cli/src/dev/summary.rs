//! What an event is, in a few words: taken from the event itself, so that it is true for what is replayed too.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::mask;

/// An event at a glance.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    /// `HTTP`, or the service that sent it.
    pub(super) kind: String,
    /// The HTTP method, or nothing.
    pub(super) method: Option<String>,
    /// Path and query, or what else tells one event from another.
    pub(super) title: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(default)]
    raw_path: Option<String>,
    #[serde(default)]
    raw_query_string: Option<String>,
    #[serde(default)]
    http_method: Option<String>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    query_string_parameters: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default)]
    request_context: Option<Context>,
    #[serde(rename = "Records", default)]
    records: Option<Vec<Record>>,
    #[serde(default)]
    source: Option<String>,
    #[serde(rename = "detail-type", default)]
    detail_type: Option<String>,
}

#[derive(Deserialize)]
struct Context {
    #[serde(default)]
    http: Option<Http>,
}

#[derive(Deserialize)]
struct Http {
    #[serde(default)]
    method: Option<String>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "eventSource", alias = "EventSource", default)]
    source: Option<String>,
    #[serde(rename = "eventName", default)]
    name: Option<String>,
    #[serde(flatten)]
    _rest: IgnoredAny,
}

/// Looks at an event.
pub(super) fn of(payload: &[u8]) -> Summary {
    let Ok(event) = serde_json::from_slice::<Event>(payload) else {
        let kind = if serde_json::from_slice::<IgnoredAny>(payload).is_ok() { "event" } else { "not JSON" };
        return Summary { kind: kind.into(), method: None, title: "an event of another kind".into() };
    };
    http(&event).or_else(|| records(&event)).or_else(|| from_bus(&event)).unwrap_or_else(|| Summary {
        kind: "event".into(),
        method: None,
        title: "an event of another kind".into(),
    })
}

fn http(event: &Event) -> Option<Summary> {
    let modern = event.request_context.as_ref().and_then(|context| context.http.as_ref()?.method.clone());
    let (method, path, query) = match (modern, &event.raw_path) {
        (Some(method), Some(path)) => {
            (method, path.clone(), event.raw_query_string.clone().unwrap_or_default())
        }
        _ => {
            let parameters = event.query_string_parameters.iter().flatten();
            let pairs =
                parameters.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
            (event.http_method.clone()?, event.path.clone()?, pairs.collect::<Vec<_>>().join("&"))
        }
    };
    let query = mask::query(&query);
    let title = if query.is_empty() { path } else { format!("{path}?{query}") };
    Some(Summary { kind: "HTTP".into(), method: Some(method), title })
}

fn records(event: &Event) -> Option<Summary> {
    let records = event.records.as_ref().filter(|records| !records.is_empty())?;
    let source = records[0].source.clone()?;
    let kind = match source.trim_start_matches("aws:") {
        "dynamodb" => "DynamoDB".to_owned(),
        "kinesis" => "Kinesis".to_owned(),
        short => short.to_uppercase(),
    };
    let count = match records.len() {
        1 => "1 record".to_owned(),
        several => format!("{several} records"),
    };
    let mut names: Vec<_> = records.iter().filter_map(|record| record.name.as_deref()).collect();
    names.dedup();
    let names = if names.is_empty() { String::new() } else { format!(", {}", names.join(", ")) };
    Some(Summary { kind, method: None, title: format!("{count}{names}") })
}

fn from_bus(event: &Event) -> Option<Summary> {
    let (source, detail) = (event.source.as_ref()?, event.detail_type.as_ref()?);
    let kind = if detail == "Scheduled Event" { "cron" } else { "EventBridge" };
    Some(Summary { kind: kind.into(), method: None, title: format!("{detail} from {source}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events;

    fn told(payload: &str) -> String {
        let Summary { kind, method, title } = of(payload.as_bytes());
        format!("{kind}: {}{title}", method.map(|method| method + " ").unwrap_or_default())
    }

    #[test]
    fn every_example_is_told_by_what_it_is() {
        let expected = [
            ("sqs", "SQS: 2 records"),
            ("s3", "S3: 1 record, ObjectCreated:Put"),
            ("dynamodb", "DynamoDB: 2 records, INSERT, MODIFY"),
            ("eventbridge", "EventBridge: OrderPlaced from shop.orders"),
            ("cron", "cron: Scheduled Event from aws.events"),
            ("apigw-v1", "HTTP: GET /hello?name=you"),
            ("apigw-v2", "HTTP: GET /hello?name=you"),
            ("alb", "HTTP: GET /hello?name=you"),
        ];
        assert_eq!(
            events::ALL.map(|example| (example.name, told(example.text))),
            expected.map(|(n, t)| (n, t.into()))
        );
    }

    #[test]
    fn anything_else_is_an_event_too() {
        for payload in ["{}", "[]", "1", "{\"Records\":[]}", "{\"Records\":7}", "{\"rawPath\":\"/\"}"] {
            assert_eq!(told(payload), "event: an event of another kind", "{payload}");
        }
        assert_eq!(told("{"), "not JSON: an event of another kind");
    }

    #[test]
    fn what_is_secret_in_a_query_is_not_told() {
        let event = r#"{"rawPath":"/a","rawQueryString":"page=2&access_token=abc","requestContext":{"http":{"method":"GET"}}}"#;
        assert_eq!(told(event), "HTTP: GET /a?page=2&access_token=•••");
    }
}
