//! `cargo xtask symbols`: list what glibc offers, which is what its generator runs.
//!
//! glibc never takes a version of a symbol back, so every glibc from [`NEWEST`] on yields the same list: what is
//! newer is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use object::elf;
use object::read::elf::ElfFile64;
use object::{Endianness, Object as _, ObjectSymbol as _};

use crate::dir;

/// List what glibc offers on both machines (`generate` runs this)
#[derive(Debug, clap::Args)]
pub struct Args {}

/// The newest versions that are listed: those of Amazon Linux 2023.
/// <https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html>
const NEWEST: [(&str, &[u32]); 2] = [("GLIBC_", &[2, 34]), ("GCC_", &[11])];

/// Where Debian puts the libraries of x64 and of arm64: on that machine, and on others.
const FOLDERS: [[&str; 2]; 2] = [
    ["/lib/x86_64-linux-gnu", "/usr/x86_64-linux-gnu/lib"],
    ["/lib/aarch64-linux-gnu", "/usr/aarch64-linux-gnu/lib"],
];

/// The libraries, by their names on each machine.
const LIBRARIES: [[&str; 2]; 10] = [
    ["libc.so.6"; 2],
    ["libm.so.6"; 2],
    ["libgcc_s.so.1"; 2],
    ["ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"],
    ["libresolv.so.2"; 2],
    // Empty since 2.34, but for what programs ask for that were linked before.
    ["libanl.so.1"; 2],
    ["libdl.so.2"; 2],
    ["libpthread.so.0"; 2],
    ["librt.so.1"; 2],
    ["libutil.so.1"; 2],
];

const HEAD: &str = "\
# What glibc 2.34 and the libgcc of GCC 11 offer; written by `cargo xtask generate` from the libraries themselves.
#
# A line names a symbol, its versions on x64, and those on arm64. The first is what a link takes; what stands behind
# `~` is there for programs that were linked long ago. A version that begins with a digit is one of glibc's. `-` stands
# for a symbol that this machine does not have. Behind `data` there is no code.
";

/// The versions of one symbol.
#[derive(Debug, Default, PartialEq)]
struct Symbol {
    /// What a link takes.
    default: Option<String>,
    /// What else there is.
    hidden: Vec<String>,
    /// True when what a link takes is newer than what is listed.
    has_newer: bool,
    is_data: bool,
}

type Library = BTreeMap<String, Symbol>;

pub fn run(_: &Args) -> Result<()> {
    let mut text = HEAD.to_owned();
    for [x64, arm64] in LIBRARIES {
        let name = if x64 == arm64 { x64.to_owned() } else { format!("{x64} {arm64}") };
        let listed = library(&read(&FOLDERS[0], x64)?, &read(&FOLDERS[1], arm64)?);
        text.push_str(&format!("\n[{name}]\n{listed}"));
    }
    // Only a glibc that is new enough has all that is listed.
    ensure!(text.contains(" 2.34"), "this machine's glibc is older than 2.34");
    let list = dir::root().join("trap-native/glibc/symbols.txt");
    fs::write(&list, text).with_context(|| format!("could not write `{}`", list.display()))
}

fn read(folders: &[&str], name: &str) -> Result<Library> {
    let found = folders.iter().map(|folder| PathBuf::from(folder).join(name)).find(|path| path.exists());
    let path = found.with_context(|| {
        format!("no `{name}` in `{}`; `cargo xtask setup` installs it", folders.join("`, `"))
    })?;
    let bytes = fs::read(&path).with_context(|| format!("could not read `{}`", path.display()))?;
    symbols(&bytes).with_context(|| format!("in `{}`", path.display()))
}

/// The symbols that a library defines, as far as [`NEWEST`] goes.
fn symbols(bytes: &[u8]) -> Result<Library> {
    let file = ElfFile64::<Endianness>::parse(bytes)?;
    let endian = file.endian();
    let versions = file.elf_section_table().versions(endian, bytes)?.context("it has no versions")?;
    let mut library = Library::new();
    for symbol in file.dynamic_symbols().filter(|symbol| !symbol.is_undefined()) {
        let index = versions.version_index(endian, symbol.index());
        let Some(version) = versions.version(index.index())? else { continue };
        let (name, version) = (symbol.name()?, std::str::from_utf8(version.name())?);
        // Each version stands among the symbols, too.
        if name == version || version.ends_with("_PRIVATE") {
            continue;
        }
        let entry = library.entry(name.to_owned()).or_default();
        entry.is_data |= symbol.elf_symbol().st_type() == elf::STT_OBJECT;
        match (is_listed(version), index.is_hidden()) {
            (true, true) => entry.hidden.push(version.to_owned()),
            (true, false) => entry.default = Some(version.to_owned()),
            (false, is_hidden) => entry.has_newer |= !is_hidden,
        }
    }
    for symbol in library.values_mut() {
        symbol.hidden.sort_by_key(|version| std::cmp::Reverse(numbers(version)));
        // What a link took before there was something newer.
        if symbol.has_newer && !symbol.hidden.is_empty() {
            symbol.default = Some(symbol.hidden.remove(0));
        }
    }
    library.retain(|_, symbol| symbol.default.is_some() || !symbol.hidden.is_empty());
    Ok(library)
}

fn is_listed(version: &str) -> bool {
    let (own, newest) = (numbers(version), NEWEST.iter().find(|(prefix, _)| version.starts_with(prefix)));
    newest.is_some_and(|(_, newest)| !own.is_empty() && own.iter().take(newest.len()).le(newest.iter()))
}

/// `GLIBC_2.2.5` as numbers.
fn numbers(version: &str) -> Vec<u32> {
    let numbers = version.split_once('_').map(|(_, numbers)| numbers).unwrap_or_default();
    numbers.split('.').map_while(|number| number.parse().ok()).collect()
}

/// The lines of a library.
fn library(x64: &Library, arm64: &Library) -> String {
    let names: BTreeSet<_> = x64.keys().chain(arm64.keys()).collect();
    let line = |name: &String| {
        let [x64, arm64] = [x64, arm64].map(|machine| machine.get(name));
        let is_data = [x64, arm64].into_iter().flatten().any(|symbol| symbol.is_data);
        format!("{name} {} {}{}\n", versions(x64), versions(arm64), if is_data { " data" } else { "" })
    };
    names.into_iter().map(line).collect()
}

fn versions(symbol: Option<&Symbol>) -> String {
    let Some(symbol) = symbol else { return "-".to_owned() };
    let short = |version: &String| version.strip_prefix("GLIBC_").unwrap_or(version).to_owned();
    let hidden = symbol.hidden.iter().map(|version| format!("~{}", short(version)));
    symbol.default.iter().map(short).chain(hidden).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number() {
        for listed in ["GLIBC_2.2.5", "GLIBC_2.9", "GLIBC_2.34", "GCC_3.0", "GCC_11.0"] {
            assert!(is_listed(listed), "{listed}");
        }
        for newer in
            ["GLIBC_2.35", "GLIBC_3", "GLIBC_PRIVATE", "GLIBC_ABI_DT_RELR", "GCC_12.0.0", "CXXABI_1.3"]
        {
            assert!(!is_listed(newer), "{newer}");
        }
    }

    #[test]
    fn a_line_tells_what_a_link_takes_and_what_else_there_is() {
        let symbol = |default: Option<&str>, hidden: &[&str], is_data| Symbol {
            default: default.map(str::to_owned),
            hidden: hidden.iter().map(|&version| version.to_owned()).collect(),
            is_data,
            has_newer: false,
        };
        let x64 = Library::from([
            ("memcpy".to_owned(), symbol(Some("GLIBC_2.14"), &["GLIBC_2.2.5"], false)),
            ("old".to_owned(), symbol(None, &["GCC_3.0"], false)),
        ]);
        let arm64 = Library::from([
            ("environ".to_owned(), symbol(Some("GLIBC_2.17"), &[], true)),
            ("memcpy".to_owned(), symbol(Some("GLIBC_2.17"), &[], false)),
        ]);
        let lines = "environ - 2.17 data\nmemcpy 2.14,~2.2.5 2.17\nold ~GCC_3.0 -\n";
        assert_eq!(library(&x64, &arm64), lines);
    }
}
