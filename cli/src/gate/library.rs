//! The gate for a library that Node is to load: its entry, and all that it asks of the process that loads it.
//!
//! A loader looks everything up by name and version. What it does not find ends the start on the platform, so it is
//! looked up here, in the list of what the platform's glibc has.

use std::fmt;

use object::read::elf::ElfFile64;
use object::{Endianness, Object as _, ObjectSymbol as _, elf};
use trap_native::glibc::{Glibc, Release};

use super::Rules;
use crate::arch::Arch;
use crate::elf::{Elf, Machine};
use crate::{Class, Error, Result};

/// The function that is called.
const ENTRY: &str = "trap";

/// How many names one message has room for.
const SHOWN: usize = 3;

/// Holds a library against what its architecture and the platform's glibc need; returns what is worth a warning.
///
/// # Errors
/// Those of [`super::check`] for its machine, `library-no-entry`, `library-needs`, `library-symbol`.
pub fn check(
    name: &str,
    elf: &Elf,
    bytes: &[u8],
    wanted: Option<Arch>,
    host: Release,
) -> Result<Vec<String>> {
    let refused =
        |code, message: String, hint: &str| Err(Error::known(code, Class::Request, message).with_hint(hint));
    let mut warnings = super::check(name, elf, wanted, Rules::LOADED)?;
    let Machine::Known(arch) = elf.machine else { return Ok(warnings) };
    let shared = Shared::read(bytes).map_err(|_| {
        let message = format!("`{name}` is cut short: a table that its headers name lies outside of it");
        Error::known("program-truncated", Class::Request, message).with_hint("build or copy it again")
    })?;
    if shared.is_program {
        return refused(
            "library-no-entry",
            format!("`{name}` is a program, which a loader refuses to load into another"),
            "build a `cdylib`, or leave `--takeover library` out",
        );
    }
    if !shared.has_entry {
        return refused(
            "library-no-entry",
            format!("`{name}` exports no function `{ENTRY}`, which is what the host calls"),
            "add `trap_runtime::library!(router);` to it, or a function of your own: `#[unsafe(no_mangle)] pub extern \"C\" fn trap() -> i32`",
        );
    }
    let glibc = Glibc::of(arch.into());
    let strangers: Vec<_> =
        elf.needed.iter().filter(|library| !glibc.has_library(library)).cloned().collect();
    if !strangers.is_empty() {
        return refused(
            "library-needs",
            format!("`{name}` needs {}, which the platform may not have", list(&strangers)),
            "link it statically into the library, or take a crate in its place that is all Rust",
        );
    }
    let lacking = shared.wanted.iter().filter(|wanted| !wanted.is_on(&glibc, host));
    let lacking: Vec<_> = lacking.map(Wanted::to_string).collect();
    if !lacking.is_empty() {
        return refused(
            "library-symbol",
            format!("`{name}` needs {}, which glibc {host} of the platform does not have", list(&lacking)),
            "let `cargo trap build` compile it: it links against just what the platform has",
        );
    }
    if shared.aborts_on_panic {
        warnings.push(format!(
            "`{name}` is built with `panic = \"abort\"`: a panic in it ends the whole Node process at once, where with `panic = \"unwind\"` it is caught and told"
        ));
    }
    Ok(warnings)
}

/// What a shared object says of itself to a loader.
#[derive(Default)]
struct Shared {
    /// True for a program that can be loaded at any address.
    is_program: bool,
    has_entry: bool,
    wanted: Vec<Wanted>,
    /// True for Rust that cannot unwind.
    aborts_on_panic: bool,
}

/// What somebody else must have: a symbol in a version, a symbol whose version is not told, or a version of whatever.
struct Wanted {
    name: Option<String>,
    version: Option<String>,
}

impl Shared {
    fn read(bytes: &[u8]) -> object::Result<Self> {
        let file = ElfFile64::<Endianness>::parse(bytes)?;
        let (endian, sections) = (file.endian(), file.elf_section_table());
        let versions = sections.versions(endian, bytes)?.unwrap_or_default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut shared = Self::default();
        for entry in file.elf_dynamic_table()?.iter() {
            shared.is_program |= entry.tag == elf::DT_FLAGS_1 && entry.val & elf::DF_1_PIE.0 != 0;
        }
        let (mut unwinds, mut walks) = (false, false);
        for symbol in file.dynamic_symbols() {
            let name = symbol.name()?;
            if !symbol.is_undefined() {
                shared.has_entry |= name == ENTRY && symbol.elf_symbol().st_type() == elf::STT_FUNC;
                continue;
            }
            unwinds |= name == "_Unwind_RaiseException";
            walks |= name == "_Unwind_Backtrace";
            // Who wants it weakly does without it.
            if name.is_empty() || symbol.is_weak() {
                continue;
            }
            let version = versions.version(versions.version_index(endian, symbol.index()).index())?;
            let version = version.map(|version| text(version.name()));
            shared.wanted.push(Wanted { name: Some(name.to_owned()), version });
        }
        // Rust's standard library can print a backtrace in any case, and raises exceptions where it unwinds.
        shared.aborts_on_panic = walks && !unwinds;
        if let Some((mut libraries, link)) = sections.gnu_verneed(endian, bytes)? {
            let strings = sections.strings(endian, bytes, link)?;
            while let Some((_, mut versions)) = libraries.next()? {
                while let Some(version) = versions.next()? {
                    let version = Some(text(version.name(endian, strings)?));
                    shared.wanted.push(Wanted { name: None, version });
                }
            }
        }
        Ok(shared)
    }
}

impl Wanted {
    fn is_on(&self, glibc: &Glibc, host: Release) -> bool {
        // A symbol whose version is not told is bound to the oldest there is, which may be one that does not work.
        let Some(version) = &self.version else { return false };
        let is_old_enough = release(version).is_none_or(|release| release <= host);
        is_old_enough
            && match &self.name {
                Some(name) => glibc.has_symbol(name, version),
                None => glibc.has_version(version),
            }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, &self.version) {
            (Some(name), Some(version)) => write!(f, "{name}@{version}"),
            (Some(only), None) | (None, Some(only)) => f.write_str(only),
            (None, None) => Ok(()),
        }
    }
}

/// The release of glibc that brought a version.
fn release(version: &str) -> Option<Release> {
    let numbers = version.strip_prefix("GLIBC_")?;
    numbers.split('.').take(2).collect::<Vec<_>>().join(".").parse().ok()
}

/// `a`, `b`, `c` and 3 more.
fn list(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
#[path = "library_tests.rs"]
mod tests;
