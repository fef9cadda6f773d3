//! Output of a process, line by line.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// A longer line is handed on in pieces of this many bytes: Node prints the source line of an uncaught
/// error, and in a bundled artifact that line is the whole payload.
const LONGEST: usize = 64 * 1024;

/// How much a paced output may say in each [`BEAT`] before it has to wait, in bytes and in lines. Whoever says more is
/// slowed down, and nobody else is.
const BREATH: usize = 256 * 1024;
const BREATH_LINES: usize = 500;
const BEAT: Duration = Duration::from_millis(50);

/// How much is read at most because somebody waits for it: more than a pipe holds.
const DRAINED_AT_MOST: usize = 1024 * 1024;

/// Says when everything has been read that was written before it was asked.
pub(super) type Drained = oneshot::Sender<()>;

/// Calls `line` for each line until the end. Bytes that are not UTF-8 are replaced. Who sends into `drains` is
/// told when what was there by then has been handed on.
pub(super) async fn read(
    mut from: impl AsyncRead + Unpin,
    is_paced: bool,
    mut drains: mpsc::UnboundedReceiver<Drained>,
    mut line: impl FnMut(String),
) {
    let mut pending = Vec::new();
    let mut buffer = vec![0; 8 * 1024];
    let mut pace = Pace::begin();
    let mut waiting: Vec<Drained> = Vec::new();
    let mut drained = 0;
    loop {
        if drained > DRAINED_AT_MOST {
            tell(&mut waiting);
        }
        let rest = if is_paced && waiting.is_empty() { pace.rest() } else { None };
        let length = tokio::select! {
            // Reading first, so that who waits is told only when there is nothing to read.
            biased;
            read = from.read(&mut buffer), if rest.is_none() => match read {
                Ok(length @ 1..) => length,
                // An error is an end: there is nobody to tell but the log itself.
                _ => break,
            },
            () = tokio::time::sleep(rest.unwrap_or_default()), if rest.is_some() => continue,
            Some(drain) = drains.recv() => {
                waiting.push(drain);
                drained = 0;
                continue;
            }
            // Not at once: that nothing can be read is only true after the system was asked again.
            () = tokio::task::yield_now(), if !waiting.is_empty() => {
                tell(&mut waiting);
                continue;
            }
        };
        pace.read += length;
        drained += length;
        pending.extend_from_slice(&buffer[..length]);
        let mut start = 0;
        while let Some(end) = pending[start..].iter().position(|byte| *byte == b'\n') {
            line(text(&pending[start..start + end]));
            start += end + 1;
            pace.lines += 1;
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

fn tell(waiting: &mut Vec<Drained>) {
    for drained in waiting.drain(..) {
        let _gone = drained.send(());
    }
}

/// How much was read since when.
struct Pace {
    since: Instant,
    read: usize,
    lines: usize,
}

impl Pace {
    fn begin() -> Self {
        Self { since: Instant::now(), read: 0, lines: 0 }
    }

    /// How long to wait before reading on.
    fn rest(&mut self) -> Option<Duration> {
        let elapsed = self.since.elapsed();
        if elapsed >= BEAT {
            *self = Self::begin();
        }
        let is_much = self.read >= BREATH || self.lines >= BREATH_LINES;
        is_much.then(|| BEAT.saturating_sub(elapsed))
    }
}

fn text(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(bytes: &[u8], is_paced: bool) -> Vec<String> {
        let mut found = Vec::new();
        let (_nobody, drains) = mpsc::unbounded_channel();
        read(bytes, is_paced, drains, |line| found.push(line)).await;
        found
    }

    #[tokio::test]
    async fn lines_are_split_and_the_last_needs_no_end() {
        assert_eq!(lines(b"a\r\n\nb\xff\nlast", false).await, ["a", "", "b\u{fffd}", "last"]);
    }

    #[tokio::test]
    async fn a_huge_line_is_handed_on_in_pieces() {
        let found = lines(&vec![b'x'; 3 * LONGEST], true).await;
        assert!(found.len() >= 3, "{}", found.len());
        assert_eq!(found.concat().len(), 3 * LONGEST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_paced_output_waits_for_its_turn_and_loses_nothing() {
        let begin = Instant::now();
        let much = vec![b'x'; 10 * BREATH];
        assert_eq!(lines(&much, true).await.concat().len(), much.len());
        assert!(begin.elapsed() >= BEAT * 8, "{:?}", begin.elapsed());
        let begin = Instant::now();
        lines(&much, false).await;
        assert!(begin.elapsed() < BEAT, "{:?}", begin.elapsed());
    }

    #[tokio::test]
    async fn who_waits_is_told_after_what_was_written_before() {
        use tokio::io::AsyncWriteExt as _;
        let (mut writer, reader) = tokio::io::duplex(1024);
        let (ask, drains) = mpsc::unbounded_channel();
        let (said, mut heard) = mpsc::unbounded_channel();
        tokio::spawn(read(reader, true, drains, move |line| drop(said.send(line))));
        for round in 0..100 {
            writer.write_all(format!("{round}\n").as_bytes()).await.expect("it is read");
            let (drained, is_drained) = oneshot::channel();
            ask.send(drained).expect("it reads");
            is_drained.await.expect("it says so");
            assert_eq!(heard.try_recv().expect("handed on before"), round.to_string());
        }
    }
}
