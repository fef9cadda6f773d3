//! From JSON to Rust: as `serde_json` reads a [`Value`], except that `{"$bigint":"…"}` is a number, and that an error
//! says where it is.

use std::fmt::{self, Display};

use serde::Deserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde_json::{Map, Value};

/// Reads a value that a client sent.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    T::deserialize(Read(value))
}

/// What is wrong with a value, and where.
#[derive(Debug)]
pub(super) struct Problem {
    /// The way to the value, innermost first.
    path: Vec<String>,
    message: String,
}

impl Problem {
    fn below(mut self, step: impl Display) -> Self {
        self.path.push(step.to_string());
        self
    }

    /// Where it is, seen from the value with this name.
    pub(super) fn place(&self, name: &str) -> String {
        self.path.iter().rev().fold(name.to_owned(), |path, step| path + step)
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: Display>(message: T) -> Self {
        Self { path: Vec::new(), message: message.to_string() }
    }
}

impl serde::ser::Error for Problem {
    fn custom<T: Display>(message: T) -> Self {
        de::Error::custom(message)
    }
}

impl Problem {
    /// In a field.
    pub(super) fn in_field(self, name: impl Display) -> Self {
        self.below(format_args!(".{name}"))
    }

    /// In an element.
    pub(super) fn in_element(self, index: usize) -> Self {
        self.below(format_args!("[{index}]"))
    }
}

struct Read(Value);

/// The text of a number that JSON's own numbers are too short for.
fn big(value: &Value) -> Option<&str> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.get("$bigint")?.as_str()
}

impl Read {
    /// Hands over a big number in the narrowest form, because serde's buffers know no 128 bits.
    fn big<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, Problem> {
        if let Ok(number) = text.parse::<u64>() {
            return visitor.visit_u64(number);
        }
        if let Ok(number) = text.parse::<i64>() {
            return visitor.visit_i64(number);
        }
        if let Ok(number) = text.parse::<u128>() {
            return visitor.visit_u128(number);
        }
        match text.parse::<i128>() {
            Ok(number) => visitor.visit_i128(number),
            Err(_) => Err(de::Error::custom(format_args!("`{text}` is no integer of up to 128 bits"))),
        }
    }

    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match big(&self.0) {
            Some(text) => Self::big(text, visitor),
            None => self.0.deserialize_any(visitor).map_err(plain),
        }
    }
}

/// An error of serde_json about a value without parts.
fn plain(error: serde_json::Error) -> Problem {
    de::Error::custom(error)
}

macro_rules! numbers {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            self.number(visitor)
        }
    )+};
}

macro_rules! any {
    ($($method:ident($($argument:ty),*))+) => {$(
        fn $method<V: Visitor<'de>>(self, $(_: $argument,)* visitor: V) -> Result<V::Value, Problem> {
            self.deserialize_any(visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for Read {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Array(elements) => {
                let mut elements = Elements { rest: elements.into_iter(), index: 0 };
                let value = visitor.visit_seq(&mut elements)?;
                match elements.rest.len() {
                    0 => Ok(value),
                    more => Err(de::Error::custom(format_args!("{more} elements too many"))),
                }
            }
            Value::Object(_) if big(&self.0).is_some() => self.number(visitor),
            Value::Object(fields) => visitor.visit_map(Fields { rest: fields.into_iter(), value: None }),
            plainly => plainly.deserialize_any(visitor).map_err(plain),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    any! {
        deserialize_bool() deserialize_char() deserialize_str() deserialize_string() deserialize_bytes()
        deserialize_byte_buf() deserialize_unit() deserialize_unit_struct(&'static str) deserialize_seq()
        deserialize_tuple(usize) deserialize_tuple_struct(&'static str, usize) deserialize_map()
        deserialize_struct(&'static str, &'static [&'static str]) deserialize_identifier()
        deserialize_ignored_any()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(Variant { name, content: None }),
            Value::Object(fields) if fields.len() == 1 => match fields.into_iter().next() {
                Some((name, content)) => visitor.visit_enum(Variant { name, content: Some(content) }),
                None => Err(de::Error::custom("a variant has a name")),
            },
            _ => Err(de::Error::custom("expected the name of a variant, or an object with that one key")),
        }
    }
}

struct Elements {
    rest: std::vec::IntoIter<Value>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        let Some(value) = self.rest.next() else { return Ok(None) };
        self.index += 1;
        seed.deserialize(Read(value)).map(Some).map_err(|problem| problem.in_element(self.index - 1))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Fields {
    rest: <Map<String, Value> as IntoIterator>::IntoIter,
    value: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        self.value = self.rest.next();
        let Some((name, _)) = &self.value else { return Ok(None) };
        // serde_json reads numbers as keys of a map.
        let key = Value::Object(Map::from_iter([(name.clone(), Value::Null)]));
        struct Key<S>(S);
        impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Key<S> {
            type Value = Option<S::Value>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let key = map.next_key_seed(self.0)?;
                map.next_value::<de::IgnoredAny>()?;
                Ok(key)
            }
        }
        key.deserialize_map(Key(seed)).map_err(plain)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Problem> {
        let Some((name, value)) = self.value.take() else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        seed.deserialize(Read(value)).map_err(|problem| problem.in_field(name))
    }
}

struct Variant {
    name: String,
    content: Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Problem;
    type Variant = Content;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Content), Problem> {
        let name = IntoDeserializer::<Problem>::into_deserializer(self.name.as_str());
        Ok((seed.deserialize(name)?, Content { content: self.content, name: self.name }))
    }
}

struct Content {
    name: String,
    content: Option<Value>,
}

impl Content {
    fn read<T>(self, read: impl FnOnce(Read) -> Result<T, Problem>) -> Result<T, Problem> {
        let Some(content) = self.content else {
            return Err(de::Error::custom(format_args!("the variant `{}` has more than a name", self.name)));
        };
        read(Read(content)).map_err(|problem| problem.in_field(self.name))
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        match self.content {
            None | Some(Value::Null) => Ok(()),
            Some(_) => Err(de::Error::custom(format_args!("the variant `{}` is a name alone", self.name))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Problem> {
        self.read(|content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        self.read(|content| content.deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.read(|content| content.deserialize_any(visitor))
    }
}
