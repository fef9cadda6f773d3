//! The journal: one line per event of the program's life, appended, so that restarts show.

use std::{fs::OpenOptions, io::Write};

use crate::http::Reply;

/// Where lines go; nowhere when `FAULTY_JOURNAL` is not set.
pub struct Journal {
    path: Option<String>,
}

impl Journal {
    /// The file that `FAULTY_JOURNAL` names.
    pub fn from_env() -> Self {
        Self { path: crate::env("FAULTY_JOURNAL") }
    }

    /// Appends `kind text`; line breaks inside the text are escaped.
    pub fn line(&self, kind: &str, text: &str) {
        let Some(path) = &self.path else { return };
        let text = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
        let mut file = OpenOptions::new().create(true).append(true).open(path).expect("the journal opens");
        // One write, so that two programs never mix within a line.
        file.write_all(format!("{kind}: {text}\n").as_bytes()).expect("the journal takes a line");
    }

    /// Appends an answer of the server.
    pub fn reply(&self, to: &str, reply: &Reply) {
        self.line(to, &reply.to_string());
    }
}
