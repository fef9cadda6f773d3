//! What Rust types are in TypeScript.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::description::Piece::{self, Of, Text};

/// A type that has a counterpart in TypeScript. `#[derive(Typed)]` implements it for structs and enums, by the names
/// that serde's attributes give them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no counterpart in TypeScript",
    label = "the client cannot be told this type",
    note = "a struct or an enum of yours needs `#[derive(trap_runtime::class::Typed)]` beside serde's derives",
    note = "for a type of somebody else's, write `#[typed(as = \"…\")]` at the field, with a type that serde writes the same way"
)]
pub trait Typed {
    /// The type, described.
    #[doc(hidden)]
    const PIECES: &'static [Piece];
}

macro_rules! plain {
    ($($text:literal: $($type:ty),+;)+) => {$($(
        impl Typed for $type {
            const PIECES: &'static [Piece] = &[Text(concat!("\"", $text, "\""))];
        }
    )+)+};
}

plain! {
    "string": String, str, char, Box<str>, Arc<str>, std::borrow::Cow<'_, str>;
    "number": f32, f64, i8, i16, i32, u16, u32;
    // A sequence of them is bytes.
    "byte": u8;
    // What a JavaScript number would round.
    "bigint": i64, u64, i128, u128, isize, usize;
    "boolean": bool;
    "void": ();
    "any": Value;
}

#[cfg(feature = "chrono")]
plain! {
    "date": chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::FixedOffset>;
    "string": chrono::NaiveDate;
}

macro_rules! around {
    ($($before:literal $after:literal: $($type:ty),+;)+) => {$($(
        impl<T: Typed> Typed for $type {
            const PIECES: &'static [Piece] = &[Text($before), Of(T::PIECES), Text($after)];
        }
    )+)+};
}

around! {
    "{\"array\":" "}": Vec<T>, VecDeque<T>, [T], Box<[T]>, BTreeSet<T>;
    "{\"option\":" "}": Option<T>;
    "" "": Box<T>, Arc<T>;
}

impl<T: Typed, S> Typed for HashSet<T, S> {
    const PIECES: &'static [Piece] = Vec::<T>::PIECES;
}

/// A key that serde writes as a string, which every key in JSON is.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be the key of a map in TypeScript")]
pub trait Key {}

impl Key for String {}
impl Key for u8 {}
impl Key for u16 {}
impl Key for u32 {}
impl Key for u64 {}
impl Key for i8 {}
impl Key for i16 {}
impl Key for i32 {}
impl Key for i64 {}

impl<K: Key, V: Typed> Typed for BTreeMap<K, V> {
    const PIECES: &'static [Piece] = &[Text("{\"map\":"), Of(V::PIECES), Text("}")];
}

impl<K: Key, V: Typed, S> Typed for HashMap<K, V, S> {
    const PIECES: &'static [Piece] = BTreeMap::<K, V>::PIECES;
}

macro_rules! tuples {
    ($(($first:ident $(, $rest:ident)*))+) => {$(
        impl<$first: Typed $(, $rest: Typed)*> Typed for ($first, $($rest,)*) {
            const PIECES: &'static [Piece] =
                &[Text("{\"tuple\":["), Of($first::PIECES), $(Text(","), Of($rest::PIECES),)* Text("]}")];
        }
    )+};
}

tuples! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) }

impl<T: Typed, const N: usize> Typed for [T; N] {
    const PIECES: &'static [Piece] = Vec::<T>::PIECES;
}

#[cfg(test)]
mod tests {
    // Only described here, never written or read.
    #![allow(dead_code, reason = "types that are described alone")]

    use serde_json::json;

    use super::super::Typed;
    use super::{BTreeMap, Of, Piece, Text, Value};

    /// The JSON text of a description.
    fn described<T: Typed>() -> Value {
        fn add(pieces: &[Piece], text: &mut String) {
            for piece in pieces {
                match piece {
                    Text(json) => text.push_str(json),
                    Piece::Raw(raw) => text.push_str(raw),
                    Of(pieces) => add(pieces, text),
                }
            }
        }
        let mut text = String::new();
        add(T::PIECES, &mut text);
        serde_json::from_str(&text).expect("it is JSON")
    }

    #[derive(Typed)]
    #[serde(rename = "Id", transparent)]
    struct CustomerId(u64);

    #[derive(Typed)]
    #[serde(tag = "kind", content = "of", rename_all = "kebab-case", rename_all_fields = "camelCase")]
    enum Event<T> {
        /// Nothing was done.
        NotDone,
        Done(T),
        Moved {
            due_at: String,
            #[serde(skip)]
            cached: std::time::Instant,
            #[serde(default, rename = "BY")]
            by: CustomerId,
            #[serde(flatten)]
            more: BTreeMap<String, Value>,
            #[serde(with = "elsewhere")]
            #[typed(as = "String")]
            hash: [u8; 4],
        },
        #[serde(skip)]
        Unseen(std::time::Instant),
        #[serde(rename = "both")]
        Two(T, Vec<Event<T>>),
    }

    #[derive(Typed)]
    #[serde(rename = "Chain")]
    struct Renamed {
        next: Option<Box<Renamed>>,
    }

    #[derive(Typed)]
    #[serde(untagged)]
    enum Either {
        Number(f64),
        Text(Box<str>),
    }

    #[test]
    fn plain_types_have_plain_names() {
        assert_eq!(
            described::<(u8, i64, bool, String)>(),
            json!({ "tuple": ["byte", "bigint", "boolean", "string"] })
        );
        let map = json!({ "map": { "option": { "array": "byte" } } });
        assert_eq!(described::<BTreeMap<u64, Option<Vec<u8>>>>(), map);
        assert_eq!(described::<[Box<f32>; 2]>(), json!({ "array": "number" }));
        #[cfg(feature = "chrono")]
        assert_eq!(described::<chrono::DateTime<chrono::Utc>>(), json!("date"));
    }

    #[test]
    fn a_type_has_the_form_that_serde_gives_it() {
        let path = "trap_runtime::class::typed::tests";
        let id = json!({ "name": "Id", "path": path, "doc": "", "args": [], "is": { "newtype": "bigint" } });
        assert_eq!(described::<CustomerId>(), id);
        let variants = json!([
            { "name": "not-done", "doc": "Nothing was done.", "is": { "unit": true } },
            { "name": "done", "doc": "", "is": { "newtype": "number" } },
            { "name": "moved", "doc": "", "is": { "struct": [
                { "name": "dueAt", "doc": "", "type": "string" },
                { "name": "BY", "doc": "", "optional": true, "type": id },
                { "name": "more", "doc": "", "flatten": true, "type": { "map": "any" } },
                { "name": "hash", "doc": "", "type": "string" },
            ] } },
            { "name": "both", "doc": "", "is": { "tuple": ["number", { "array": { "self": "Event" } }] } },
        ]);
        let event = json!({ "tag": "kind", "content": "of", "untagged": false, "variants": variants });
        assert_eq!(described::<Event<u32>>()["is"]["enum"], event);
        assert_eq!(described::<Event<u32>>()["args"], json!(["number"]));
        assert_eq!(described::<Either>()["is"]["enum"]["untagged"], true);
        // Inside itself it goes by the name that stands outside.
        let renamed = described::<Renamed>();
        assert_eq!(renamed["name"], "Chain");
        assert_eq!(renamed["is"]["struct"][0]["type"], json!({ "option": { "self": "Chain" } }));
    }
}
