//! Builds what is started: the artifacts as `cargo trap build` makes them, and what they are compared with.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::model::Program;
use super::variant::{Missing, Payload, Recipe, takeover};
use crate::arch::{Arch, ArchChoice};
use crate::artifact::{Artifact, Record};
use crate::commands::build::{self, Purpose, Selection};
use crate::files::{self, Mode};
use crate::lambda::{Answer, function_url};
use crate::payload::{self, Encoding};
use crate::settings::{Flags, Takeover};
use crate::ui::{Format, Ui};
use crate::{Error, Result, exec, platform};

const BOOT: &str = include_str!("fixtures/boot.mjs");
const HANDLER: &str = include_str!("fixtures/handler.mjs");
const SEED: &str = include_str!("fixtures/seed.mjs");
/// The module that all of these are, and the function in it.
const MODULE: &str = "index.mjs";
const HANDLER_NAME: &str = "index.handler";

/// A folder with everything that is started. It goes when this is dropped.
#[derive(Debug)]
pub struct Stage {
    folder: TempDir,
    /// The program.
    pub program: Program,
    /// Where results are kept: beside the stage, in the target folder.
    pub results: PathBuf,
    platform: String,
    /// How the crate's library is built, where it is wanted.
    library: Option<Selection>,
    built: HashMap<String, Built>,
}

/// One thing that can be started.
#[derive(Clone, Debug)]
pub struct Built {
    /// The task root.
    pub dir: PathBuf,
    /// `<module>.<export>`.
    pub handler: String,
    /// The same, telling its phases; where it is one module that runs.
    pub traced: Option<PathBuf>,
    /// What is known of it, where `cargo trap build` makes it.
    pub artifact: Option<Artifact>,
    /// Bytes that are deployed.
    pub size: u64,
}

impl Stage {
    /// Compiles the program, once, as `cargo trap build` does; on this machine it must run on `arch`, chosen from
    /// what there is.
    ///
    /// # Errors
    /// Those of a build.
    pub fn new(selection: &Selection, choose: impl FnOnce(&[Arch]) -> Arch, ui: &Ui) -> Result<Self> {
        let platform = platform_of(selection)?;
        let library = library(selection, &platform);
        let mut selection = selection.clone();
        selection.flags.platform = Some(platform.clone());
        selection.flags.payload = Some(Encoding::File);
        // The program, whatever the crate's own artifact is made of.
        selection.flags.takeover = Some(Takeover::Auto);
        selection.cargo.lib = false;
        let artifact = build::artifact(&selection, &Purpose::Local, ui)?;
        let record = artifact.record;
        // It lies in `<target>/trap/local/<platform>/<name>`; results are kept apart from artifacts.
        let results = artifact.dir.ancestors().nth(3).unwrap_or(Path::new("target")).join("bench");
        fs::create_dir_all(&results).map_err(Error::file("create the folder", &results))?;
        let folder = tempfile::Builder::new().prefix("stage-").tempdir_in(&results);
        let folder = folder.map_err(Error::file("create a folder in", &results))?;

        let arch = choose(&record.programs.iter().map(|program| program.arch).collect::<Vec<_>>());
        let file = artifact.dir.join(record.trap_folder()).join(payload::file_name(&record.name, arch));
        let bytes = files::read(&file)?;
        let size = bytes.len() as u64;
        let sha256 = payload::sha256(&bytes);
        let program = Program { name: record.name, arch, size, sha256, tells_main: false };
        let library = library.map(|mut library| {
            library.flags.arch = Some(ArchChoice::from(arch));
            library
        });
        let stage = Self { folder, program, results, platform, library, built: HashMap::new() };
        write(&stage.program_file(), &bytes, Mode::Executable)?;
        Ok(stage)
    }

    /// The program alone.
    pub fn program_file(&self) -> PathBuf {
        self.folder.path().join("program").join(&self.program.name)
    }

    /// What was built for a recipe.
    pub fn built(&self, recipe: Recipe) -> Option<&Built> {
        self.built.get(&recipe.id())
    }

    /// Compiles the crate's library, which recipes for one need.
    ///
    /// # Errors
    /// Those of a build.
    pub fn build_library(&self, ui: &Ui) -> Result<()> {
        let Some(selection) = &self.library else { return Ok(()) };
        let artifact = build::artifact(selection, &Purpose::Local, ui)?;
        let file = payload::library_name(&artifact.record.name, self.program.arch);
        let bytes = files::read(&artifact.dir.join("trap").join(file))?;
        write(&self.library_file(), &bytes, Mode::Plain)?;
        Ok(())
    }

    /// The library alone.
    fn library_file(&self) -> PathBuf {
        self.folder.path().join("library").join(format!("{}.so", self.program.name))
    }

    /// Builds what a recipe needs, unless it is there. The handler gives `answer`.
    ///
    /// # Errors
    /// Those of a build; `bad-answer` when the program's answer cannot be given by anything else.
    pub fn build(&mut self, recipe: Recipe, answer: &Reference) -> Result<()> {
        let id = recipe.id();
        if self.built.contains_key(&id) {
            return Ok(());
        }
        let dir = self.folder.path().join(id.replace(['/', ':'], "-"));
        let built = match recipe {
            Recipe::Program | Recipe::Bootstrap => {
                let dir = self.folder.path().join("program");
                let (handler, size) = (HANDLER_NAME.into(), self.program.size);
                Built { dir, handler, traced: None, artifact: None, size }
            }
            Recipe::Boot => module(dir, BOOT)?,
            Recipe::Handler => module(dir, &HANDLER.replace("@ANSWER@", &answer.literal()))?,
            Recipe::Seed => {
                let bytes = files::read(&self.program_file())?;
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                module(dir, &SEED.replace("@BASE64@", &text))?
            }
            Recipe::Ours(payload, name) => self.ours(dir, payload, name, recipe)?,
        };
        self.built.insert(id, built);
        Ok(())
    }

    fn ours(&self, dir: PathBuf, payload: Payload, name: &str, recipe: Recipe) -> Result<Built> {
        let program = if recipe.is_library() { self.library_file() } else { self.program_file() };
        let selection = Selection {
            program: vec![program],
            flags: Flags {
                platform: Some(self.platform.clone()),
                payload: Some(payload.encoding()),
                takeover: takeover(name),
                ..Flags::default()
            },
            ..Selection::default()
        };
        let mut plan = build::resolve(&selection, &Purpose::Local)?;
        plan.request.dir = dir;
        // What there is to say of the program was said when it was compiled.
        let artifact = exec::execute(&plan, true, &Ui::new(true, false, Format::Human))?;
        if payload == Payload::FileCopied {
            let file = payload::file_name(&self.program.name, self.program.arch);
            forbid_execution(&artifact.dir.join(artifact.record.trap_folder()).join(file))?;
        }
        let is_traced = plan.request.single_file && recipe.hands_over();
        let traced = if is_traced { Some(traced_twin(&artifact.dir, &artifact.record)?) } else { None };
        let mut size = 0;
        for path in artifact.record.files.keys() {
            size += flush(&artifact.dir.join(path))?;
        }
        let handler = artifact.record.handler.clone();
        Ok(Built { dir: artifact.dir.clone(), handler, traced, artifact: Some(artifact), size })
    }
}

/// What the crate or the platform does not have of what could be measured.
///
/// # Errors
/// When the platform is unknown.
pub fn missing(selection: &Selection) -> Result<Missing> {
    let platform = platform_of(selection)?;
    let library = match library(selection, &platform) {
        None => Some("a program is given (`--program`); a library is built from a crate".to_owned()),
        Some(library) => build::resolve(&library, &Purpose::Local).err().map(|error| error.to_string()),
    };
    let wrapper = platform::find(&platform)?.manifest.wrapper;
    let wrapper = wrapper.is_none().then(|| format!("`{platform}` starts nothing in Node's place"));
    Ok(Missing { library, wrapper })
}

fn platform_of(selection: &Selection) -> Result<String> {
    selection.flags.platform.clone().map_or_else(single_module, Ok)
}

/// The library of the crate whose program is measured.
fn library(selection: &Selection, platform: &str) -> Option<Selection> {
    let mut library = selection.clone();
    library.flags.platform = Some(platform.to_owned());
    library.flags.payload = Some(Encoding::File);
    library.flags.takeover = Some(Takeover::Library);
    // A crate may have several programs, of which one is measured, and has one library.
    library.cargo.bin = None;
    selection.program.is_empty().then_some(library)
}

/// The platform whose artifact is one module and nothing else that a host could load: what is measured is the
/// trampoline, not a platform's tools.
fn single_module() -> Result<String> {
    let plain = |manifest: &platform::Manifest| {
        let platform::Manifest { single_file, handler, code, adapters, .. } = manifest;
        *single_file && handler.is_some() && code.is_none() && adapters.is_empty()
    };
    let found = platform::all()?.into_iter().find(|platform| plain(&platform.manifest));
    Ok(found.map_or_else(|| platform::DEFAULT.to_owned(), |platform| platform.manifest.id))
}

/// A folder with one module.
fn module(dir: PathBuf, text: &str) -> Result<Built> {
    let size = write(&dir.join(MODULE), text.as_bytes(), Mode::Plain)?;
    Ok(Built { dir, handler: HANDLER_NAME.into(), traced: None, artifact: None, size })
}

/// A copy of an artifact, beside it, whose module tells its phases.
fn traced_twin(dir: &Path, record: &Record) -> Result<PathBuf> {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push("-traced");
    let twin = dir.with_file_name(name);
    for path in record.files.keys() {
        let (from, to) = (dir.join(path), twin.join(path));
        if *path == record.main {
            write(&to, trap_host::traced(&files::read_text(&from)?).as_bytes(), Mode::Plain)?;
            continue;
        }
        let folder = to.parent().unwrap_or(&twin);
        fs::create_dir_all(folder).map_err(Error::file("create the folder", folder))?;
        // With its mode, which is what `file-copied` is about.
        fs::copy(&from, &to).map_err(Error::file("copy to", &to))?;
        flush(&to)?;
    }
    Ok(twin)
}

/// Writes a file and waits for the disk: pages that are still to be written would slow the first starts down.
fn write(path: &Path, bytes: &[u8], mode: Mode) -> Result<u64> {
    files::write(path, bytes, mode)?;
    flush(path)
}

fn flush(path: &Path) -> Result<u64> {
    let flushed = fs::File::open(path).and_then(|file| file.sync_all().and_then(|()| file.metadata()));
    Ok(flushed.map_err(Error::file("write", path))?.len())
}

fn forbid_execution(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).map_err(Error::file("change", path))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// What the program alone answered: every other start is held against it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The HTTP status; none for an event that was sent as it is.
    status: Option<u16>,
    /// The answer as an event's result.
    result: Value,
}

impl Reference {
    /// Reads an answer, as HTTP unless it is for an event sent as it is.
    ///
    /// # Errors
    /// Why it is no answer.
    pub fn of(answer: &Answer, is_http: bool) -> Result<Self, String> {
        if !is_http {
            let text = || Value::from(String::from_utf8_lossy(&answer.body));
            let result = serde_json::from_slice(&answer.body).unwrap_or_else(|_| text());
            return Ok(Self { status: None, result });
        }
        let response = function_url::response(answer).map_err(|error| error.to_string())?;
        let (parts, body) = response.into_parts();
        let headers: serde_json::Map<_, _> = parts
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.into())))
            .collect();
        let (body, is_base64) = text_of(&body);
        let status = parts.status.as_u16();
        let result = json!({
            "statusCode": status, "headers": headers, "body": body, "isBase64Encoded": is_base64,
        });
        Ok(Self { status: Some(status), result })
    }

    /// Compares another answer with this one.
    ///
    /// # Errors
    /// How it differs.
    pub fn check(&self, answer: &Answer) -> Result<(), String> {
        let other = Self::of(answer, self.status.is_some())?;
        match (self.status, other.status) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                Err(format!("it answered with status {theirs}, the program alone with {ours}"))
            }
            _ => Ok(()),
        }
    }

    /// The result as an expression of JavaScript, which JSON is.
    fn literal(&self) -> String {
        self.result.to_string()
    }
}

fn text_of(body: &Bytes) -> (String, bool) {
    match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (base64::engine::general_purpose::STANDARD.encode(body), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        Answer { body: body.to_owned().into(), ..Answer::default() }
    }

    #[test]
    fn an_answer_counts_when_its_status_is_the_programs() {
        let reference = Reference::of(&answer(r#"{"statusCode":404,"body":"no"}"#), true).expect("an answer");
        reference.check(&answer(r#"{"statusCode":404,"body":"other"}"#)).expect("the same status");
        let why = reference.check(&answer(r#"{"statusCode":200,"body":"no"}"#)).expect_err("another status");
        assert_eq!(why, "it answered with status 200, the program alone with 404");
        assert!(reference.check(&answer(r#"{"statusCode":7}"#)).is_err());
    }

    #[test]
    fn the_handler_gives_the_answer_of_the_program() {
        let body = r#"{"statusCode":201,"headers":{"x":"a\"b"},"body":"/w==","isBase64Encoded":true}"#;
        let reference = Reference::of(&answer(body), true).expect("an answer");
        let again = Reference::of(&answer(&reference.literal()), true).expect("an answer");
        assert_eq!(reference, again);
        assert!(reference.literal().contains(r#""body":"/w==""#), "{}", reference.literal());
        let event = Reference::of(&answer("[1]"), false).expect("an answer");
        assert_eq!(event.literal(), "[1]");
        event.check(&answer("anything")).expect("no status to compare");
    }

    #[test]
    fn the_fixtures_have_the_places_that_are_filled_in() {
        assert_eq!((HANDLER.matches("@ANSWER@").count(), SEED.matches("@BASE64@").count()), (1, 1));
        for word in
            ["from \"fs\"", "from \"module\"", "from \"child_process\"", "trap start time", "chmodSync"]
        {
            assert!(SEED.contains(word), "{word}");
        }
    }
}
