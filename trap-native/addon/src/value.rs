//! What functions take from JavaScript and give to it.

use alloc::ffi::CString;
use alloc::vec::Vec;

use crate::failure::Failure;
use crate::node::{Node, Value};
use crate::words::{decimal, join, lossy};

/// What can be an argument; `name` is what messages call it.
pub trait Argument: Sized {
    fn take(value: Value<'_>, name: &str, node: Node<'_>) -> Result<Self, Failure>;
}

/// What can be returned.
pub trait Answer {
    fn give(self, node: Node<'_>) -> Result<Value<'_>, Failure>;
}

/// A string without a zero in it.
pub struct Text(pub CString);

/// An array of such.
pub struct Texts(pub Vec<CString>);

/// An object whose values are strings, as `NAME=value`.
pub struct Environment(pub Vec<CString>);

/// What is never returned.
pub enum Never {}

impl Argument for Text {
    fn take(value: Value<'_>, name: &str, node: Node<'_>) -> Result<Self, Failure> {
        text(value, name, node).map(Self)
    }
}

impl Argument for Texts {
    fn take(value: Value<'_>, name: &str, node: Node<'_>) -> Result<Self, Failure> {
        if !node.is_array(value)? {
            return Err(Failure::kind_of(name, "an array of strings"));
        }
        let texts = node.elements(value)?.into_iter().enumerate();
        texts
            .map(|(index, value)| text(value, &join(&[name, "[", &decimal(index), "]"]), node))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Argument for Environment {
    fn take(value: Value<'_>, name: &str, node: Node<'_>) -> Result<Self, Failure> {
        if !node.is_object(value)? || node.is_array(value)? {
            return Err(Failure::kind_of(name, "an object whose values are strings"));
        }
        let variable = |key: Value<'_>| {
            let variable = text(key, name, node)?;
            let path = join(&[name, ".", &lossy(&variable)]);
            if variable.as_bytes().contains(&b'=') {
                return Err(Failure::value_of(&path, "a variable whose name has no `=` in it"));
            }
            let value = text(node.property(value, key)?, &path, node)?;
            let mut entry = variable.into_bytes();
            entry.push(b'=');
            entry.extend_from_slice(value.as_bytes());
            CString::new(entry).map_err(|_| Failure::value_of(&path, NO_ZERO))
        };
        node.names(value)?.into_iter().map(variable).collect::<Result<_, _>>().map(Self)
    }
}

const NO_ZERO: &str = "a string without null bytes";

fn text(value: Value<'_>, name: &str, node: Node<'_>) -> Result<CString, Failure> {
    if !node.is_text(value)? {
        return Err(Failure::kind_of(name, "a string"));
    }
    node.text_of(value)?.ok_or_else(|| Failure::value_of(name, NO_ZERO))
}

impl Answer for i32 {
    fn give(self, node: Node<'_>) -> Result<Value<'_>, Failure> {
        node.number(self)
    }
}

impl Answer for Never {
    fn give(self, _: Node<'_>) -> Result<Value<'_>, Failure> {
        match self {}
    }
}
