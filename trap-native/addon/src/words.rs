//! Words for people, without `format!`: it would be a third of the addon.

use alloc::string::String;
use core::ffi::CStr;

/// Texts, one behind the other.
pub fn join(parts: &[&str]) -> String {
    let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        text.push_str(part);
    }
    text
}

/// A number.
pub fn decimal(mut number: usize) -> String {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    digits[at..].iter().map(|&digit| char::from(digit)).collect()
}

/// A text of the system's, in which what is not UTF-8 is replaced.
pub fn lossy(text: &CStr) -> String {
    let mut shown = String::new();
    for chunk in text.to_bytes().utf8_chunks() {
        shown.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            shown.push('\u{fffd}');
        }
    }
    shown
}
