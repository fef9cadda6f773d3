//! cargo as a child that can be stopped: what it says reaches the terminal as it comes, and is kept for the page.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anstream::AutoStream;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::console::Console;
use crate::compile::{Compile, not_started};
use crate::host::group::{self, Group};
use crate::{Error, Result};

/// How much of what cargo says is kept; its beginning, where the first error is.
const KEPT: usize = 256 * 1024;

/// How long output may go on after cargo's end: something it left behind may hold its stderr open.
const REST: Duration = Duration::from_millis(200);

/// What came of a compilation.
pub(super) struct Compiled {
    /// The program, or why there is none.
    pub(super) program: Result<PathBuf>,
    /// True when nothing was compiled: all was there already.
    pub(super) is_fresh: bool,
    /// What cargo said, without colours.
    pub(super) said: String,
    /// From its start to its end.
    pub(super) took: Duration,
}

/// Compiles. When this is dropped before it is done, cargo and the compilers it has started are gone.
///
/// # Errors
/// When cargo cannot be started or listened to.
pub(super) async fn compile(compile: &Compile, console: &Console) -> Result<Compiled> {
    let ui = console.ui();
    let mut command = compile.command(&ui)?;
    command.stderr(Stdio::piped());
    if AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never {
        command.env("CARGO_TERM_COLOR", "always");
    }
    if let Some(width) = ui.moving_width() {
        // Into a pipe it draws no bar unless it is told to, and how wide.
        command.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", width.to_string());
    }
    group::isolate(&mut command);
    let started = Instant::now();
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().map_err(not_started)?;
    // Dropped before the child is, so that its number is still its own.
    let group = Group::of(child.id().unwrap_or_default());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut said = Vec::new();
    let mut messages = Vec::new();
    let (status, took) = {
        let mut heard = std::pin::pin!(async {
            tokio::join!(
                read(stdout, |bytes| messages.extend_from_slice(bytes)),
                read(stderr, |bytes| {
                    console.pass(bytes.to_vec());
                    let room = KEPT.saturating_sub(said.len()).min(bytes.len());
                    said.extend_from_slice(&bytes[..room]);
                })
            )
        });
        let mut end = std::pin::pin!(child.wait());
        let (status, is_heard) = tokio::select! {
            status = &mut end => (status, false),
            // Output may end before the process does.
            _ = &mut heard => (end.await, true),
        };
        let took = started.elapsed();
        if !is_heard {
            let _rest = tokio::time::timeout(REST, heard).await;
        }
        (status.map_err(not_started)?, took)
    };
    group.release();
    let program = compile.program_of(&messages[..], &ui);
    let program = program.and_then(|program| compile.conclude(status, program));
    let is_fresh = !contains(&messages, b"\"fresh\":false");
    Ok(Compiled { program, is_fresh, said: plain(&said), took })
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

async fn read(from: Option<impl AsyncRead + Unpin>, mut take: impl FnMut(&[u8])) {
    let Some(mut from) = from else { return };
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        take(&buffer[..length]);
    }
}

/// Output of a tool as text: without colours, and of a line that was drawn over only what stood there last.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = anstream::adapter::strip_str(&text).to_string();
    let lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
    let lines = lines.map(|line| line.rsplit('\r').next().unwrap_or_default().trim_end());
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// What stands in the way, without what only says that something is done.
pub(super) fn complaints(said: &str) -> &str {
    let starts = ["error", "warning"].iter().filter_map(|word| {
        said.match_indices(word).map(|(at, _)| at).find(|at| *at == 0 || said[..*at].ends_with('\n'))
    });
    starts.min().map_or(said, |at| &said[at..])
}

/// A compile error for somebody who asked the program and has not got it.
pub(super) fn told(error: &Error, said: &str) -> String {
    match error {
        Error::ToolFailed { .. } => complaints(said).to_owned(),
        error => match error.hint() {
            Some(hint) => format!("{error}\n\nhint: {hint}"),
            None => error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_drawn_over_is_not_kept() {
        let said = b"\x1b[1m\x1b[32m   Compiling\x1b[0m app\r\n    Building [==>  ] 1/2\r\x1b[K    Building [====>] 2/2: app\r\x1b[Kerror: no\n";
        assert_eq!(plain(said), "   Compiling app\nerror: no");
    }

    #[test]
    fn complaints_begin_with_the_first_one() {
        assert_eq!(complaints("   Compiling a\nwarning: w\nerror: e"), "warning: w\nerror: e");
        assert_eq!(complaints("   Compiling an error\nerror[E1]: e"), "error[E1]: e");
        assert_eq!(complaints("nothing of the kind"), "nothing of the kind");
    }
}
