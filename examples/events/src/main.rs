//! Events that are not HTTP: messages, uploads, changes in a table, and whatever goes over an event bus.

use std::fmt::Display;

use aws_lambda_events::{
    dynamodb::{Event as Changes, EventRecord as Change},
    eventbridge::EventBridgeEvent,
    s3::{S3Event, S3EventRecord},
    sqs::{SqsEvent, SqsMessage},
};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trap_runtime::Diagnostic;

/// One program for all four; the service that sent an event is told by its `eventSource`, or by the bus's `detail-type`.
#[derive(Deserialize)]
#[serde(try_from = "Value")]
enum Event {
    Messages(SqsEvent),
    Uploads(S3Event),
    Changes(Changes),
    OrderPlaced(Box<EventBridgeEvent<Order>>),
}

impl TryFrom<Value> for Event {
    type Error = String;

    fn try_from(event: Value) -> Result<Self, String> {
        let source = event.pointer("/Records/0/eventSource").and_then(Value::as_str).map(str::to_owned);
        let detail = event.get("detail-type").and_then(Value::as_str).map(str::to_owned);
        let read = match (source.as_deref(), detail.as_deref()) {
            (Some("aws:sqs"), _) => serde_json::from_value(event).map(Self::Messages),
            (Some("aws:s3"), _) => serde_json::from_value(event).map(Self::Uploads),
            (Some("aws:dynamodb"), _) => serde_json::from_value(event).map(Self::Changes),
            (None, Some("OrderPlaced")) => serde_json::from_value(event).map(Self::OrderPlaced),
            (source, detail) => {
                return Err(format!(
                    "it is of source {source:?} and detail type {detail:?}, which nobody here handles"
                ));
            }
        };
        read.map_err(|error| error.to_string())
    }
}

#[derive(Debug, Default, Clone, PartialEq, Deserialize, Serialize)]
struct Order {
    order: String,
    items: Vec<Item>,
}

#[derive(Debug, Default, Clone, PartialEq, Deserialize, Serialize)]
struct Item {
    sku: String,
    count: u32,
}

/// What the service gets. SQS and DynamoDB streams read it when the function's trigger says `ReportBatchItemFailures`:
/// what is named is delivered again, and nothing else. The other two ignore it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

async fn handle(event: Event) -> Result<Answer, Diagnostic> {
    let mut failed = Vec::new();
    match event {
        // In any order: each is tried, whatever becomes of the others.
        Event::Messages(event) => {
            for message in event.records {
                if let Err(error) = fulfil(&message) {
                    failed.push(failure("message", message.message_id, error)?);
                }
            }
        }
        // In the order in which they happened: after the first failure a stream begins there again.
        Event::Changes(event) => {
            for change in event.records {
                if let Err(error) = follow(&change) {
                    failed.push(failure("change", change.change.sequence_number, error)?);
                    break;
                }
            }
        }
        // These two are delivered again as a whole, so one failure is the event's.
        Event::Uploads(event) => event.records.iter().try_for_each(index)?,
        Event::OrderPlaced(event) => {
            println!("order {} was placed: {} items", event.detail.order, event.detail.items.len())
        }
    }
    Ok(Answer { batch_item_failures: failed })
}

/// Without an identifier nothing can be named, so all of the batch has to come again.
fn failure(what: &str, identifier: Option<String>, error: impl Display) -> Result<Failure, Diagnostic> {
    let identifier = identifier.filter(|identifier| !identifier.is_empty());
    let item_identifier = identifier
        .ok_or_else(|| Diagnostic::new("NoIdentifier", format!("a {what} without one: {error}")))?;
    println!("{what} {item_identifier} has to come again: {error}");
    Ok(Failure { item_identifier })
}

fn fulfil(message: &SqsMessage) -> Result<(), serde_json::Error> {
    let order: Order = serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
    println!("order {} is fulfilled: {} items", order.order, order.items.len());
    Ok(())
}

fn follow(change: &Change) -> Result<(), &'static str> {
    let keys = &change.change.keys;
    if keys.is_empty() {
        return Err("it has no key");
    }
    println!("{} of {keys:?}", change.event_name);
    Ok(())
}

fn index(record: &S3EventRecord) -> Result<(), Diagnostic> {
    let object = &record.s3.object;
    let key = object.key.as_deref().ok_or_else(|| Diagnostic::new("NoKey", "an upload without a key"))?;
    // S3 writes keys as a form does: `+` for a space, the rest by percent signs.
    let key = key.replace('+', " ");
    let key = percent_decode_str(&key).decode_utf8()?;
    println!(
        "`{key}` of {} bytes is in `{}`",
        object.size.unwrap_or_default(),
        record.s3.bucket.name.as_deref().unwrap_or("?")
    );
    Ok(())
}

fn main() -> Result<(), trap_runtime::Error> {
    trap_runtime::event::run(handle)
}
