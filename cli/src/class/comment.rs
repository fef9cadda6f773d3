//! Documentation comments in TypeScript.

use std::fmt::Write as _;

/// A comment of these lines, indented; nothing for none.
pub(super) fn block(text: &str, indent: &str) -> String {
    // Documentation is text of the program's; it must not end the comment.
    let text = text.replace("*/", "*\\/");
    let lines: Vec<_> = text.lines().map(|line| line.trim_end()).collect();
    let mut comment = String::new();
    match lines.as_slice() {
        [] => {}
        [line] => {
            let _ = writeln!(comment, "{indent}/** {line} */");
        }
        lines => {
            let _ = writeln!(comment, "{indent}/**");
            for line in lines {
                let _ = writeln!(comment, "{}", format!("{indent} * {line}").trim_end());
            }
            let _ = writeln!(comment, "{indent} */");
        }
    }
    comment
}

#[test]
fn nothing_in_a_documentation_ends_its_comment() {
    assert_eq!(block("", "  "), "");
    assert_eq!(block("One.", "  "), "  /** One. */\n");
    assert_eq!(block("a */ b\r\n\nc\u{2028}d", ""), "/**\n * a *\\/ b\n *\n * c\u{2028}d\n */\n");
}
