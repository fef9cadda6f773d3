//! Rendering a platform's files: pure, from values to text.
//!
//! In a file's path, `__name__` and `__ext__` stand for the program's name and the language's ending, `dot-`
//! at the start of a name for a dot, and a last `.tmpl` marks a template; other files are copied. A template
//! that renders to nothing is a file that these values do not want: it is left out.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, default_auto_escape_callback};
use serde::Serialize;

use crate::class::backend::ClassValues;
use crate::{Class, Error, Result};

/// What templates can say. One struct for all platforms; a name it lacks is an error in the template.
#[derive(Clone, Debug, Serialize)]
pub struct Values {
    /// The program's name; names files.
    pub name: String,
    /// The class's name.
    pub class: String,
    /// The typed class that the programs hold, if they do.
    pub typed: Option<ClassValues>,
    /// True when the files are TypeScript.
    pub ts: bool,
    /// `ts` or `js`.
    pub ext: &'static str,
    /// What happens where Node was started: `auto`, `exec`, `spawn`, `library`.
    pub takeover: &'static str,
    /// The first architecture it carries, as flags spell it.
    pub arch: &'static str,
    /// The same as AWS spells it.
    pub aws_arch: &'static str,
    /// All architectures it carries as AWS spells them, for a sentence.
    pub aws_arches: String,
    /// `base64` or `file`.
    pub payload: &'static str,
    /// What starts the program before Node; where that was not asked for there is nothing in it.
    pub wrapper: WrapperValues,
    /// True when trampoline and payload are part of the main module.
    pub single_file: bool,
    /// True when the artifact can feed the program where Node stays.
    pub bridge: bool,
    /// True when what does it is a file of its own.
    pub lazy_bridge: bool,
    /// The module that serves HTTP when the artifact is started on this machine, where one does.
    pub listens: String,
    /// `<module>.<export>`, as AWS writes it.
    pub handler: String,
    /// The most bytes of one request that the platform takes.
    pub request_limit: u64,
    /// The artifact's folder as the person would type it.
    pub dir: String,
    /// The same for something that is no shell, with `/` whatever the system.
    pub path: String,
    /// Where the artifact's zip lies or would, likewise.
    pub zip: String,
    /// Version of this tool.
    pub version: &'static str,
}

/// A variable that the platform must be given.
#[derive(Clone, Debug, Default, Serialize)]
pub struct WrapperValues {
    /// Its name.
    pub name: String,
    /// What it must say, for each architecture.
    pub values: Vec<WrapperValue>,
}

/// What such a variable must say.
#[derive(Clone, Debug, Serialize)]
pub struct WrapperValue {
    /// On which architecture, as AWS spells it.
    pub aws_arch: &'static str,
    /// The program's path on the platform.
    pub path: String,
}

/// One rendered file. The text of a main module may have room for what is known only after compiling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Path inside the artifact, with `/`.
    pub path: String,
    /// The text, up to where the trampoline and the payload are put under `single_file`.
    pub head: String,
    /// The text after them; empty for files without such a place.
    pub tail: Option<String>,
}

/// Where a main module wants the trampoline and the payload under `--single-file`.
const PLACE: &str = "/*! trap: trampoline and payload !*/\n";

/// Renders files by path and text.
///
/// # Errors
/// `template` when a template is broken: a defect of this tool.
pub fn render(files: &[(String, &str)], values: &Values) -> Result<Vec<Rendered>> {
    let mut rendered = Vec::new();
    for (path, text) in files {
        let (path, is_template) = match path.strip_suffix(".tmpl") {
            Some(path) => (path, true),
            None => (path.as_str(), false),
        };
        let path = expand(path, values);
        let text = if is_template { render_text(&path, text, values)? } else { (*text).to_owned() };
        if is_template && text.trim().is_empty() {
            continue;
        }
        rendered.push(match text.split_once(PLACE) {
            Some((head, tail)) => Rendered { path, head: head.to_owned(), tail: Some(tail.to_owned()) },
            None => Rendered { path, head: text, tail: None },
        });
    }
    Ok(rendered)
}

/// A path with its place-holders filled in.
pub fn expand(path: &str, values: &Values) -> String {
    expand_with(path, &values.name, values.ext)
}

/// The same, for one name and one ending.
pub fn expand_with(path: &str, name: &str, ext: &str) -> String {
    let path = path.replace("__name__", name).replace("__ext__", ext);
    let (folder, name) = path.rsplit_once('/').map_or(("", path.as_str()), |(folder, name)| (folder, name));
    let name = name.strip_prefix("dot-").map_or_else(|| name.to_owned(), |rest| format!(".{rest}"));
    if folder.is_empty() { name } else { format!("{folder}/{name}") }
}

/// Renders one text; `name` appears in errors.
///
/// # Errors
/// `template` when it is broken or names something that does not exist.
pub fn render_text(name: &str, text: &str, values: &impl Serialize) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match default_auto_escape_callback(name) {
        AutoEscape::Html => AutoEscape::Html,
        // A template quotes a value for JSON or YAML where it wants it.
        _ => AutoEscape::None,
    });
    let broken = |error| {
        Error::known("template", Class::Tool, format!("the template of `{name}` is broken"))
            .with_source(error)
    };
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .map_err(broken)?;
    environment.set_syntax(syntax);
    environment.render_named_str(name, text, Value::from(Serde(values))).map_err(broken)
}
