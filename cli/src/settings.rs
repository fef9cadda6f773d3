//! What a build can be told, and where from: `[package.metadata.trap]`, then `CARGO_TRAP_*`, then flags.
//!
//! [`Flags`] stands for one such source. clap lets a flag win over its variable; [`Flags::over`] lays both over
//! what the manifest says.

use serde::{Deserialize, Serialize};

use crate::arch::ArchChoice;
use crate::payload::Encoding;
use crate::{Class, Error, Result};

/// How the program gets control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Takeover {
    /// Choose when the host starts, from what it can do
    #[default]
    Auto,
    /// Replace the Node process by the program: by the stub, else by `process.execve`
    Exec,
    /// The same, only by the stub: a small shared object that travels with the program (any Node)
    #[serde(rename = "exec:stub")]
    #[value(name = "exec:stub")]
    ExecStub,
    /// The same, only by Node's own `process.execve` (Node 22.15, 23.11 and later)
    #[serde(rename = "exec:execve")]
    #[value(name = "exec:execve")]
    ExecExecve,
    /// Run the program as a child and wait for it (any Node)
    Spawn,
    /// Load a `cdylib` into the Node process and call its `trap`, which polls there (Node on glibc)
    Library,
    /// Start the program before Node, by `AWS_LAMBDA_EXEC_WRAPPER`; as `auto` where that is not set
    Wrapper,
    /// Run the program as a child and feed it the host's events (hosts that push)
    Bridge,
    /// Replace the Node process by the program, which serves HTTP on `$PORT` itself (hosts that only start a process)
    Port,
}

impl Takeover {
    /// The name used in flags and in the emitted options.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Exec => "exec",
            Self::ExecStub => "exec:stub",
            Self::ExecExecve => "exec:execve",
            Self::Spawn => "spawn",
            Self::Bridge => "bridge",
            Self::Port => "port",
            Self::Library => "library",
            Self::Wrapper => "wrapper",
        }
    }

    /// The name that the trampoline is told: what is to happen where Node was started.
    pub fn in_node(self) -> &'static str {
        match self {
            Self::Wrapper => Self::Auto.as_str(),
            other => other.as_str(),
        }
    }

    /// The takeover that this is a way of.
    #[must_use]
    pub fn family(self) -> Self {
        match self {
            Self::ExecStub | Self::ExecExecve => Self::Exec,
            other => other,
        }
    }

    /// True when the exec stub may be what replaces the process, so that it has to travel with the program.
    pub fn uses_stub(self) -> bool {
        match self {
            Self::Auto | Self::Exec | Self::ExecStub | Self::Port | Self::Wrapper => true,
            Self::ExecExecve | Self::Spawn | Self::Bridge | Self::Library => false,
        }
    }
}

/// The language of the emitted files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// TypeScript
    Ts,
    /// JavaScript (ECMAScript modules)
    Js,
}

impl From<Lang> for trap_host::Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Ts => Self::TypeScript,
            Lang::Js => Self::JavaScript,
        }
    }
}

/// `[package.metadata.trap]`, and the same values from the environment or the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, clap::Args)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[command(next_help_heading = "Packaging")]
pub struct Flags {
    /// The platform to package for [default: genezio]
    #[arg(long, value_name = "NAME", value_parser = crate::platform::values(), env = "CARGO_TRAP_PLATFORM", hide_env_values = true)]
    pub platform: Option<String>,
    /// The machines to build for [default: arm64; for `invoke`, this machine's; with `--program`, its own]
    #[arg(long, value_name = "ARCH", env = "CARGO_TRAP_ARCH", hide_env_values = true)]
    pub arch: Option<ArchChoice>,
    /// How the program travels [default: the platform's]
    #[arg(long, value_name = "HOW", env = "CARGO_TRAP_PAYLOAD", hide_env_values = true)]
    pub payload: Option<Encoding>,
    /// How the program gets control of the host [default: auto]
    #[arg(long, value_name = "HOW", env = "CARGO_TRAP_TAKEOVER", hide_env_values = true)]
    pub takeover: Option<Takeover>,
    /// The name of the emitted class [default: the program's name in CamelCase]
    #[arg(long, value_name = "NAME", env = "CARGO_TRAP_CLASS", hide_env_values = true)]
    pub class: Option<String>,
    /// The language of the emitted files [default: the platform's]
    #[arg(long, value_name = "LANG", env = "CARGO_TRAP_LANG", hide_env_values = true)]
    pub lang: Option<Lang>,
}

impl Flags {
    /// The table of a manifest. `value` is all of `package.metadata`.
    ///
    /// # Errors
    /// `metadata` when a key is unknown or a value does not fit.
    pub fn from_metadata(package: &str, value: &serde_json::Value) -> Result<Self> {
        let Some(table) = value.get("trap") else { return Ok(Self::default()) };
        serde_json::from_value(table.clone()).map_err(|error| {
            Error::known(
                "metadata",
                Class::Request,
                format!("`[package.metadata.trap]` of `{package}` is not understood: {error}"),
            )
            .with_hint("its keys are `platform`, `arch`, `payload`, `takeover`, `class` and `lang`")
        })
    }

    /// These values, with `base`'s where nothing was said here.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        Self {
            platform: self.platform.or(base.platform),
            arch: self.arch.or(base.arch),
            payload: self.payload.or(base.payload),
            takeover: self.takeover.or(base.takeover),
            class: self.class.or(base.class),
            lang: self.lang.or(base.lang),
        }
    }
}

/// Makes sure that a class name is one in TypeScript, or makes one from the program's name.
///
/// # Errors
/// `class-name` when a given name is not an identifier.
pub fn class_name(given: Option<&str>, program: &str) -> Result<String> {
    if let Some(name) = given {
        let mut chars = name.chars();
        let starts = chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
        if starts && chars.all(|rest| rest.is_ascii_alphanumeric() || rest == '_') && !is_reserved(name) {
            return Ok(name.to_owned());
        }
        return Err(Error::known("class-name", Class::Request, format!("`{name}` cannot name a class"))
            .with_hint("use letters, digits and `_`, beginning with a letter, such as `HelloWorld`"));
    }
    let name: String = program
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word[..1].to_ascii_uppercase() + &word[1..])
        .collect();
    Ok(match name.chars().next() {
        None => "Program".to_owned(),
        Some(first) if first.is_ascii_digit() || is_reserved(&name) => format!("Program{name}"),
        Some(_) => name,
    })
}

/// Names that the emitted module or its host uses itself: those of the language that a module may rely on, and
/// those of the trampoline, which stands in the same module under `--single-file`.
pub(crate) fn is_reserved(name: &str) -> bool {
    if trap_host::reserved_names(trap_host::Language::TypeScript).contains(&name) {
        return true;
    }
    let keyword = KEYWORDS.contains(&name);
    keyword || ["payload", "arm64", "x64", "handler", "standby"].contains(&name)
}

/// Words that cannot name a class in a module. Source: <https://tc39.es/ecma262/#prod-ReservedWord>, and what
/// strict code and TypeScript add.
const KEYWORDS: [&str; 64] = [
    "abstract",
    "any",
    "arguments",
    "as",
    "async",
    "await",
    "bigint",
    "boolean",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "declare",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "never",
    "new",
    "null",
    "number",
    "object",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "string",
    "super",
    "switch",
    "symbol",
    "this",
    "throw",
    "true",
    "try",
    "type",
    "typeof",
    "undefined",
    "unknown",
    "var",
    "void",
    "while",
    "with",
    "yield",
    "of",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearer_to_the_person_wins() {
        let manifest = Flags::from_metadata(
            "app",
            &serde_json::json!({ "trap": { "platform": "lambda", "arch": "both", "takeover": "spawn" } }),
        )
        .unwrap();
        let typed = Flags { arch: Some(ArchChoice::X64), ..Flags::default() };
        let settings = typed.over(manifest);
        assert_eq!(settings.platform.as_deref(), Some("lambda"));
        assert_eq!(settings.arch, Some(ArchChoice::X64));
        assert_eq!(settings.takeover, Some(Takeover::Spawn));
        assert_eq!(settings.payload, None);
    }

    #[test]
    fn a_takeover_has_one_name_everywhere() {
        for takeover in <Takeover as clap::ValueEnum>::value_variants() {
            let name = takeover.as_str();
            let typed = clap::ValueEnum::to_possible_value(takeover).unwrap();
            assert_eq!(typed.get_name(), name);
            assert_eq!(serde_json::json!(takeover), name);
            let manifest = Flags::from_metadata("app", &serde_json::json!({ "trap": { "takeover": name } }));
            assert_eq!(manifest.unwrap().takeover, Some(*takeover));
        }
    }

    #[test]
    fn a_misspelt_key_in_the_manifest_is_an_error_that_lists_the_right_ones() {
        let error = Flags::from_metadata("app", &serde_json::json!({ "trap": { "platfrom": "lambda" } }))
            .unwrap_err();
        assert!(error.to_string().contains("platfrom"), "{error}");
        assert!(error.hint().unwrap().contains("platform"));
    }

    #[test]
    fn a_program_lends_its_name_to_the_class() {
        for (program, class) in [
            ("hello-axum", "HelloAxum"),
            ("a_b.c", "ABC"),
            ("7zip", "Program7zip"),
            ("-", "Program"),
            ("host", "ProgramHost"),
        ] {
            assert_eq!(class_name(None, program).unwrap(), class);
        }
    }

    #[test]
    fn a_given_class_name_must_be_an_identifier() {
        assert_eq!(class_name(Some("Orders2"), "x").unwrap(), "Orders2");
        for bad in ["", "2x", "a b", "a;b", "a-b", "é", "TrapError", "class", "null", "await"] {
            assert_eq!(class_name(Some(bad), "x").unwrap_err().code(), "class-name");
        }
    }
}
