//! From Rust to JSON: as `serde_json` writes a value, except that integers of 64 bits and more become
//! `{"$bigint":"…"}`, and that a number JSON cannot hold is an error.

use serde::Serialize;
use serde::ser::{
    self, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::{Map, Value, json};

use super::read::Problem;

/// The value as a client reads it.
pub(super) fn written<T: Serialize + ?Sized>(value: &T) -> Result<Value, Problem> {
    value.serialize(Write)
}

struct Write;

type Written = Result<Value, Problem>;

fn big(number: impl ToString) -> Written {
    Ok(json!({ "$bigint": number.to_string() }))
}

fn variant(name: &str, content: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), content)]))
}

impl Serializer for Write {
    type Ok = Value;
    type Error = Problem;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Elements;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    fn serialize_bool(self, value: bool) -> Written {
        Ok(value.into())
    }

    fn serialize_i8(self, value: i8) -> Written {
        Ok(value.into())
    }

    fn serialize_i16(self, value: i16) -> Written {
        Ok(value.into())
    }

    fn serialize_i32(self, value: i32) -> Written {
        Ok(value.into())
    }

    fn serialize_i64(self, value: i64) -> Written {
        big(value)
    }

    fn serialize_i128(self, value: i128) -> Written {
        big(value)
    }

    fn serialize_u8(self, value: u8) -> Written {
        Ok(value.into())
    }

    fn serialize_u16(self, value: u16) -> Written {
        Ok(value.into())
    }

    fn serialize_u32(self, value: u32) -> Written {
        Ok(value.into())
    }

    fn serialize_u64(self, value: u64) -> Written {
        big(value)
    }

    fn serialize_u128(self, value: u128) -> Written {
        big(value)
    }

    fn serialize_f32(self, value: f32) -> Written {
        // By its shortest text: widened, 0.1 would become 0.10000000149011612.
        self.serialize_f64(value.to_string().parse().unwrap_or_else(|_| value.into()))
    }

    fn serialize_f64(self, value: f64) -> Written {
        if value.is_finite() { Ok(value.into()) } else { not_finite(value) }
    }

    fn serialize_char(self, value: char) -> Written {
        Ok(value.to_string().into())
    }

    fn serialize_str(self, value: &str) -> Written {
        Ok(value.into())
    }

    fn serialize_bytes(self, value: &[u8]) -> Written {
        Ok(value.into())
    }

    fn serialize_none(self) -> Written {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Written {
        Ok(name.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Written {
        Ok(variant(name, written(value).map_err(|problem| problem.in_field(name))?))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements, Problem> {
        Ok(Elements { variant: None, elements: Vec::new() })
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements, Problem> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Elements, Problem> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Elements, Problem> {
        Ok(Elements { variant: Some(name), elements: Vec::new() })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, Problem> {
        Ok(Fields { variant: None, key: String::new(), fields: Map::new() })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Problem> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Fields, Problem> {
        Ok(Fields { variant: Some(name), key: String::new(), fields: Map::new() })
    }
}

fn not_finite(value: f64) -> Written {
    Err(ser::Error::custom(format_args!("it is {value}, which JSON has no form for")))
}

struct Elements {
    variant: Option<&'static str>,
    elements: Vec<Value>,
}

impl Elements {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        let index = self.elements.len();
        self.elements.push(written(value).map_err(|problem| problem.in_element(index))?);
        Ok(())
    }

    fn done(self) -> Written {
        let elements = Value::Array(self.elements);
        Ok(match self.variant {
            Some(name) => variant(name, elements),
            None => elements,
        })
    }
}

macro_rules! sequences {
    ($($name:ident $method:ident)+) => {$(
        impl $name for Elements {
            type Ok = Value;
            type Error = Problem;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
                self.add(value)
            }

            fn end(self) -> Written {
                self.done()
            }
        }
    )+};
}

sequences! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

struct Fields {
    variant: Option<&'static str>,
    key: String,
    fields: Map<String, Value>,
}

impl Fields {
    fn add<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Problem> {
        let value = written(value).map_err(|problem| problem.in_field(name))?;
        self.fields.insert(name.to_owned(), value);
        Ok(())
    }

    fn done(self) -> Written {
        let fields = Value::Object(self.fields);
        Ok(match self.variant {
            Some(name) => variant(name, fields),
            None => fields,
        })
    }
}

impl SerializeMap for Fields {
    type Ok = Value;
    type Error = Problem;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Problem> {
        // Everything that can be a key is the one key of a map with it.
        let map = serde_json::to_value(Pair(key)).map_err(ser::Error::custom)?;
        self.key = map.as_object().and_then(|map| map.keys().next()).cloned().unwrap_or_default();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        let key = std::mem::take(&mut self.key);
        self.add(&key, value)
    }

    fn end(self) -> Written {
        self.done()
    }
}

struct Pair<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> Serialize for Pair<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &())?;
        map.end()
    }
}

macro_rules! structs {
    ($($name:ident)+) => {$(
        impl $name for Fields {
            type Ok = Value;
            type Error = Problem;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Problem> {
                self.add(name, value)
            }

            fn end(self) -> Written {
                self.done()
            }
        }
    )+};
}

structs! { SerializeStruct SerializeStructVariant }

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};

    use super::super::read::read;
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct All {
        big: (u64, i64, u128, i128),
        small: (u8, i16, u32, f32, f64),
        keys: BTreeMap<u64, Option<String>>,
        tagged: Vec<Tagged>,
        outer: Outer,
        #[serde(flatten)]
        more: BTreeMap<String, u64>,
        #[serde(default)]
        bytes: Vec<u8>,
        unit: (),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        One { id: u64 },
        Two,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Outer {
        Struct { inner: Box<Outer> },
        Tuple(i64, String),
        Newtype(Untagged),
        Unit,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(u64),
        Text(String),
    }

    #[test]
    fn values_go_both_ways_unchanged() {
        for outer in
            [Outer::Unit, Outer::Tuple(i64::MIN, String::new()), Outer::Newtype(Untagged::Number(1 << 53))]
        {
            let all = All {
                big: (u64::MAX, i64::MIN, u128::MAX, i128::MIN),
                small: (255, -1, u32::MAX, 0.1, f64::MIN_POSITIVE),
                keys: BTreeMap::from([(u64::MAX, None), (0, Some("\u{10ffff}\0\"".into()))]),
                tagged: vec![Tagged::One { id: u64::MAX }, Tagged::Two],
                outer: Outer::Struct { inner: outer.into() },
                more: BTreeMap::from([("x y".into(), (1 << 53) + 1)]),
                bytes: vec![0, 255],
                unit: (),
            };
            let text = written(&all).expect("JSON holds it").to_string();
            let back: All = read(serde_json::from_str(&text).expect("it is JSON")).expect("it can be read");
            assert_eq!(back, all, "{text}");
        }
    }

    #[test]
    fn a_number_is_a_plain_one_up_to_32_bits() {
        let value = written(&(1_u32, 1_u64, -1_i64)).expect("JSON holds it");
        assert_eq!(value.to_string(), r#"[1,{"$bigint":"1"},{"$bigint":"-1"}]"#);
        assert_eq!(read::<(f64, u64)>(serde_json::json!([2, 3])).expect("both are numbers"), (2.0, 3));
    }

    #[test]
    fn what_json_cannot_hold_is_named_by_its_place() {
        let problem = written(&BTreeMap::from([("a", vec![Some(1.0), Some(f64::NAN)])])).expect_err("NaN");
        assert_eq!(problem.place("result"), "result.a[1]");
        assert_eq!(problem.to_string(), "it is NaN, which JSON has no form for");
        let problem =
            read::<BTreeMap<String, (u8, u8)>>(serde_json::json!({ "b": [1, 256] })).expect_err("256");
        assert_eq!(problem.place("sizes"), "sizes.b[1]");
        assert_eq!(problem.to_string(), "invalid value: integer `256`, expected u8");
    }
}
