//! Text for a terminal of so many columns.

/// How many columns a text takes: every sign that we print takes one.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// A text with spaces up to a width.
pub fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(length(text))))
}

/// Lines of at most so many columns; a longer word stands alone.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[test]
fn words_stay_whole_and_lines_short() {
    assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
    assert_eq!(wrap("unbreakable x", 4), ["unbreakable", "x"]);
    assert_eq!(pad("é", 3), "é  ");
}
