//! Results on disk: samples line by line as they come, and whole runs read back.
//!
//! The first line is the run without its samples; each line after it is one sample, trace or failure, with the
//! place of its variant; the last one says that the run came to an end. A run that was killed lacks it.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::model::{Failure, Run, SCHEMA, Sample, Trace};
use crate::{Class, Error, Result, files};

/// One line after the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// What came of a start.
    Of {
        /// The place of its variant.
        variant: usize,
        /// What.
        #[serde(flatten)]
        news: News,
    },
    /// The end.
    End {
        /// Whether it came too early.
        interrupted: bool,
    },
}

/// What came of a start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum News {
    /// It was measured.
    Sample(Box<Sample>),
    /// Its phases were.
    Trace(Trace),
    /// It did not count.
    Failed(Failure),
    /// The variant was given up.
    Unavailable(String),
}

impl Run {
    /// Takes a line in.
    pub fn take(&mut self, line: Line) {
        match line {
            Line::End { interrupted } => self.interrupted = interrupted,
            Line::Of { variant, news } => {
                let Some(variant) = self.variants.get_mut(variant) else { return };
                match news {
                    News::Sample(sample) => variant.samples.push(*sample),
                    News::Trace(trace) => variant.traces.push(trace),
                    News::Failed(failure) => variant.failed.push(failure),
                    News::Unavailable(why) => {
                        variant.unavailable = Some(why);
                        variant.failed.clear();
                    }
                }
            }
        }
    }
}

/// A file that is written line by line.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Begins one with a run that has no samples yet; the one before is kept beside it, as `….previous.jsonl`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(path: &Path, run: &Run) -> Result<Self> {
        if path.exists() {
            let before = path.with_extension("previous.jsonl");
            std::fs::rename(path, &before).map_err(Error::file("write", &before))?;
        }
        let file = File::create(path).map_err(Error::file("write", path))?;
        let mut journal = Self { path: path.to_owned(), file };
        // Until the last line says otherwise.
        journal.write(&Run { interrupted: true, ..run.clone() })?;
        Ok(journal)
    }

    /// Adds a line. It is with the system when this returns, so that the end of this process loses nothing.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn add(&mut self, line: &Line) -> Result<()> {
        self.write(line)
    }

    fn write(&mut self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_vec(value).map_err(std::io::Error::from);
        let written = text.and_then(|mut text| {
            text.push(b'\n');
            self.file.write_all(&text)
        });
        written.map_err(Error::file("write", &self.path))
    }
}

/// Reads what a run left: a journal, or a report in JSON.
///
/// # Errors
/// `bench-file` when it is neither, or from another version; when it cannot be read.
pub fn read(path: &Path) -> Result<Run> {
    let bytes = files::read_regular(path)?;
    parse(&bytes).map_err(|why| {
        let message = format!("`{}` is not a result of `cargo trap bench`: {why}", path.display());
        Error::known("bench-file", Class::Request, message)
            .with_hint("give a report of `--format json`, or a file that a run left in `target/trap/bench`")
    })
}

fn parse(bytes: &[u8]) -> Result<Run, String> {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    let head = |text: &str| -> Result<Run, String> {
        let version: Version = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if version.schema != SCHEMA {
            return Err(format!("its format is {}, and this version reads {SCHEMA}", version.schema));
        }
        serde_json::from_str(text).map_err(|error| error.to_string())
    };
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    // A report is one value over all lines; the first line of a journal is one by itself.
    if rest.trim().is_empty() || serde_json::from_str::<serde::de::IgnoredAny>(first).is_err() {
        return head(text);
    }
    let mut run = head(first)?;
    let mut lines = rest.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        match serde_json::from_str(line) {
            Ok(line) => run.take(line),
            // Whoever was killed while writing left half a line.
            Err(_) if lines.peek().is_none() && !text.ends_with('\n') => {}
            Err(error) => return Err(format!("line {}: {error}", index + 2)),
        }
    }
    Ok(run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Arch;
    use crate::bench::model::{Kind, Machine, Phase, Program, Variant};

    fn run() -> Run {
        let variant = |id: &str| Variant {
            id: id.into(),
            kind: Kind::Seed,
            node: None,
            client: None,
            client_version: None,
            default: false,
            artifact: None,
            unavailable: None,
            failed: Vec::new(),
            samples: Vec::new(),
            traces: Vec::new(),
        };
        Run {
            schema: SCHEMA,
            tool: "cargo-trap 0".into(),
            command: vec!["cargo".into()],
            started: 1,
            machine: Machine::this(),
            program: Program {
                name: "p".into(),
                arch: Arch::X64,
                size: 1,
                sha256: "0".into(),
                tells_main: false,
            },
            asked: 2,
            warm: 0,
            order: 7,
            interrupted: false,
            own_overhead_ms: vec![0.25],
            variants: vec![variant("a"), variant("b")],
        }
    }

    fn lines() -> [Line; 4] {
        let sample = Sample { round: 1, total_ms: 1.5, warm_us: vec![2.5], ..Sample::default() };
        let trace = Trace { round: 1, total_ms: 2.5, phases: vec![(Phase::HandOver, 0.5)] };
        let failure = Failure { round: 2, why: "x".into() };
        [
            Line::Of { variant: 0, news: News::Sample(Box::new(sample)) },
            Line::Of { variant: 1, news: News::Trace(trace) },
            Line::Of { variant: 1, news: News::Failed(failure) },
            Line::End { interrupted: false },
        ]
    }

    /// What was written by a run with these lines.
    fn written(lines: &[Line]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("p.jsonl");
        let mut journal = Journal::begin(&path, &run()).expect("begun");
        lines.iter().try_for_each(|line| journal.add(line)).expect("written");
        (folder, path)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let (_folder, path) = written(&lines());
        let mut expected = run();
        lines().into_iter().for_each(|line| expected.take(line));
        assert_eq!(read(&path).expect("it reads"), expected);
        assert_eq!(expected.variants[1].failed.len(), 1);
    }

    #[test]
    fn a_killed_run_keeps_its_samples_and_is_said_to_be_interrupted() {
        let (_folder, path) = written(&lines()[..2]);
        let read_back = read(&path).expect("it reads");
        assert!(read_back.interrupted && read_back.variants[0].samples.len() == 1);
        let mut text = std::fs::read_to_string(&path).expect("text");
        text.push_str(r#"{"variant":0,"sam"#);
        assert_eq!(parse(text.as_bytes()).expect("half a line is left out"), read_back);
        text.push('\n');
        assert!(parse(text.as_bytes()).is_err_and(|why| why.starts_with("line 4")));
    }

    #[test]
    fn the_run_before_is_kept() {
        let (folder, path) = written(&lines());
        Journal::begin(&path, &run()).expect("begun again");
        assert!(read(&path).expect("it reads").interrupted);
        assert!(!read(&folder.path().join("p.previous.jsonl")).expect("it reads").interrupted);
    }

    #[test]
    fn reports_are_read_on_one_line_or_many() {
        for text in [serde_json::to_string(&run()), serde_json::to_string_pretty(&run())] {
            assert_eq!(parse(text.expect("JSON").as_bytes()), Ok(run()));
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_reason() {
        let mut other = run();
        other.schema = SCHEMA + 1;
        let other = serde_json::to_string(&other).expect("JSON");
        assert!(parse(other.as_bytes()).is_err_and(|why| why.contains("its format is 2")));
        for wrong in ["", "{}", "[1]\n", "no", "\u{0}", r#"{"schema":1}"#] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(parse(&[0xff, b'\n']).is_err());
    }

    #[test]
    fn a_variant_that_was_given_up_has_nothing_but_the_reason() {
        let mut run = run();
        lines().into_iter().for_each(|line| run.take(line));
        run.take(Line::Of { variant: 1, news: News::Unavailable("why".into()) });
        assert_eq!((run.variants[1].unavailable.as_deref(), run.variants[1].failed.len()), (Some("why"), 0));
        run.take(Line::Of { variant: 9, news: News::Unavailable("nobody".into()) });
    }
}
