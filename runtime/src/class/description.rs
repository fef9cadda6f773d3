//! The description of a class as it stands in the program, for tools to read without running it; the compiler puts it
//! together.
//!
//! Types describe themselves as a tree of constants, because a constant of a generic type may refer to those of its
//! parameters but cannot be an array as long as them. Only the class, which has no parameters, makes one text of it.

/// A part of a description.
#[derive(Clone, Copy, Debug)]
pub enum Piece {
    /// JSON text.
    Text(&'static str),
    /// The contents of a JSON string, not yet escaped.
    Raw(&'static str),
    /// What another type says.
    Of(&'static [Piece]),
}

/// What the description begins with in a program, before its length (eight digits), a line end and the JSON text.
pub const HEAD: &str = "\ntrap class description 1\n";

/// How many bytes the text has.
pub const fn length(pieces: &[Piece]) -> usize {
    let mut length = 0;
    let mut i = 0;
    while i < pieces.len() {
        length += match pieces[i] {
            Piece::Text(text) => text.len(),
            Piece::Raw(text) => escaped(text.as_bytes(), &mut [], 0),
            Piece::Of(pieces) => self::length(pieces),
        };
        i += 1;
    }
    length
}

/// The description with its head; `SIZE` is `HEAD.len() + 9 + length(pieces)`.
pub const fn written<const SIZE: usize>(pieces: &[Piece]) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    let mut at = put(HEAD.as_bytes(), &mut bytes, 0);
    let mut rest = SIZE - HEAD.len() - 9;
    let mut digit = 8;
    while digit > 0 {
        digit -= 1;
        bytes[at + digit] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    bytes[at + 8] = b'\n';
    at = write(pieces, &mut bytes, at + 9);
    assert!(at == SIZE);
    bytes
}

const fn write(pieces: &[Piece], bytes: &mut [u8], mut at: usize) -> usize {
    let mut i = 0;
    while i < pieces.len() {
        at = match pieces[i] {
            Piece::Text(text) => put(text.as_bytes(), bytes, at),
            Piece::Raw(text) => escaped(text.as_bytes(), bytes, at),
            Piece::Of(pieces) => write(pieces, bytes, at),
        };
        i += 1;
    }
    at
}

const fn put(text: &[u8], bytes: &mut [u8], at: usize) -> usize {
    let (_, rest) = bytes.split_at_mut(at);
    let (place, _) = rest.split_at_mut(text.len());
    place.copy_from_slice(text);
    at + text.len()
}

/// Escapes as JSON wants it, and returns where it ends; without room it only counts.
const fn escaped(text: &[u8], bytes: &mut [u8], mut at: usize) -> usize {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut i = 0;
    while i < text.len() {
        let (one, two) = ([text[i]], [b'\\', text[i]]);
        let six = [b'\\', b'u', b'0', b'0', HEX[(text[i] >> 4) as usize], HEX[(text[i] & 15) as usize]];
        let escape: &[u8] = match text[i] {
            b'"' | b'\\' => &two,
            0..32 => &six,
            _ => &one,
        };
        at = if bytes.is_empty() { at + escape.len() } else { put(escape, bytes, at) };
        i += 1;
    }
    at
}

/// Makes a program keep the description, which nothing in it reads.
pub fn keep(description: &'static [u8]) {
    std::hint::black_box(description.as_ptr());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_one_json_text_behind_its_length() {
        const PIECES: &[Piece] = &[
            Piece::Text("[\""),
            Piece::Raw("a \"b\" \\ \u{7}é"),
            Piece::Text("\","),
            Piece::Of(&[Piece::Text("1")]),
            Piece::Text("]"),
        ];
        const SIZE: usize = HEAD.len() + 9 + length(PIECES);
        let bytes: [u8; SIZE] = written(PIECES);
        let text = std::str::from_utf8(&bytes).expect("it is text");
        let json = text.strip_prefix(HEAD).and_then(|rest| rest.strip_prefix("00000025\n"));
        let read: (String, u8) = serde_json::from_str(json.expect("head and length")).expect("JSON");
        assert_eq!(read, ("a \"b\" \\ \u{7}é".to_owned(), 1));
    }
}
