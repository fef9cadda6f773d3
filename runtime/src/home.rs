//! Events where no Runtime API is: from stdin, one JSON value after the other, with the answers on stdout.

use std::io::{self, IsTerminal as _, Write as _};

use serde_json::value::RawValue;

use crate::{Context, Diagnostic, Error, stderr::say};

/// An event, numbered, with what a handler is told beside it.
pub(crate) type Event = (Box<RawValue>, Context);

/// What stdin holds.
pub(crate) fn events() -> impl Iterator<Item = Result<Event, Error>> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        say(format_args!("reading events from stdin, as JSON; Ctrl-D ends"));
    }
    let mut values = serde_json::Deserializer::from_reader(stdin).into_iter::<Box<RawValue>>();
    let mut number = 0;
    std::iter::from_fn(move || {
        number += 1;
        match values.next() {
            Some(value) => Some(value.map_err(|error| Error::Stdin(error.into()))),
            // Nothing at all is what a program finds that was started without a thought for this.
            None if number == 1 => Some(Err(Error::Stdin("it is empty".into()))),
            None => None,
        }
        .map(|value| value.map(|value| (value, Context::at_home(number))))
    })
}

/// Writes an answer, or passes the failure on.
pub(crate) fn answer(answered: Result<Vec<u8>, Diagnostic>) -> Result<(), Error> {
    let mut line = answered.map_err(Error::Handler)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line).and_then(|()| stdout.flush()).map_err(Error::Stdout)
}
