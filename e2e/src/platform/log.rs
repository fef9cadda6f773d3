//! Where everything goes that a runtime prints and that a platform says about it.

use std::{
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
};

use crate::{Result, wait};

/// A file that several streams write to, chunk by chunk.
#[derive(Debug, Clone)]
pub struct Log {
    path: PathBuf,
    file: Arc<Mutex<File>>,
}

impl Log {
    /// # Errors
    /// When the file cannot be created.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|error| format!("creating `{}`: {error}", path.display()))?;
        Ok(Self { path: path.to_owned(), file: Arc::new(Mutex::new(file)) })
    }

    pub fn write(&self, bytes: &[u8]) {
        if let Ok(mut file) = self.file.lock() {
            let _ = file.write_all(bytes);
        }
    }

    /// Copies a stream until it ends. A pipe, as platforms have it, and not the file itself: only a pipe can
    /// be full, and only then does it show that somebody left it non-blocking.
    pub fn drain(&self, mut from: impl Read + Send + 'static) {
        let log = self.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                log.write(&buffer[..length]);
            }
        });
    }

    /// The rest of the last line with this text, once there is one.
    ///
    /// # Errors
    /// When there is none.
    pub fn last(&self, text: &str) -> Result<String> {
        wait::until(&format!("`{text}` in the log"), || {
            let log = std::fs::read(&self.path).ok()?;
            String::from_utf8_lossy(&log)
                .lines()
                .rev()
                .find_map(|line| line.split_once(text))
                .map(|(_, rest)| rest.to_owned())
        })
    }
}
