//! A throw-away folder to run `cargo trap` in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What varies from machine to machine, in one place.
const REDACTIONS: [(&str, &str); 1] =
    [(concat!("cargo-trap ", env!("CARGO_PKG_VERSION")), "cargo-trap [VERSION]")];

pub struct Sandbox {
    dir: tempfile::TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    pub fn write(&self, relative: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).unwrap()
    }

    /// All files below a folder, sorted.
    pub fn tree(&self, relative: &str) -> Vec<String> {
        fn walk(base: &Path, folder: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(base, &path, found);
                } else {
                    found.push(path.strip_prefix(base).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        let base = self.path(relative);
        let mut found = Vec::new();
        walk(&base, &base, &mut found);
        found.sort();
        found
    }

    /// The command, its environment reduced to what finding cargo and rustc takes.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-trap"));
        command.arg("trap").args(args).current_dir(self.dir.path()).env_clear();
        for name in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "SystemRoot"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    pub fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs it and renders everything a person would see.
    pub fn trap(&self, args: &[&str]) -> String {
        let output = self.output(args);
        let text = format!(
            "exit: {}\n----- stdout -----\n{}----- stderr -----\n{}",
            output.status.code().unwrap(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        REDACTIONS
            .iter()
            .fold(text, |text, (from, to)| text.replace(from, to))
            .replace(self.dir.path().to_str().unwrap(), "[DIR]")
    }
}

/// The smallest program the gate lets through: one loaded, executable segment that covers the file.
pub fn elf(machine: u16) -> Vec<u8> {
    let mut bytes = vec![0; 120];
    bytes[..16].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    let mut put = |at: usize, value: u64, size: usize| {
        bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size])
    };
    put(16, 2, 2); // ET_EXEC
    put(18, machine.into(), 2);
    put(20, 1, 4);
    put(24, 0x10040, 8); // entry
    put(32, 64, 8); // program headers
    put(52, 64, 2);
    put(54, 56, 2);
    put(56, 1, 2);
    put(58, 64, 2);
    put(64, 1, 4); // PT_LOAD
    put(68, 5, 4); // readable, executable
    put(80, 0x10000, 8);
    put(96, 120, 8);
    put(104, 120, 8);
    bytes
}

pub const ARM64: u16 = 183;
pub const X64: u16 = 62;
