//! Our declarations of Node's interface, held against those of napi-rs: as many arguments, each as large, and as large
//! a result. A compiler sees through neither, since both are promises about somebody else's code.

#[path = "../../addon/src/node_api.rs"]
mod node_api;

use std::mem::size_of;

/// The sizes of a function's arguments and of its result; absent arguments have none.
type Shape = ([usize; 8], usize);

macro_rules! shapes {
    ($($name:ident($($letter:ident $place:literal),*);)*) => {
        $(const fn $name<Result, $($letter),*>(_: unsafe extern "C" fn($($letter),*) -> Result) -> Shape {
            let mut sizes = [0; 8];
            $(sizes[$place] = size_of::<$letter>();)*
            (sizes, size_of::<Result>())
        })*
    };
}

shapes! {
    two(A 0, B 1);
    three(A 0, B 1, C 2);
    four(A 0, B 1, C 2, D 3);
    five(A 0, B 1, C 2, D 3, E 4);
    six(A 0, B 1, C 2, D 3, E 4, F 5);
}

const fn same(ours: Shape, theirs: Shape) -> bool {
    let mut at = 0;
    while at < ours.0.len() {
        if ours.0[at] != theirs.0[at] {
            return false;
        }
        at += 1;
    }
    ours.1 == theirs.1
}

macro_rules! check {
    ($($shape:ident $function:ident;)*) => {
        // Looked at by the compiler alone: nothing here is linked against a Node.
        $(const _: () = assert!(
            same($shape(node_api::$function), $shape(napi_sys::$function)),
            concat!(stringify!($function), " differs from napi-rs"),
        );)*
    };
}

check! {
    four napi_create_error;
    six napi_create_function;
    three napi_create_int32;
    four napi_create_string_utf8;
    four napi_create_type_error;
    three napi_get_array_length;
    six napi_get_cb_info;
    four napi_get_element;
    four napi_get_property;
    three napi_get_property_names;
    five napi_get_value_string_utf8;
    three napi_is_array;
    four napi_set_named_property;
    two napi_throw;
    three napi_typeof;
}

#[test]
fn constants_are_nodes_own() {
    assert_eq!(node_api::OK, napi_sys::Status::napi_ok);
    assert_eq!(node_api::STRING, napi_sys::ValueType::napi_string);
    assert_eq!(node_api::OBJECT, napi_sys::ValueType::napi_object);
    // `NAPI_AUTO_LENGTH` is `SIZE_MAX`: <https://nodejs.org/api/n-api.html#napi_create_function>
    assert_eq!(node_api::AUTO_LENGTH, usize::MAX);
}
