//! From a table of functions to what Node registers.

use core::ffi::{CStr, c_void};
use core::ptr::{null, null_mut};

use crate::failure::Failure;
use crate::node::{Node, Value};
use crate::node_api::{self as api, CallInfo, Env};

/// Makes a table of functions what the addon exports: each converts its arguments, calls, and converts what comes back.
macro_rules! exports {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty = $function:path;)*) => {
        $(
            $(#[$doc])*
            unsafe extern "C" fn $name(env: node_api::Env, info: node_api::CallInfo) -> node_api::Value {
                // SAFETY: Node calls this, with what belongs to the call.
                let call = unsafe { exports::Call::new(env, info) };
                call.answer(|[$($argument),*], node| {
                    $(let $argument = <$kind as value::Argument>::take($argument, stringify!($argument), node)?;)*
                    let result: $result = $function($($argument),*)?;
                    value::Answer::give(result, node)
                })
            }
        )*

        /// What Node calls when it has loaded the addon: hands out the functions.
        ///
        /// # Safety
        /// For Node alone, which knows what it must be given.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn napi_register_module_v1(
            env: node_api::Env,
            module: node_api::Value,
        ) -> node_api::Value {
            $({
                const NAME: &core::ffi::CStr =
                    match core::ffi::CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                        Ok(name) => name,
                        Err(_) => unreachable!(),
                    };
                // SAFETY: both are what Node gave, for as long as this runs.
                unsafe { exports::export(env, module, NAME, $name) };
            })*
            module
        }
    };
}

/// Puts a function into what the addon exports.
///
/// # Safety
/// `env` and `module` belong to a registration that goes on.
pub unsafe fn export(env: Env, module: api::Value, name: &CStr, function: api::Callback) {
    let mut value = null_mut();
    // SAFETY: the name has a final zero; there is no data; the result has a place.
    let status = unsafe {
        api::napi_create_function(
            env,
            name.as_ptr(),
            api::AUTO_LENGTH,
            Some(function),
            null_mut(),
            &raw mut value,
        )
    };
    if status == api::OK {
        // SAFETY: all of it is of this registration. Where it fails an exception is pending, which Node throws.
        unsafe { api::napi_set_named_property(env, module, name.as_ptr(), value) };
    }
}

/// A call of one of the functions.
pub struct Call {
    env: Env,
    info: CallInfo,
}

impl Call {
    /// # Safety
    /// Both are what Node gave a callback, which is still running when the call is answered.
    pub unsafe fn new(env: Env, info: CallInfo) -> Self {
        Self { env, info }
    }

    /// Runs a function on the arguments. What is missing is `undefined`, and what is too much is left alone.
    pub fn answer<const COUNT: usize>(
        self,
        function: impl for<'call> FnOnce([Value<'call>; COUNT], Node<'call>) -> Result<Value<'call>, Failure>,
    ) -> api::Value {
        let (mut arguments, mut count) = ([null_mut::<c_void>(); COUNT], COUNT);
        // SAFETY: there is room for as many arguments as `count` says; nobody asks for `this` and for data.
        let status = unsafe {
            api::napi_get_cb_info(
                self.env,
                self.info,
                &raw mut count,
                arguments.as_mut_ptr(),
                null_mut(),
                null_mut(),
            )
        };
        if status != api::OK {
            return null::<c_void>().cast_mut();
        }
        // SAFETY: the call goes on until this returns.
        let node = unsafe { Node::new(self.env) };
        // SAFETY: Node has filled all of them in.
        let arguments = arguments.map(|argument| unsafe { Value::new(argument) });
        match function(arguments, node) {
            Ok(value) => value.raw(),
            Err(failure) => {
                failure.throw(node);
                null_mut()
            }
        }
    }
}
