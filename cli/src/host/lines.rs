//! Output of a process, line by line.

use tokio::io::{AsyncRead, AsyncReadExt};

/// A longer line is handed on in pieces of this many bytes: Node prints the source line of an uncaught
/// error, and in a bundled artifact that line is the whole payload.
const LONGEST: usize = 64 * 1024;

/// Calls `line` for each line until the end. Bytes that are not UTF-8 are replaced.
pub(super) async fn read(mut from: impl AsyncRead + Unpin, mut line: impl FnMut(String)) {
    let mut pending = Vec::new();
    let mut buffer = vec![0; 8 * 1024];
    // An error is an end: there is nobody to tell but the log itself.
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        pending.extend_from_slice(&buffer[..length]);
        let mut start = 0;
        while let Some(end) = pending[start..].iter().position(|byte| *byte == b'\n') {
            line(text(&pending[start..start + end]));
            start += end + 1;
        }
        pending.drain(..start);
        if pending.len() >= LONGEST {
            line(text(&pending));
            pending.clear();
        }
    }
    if !pending.is_empty() {
        line(text(&pending));
    }
}

fn text(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        read(bytes, |line| found.push(line)).await;
        found
    }

    #[tokio::test]
    async fn lines_are_split_and_the_last_needs_no_end() {
        assert_eq!(lines(b"a\r\n\nb\xff\nlast").await, ["a", "", "b\u{fffd}", "last"]);
    }

    #[tokio::test]
    async fn a_huge_line_is_handed_on_in_pieces() {
        let found = lines(&vec![b'x'; 3 * LONGEST]).await;
        assert!(found.len() >= 3, "{}", found.len());
        assert_eq!(found.concat().len(), 3 * LONGEST);
    }
}
