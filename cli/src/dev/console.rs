//! What the terminal is told while the server runs. A terminal can be slow, stopped or gone, and nobody who is
//! served must wait for it: lines are handed to a thread that prints them, and what it cannot keep up with is
//! counted instead.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::watch;

use crate::ui::Ui;
use crate::{Error, Result};

/// How many lines may wait before further ones are only counted.
const WAITING: usize = 2000;

/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

type Word = Box<dyn FnOnce(&Ui) -> Result<()> + Send>;

/// A way to the terminal; cheap to clone.
#[derive(Clone)]
pub(super) struct Console {
    shared: Arc<Shared>,
    ui: Ui,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    broken: watch::Sender<Option<String>>,
}

#[derive(Default)]
struct Queue {
    words: VecDeque<Word>,
    left_out: u64,
    is_printing: bool,
    is_closed: bool,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console")
    }
}

impl Console {
    /// Starts the thread that prints.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(super) fn new(ui: Ui) -> std::io::Result<Self> {
        let (broken, _) = watch::channel(None);
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new(), broken });
        let printer = Closing(Arc::clone(&shared));
        std::thread::Builder::new().name("console".into()).spawn(move || print(&printer.0, &ui))?;
        Ok(Self { shared, ui })
    }

    /// What is said, and how loudly.
    pub(super) fn ui(&self) -> Ui {
        self.ui
    }

    /// A finished step.
    pub(super) fn status(&self, verb: impl Into<String>, what: impl fmt::Display) {
        let (verb, what) = (verb.into(), what.to_string());
        self.say(move |ui| {
            ui.status(&verb, what);
            Ok(())
        });
    }

    /// Something that works but probably is not meant.
    pub(super) fn warning(&self, what: impl fmt::Display) {
        let what = what.to_string();
        self.say(move |ui| {
            ui.warning(what);
            Ok(())
        });
    }

    /// A failure that does not end the server.
    pub(super) fn failure(&self, error: Arc<Error>) {
        self.say(move |ui| {
            ui.failure(&error);
            Ok(())
        });
    }

    /// A line that a program wrote. Of a flood only a part is shown.
    pub(super) fn log(&self, stream: &'static str, line: String) {
        self.try_say(move |ui| {
            ui.log(stream, line);
            Ok(())
        });
    }

    /// One of many finished requests, under `--quiet` not worth a word.
    pub(super) fn request(&self, verb: String, what: String) {
        self.try_say(move |ui| {
            ui.status(&verb, what);
            Ok(())
        });
    }

    /// Output of a tool, as it came.
    pub(super) fn pass(&self, bytes: Vec<u8>) {
        self.say(move |ui| {
            ui.pass_on(&bytes);
            Ok(())
        });
    }

    /// An object for a program that reads stdout; nothing otherwise.
    pub(super) fn json(&self, value: impl Serialize + Send + 'static) {
        if self.ui.is_json() {
            self.say(move |ui| ui.json(&value));
        }
    }

    fn say(&self, word: impl FnOnce(&Ui) -> Result<()> + Send + 'static) {
        self.push(false, Box::new(word));
    }

    fn try_say(&self, word: impl FnOnce(&Ui) -> Result<()> + Send + 'static) {
        self.push(true, Box::new(word));
    }

    fn push(&self, may_be_left_out: bool, word: Word) {
        let mut queue = self.shared.lock();
        if queue.is_closed {
            return;
        }
        if may_be_left_out && queue.words.len() >= WAITING {
            queue.left_out += 1;
            return;
        }
        queue.words.push_back(word);
        self.shared.changed.notify_all();
    }

    /// Waits until stdout or stderr cannot be written to any more.
    pub(super) async fn broken(&self) -> String {
        let mut broken = self.shared.broken.subscribe();
        match broken.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    }

    /// Waits until everything has been printed, but not for a terminal that takes nothing any more.
    pub(super) fn finish(&self) {
        let until = Instant::now() + LAST_WORDS;
        let mut queue = self.shared.lock();
        while !queue.is_closed && (queue.is_printing || !queue.words.is_empty()) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            queue = match self.shared.changed.wait_timeout(queue, left) {
                Ok((queue, _)) => queue,
                Err(_) => return,
            };
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks the queue as closed when the thread ends, in whatever way: printing panics where stderr is gone.
struct Closing(Arc<Shared>);

impl Drop for Closing {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.is_closed = true;
        queue.words.clear();
        drop(queue);
        self.0.changed.notify_all();
        self.0.broken.send_if_modified(|why| {
            let is_news = why.is_none();
            why.get_or_insert_default();
            is_news
        });
    }
}

fn print(shared: &Shared, ui: &Ui) {
    loop {
        let (word, left_out) = {
            let mut queue = shared.lock();
            queue.is_printing = false;
            shared.changed.notify_all();
            while queue.words.is_empty() {
                queue = match shared.changed.wait(queue) {
                    Ok(queue) => queue,
                    Err(_) => return,
                };
            }
            queue.is_printing = true;
            let is_last = queue.words.len() == 1;
            let left_out = if is_last { std::mem::take(&mut queue.left_out) } else { 0 };
            (queue.words.pop_front(), left_out)
        };
        if let Some(Err(error)) = word.map(|word| word(ui)) {
            shared.broken.send_replace(Some(error.to_string()));
            return;
        }
        if left_out > 0 {
            ui.warning(format_args!(
                "{left_out} lines came faster than they can be shown, and were left out"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Format;
    use std::sync::mpsc;

    #[test]
    fn whoever_speaks_does_not_wait_and_a_flood_is_counted() {
        let console = Console::new(Ui::new(true, false, Format::Human)).expect("a thread");
        let (go, stopped) = mpsc::channel::<()>();
        console.say(move |_| {
            let _stopped = stopped.recv();
            Ok(())
        });
        while !console.shared.lock().is_printing {
            std::thread::yield_now();
        }
        for _ in 0..3 * WAITING {
            console.log("stdout", String::new());
        }
        assert!(console.shared.lock().words.len() <= WAITING);
        assert!(console.shared.lock().left_out >= WAITING as u64);
        console.shared.lock().words.clear();
        go.send(()).expect("it waits");
        console.finish();
        assert!(!console.shared.lock().is_closed);
    }

    #[tokio::test]
    async fn a_terminal_that_is_gone_is_noticed() {
        let console = Console::new(Ui::default()).expect("a thread");
        console.say(|_| Err(Error::Stdout(std::io::ErrorKind::BrokenPipe.into())));
        assert!(console.broken().await.contains("standard output"));
        console.say(|_| Ok(()));
        console.finish();
        assert!(console.shared.lock().words.is_empty());
    }
}
