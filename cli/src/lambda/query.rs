//! Query strings, decoded as forms are.

use std::collections::HashMap;

/// Names and values, decoded; values of a repeated name are joined by commas, as Lambda does.
pub(super) fn parameters(query: &str) -> HashMap<String, String> {
    let mut parameters = HashMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(value);
        parameters
            .entry(decode(name))
            .and_modify(|before: &mut String| {
                before.push(',');
                before.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}

/// `+` is a space and `%XX` a byte; what is neither stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    char::from(*byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_names_are_joined_and_escapes_decoded() {
        let found = parameters("a=1&b=x%20y+z&a=2&&flag&e=%C3%A9&broken=%zz%4");
        let expected = [("a", "1,2"), ("b", "x y z"), ("flag", ""), ("e", "é"), ("broken", "%zz%4")];
        assert_eq!(found, expected.map(|(name, value)| (name.into(), value.into())).into());
    }
}
