//! The part of Node's C interface that is used here: <https://nodejs.org/api/n-api.html>. All of it is in version 1,
//! which every Node has.

use core::ffi::{c_char, c_int, c_void};

/// Where an addon was loaded; an opaque pointer.
pub type Env = *mut c_void;
/// A value of JavaScript, valid until the call that it belongs to returns; an opaque pointer.
pub type Value = *mut c_void;
/// The arguments of a call; an opaque pointer.
pub type CallInfo = *mut c_void;
/// 0 when a call succeeded.
pub type Status = c_int;
/// A function that JavaScript can call.
pub type Callback = unsafe extern "C" fn(Env, CallInfo) -> Value;

/// A call that succeeded.
pub const OK: Status = 0;
/// Stands for a length that is told by a final zero.
pub const AUTO_LENGTH: usize = usize::MAX;
/// What `napi_typeof` calls a string.
pub const STRING: c_int = 4;
/// What it calls an object that is no function.
pub const OBJECT: c_int = 6;

unsafe extern "C" {
    pub fn napi_create_error(env: Env, code: Value, message: Value, result: *mut Value) -> Status;
    pub fn napi_create_function(
        env: Env,
        name: *const c_char,
        length: usize,
        callback: Option<Callback>,
        data: *mut c_void,
        result: *mut Value,
    ) -> Status;
    pub fn napi_create_int32(env: Env, value: i32, result: *mut Value) -> Status;
    pub fn napi_create_string_utf8(
        env: Env,
        text: *const c_char,
        length: usize,
        result: *mut Value,
    ) -> Status;
    pub fn napi_create_type_error(env: Env, code: Value, message: Value, result: *mut Value) -> Status;
    pub fn napi_get_array_length(env: Env, value: Value, result: *mut u32) -> Status;
    pub fn napi_get_cb_info(
        env: Env,
        info: CallInfo,
        count: *mut usize,
        arguments: *mut Value,
        this: *mut Value,
        data: *mut *mut c_void,
    ) -> Status;
    pub fn napi_get_element(env: Env, object: Value, index: u32, result: *mut Value) -> Status;
    pub fn napi_get_property(env: Env, object: Value, key: Value, result: *mut Value) -> Status;
    pub fn napi_get_property_names(env: Env, object: Value, result: *mut Value) -> Status;
    pub fn napi_get_value_string_utf8(
        env: Env,
        value: Value,
        buffer: *mut c_char,
        size: usize,
        result: *mut usize,
    ) -> Status;
    pub fn napi_is_array(env: Env, value: Value, result: *mut bool) -> Status;
    pub fn napi_set_named_property(env: Env, object: Value, name: *const c_char, value: Value) -> Status;
    pub fn napi_throw(env: Env, error: Value) -> Status;
    pub fn napi_typeof(env: Env, value: Value, result: *mut c_int) -> Status;
}
