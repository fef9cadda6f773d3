//! `platform.toml`: what a platform is, as data. Unknown keys are errors, so that a typo is not ignored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trap_native::glibc::Release;

use super::deploy::Deploy;
use crate::arch::{Arch, ArchChoice};
use crate::payload::Encoding;
use crate::settings::{Lang, Takeover};

/// The format this reader understands; a newer manifest is refused.
pub const MANIFEST_VERSION: u32 = 1;

/// `platform.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// Must be [`MANIFEST_VERSION`].
    pub manifest_version: u32,
    /// Must equal the folder's name.
    pub id: String,
    /// The platform this is a variant of: what it says and emits counts here too, but for what is given here.
    #[serde(default)]
    pub extends: Option<String>,
    /// One line for lists.
    pub summary: String,
    /// What calls the artifact there, in a few words.
    pub host: String,
    /// True when it is given a class, which tells of the methods that the program's own has.
    #[serde(default)]
    pub typed: bool,
    /// How the program can get control there; `auto` chooses among them.
    pub takeovers: Vec<Takeover>,
    /// Modules that translate between this host and the bridge, by their names in `js/src`.
    #[serde(default)]
    pub adapters: Vec<String>,
    /// Languages the platform can be given, the default first.
    pub langs: Vec<Lang>,
    /// The machines it runs by default.
    pub arch: ArchChoice,
    /// The only machines it runs at all; any by default.
    #[serde(default)]
    pub arches: Option<Vec<Arch>>,
    /// How the program travels by default.
    pub payload: Encoding,
    /// True when the platform is given one module, trampoline and payload included, whatever is asked.
    pub single_file: bool,
    /// The folder inside the artifact that the host loads code from, with `__name__`; all of it by default. The
    /// `trap/` folder lies in it.
    #[serde(default)]
    pub code: Option<String>,
    /// The module that holds the hand-over: a path inside the artifact, with `__name__` and `__ext__`.
    pub main: String,
    /// For a host that polls: where it finds its handler, `<module>.<export>`, as AWS writes it.
    #[serde(default)]
    pub handler: Option<String>,
    /// For any other: the module that serves HTTP on the port `PORT` when the artifact is started on this machine, a
    /// path inside the artifact.
    #[serde(default)]
    pub listens: Option<String>,
    /// Files that belong to the person's project once they exist: written when missing, never replaced.
    #[serde(default)]
    pub scaffold: Vec<String>,
    /// Lines of scaffolding that must fit the program, also once the file is the person's own.
    #[serde(default)]
    pub agree: Vec<Agree>,
    /// The release of glibc that its Node runs on; where it is known, libraries can be loaded there.
    #[serde(default, deserialize_with = "release")]
    pub glibc: Option<Release>,
    /// Where it can start another program in Node's place.
    #[serde(default)]
    pub wrapper: Option<Wrapper>,
    /// What to type after a build, apart from what deploys it; a template line each.
    #[serde(default)]
    pub next: Vec<String>,
    /// How it is deployed.
    pub deploy: Deploy,
    /// What tools that describe infrastructure are told about the artifact: by name, with what it is for. The text
    /// is the file of that name in `snippets/`.
    #[serde(default)]
    pub snippets: BTreeMap<String, String>,
    /// Sizes the platform refuses beyond.
    #[serde(default)]
    pub limits: Vec<Limit>,
}

/// A size the platform sets, with where it says so.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limit {
    /// What is measured.
    pub of: Measured,
    /// The most it may be, in bytes.
    pub bytes: u64,
    /// What the platform calls it.
    pub about: String,
    /// The page that says so.
    pub source: String,
    /// True when there is a way around it: beyond it a build warns and goes on.
    #[serde(default)]
    pub soft: bool,
}

/// How a platform is told to start another program in Node's place.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Wrapper {
    /// The variable that names the program.
    pub variable: String,
    /// Where the artifact lies on the platform.
    pub root: String,
    /// The page that says so.
    pub source: String,
}

fn release<'a, D: serde::Deserializer<'a>>(deserializer: D) -> Result<Option<Release>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

/// A line of scaffolding that must fit the program.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Agree {
    /// One of the scaffolding's files.
    pub file: String,
    /// The line, as a template; white space around it does not count.
    pub line: String,
}

/// What a limit is about.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Measured {
    /// The program as it is put on the host's disk at run time.
    Program,
    /// All files of the artifact, as they lie.
    Artifact,
    /// The zip of all files.
    Zip,
    /// The body of one request.
    Request,
}
