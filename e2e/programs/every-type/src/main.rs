//! A class with every kind of type that a client can be told. Most of its methods give back what they are given.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use every_type_elsewhere as elsewhere;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trap_runtime::class::{self, Failure, GnzContext, HttpRequest, Typed};

/// A number of its own.
#[derive(Serialize, Deserialize, Typed)]
#[serde(transparent)]
struct Id(u64);

/// C-like.
#[derive(Serialize, Deserialize, Typed)]
#[serde(rename_all = "kebab-case")]
enum Status {
    /// Not yet paid.
    NotPaid,
    Paid,
    Sent,
}

/// Told by a field.
#[derive(Serialize, Deserialize, Typed)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Event {
    Opened,
    PaidOn { paid_at: DateTime<Utc>, amount: u64 },
    Marked(Mark),
}

/// Told by a key.
#[derive(Serialize, Deserialize, Typed)]
enum Shape {
    Nothing,
    Round(f64),
    Square(u32, u32),
    Data { bytes: Vec<u8>, at: Option<DateTime<Utc>> },
}

/// Told by one field, the rest in another.
#[derive(Serialize, Deserialize, Typed)]
#[serde(tag = "t", content = "c")]
enum Beside {
    Empty,
    One(i64),
    Many(Vec<DateTime<Utc>>),
}

/// Told by nothing.
#[derive(Serialize, Deserialize, Typed)]
#[serde(untagged)]
enum Either {
    Number(f64),
    Text(String),
    Mark(Mark),
}

/// Told by nothing, with parts that JSON has no form for.
#[derive(Serialize, Deserialize, Typed)]
#[serde(untagged)]
enum Loose {
    Nothing,
    Bytes(Vec<u8>),
    At(DateTime<Utc>),
    Text(String),
    Number(f64),
    Pair(Status, DateTime<Utc>),
    Dates(Vec<DateTime<Utc>>),
    Event(Event),
    Beside(Beside),
    Grown { at: DateTime<Utc>, branches: Vec<Loose> },
    Mark(Mark),
    Shape(Shape),
    ByName(HashMap<String, DateTime<Utc>>),
    Many(Vec<Loose>),
}

/// Told by nothing, and each with parts of others in it.
#[derive(Serialize, Deserialize, Typed)]
#[serde(untagged)]
enum Mixed {
    Page {
        page: elsewhere::Page<DateTime<Utc>>,
        #[serde(flatten)]
        mark: Mark,
        #[serde(flatten)]
        more: BTreeMap<String, Option<DateTime<Utc>>>,
    },
    When {
        name: String,
        #[serde(flatten)]
        when: When,
    },
    Mark(Mark),
}

#[derive(Serialize, Deserialize, Typed)]
#[serde(untagged)]
enum When {
    Once { at: DateTime<Utc> },
    Often { every: String },
}

/// Has the fields of one of several beside its own.
#[derive(Serialize, Deserialize, Typed)]
struct Planned {
    id: Id,
    #[serde(flatten)]
    when: When,
}

#[derive(Serialize, Deserialize, Typed)]
struct Mark {
    label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Refers to itself.
#[derive(Serialize, Deserialize, Typed)]
struct Tree {
    value: i64,
    at: DateTime<Utc>,
    branches: Vec<Tree>,
}

/// Some of its fields are those of another type, some are unknown.
#[derive(Serialize, Deserialize, Typed)]
struct Flat {
    name: String,
    #[serde(flatten)]
    mark: Mark,
    #[serde(flatten)]
    more: BTreeMap<String, String>,
}

/// Its names are not those of Rust.
#[derive(Serialize, Deserialize, Typed)]
struct Renamed {
    #[serde(rename = "due-at")]
    due_at: DateTime<Utc>,
    #[serde(rename = "ключ")]
    key: String,
    r#type: bool,
}

/// All that can be sent */ and come back, in one.
#[derive(Serialize, Deserialize, Typed)]
#[serde(rename_all = "camelCase")]
struct Everything {
    id: Id,
    flag: bool,
    small_number: i32,
    number: f64,
    short_number: f32,
    big_number: i64,
    huge_number: i128,
    letter: char,
    text: String,
    at: DateTime<Utc>,
    bytes: Vec<u8>,
    list: Vec<Option<String>>,
    by_name: HashMap<String, Vec<u64>>,
    by_number: BTreeMap<u32, DateTime<Utc>>,
    pair: (String, i64, Option<bool>),
    nothing: (),
    maybe: Option<Box<Everything>>,
    status: Status,
    events: Vec<Event>,
    shapes: Vec<Shape>,
    beside: Vec<Beside>,
    either: Vec<Either>,
    loose: Vec<Loose>,
    mixed: Vec<Mixed>,
    planned: Vec<Planned>,
    page: elsewhere::Page<Mark>,
    numbers: elsewhere::Page<u8>,
    elsewhere: elsewhere::Mark,
    anything: Value,
}

struct Every;

/// Every type there and back.
#[trap_runtime::class]
impl Every {
    /// All of them.
    async fn everything(&self, everything: Everything) -> Everything {
        everything
    }

    async fn tree(&self, tree: Tree) -> Tree {
        tree
    }

    async fn flat(&self, flat: Flat) -> Flat {
        flat
    }

    async fn renamed(&self, renamed: Renamed) -> Renamed {
        renamed
    }

    async fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }

    async fn statuses(&self, statuses: Vec<Status>) -> Vec<Status> {
        statuses
    }

    async fn text(&self, text: String) -> String {
        text
    }

    async fn number(&self, number: f64) -> f64 {
        number
    }

    async fn big(&self, big: i128, more: Vec<u64>) -> (i128, Vec<u64>) {
        (big, more)
    }

    /// How many arguments came.
    async fn optional(&self, first: u8, r#in: Option<String>, last: Option<u64>) -> u8 {
        first + u8::from(r#in.is_some()) + u8::from(last.is_some())
    }

    async fn nothing(&self) {}

    /// Has no form in JSON.
    async fn nan(&self) -> Vec<f64> {
        vec![1.0, f64::NAN]
    }

    async fn fails(&self, code: i64) -> Result<Id, Failure> {
        Err(Failure::new("as it was told to").with_code(code).with_info(Value::from("more")))
    }

    async fn panics(&self) -> bool {
        panic!("as it was told to")
    }

    /// Who asks.
    async fn who(&self, context: GnzContext, name: String) -> (String, Option<String>, Option<String>) {
        (name, context.token, context.headers.get("x-own").cloned())
    }

    /// Takes requests.
    #[method(http)]
    async fn hook(&self, request: HttpRequest) -> String {
        // Behind a platform the address is a whole one.
        let path = request.uri().path_and_query().map_or("", |path| path.as_str());
        format!("{} {path} {}", request.method(), String::from_utf8_lossy(request.body()))
    }

    #[method(cron = "*/5 4 * * 1-5")]
    async fn nightly(&self) -> Result<(), Failure> {
        Err(Failure::new("the clock was here"))
    }
}

fn main() -> Result<(), trap_runtime::Error> {
    trap_runtime::run(class::router(Every))
}
