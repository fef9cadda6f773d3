//! What the addon takes from JavaScript and gives to it, against a Node of our own: its arrays, strings and errors, with
//! every pointer looked at by Miri.

extern crate alloc;

#[macro_use]
#[path = "../../addon/src/exports.rs"]
mod exports;
#[path = "../../addon/src/failure.rs"]
mod failure;
#[path = "../../addon/src/node.rs"]
mod node;
#[path = "../../addon/src/node_api.rs"]
mod node_api;
#[path = "../../addon/src/system.rs"]
#[expect(
    dead_code,
    reason = "what reads files and asks for threads belongs to functions that are not called here"
)]
mod system;
#[path = "../../addon/src/value.rs"]
mod value;
#[path = "../../addon/src/words.rs"]
mod words;

mod fake_node;

use std::ffi::CString;

use failure::{Failure, known};
use fake_node::{Heap, Js};
use value::{Environment, Never, Text, Texts};

/// In place of the part that speaks to the kernel, which is of no use to Miri.
mod process {
    pub mod kernel {
        pub unsafe fn call(_: usize, _: [usize; 4]) -> isize {
            panic!("nobody asks the kernel here")
        }
    }
}

exports! {
    /// Tells what it was given, by failing.
    fn tell(path: Text, argv: Texts, env: Environment) -> Never = told;
    /// Counts bytes.
    fn count(path: Text) -> i32 = counted;
    /// Fails as the system does.
    fn refuse(path: Text) -> Never = refused;
}

fn told(Text(path): Text, Texts(argv): Texts, Environment(env): Environment) -> Result<Never, Failure> {
    let mut all = vec![path];
    all.extend(argv);
    all.extend(env);
    let all: Vec<String> = all.iter().map(|text| words::lossy(text)).collect();
    let parts: Vec<&str> = all.iter().map(String::as_str).collect();
    Err(known("TOLD", &[&parts.join("|")]))
}

fn counted(Text(path): Text) -> Result<i32, Failure> {
    Ok(i32::try_from(path.as_bytes().len()).unwrap())
}

fn refused(Text(path): Text) -> Result<Never, Failure> {
    Err(Failure::System { error: 2, syscall: c"execve", path })
}

fn call(function: &str, arguments: &[Js]) -> Result<Js, Js> {
    let mut heap = Heap::default();
    heap.register(napi_register_module_v1);
    heap.call(function, arguments)
}

fn text(text: &str) -> Js {
    Js::Text(text.to_owned())
}

fn error(kind: &str, code: &str, message: &str) -> Result<Js, Js> {
    let properties = [("kind", kind), ("code", code), ("message", message)];
    Err(Js::Object(properties.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()))
}

#[test]
fn arguments_arrive_as_they_are() {
    let long = "ü".repeat(5000);
    let env = Js::Object(vec![
        ("A".to_owned(), text("1")),
        ("B".to_owned(), text("")),
        ("C".to_owned(), text(&long)),
    ]);
    let argv = Js::Array(vec![text("a"), text(""), text("\u{fffd}")]);
    let expected = format!("/p|a||\u{fffd}|A=1|B=|C={long}");
    assert_eq!(call("tell", &[text("/p"), argv, env]), error("Error", "TOLD", &expected));
    assert_eq!(call("count", &[text("äb")]), Ok(Js::Number(3)));
    assert_eq!(call("count", &[text("")]), Ok(Js::Number(0)));
    assert_eq!(
        call("count", &[text("ab"), Js::Number(1)]),
        Ok(Js::Number(2)),
        "what is too much is left alone"
    );
}

#[test]
fn arguments_that_do_not_fit_are_named() {
    let (array, object) = (|values| Js::Array(values), |values| Js::Object(values));
    let none = || object(vec![]);
    for (arguments, code, message) in [
        (vec![], "ERR_INVALID_ARG_TYPE", "`path` must be a string"),
        (vec![Js::Number(1)], "ERR_INVALID_ARG_TYPE", "`path` must be a string"),
        (vec![text("a\0b")], "ERR_INVALID_ARG_VALUE", "`path` must be a string without null bytes"),
        (vec![text("a"), text("b")], "ERR_INVALID_ARG_TYPE", "`argv` must be an array of strings"),
        (
            vec![text("a"), array(vec![text("b"), Js::Undefined])],
            "ERR_INVALID_ARG_TYPE",
            "`argv[1]` must be a string",
        ),
        (
            vec![text("a"), array(vec![])],
            "ERR_INVALID_ARG_TYPE",
            "`env` must be an object whose values are strings",
        ),
        (
            vec![text("a"), array(vec![]), array(vec![])],
            "ERR_INVALID_ARG_TYPE",
            "`env` must be an object whose values are strings",
        ),
        (
            vec![text("a"), array(vec![]), object(vec![("A".to_owned(), none())])],
            "ERR_INVALID_ARG_TYPE",
            "`env.A` must be a string",
        ),
        (
            vec![text("a"), array(vec![]), object(vec![("A=".to_owned(), text("x"))])],
            "ERR_INVALID_ARG_VALUE",
            "`env.A=` must be a variable whose name has no `=` in it",
        ),
    ] {
        assert_eq!(call("tell", &arguments), error("TypeError", code, message), "{arguments:?}");
    }
}

#[test]
fn a_refusal_of_the_system_is_an_error_as_nodes_own() {
    let Err(Js::Object(properties)) = call("refuse", &[text("/nowhere")]) else { panic!("it should fail") };
    let property =
        |name: &str| properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    assert_eq!(property("code"), Some(text("ENOENT")));
    assert_eq!(property("message"), Some(text("ENOENT: no such file or directory, execve '/nowhere'")));
    assert_eq!(property("errno"), Some(Js::Number(-2)));
    assert_eq!((property("syscall"), property("path")), (Some(text("execve")), Some(text("/nowhere"))));
}

#[test]
fn when_node_fails_nothing_else_is_thrown() {
    for fails in ["napi_typeof", "napi_get_value_string_utf8", "napi_create_int32", "napi_get_cb_info"] {
        let mut heap = Heap::default();
        heap.register(napi_register_module_v1);
        heap.failing = Some(fails);
        // Where a call of Node's fails, it has thrown already.
        assert_eq!(heap.call("count", &[text("a")]), Ok(Js::Undefined), "{fails}");
    }
}

#[test]
fn words_are_joined_and_numbers_written() {
    assert_eq!(words::join(&["a", "", "bc"]), "abc");
    for number in [0, 7, 10, 4096, usize::MAX] {
        assert_eq!(words::decimal(number), number.to_string());
    }
    assert_eq!(words::lossy(&CString::new(b"a\xffb\xc3".to_vec()).unwrap()), "a\u{fffd}b\u{fffd}");
    assert_eq!(system::reason(13), "EACCES: permission denied");
    assert_eq!(system::reason(4095), "UNKNOWN: error 4095 of the system");
}
