//! Node's interface as far as it is needed, where nothing can go wrong but what it says.

use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::{CStr, c_int};
use core::marker::PhantomData;
use core::ptr::null_mut;

use crate::failure::Failure;
use crate::node_api::{self as api, Env, Status};

/// Node, for as long as one call of it goes on.
#[derive(Clone, Copy)]
pub struct Node<'call> {
    env: Env,
    call: PhantomData<&'call ()>,
}

/// A value of JavaScript, which belongs to one call.
#[derive(Clone, Copy)]
pub struct Value<'call> {
    raw: api::Value,
    call: PhantomData<&'call ()>,
}

impl Value<'_> {
    /// # Safety
    /// Node gave it to the call that the lifetime stands for.
    pub unsafe fn new(raw: api::Value) -> Self {
        Self { raw, call: PhantomData }
    }

    /// What Node takes back.
    pub fn raw(self) -> api::Value {
        self.raw
    }
}

/// The kinds of error that JavaScript tells apart.
#[derive(Clone, Copy)]
pub enum Kind {
    Error,
    TypeError,
}

impl<'call> Node<'call> {
    /// # Safety
    /// Node gave it to the call that the lifetime stands for.
    pub unsafe fn new(env: Env) -> Self {
        Self { env, call: PhantomData }
    }

    /// A text that JavaScript can have. What is not UTF-8 in it is replaced.
    pub fn text(self, text: &str) -> Result<Value<'call>, Failure> {
        // SAFETY: Node reads as many bytes as there are.
        self.value(|result| unsafe {
            api::napi_create_string_utf8(self.env, text.as_ptr().cast(), text.len(), result)
        })
    }

    pub fn number(self, number: i32) -> Result<Value<'call>, Failure> {
        // SAFETY: no memory is touched but the result's.
        self.value(|result| unsafe { api::napi_create_int32(self.env, number, result) })
    }

    /// An error that has been made and not been thrown.
    pub fn error(self, kind: Kind, code: &str, message: &str) -> Result<Value<'call>, Failure> {
        let (code, message) = (self.text(code)?.raw, self.text(message)?.raw);
        self.value(|result| match kind {
            // SAFETY: both are strings of this call.
            Kind::Error => unsafe { api::napi_create_error(self.env, code, message, result) },
            // SAFETY: as above.
            Kind::TypeError => unsafe { api::napi_create_type_error(self.env, code, message, result) },
        })
    }

    pub fn throw(self, error: Value<'call>) {
        // SAFETY: the value is of this call. Where this fails, something else has been thrown already.
        unsafe { api::napi_throw(self.env, error.raw) };
    }

    pub fn set(self, object: Value<'call>, name: &CStr, value: Value<'call>) -> Result<(), Failure> {
        // SAFETY: the name has a final zero, and both values are of this call.
        ok(unsafe { api::napi_set_named_property(self.env, object.raw, name.as_ptr(), value.raw) })
    }

    pub fn is_text(self, value: Value<'call>) -> Result<bool, Failure> {
        Ok(self.kind(value)? == api::STRING)
    }

    pub fn is_object(self, value: Value<'call>) -> Result<bool, Failure> {
        Ok(self.kind(value)? == api::OBJECT)
    }

    fn kind(self, value: Value<'call>) -> Result<c_int, Failure> {
        let mut kind = 0;
        // SAFETY: the result has a place.
        ok(unsafe { api::napi_typeof(self.env, value.raw, &raw mut kind) })?;
        Ok(kind)
    }

    pub fn is_array(self, value: Value<'call>) -> Result<bool, Failure> {
        let mut is_array = false;
        // SAFETY: the result has a place.
        ok(unsafe { api::napi_is_array(self.env, value.raw, &raw mut is_array) })?;
        Ok(is_array)
    }

    /// The text of a value that is one; none when there is a zero in it, which the system would take for its end.
    pub fn text_of(self, value: Value<'call>) -> Result<Option<CString>, Failure> {
        let mut length = 0;
        // SAFETY: without a buffer only the length is told.
        ok(unsafe { api::napi_get_value_string_utf8(self.env, value.raw, null_mut(), 0, &raw mut length) })?;
        let mut bytes = Vec::<u8>::with_capacity(length + 1);
        // SAFETY: there is room for that many bytes and a zero, which is as much as Node is told.
        ok(unsafe {
            let buffer = bytes.as_mut_ptr().cast();
            api::napi_get_value_string_utf8(self.env, value.raw, buffer, length + 1, &raw mut length)
        })?;
        // SAFETY: Node has written that many.
        unsafe { bytes.set_len(length) };
        Ok(CString::new(bytes).ok())
    }

    /// The elements of a value that is an array.
    pub fn elements(self, array: Value<'call>) -> Result<Vec<Value<'call>>, Failure> {
        let mut length = 0;
        // SAFETY: the result has a place.
        ok(unsafe { api::napi_get_array_length(self.env, array.raw, &raw mut length) })?;
        let element = |index| {
            // SAFETY: the value is of this call.
            self.value(|result| unsafe { api::napi_get_element(self.env, array.raw, index, result) })
        };
        (0..length).map(element).collect()
    }

    /// The names of an object's properties.
    pub fn names(self, object: Value<'call>) -> Result<Vec<Value<'call>>, Failure> {
        // SAFETY: the value is of this call.
        let names =
            self.value(|result| unsafe { api::napi_get_property_names(self.env, object.raw, result) })?;
        self.elements(names)
    }

    pub fn property(self, object: Value<'call>, name: Value<'call>) -> Result<Value<'call>, Failure> {
        // SAFETY: both values are of this call.
        self.value(|result| unsafe { api::napi_get_property(self.env, object.raw, name.raw, result) })
    }

    /// Calls what gives a value.
    fn value(self, call: impl FnOnce(*mut api::Value) -> Status) -> Result<Value<'call>, Failure> {
        let mut raw = null_mut();
        ok(call(&raw mut raw))?;
        Ok(Value { raw, call: PhantomData })
    }
}

/// Where a call fails, JavaScript has thrown something, or is about to end.
fn ok(status: Status) -> Result<(), Failure> {
    if status == api::OK { Ok(()) } else { Err(Failure::Pending) }
}
