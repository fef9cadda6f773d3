//! What the C library of a host offers, from a list: no file of that library is needed to link against it, nor to
//! tell whether a shared object will load.

mod nonshared;
mod stub;

use std::fmt;
use std::str::FromStr;

use crate::Arch;

/// The list; its first lines say what it is.
const SYMBOLS: &str = include_str!("../../glibc/symbols.txt");

/// A release of glibc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// 2, for as long as anybody remembers.
    pub major: u16,
    /// The number behind it.
    pub minor: u16,
}

impl Release {
    /// The release that the list is about: a host with an older one may lack what the list has.
    pub const LISTED: Self = Self { major: 2, minor: 34 };
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts =
            text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        let (major, minor) = parts.ok_or_else(|| format!("`{text}` is no release of glibc, such as 2.34"))?;
        Ok(Self { major, minor })
    }
}

/// glibc and the libraries that come with it, on one machine.
#[derive(Clone, Debug)]
pub struct Glibc {
    arch: Arch,
    libraries: Vec<Library>,
}

/// One of its libraries.
#[derive(Clone, Debug)]
struct Library {
    /// The name that programs ask for: `libc.so.6`.
    name: &'static str,
    symbols: Vec<Symbol>,
}

/// What a library defines, in every version.
#[derive(Clone, Debug)]
struct Symbol {
    name: &'static str,
    /// In full, such as `GLIBC_2.34`.
    versions: Vec<Version>,
    is_data: bool,
}

#[derive(Clone, Debug)]
struct Version {
    name: String,
    /// True for what a link takes.
    is_default: bool,
}

/// A file that a link needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, in a folder that the linker is told of.
    pub name: String,
    /// The whole of it.
    pub bytes: Vec<u8>,
}

impl Glibc {
    /// What a machine has, read from the list.
    #[must_use]
    pub fn of(arch: Arch) -> Self {
        let mut libraries: Vec<Library> = Vec::new();
        for line in SYMBOLS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(names) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                let name = names.split(' ').nth(column(arch)).or_else(|| names.split(' ').next());
                libraries.push(Library { name: name.unwrap_or_default(), symbols: Vec::new() });
            } else if let (Some(library), Some(symbol)) = (libraries.last_mut(), symbol(line, arch)) {
                library.symbols.push(symbol);
            }
        }
        Self { arch, libraries }
    }

    /// True for the name of one of the libraries, as programs ask for it.
    #[must_use]
    pub fn has_library(&self, name: &str) -> bool {
        self.libraries.iter().any(|library| library.name == name)
    }

    /// True when one of the libraries has the symbol in this version. Which of them does not matter to a loader.
    #[must_use]
    pub fn has_symbol(&self, name: &str, version: &str) -> bool {
        let versions = self.symbols(name).flat_map(|symbol| &symbol.versions);
        versions.into_iter().any(|known| known.name == version)
    }

    /// True when there is anything in this version.
    #[must_use]
    pub fn has_version(&self, version: &str) -> bool {
        let symbols = self.libraries.iter().flat_map(|library| &library.symbols);
        symbols.flat_map(|symbol| &symbol.versions).any(|known| known.name == version)
    }

    /// The version of a symbol that a link takes, if there is one.
    #[must_use]
    pub fn version_of(&self, name: &str) -> Option<&str> {
        let mut versions = self.symbols(name).flat_map(|symbol| &symbol.versions);
        versions.find(|version| version.is_default).map(|version| version.name.as_str())
    }

    /// Stub libraries: shared objects that define names and versions and nothing else. A shared object that is linked
    /// against them asks for just what it would ask for when linked against glibc itself.
    #[must_use]
    pub fn stubs(&self) -> Vec<File> {
        stub::files(self)
    }

    fn symbols<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a Symbol> + use<'a, 'n> {
        self.libraries.iter().flat_map(|library| &library.symbols).filter(move |symbol| symbol.name == name)
    }
}

/// Which of the two columns is about a machine.
const fn column(arch: Arch) -> usize {
    match arch {
        Arch::X64 => 0,
        Arch::Arm64 => 1,
    }
}

/// A line, such as `memcpy 2.14,~2.2.5 2.17`.
fn symbol(line: &'static str, arch: Arch) -> Option<Symbol> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let versions = words.nth(column(arch)).filter(|versions| *versions != "-")?;
    let versions = versions.split(',').map(|version| {
        let short = version.trim_start_matches('~');
        let name = if short.starts_with(|first: char| first.is_ascii_digit()) {
            format!("GLIBC_{short}")
        } else {
            short.to_owned()
        };
        Version { name, is_default: !version.starts_with('~') }
    });
    Some(Symbol { name, versions: versions.collect(), is_data: line.ends_with(" data") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_link_takes_differs_from_machine_to_machine() {
        let [arm64, x64] = Arch::ALL.map(Glibc::of);
        // An older one than this fails where it is given no buffer.
        assert_eq!(x64.version_of("realpath"), Some("GLIBC_2.3"));
        assert!(x64.has_symbol("realpath", "GLIBC_2.2.5"));
        assert_eq!(arm64.version_of("realpath"), Some("GLIBC_2.17"));
        assert!(!arm64.has_symbol("realpath", "GLIBC_2.3"));
        for glibc in [&arm64, &x64] {
            assert_eq!(glibc.version_of("stat64"), Some("GLIBC_2.33"));
            assert_eq!(glibc.version_of("pthread_create"), Some("GLIBC_2.34"));
            assert_eq!(glibc.version_of("_Unwind_RaiseException"), Some("GCC_3.0"));
            assert_eq!(glibc.version_of("arc4random"), None, "it is newer than the list");
            assert!(glibc.has_library("libc.so.6") && !glibc.has_library("libssl.so.3"));
        }
        assert!(x64.has_library("ld-linux-x86-64.so.2") && !x64.has_library("ld-linux-aarch64.so.1"));
        assert!(arm64.has_library("ld-linux-aarch64.so.1") && !arm64.has_library("ld-linux-x86-64.so.2"));
    }

    #[test]
    fn nothing_on_the_list_is_newer_than_it_says() {
        for glibc in Arch::ALL.map(Glibc::of) {
            let all = glibc.libraries.iter().flat_map(|library| &library.symbols);
            let versions: Vec<_> = all.flat_map(|symbol| &symbol.versions).collect();
            assert!(versions.len() > 3000);
            for version in versions.iter().filter_map(|version| version.name.strip_prefix("GLIBC_")) {
                let numbers = version.split('.').take(2).collect::<Vec<_>>().join(".");
                assert!(numbers.parse::<Release>().unwrap() <= Release::LISTED, "{version}");
            }
        }
    }

    #[test]
    fn releases_are_compared_by_their_numbers() {
        let release = |text: &str| text.parse::<Release>();
        assert!(release("2.9").unwrap() < release("2.34").unwrap());
        assert_eq!(release("2.34").unwrap().to_string(), "2.34");
        for bad in ["", "2", "2.", "two.one", "2.34.1"] {
            assert!(release(bad).is_err(), "{bad}");
        }
    }
}
