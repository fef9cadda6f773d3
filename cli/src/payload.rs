//! The program as it travels: hashed, and as base64 text inside a module or as a file beside it. Where it may
//! replace the Node process, the exec stub travels with it, in the same way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use trap_host::Language;

use crate::arch::Arch;

/// How a program travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As text inside the module: survives every bundler
    Base64,
    /// As a file beside the module: smaller, faster to start
    File,
}

/// Characters of base64 in one literal. The reader decodes literal by literal into one buffer, and the
/// scanner's own buffer then stays in the cache: 64 KiB measured fastest of 4, 16, 64 and 256.
const LITERAL: usize = 64 * 1024;

/// Bytes of program that fill one literal; base64 spends four characters on three bytes.
const LITERAL_BYTES: usize = LITERAL / 4 * 3;

/// One compiled program, ready to travel.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it runs on.
    pub arch: Arch,
    /// Lowercase hex, 64 digits, of the whole file.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// The whole file; empty when somebody else puts it where it belongs.
    pub bytes: Vec<u8>,
    /// What loads it, where it is a library.
    pub addon: Option<Vec<u8>>,
}

/// What a program has in it that serves HTTP itself, on `$PORT` and the address `$TRAP_HOST`, where there is no
/// Runtime API: it reads this variable. `trap_runtime` does, and so does what `cargo trap new` writes.
const SERVES: &[u8] = b"TRAP_HOST";

impl Program {
    /// Hashes the file.
    pub fn new(arch: Arch, bytes: Vec<u8>) -> Self {
        Self { arch, sha256: sha256(&bytes), size: bytes.len() as u64, bytes, addon: None }
    }

    /// The name of its file inside the `trap/` folder, with a `file` payload.
    pub fn file_name(&self, name: &str) -> String {
        if self.addon.is_some() { library_name(name, self.arch) } else { file_name(name, self.arch) }
    }

    /// Hashes a file of a program without keeping it: for an artifact that it is put into otherwise.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn hashed(arch: Arch, path: &std::path::Path) -> std::io::Result<Self> {
        let mut file = std::fs::File::open(path)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 256 * 1024];
        let mut size = 0;
        loop {
            match std::io::Read::read(&mut file, &mut buffer)? {
                0 => break,
                length => {
                    hasher.update(&buffer[..length]);
                    size += length as u64;
                }
            }
        }
        Ok(Self { arch, sha256: hex(&hasher.finalize()), size, bytes: Vec::new(), addon: None })
    }

    /// True when the program serves HTTP itself, on the port that `PORT` names.
    pub fn serves(&self) -> bool {
        memchr::memmem::find(&self.bytes, SERVES).is_some()
    }
}

/// The sha-256 of some bytes as lowercase hex, 64 digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The name of a `file` payload inside the `trap/` folder.
pub fn file_name(name: &str, arch: Arch) -> String {
    format!("{name}.{arch}.bin")
}

/// The name of the stub that goes with a `file` payload, inside the `trap/` folder.
pub fn stub_name(name: &str, arch: Arch) -> String {
    format!("{name}.{arch}.stub")
}

/// The name of a library as a `file` payload inside the `trap/` folder.
pub fn library_name(name: &str, arch: Arch) -> String {
    format!("{name}.{arch}.so")
}

/// The name of the addon that loads such a library, inside the `trap/` folder.
pub fn addon_name(name: &str, arch: Arch) -> String {
    format!("{name}.{arch}.node")
}

/// How many characters some bytes become as base64, padding included.
pub fn base64_len(bytes: u64) -> u64 {
    bytes.div_ceil(3) * 4
}

/// What a payload module looks like.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// How the programs travel.
    pub encoding: Encoding,
    /// True when the exec stub travels with them.
    pub stub: bool,
    /// What they run on, as Node's `process.platform` calls it; anything but `linux` never leaves this machine.
    pub system: &'static str,
    /// The language of the module.
    pub language: Language,
    /// The path of a program that is named instead of any being carried.
    pub at: Option<&'a str>,
    /// False when the text is appended to a module that has the types already.
    pub standalone: bool,
}

/// The system of this machine, as Node's `process.platform` calls it.
pub fn system_of_this_machine() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    }
}

/// The text of the payload module: a description of each program and, for base64, the program itself.
///
/// The base64 stands in functions that are never called: their source text is read instead, so that the
/// engine never builds a string of it. Function declarations are hoisted, so they may come last.
pub fn module(
    name: &str,
    programs: &[Program],
    Form { encoding, stub, system, language, at, standalone }: Form<'_>,
) -> String {
    let typed = language == Language::TypeScript;
    let mut text = String::new();
    if standalone && typed {
        text.push_str("import type { Payload } from \"./payload-type.js\";\n\n");
    }
    if standalone {
        text.push_str("export ");
    }
    text.push_str(&format!("const payload{} = {{\n", if typed { ": Payload" } else { "" }));
    text.push_str(&format!("  name: {},\n", quoted(name)));
    if system != "linux" {
        text.push_str(&format!("  system: {},\n", quoted(system)));
    }
    if let Some(path) = at {
        text.push_str(&format!("  programs: {{}},\n  at: {},\n}};\n", quoted(path)));
        return text;
    }
    text.push_str("  programs: {\n");
    for program in programs {
        text.push_str(&format!(
            "    {}: {{\n      sha256: \"{}\",\n      size: {},\n",
            program.arch, program.sha256, program.size
        ));
        match encoding {
            Encoding::Base64 => text.push_str(&format!("      base64: {},\n", program.arch)),
            Encoding::File => {
                text.push_str(&format!("      file: {},\n", quoted(&program.file_name(name))));
            }
        }
        if program.serves() {
            text.push_str("      serves: true,\n");
        }
        if stub {
            let (key, value) = match encoding {
                Encoding::Base64 => ("base64", STANDARD.encode(trap_native::stub(program.arch.into()))),
                Encoding::File => ("file", stub_name(name, program.arch)),
            };
            text.push_str(&format!("      stub: {{ {key}: {} }},\n", quoted(&value)));
        }
        if let Some(addon) = &program.addon {
            let (key, value) = match encoding {
                Encoding::Base64 => ("base64", STANDARD.encode(addon)),
                Encoding::File => ("file", addon_name(name, program.arch)),
            };
            text.push_str(&format!("      addon: {{ {key}: {} }},\n", quoted(&value)));
        }
        text.push_str("    },\n");
    }
    text.push_str("  },\n};\n");
    if encoding == Encoding::Base64 {
        for program in programs {
            let returns = if typed { ": readonly string[]" } else { "" };
            text.push_str(&format!(
                "\n/** The {} program as base64. Never called: the text of this function is read instead. */\n",
                program.arch
            ));
            text.push_str(&format!("function {}(){returns} {{\n  return [\n", program.arch));
            text.reserve(program.bytes.len() / 3 * 4 + program.bytes.len() / LITERAL_BYTES * 8);
            for chunk in program.bytes.chunks(LITERAL_BYTES) {
                text.push('"');
                STANDARD.encode_string(chunk, &mut text);
                text.push_str("\",\n");
            }
            text.push_str("  ];\n}\n");
        }
    }
    text
}

/// A JavaScript string literal. JSON's is one, with two exceptions that newer engines no longer make.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The programs found again in a module written by [`module`], for `inspect`: architecture, the sha-256 and
/// size it promises, the base64 literals joined and decoded (`None` for a `file` payload), and the stub.
///
/// Reads only what we write ourselves, unchanged; a bundled module is not meant to be read back.
pub fn read_back(text: &str) -> Vec<Found> {
    Arch::ALL
        .into_iter()
        .filter_map(|arch| {
            let entry = &text[text.find(&format!("    {arch}: {{\n"))?..];
            let entry = &entry[..=entry.find("\n    }")?];
            let field = |name: &str| {
                let value = &entry[entry.find(&format!("{name}: "))? + name.len() + 2..];
                Some(value[..value.find(",\n")?].trim_matches('"').to_owned())
            };
            let bytes = text.find(&format!("\nfunction {arch}()")).map(|start| {
                let body = &text[start + 1..];
                let body = &body[..body.find("\n}").unwrap_or(body.len())];
                body.lines()
                    .filter_map(|line| line.strip_prefix('"')?.strip_suffix("\","))
                    .map(|literal| STANDARD.decode(literal).ok())
                    .collect::<Option<Vec<_>>>()
                    .map(|chunks| chunks.concat())
            });
            Some(Found {
                arch,
                sha256: field("sha256")?,
                size: field("size")?.parse().ok()?,
                file: field("file"),
                stub: companion(entry, "stub"),
                addon: companion(entry, "addon"),
                bytes,
            })
        })
        .collect()
}

/// The stub or the addon of an entry, if it has one.
fn companion(entry: &str, kind: &str) -> Option<Companion> {
    let (_, rest) = entry.split_once(&format!("      {kind}: {{ "))?;
    let (key, rest) = rest.split_once(": \"")?;
    let (value, _) = rest.split_once('"')?;
    Some(match key {
        "base64" => Companion::Bytes(STANDARD.decode(value).unwrap_or_default()),
        _ => Companion::File(value.to_owned()),
    })
}

/// What travels with a program, as found by [`read_back`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Companion {
    /// Decoded; empty when the text is damaged.
    Bytes(Vec<u8>),
    /// The name of the file that holds it.
    File(String),
}

/// One program as found by [`read_back`].
#[derive(Clone, Debug)]
pub struct Found {
    /// What it runs on.
    pub arch: Arch,
    /// The hash that the module promises.
    pub sha256: String,
    /// The size that the module promises, in bytes.
    pub size: u64,
    /// The name of the file that holds it, for a `file` payload.
    pub file: Option<String>,
    /// For base64: the decoded program, or `None` inside when the text is damaged.
    pub bytes: Option<Option<Vec<u8>>>,
    /// The stub that travels with it.
    pub stub: Option<Companion>,
    /// The addon that travels with it, where it is a library.
    pub addon: Option<Companion>,
}

impl Found {
    /// The program itself; `beside` is where its file lies, if it is one.
    pub fn program(&self, beside: &std::path::Path) -> Option<Vec<u8>> {
        match (&self.bytes, &self.file) {
            (Some(bytes), _) => bytes.clone(),
            (None, Some(file)) => std::fs::read(beside.join(file)).ok(),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(size: usize) -> Program {
        Program::new(Arch::X64, (0..size).map(|index| (index * 31 % 251) as u8).collect())
    }

    fn form(encoding: Encoding, language: Language) -> Form<'static> {
        Form { encoding, stub: true, system: "linux", language, at: None, standalone: true }
    }

    #[test]
    fn what_is_written_can_be_read_back_at_every_remainder_of_a_literal() {
        for size in [1, 2, 3, LITERAL_BYTES - 1, LITERAL_BYTES, LITERAL_BYTES + 1, 3 * LITERAL_BYTES + 2] {
            for language in [Language::TypeScript, Language::JavaScript] {
                let program = program(size);
                let text = module("app", std::slice::from_ref(&program), form(Encoding::Base64, language));
                let found = read_back(&text);
                assert_eq!(found.len(), 1);
                assert_eq!(found[0].sha256, program.sha256);
                assert_eq!(found[0].size, size as u64);
                assert_eq!(found[0].bytes, Some(Some(program.bytes)), "{size} bytes");
            }
        }
    }

    #[test]
    fn a_file_payload_names_its_file_and_carries_no_text() {
        let text = module("app", &[program(10)], form(Encoding::File, Language::JavaScript));
        let found = read_back(&text);
        assert_eq!(found[0].file.as_deref(), Some("app.x64.bin"));
        assert!(found[0].bytes.is_none());
        assert!(!text.contains("function"));
        assert_eq!(found[0].stub, Some(Companion::File("app.x64.stub".to_owned())));
    }

    #[test]
    fn the_stub_travels_as_the_program_does_and_only_where_it_is_used() {
        let programs = [Program::new(Arch::Arm64, vec![1; 9]), Program::new(Arch::X64, vec![2; 9])];
        for language in [Language::TypeScript, Language::JavaScript] {
            let found = read_back(&module("app", &programs, form(Encoding::Base64, language)));
            for found in &found {
                assert_eq!(found.stub, Some(Companion::Bytes(trap_native::stub(found.arch.into()).to_vec())));
                assert_eq!(found.file, None);
            }
            for encoding in [Encoding::Base64, Encoding::File] {
                let text = module("app", &programs, Form { stub: false, ..form(encoding, language) });
                assert!(!text.contains("stub"), "{text}");
                assert_eq!(read_back(&text)[0].stub, None);
            }
        }
    }

    #[test]
    fn a_library_travels_with_what_loads_it() {
        let library = Program { addon: Some(vec![7; 5]), ..program(10) };
        for language in [Language::TypeScript, Language::JavaScript] {
            let without_stub = |encoding| Form { stub: false, ..form(encoding, language) };
            let found =
                read_back(&module("app", std::slice::from_ref(&library), without_stub(Encoding::Base64)));
            assert_eq!(found[0].addon, Some(Companion::Bytes(vec![7; 5])));
            assert_eq!((&found[0].stub, &found[0].file), (&None, &None));
            let found =
                read_back(&module("app", std::slice::from_ref(&library), without_stub(Encoding::File)));
            assert_eq!(found[0].file.as_deref(), Some("app.x64.so"));
            assert_eq!(found[0].addon, Some(Companion::File("app.x64.node".to_owned())));
        }
        assert!(
            !module("app", &[program(9)], form(Encoding::Base64, Language::JavaScript)).contains("addon")
        );
    }

    #[test]
    fn both_architectures_stand_side_by_side() {
        let programs = [Program::new(Arch::Arm64, vec![1; 9]), Program::new(Arch::X64, vec![2; 9])];
        let text = module("app", &programs, form(Encoding::Base64, Language::TypeScript));
        let found = read_back(&text);
        assert_eq!(found[0].bytes, Some(Some(vec![1; 9])));
        assert_eq!(found[1].bytes, Some(Some(vec![2; 9])));
    }

    #[test]
    fn a_damaged_literal_is_noticed() {
        let text = module("app", &[program(3000)], form(Encoding::Base64, Language::JavaScript));
        let at = text.find("return [").unwrap() + 100;
        let mut damaged = text.clone();
        damaged.replace_range(at..=at, "!");
        assert_eq!(read_back(&damaged)[0].bytes, Some(None));
    }

    #[test]
    fn the_hash_is_the_one_everybody_else_computes() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
