//! The Rust on this machine: which it is, what it can link and for what, and how it gets what is missing.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::ui::Ui;
use crate::{Class, Error, Result};

/// The linker that comes with Rust.
pub const RUST_LLD: &str = "rust-lld";

/// Adds a Rust target when it is missing, and says so.
///
/// # Errors
/// `target-missing` under `--offline` or without rustup; rustup's own failure otherwise.
pub fn ensure_target(target: &str, offline: bool, ui: &Ui) -> Result<()> {
    if has_target(target)? {
        return Ok(());
    }
    let missing = |message: String| Error::known("target-missing", Class::Machine, message);
    if offline {
        return Err(missing(format!(
            "the Rust target `{target}` is not installed, and nothing may be fetched"
        ))
        .with_hint(format!("run `rustup target add {target}` while online")));
    }
    if which::which("rustup").is_err() {
        return Err(missing(format!(
            "the Rust target `{target}` is not installed, and there is no `rustup` to add it"
        ))
        .with_hint(format!(
            "install rustup, or your system's package with Rust's standard library for `{target}`"
        )));
    }
    ui.status("Adding", format_args!("Rust target `{target}` (rustup target add {target})"));
    let output = Command::new("rustup")
        .args(["target", "add", target])
        .output()
        .map_err(|source| Error::Start { tool: "rustup".to_owned(), source, hint: None })?;
    if output.status.success() && has_target(target)? {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(missing(format!("rustup could not add the target `{target}`: {}", said.trim()))
        .with_hint(format!("run `rustup target add {target}` yourself and see what it needs")))
}

/// The linker to use where none is configured: Rust's own, else LLVM's.
///
/// # Errors
/// `linker-missing` when there is neither.
pub fn own_linker(target: &str) -> Result<String> {
    if has_rust_lld()? {
        return Ok(RUST_LLD.to_owned());
    }
    which::which("ld.lld").map(|path| path.display().to_string()).map_err(|_| {
        Error::known(
            "linker-missing",
            Class::Machine,
            format!("nothing on this machine can link for `{target}`: this Rust has no `rust-lld`"),
        )
        .with_hint("install Rust with rustup, or LLVM's linker (`apt-get install lld`), or set `target.<triple>.linker` in cargo's configuration")
    })
}

/// What the Rust that compiles here calls itself, `rustc 1.95.0 (59807616e 2026-04-14)`; empty when it does not say.
///
/// # Errors
/// When rustc does not run.
pub fn rust_version() -> Result<String> {
    let said = rustc_print(&["--version"])?.unwrap_or_default();
    Ok(said.to_string_lossy().into_owned())
}

/// The release of the Rust that compiles here, `(1, 95)`; `(0, 0)` when it does not say.
///
/// # Errors
/// When rustc does not run.
pub fn rust_release() -> Result<(u32, u32)> {
    let said = rust_version()?;
    let mut numbers =
        said.split_whitespace().nth(1).unwrap_or_default().split('.').map_while(|n| n.parse().ok());
    Ok((numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)))
}

fn rustc() -> OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// What `rustc --print …` answers here, where a toolchain file may choose another Rust; `None` when rustc does
/// not know the answer.
fn rustc_print(args: &[&str]) -> Result<Option<PathBuf>> {
    let run = |args: &[&str]| {
        Command::new(rustc()).args(args).output().map_err(|source| Error::Start {
            tool: "rustc".to_owned(),
            source,
            hint: Some("install Rust with rustup".to_owned()),
        })
    };
    let output = run(args)?;
    if output.status.success() {
        return Ok(Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())));
    }
    // A rustc that cannot even say its version is not one that lacks an answer.
    if run(&["--version"])?.status.success() {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::known("rust-unusable", Class::Machine, format!("rustc does not run here: {}", said.trim()))
        .with_hint("`rustup show` says which toolchain this folder asks for, and whether it is installed"))
}

/// True when the standard library for `target` is installed.
///
/// # Errors
/// When rustc does not run.
pub fn has_target(target: &str) -> Result<bool> {
    Ok(rustc_print(&["--print", "target-libdir", "--target", target])?
        .is_some_and(|libdir| std::fs::read_dir(libdir).is_ok_and(|mut entries| entries.next().is_some())))
}

/// True when this Rust brings its own linker, as every rustup toolchain does.
///
/// # Errors
/// When rustc does not run.
pub fn has_rust_lld() -> Result<bool> {
    let name = if cfg!(windows) { "rust-lld.exe" } else { "rust-lld" };
    Ok(rustc_print(&["--print", "target-libdir"])?
        .and_then(|libdir| Some(libdir.parent()?.join("bin").join(name)))
        .is_some_and(|path| path.exists()))
}
