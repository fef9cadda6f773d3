//! A Node of our own, as far as the addon needs one: values in a list, and the functions of its interface on them.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;

use crate::node_api::{CallInfo, Callback, Env, Status, Value};

/// A value of JavaScript.
#[derive(Clone, Debug, PartialEq)]
pub enum Js {
    Undefined,
    Number(i32),
    Text(String),
    Array(Vec<Js>),
    Object(Vec<(String, Js)>),
}

/// What happens on a call of Node's that fails, and what Node has.
#[derive(Default)]
pub struct Heap {
    functions: Vec<(String, Callback)>,
    /// A function of the interface that fails.
    pub failing: Option<&'static str>,
}

/// The state of one call. An `Env` points to it.
struct Call {
    /// Boxed, so that what points to one stays valid.
    #[expect(clippy::vec_box, reason = "the addon holds their addresses, and a vector moves what it holds")]
    values: Vec<Box<Js>>,
    arguments: Vec<Value>,
    thrown: Option<Js>,
    functions: Vec<(String, Callback)>,
    failing: Option<&'static str>,
}

thread_local! {
    /// Functions stand for themselves: their values are their numbers here, one up.
    static CREATED: RefCell<Vec<Callback>> = const { RefCell::new(Vec::new()) };
}

type Register = unsafe extern "C" fn(Env, Value) -> Value;

const FAILED: Status = 9;

impl Heap {
    pub fn register(&mut self, register: Register) {
        let mut call = RefCell::new(Call::new(None));
        let module = call.get_mut().add(Js::Object(vec![]));
        // SAFETY: both are what these functions take.
        let returned = unsafe { register((&raw mut call).cast(), module) };
        assert_eq!(returned, module);
        self.functions = call.into_inner().functions;
    }

    /// Calls a function: what it returned, or what it threw.
    pub fn call(&mut self, name: &str, arguments: &[Js]) -> Result<Js, Js> {
        let function = self.functions.iter().find(|(known, _)| known == name).expect("it is exported").1;
        let mut call = RefCell::new(Call::new(self.failing));
        let arguments = arguments.iter().map(|argument| call.get_mut().add(argument.clone())).collect();
        call.get_mut().arguments = arguments;
        // SAFETY: both are what these functions take.
        let returned = unsafe { function((&raw mut call).cast(), null_mut()) };
        // Null stands for `undefined`.
        let returned = if returned.is_null() { Js::Undefined } else { get(returned) };
        call.into_inner().thrown.map_or(Ok(returned), Err)
    }
}

impl Call {
    fn new(failing: Option<&'static str>) -> Self {
        Self { values: Vec::new(), arguments: Vec::new(), thrown: None, functions: Vec::new(), failing }
    }

    fn add(&mut self, value: Js) -> Value {
        self.values.push(Box::new(value));
        let value: *mut Js = &raw mut **self.values.last_mut().expect("it was just added");
        value.cast()
    }
}

fn get(value: Value) -> Js {
    // SAFETY: every value that is handed out is one of a call that goes on.
    unsafe { (*value.cast::<Js>()).clone() }
}

/// Runs a function of the interface on the call that `env` stands for.
fn with(env: Env, name: &str, run: impl FnOnce(&mut Call) -> Option<()>) -> Status {
    // SAFETY: the addon hands back what it was given.
    let call = unsafe { &*env.cast::<RefCell<Call>>() };
    let mut call = call.borrow_mut();
    if call.failing == Some(name) {
        return FAILED;
    }
    run(&mut call).map_or(FAILED, |()| 0)
}

fn put<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: the addon gives places for results.
        unsafe { place.write(value) };
    }
}

fn bytes(text: *const c_char, length: usize) -> String {
    let bytes = match length {
        // SAFETY: without a length a text has a final zero.
        usize::MAX => unsafe { CStr::from_ptr(text) }.to_bytes(),
        // SAFETY: the addon has that many bytes.
        length => unsafe { std::slice::from_raw_parts(text.cast(), length) },
    };
    String::from_utf8(bytes.to_vec()).expect("Node is told UTF-8")
}

fn error(env: Env, function: &str, kind: &str, code: Value, message: Value, result: *mut Value) -> Status {
    let properties = [("kind", Js::Text(kind.to_owned())), ("code", get(code)), ("message", get(message))];
    let properties = properties.map(|(name, value)| (name.to_owned(), value));
    with(env, function, |call| {
        put(result, call.add(Js::Object(properties.into())));
        Some(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_create_error(env: Env, code: Value, message: Value, result: *mut Value) -> Status {
    error(env, "napi_create_error", "Error", code, message, result)
}

#[unsafe(no_mangle)]
extern "C" fn napi_create_type_error(env: Env, code: Value, message: Value, result: *mut Value) -> Status {
    error(env, "napi_create_type_error", "TypeError", code, message, result)
}

#[unsafe(no_mangle)]
extern "C" fn napi_create_function(
    env: Env,
    _name: *const c_char,
    _length: usize,
    callback: Option<Callback>,
    _data: *mut c_void,
    result: *mut Value,
) -> Status {
    with(env, "napi_create_function", |call| {
        let number = CREATED.with_borrow_mut(|created| {
            created.push(callback.expect("there is one"));
            created.len()
        });
        put(result, call.add(Js::Number(i32::try_from(number).ok()?)));
        Some(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_create_int32(env: Env, value: i32, result: *mut Value) -> Status {
    with(env, "napi_create_int32", |call| {
        put(result, call.add(Js::Number(value)));
        Some(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_create_string_utf8(
    env: Env,
    text: *const c_char,
    length: usize,
    result: *mut Value,
) -> Status {
    with(env, "napi_create_string_utf8", |call| {
        put(result, call.add(Js::Text(bytes(text, length))));
        Some(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_get_array_length(env: Env, value: Value, result: *mut u32) -> Status {
    with(env, "napi_get_array_length", |_| match get(value) {
        Js::Array(elements) => {
            put(result, u32::try_from(elements.len()).ok()?);
            Some(())
        }
        _ => None,
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_get_cb_info(
    env: Env,
    _info: CallInfo,
    count: *mut usize,
    arguments: *mut Value,
    this: *mut Value,
    data: *mut *mut c_void,
) -> Status {
    assert!(this.is_null() && data.is_null(), "nobody asks for these");
    with(env, "napi_get_cb_info", |call| {
        // SAFETY: the addon says how much room there is.
        let room = unsafe { count.read() };
        for index in 0..room {
            let argument = call.arguments.get(index).copied().unwrap_or_else(|| call.add(Js::Undefined));
            // SAFETY: as above.
            unsafe { arguments.add(index).write(argument) };
        }
        put(count, call.arguments.len());
        Some(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_get_element(env: Env, object: Value, index: u32, result: *mut Value) -> Status {
    with(env, "napi_get_element", |call| match get(object) {
        Js::Array(elements) => {
            put(result, call.add(elements.get(index as usize)?.clone()));
            Some(())
        }
        _ => None,
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_get_property(env: Env, object: Value, key: Value, result: *mut Value) -> Status {
    with(env, "napi_get_property", |call| match (get(object), get(key)) {
        (Js::Object(properties), Js::Text(key)) => {
            let value = properties.into_iter().find(|(name, _)| *name == key)?.1;
            put(result, call.add(value));
            Some(())
        }
        _ => None,
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_get_property_names(env: Env, object: Value, result: *mut Value) -> Status {
    with(env, "napi_get_property_names", |call| match get(object) {
        Js::Object(properties) => {
            put(
                result,
                call.add(Js::Array(properties.into_iter().map(|(name, _)| Js::Text(name)).collect())),
            );
            Some(())
        }
        _ => None,
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_get_value_string_utf8(
    env: Env,
    value: Value,
    buffer: *mut c_char,
    size: usize,
    result: *mut usize,
) -> Status {
    with(env, "napi_get_value_string_utf8", |_| match get(value) {
        Js::Text(text) if buffer.is_null() => {
            put(result, text.len());
            Some(())
        }
        // As Node does it: as much as there is room for, and a final zero.
        Js::Text(text) => {
            let length = text.len().min(size.checked_sub(1)?);
            // SAFETY: the addon says how much room there is.
            unsafe { buffer.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), length) };
            // SAFETY: as above.
            unsafe { buffer.add(length).write(0) };
            put(result, length);
            Some(())
        }
        _ => None,
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_is_array(env: Env, value: Value, result: *mut bool) -> Status {
    with(env, "napi_is_array", |_| {
        put(result, matches!(get(value), Js::Array(_)));
        Some(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_set_named_property(env: Env, object: Value, name: *const c_char, value: Value) -> Status {
    let name = bytes(name, usize::MAX);
    with(env, "napi_set_named_property", |call| {
        if let (Js::Number(number), true) = (get(value), call.arguments.is_empty()) {
            // A function that is exported.
            let index = usize::try_from(number).ok()?.checked_sub(1);
            let function = CREATED.with_borrow(|created| index.and_then(|index| created.get(index).copied()));
            if let Some(function) = function {
                call.functions.push((name.clone(), function));
            }
        }
        // SAFETY: every value that is handed out is one of a call that goes on.
        match unsafe { &mut *object.cast::<Js>() } {
            Js::Object(properties) => properties.push((name, get(value))),
            _ => return None,
        }
        Some(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_throw(env: Env, error: Value) -> Status {
    with(env, "napi_throw", |call| {
        assert!(call.thrown.is_none(), "it throws once");
        call.thrown = Some(get(error));
        Some(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn napi_typeof(env: Env, value: Value, result: *mut c_int) -> Status {
    with(env, "napi_typeof", |_| {
        // As in Node's own header.
        let kind = match get(value) {
            Js::Undefined => 0,
            Js::Number(_) => 3,
            Js::Text(_) => 4,
            Js::Array(_) | Js::Object(_) => 6,
        };
        put(result, kind);
        Some(())
    })
}
