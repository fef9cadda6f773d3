//! Where the description lies in a program. All of it is input from outside: a program may hold anything.

use memchr::memmem;

use super::{Class, read};
use crate::{Error, Result};

/// What a description begins with; its version, a line end, eight digits for its length and another line end follow.
const HEAD: &[u8] = b"\ntrap class description ";

/// The version that is understood.
const VERSION: &str = "1";

/// No class is as long as this: types are written out where they are used, but not that often.
const LONGEST: usize = 16 * 1024 * 1024;

/// The class that a program holds, if it does; `name` is for messages.
///
/// # Errors
/// `class-damaged` when its description cannot be read, `class-version` when it is of another version of
/// `trap-runtime`, `class-several` when there is more than one.
pub fn find(name: &str, bytes: &[u8]) -> Result<Option<Class>> {
    let mut found: Option<&[u8]> = None;
    for at in memmem::find_iter(bytes, HEAD) {
        let Some(json) = description(name, &bytes[at + HEAD.len()..])? else { continue };
        // A compiler may put the same constant twice.
        if found.is_some_and(|known| known != json) {
            return Err(Error::known(
                "class-several",
                crate::Class::Request,
                format!("`{name}` holds more than one class, and a program is called as one"),
            )
            .with_hint("give `class::router` one class, and move the methods of the others to it"));
        }
        found = Some(json);
    }
    let Some(json) = found else { return Ok(None) };
    read::class(json).map(Some).map_err(|problem| damaged(name, &problem))
}

/// The JSON text behind a head; `None` where the head is a text like any other, as in this very program.
fn description<'b>(name: &str, rest: &'b [u8]) -> Result<Option<&'b [u8]>> {
    let is_digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let Some(end) = rest.iter().take(9).position(|&byte| byte == b'\n') else { return Ok(None) };
    let (version, rest) = (&rest[..end], &rest[end + 1..]);
    let Some((length, rest)) = rest.split_at_checked(8) else { return Ok(None) };
    if !is_digits(version) || !is_digits(length) || rest.first() != Some(&b'\n') {
        return Ok(None);
    }
    let version = String::from_utf8_lossy(version);
    if version != VERSION {
        return Err(Error::known(
            "class-version",
            crate::Class::Request,
            format!(
                "the class in `{name}` is described in version {version}, and this `cargo trap` reads version {VERSION}"
            ),
        )
        .with_hint("use versions of `cargo-trap` and `trap-runtime` that were released together"));
    }
    let length = String::from_utf8_lossy(length).parse().unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(damaged(name, &format!("it is said to have {length} bytes")));
    }
    match rest.get(1..=length) {
        Some(json) => Ok(Some(json)),
        None => Err(damaged(name, "it is cut short")),
    }
}

fn damaged(name: &str, problem: &str) -> Error {
    Error::known(
        "class-damaged",
        crate::Class::Request,
        format!("the description of the class in `{name}` cannot be read: {problem}"),
    )
    .with_hint("build the program again; where that changes nothing, tell us, with this message")
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str =
        r#"{"class":"A","doc":"","unwinds":true,"methods":[{"name":"b","doc":"","kind":"http"}]}"#;

    fn program(version: &str, length: usize, json: &str) -> Vec<u8> {
        format!("\x7fELF…\ntrap class description {version}\n{length:08}\n{json}\0more").into_bytes()
    }

    #[test]
    fn a_class_is_found_wherever_it_lies_and_however_often() {
        let once = program("1", JSON.len(), JSON);
        for bytes in [once.clone(), [once.clone(), once.clone()].concat()] {
            let class = find("a", &bytes).expect("it can be read").expect("it is there");
            assert_eq!((class.name.as_str(), class.methods.len()), ("A", 1));
        }
        assert_eq!(of_itself("nothing here"), None);
    }

    fn of_itself(text: &str) -> Option<Class> {
        find("a", text.as_bytes()).expect("it is no description")
    }

    #[test]
    fn a_text_that_only_looks_like_a_head_is_none() {
        for text in [
            "\ntrap class description ",
            "\ntrap class description 1",
            "\ntrap class description 1\n",
            "\ntrap class description 1\n0000001",
            "\ntrap class description 1\n0000000x\n{}",
            "\ntrap class description one\n00000002\n{}",
            "\ntrap class description 1\n00000002 {}",
        ] {
            assert_eq!(of_itself(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_apart() {
        let other = JSON.replace("\"A\"", "\"B\"");
        let several = [program("1", JSON.len(), JSON), program("1", other.len(), &other)].concat();
        for (bytes, code) in [
            (program("2", JSON.len(), JSON), "class-version"),
            (program("1", JSON.len() - 1, JSON), "class-damaged"),
            (program("1", 99_999_999, JSON), "class-damaged"),
            (program("1", JSON.len() + 500, JSON), "class-damaged"),
            (program("1", 4, "null"), "class-damaged"),
            (program("1", 200_000, &"[".repeat(200_000)), "class-damaged"),
            (several, "class-several"),
        ] {
            assert_eq!(find("a", &bytes).expect_err(code).code(), code);
        }
    }
}
