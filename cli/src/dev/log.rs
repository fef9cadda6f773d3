//! The lines that belong to one invocation or one start: the first ones and the last ones, however many there are.

use std::collections::VecDeque;
use std::time::Instant;

use crate::lambda::Stream;

/// A longer line is cut: Node prints the whole line of code around an uncaught error.
const LONGEST: usize = 4000;

/// How much is kept from the beginning, and as much again from the end.
const KEPT_LINES: usize = 400;
const KEPT_BYTES: usize = 64 * 1024;

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) at: Instant,
    pub(super) stream: Stream,
    pub(super) text: String,
}

/// Lines, in the order they came. What does not fit is left out of the middle and counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    head: Vec<Line>,
    tail: VecDeque<Line>,
    head_bytes: usize,
    tail_bytes: usize,
    left_out: u64,
}

impl Log {
    /// Keeps a line.
    pub(super) fn push(&mut self, at: Instant, stream: Stream, text: &str) {
        let line = Line { at, stream, text: cut(text) };
        let bytes = line.text.len();
        let has_room = self.head.len() < KEPT_LINES && self.head_bytes + bytes <= KEPT_BYTES;
        if self.tail.is_empty() && has_room {
            self.head_bytes += bytes;
            self.head.push(line);
            return;
        }
        self.tail_bytes += bytes;
        self.tail.push_back(line);
        while self.tail.len() > KEPT_LINES || self.tail_bytes > KEPT_BYTES {
            let Some(oldest) = self.tail.pop_front() else { break };
            self.tail_bytes -= oldest.text.len();
            self.left_out += 1;
        }
    }

    /// The first lines, how many were left out after them, and the last lines.
    pub(super) fn parts(&self) -> (&[Line], u64, impl Iterator<Item = &Line>) {
        (&self.head, self.left_out, self.tail.iter())
    }

    /// How many lines came.
    pub(super) fn count(&self) -> u64 {
        (self.head.len() + self.tail.len()) as u64 + self.left_out
    }
}

/// A line that fits.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}… ({} more bytes)", &text[..at], text.len() - at),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: usize, bytes: usize) -> Log {
        let mut log = Log::default();
        for number in 0..lines {
            log.push(Instant::now(), Stream::Stdout, &format!("{number:0>bytes$}"));
        }
        log
    }

    #[test]
    fn a_short_log_is_kept_whole() {
        let log = log(500, 8);
        let (head, left_out, tail) = log.parts();
        assert_eq!((head.len(), left_out, tail.count(), log.count()), (400, 0, 100, 500));
    }

    #[test]
    fn of_a_long_one_the_beginning_and_the_end_are_kept() {
        let log = log(100_000, 8);
        let (head, left_out, tail) = log.parts();
        assert_eq!((head[0].text.as_str(), left_out), ("00000000", 100_000 - 800));
        assert_eq!(tail.last().map(|line| line.text.as_str()), Some("00099999"));
        assert_eq!(log.count(), 100_000);
    }

    #[test]
    fn long_lines_take_no_more_room_than_short_ones() {
        let log = log(1000, 3 * LONGEST);
        let (head, _, tail) = log.parts();
        let kept: usize = head.iter().chain(tail).map(|line| line.text.len()).sum();
        assert!(kept <= 2 * KEPT_BYTES && kept > KEPT_BYTES, "{kept}");
        assert!(head[0].text.ends_with(&format!("… ({} more bytes)", 2 * LONGEST)));
    }
}
