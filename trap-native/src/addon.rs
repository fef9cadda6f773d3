//! The addon's sources. Whoever packages a library lays them out in a folder and builds them there with cargo and the
//! arguments of [`shared_object`](crate::shared_object); it has no dependencies.
//!
//! ```no_run
//! use trap_native::{Arch, Libraries, addon, glibc::Glibc, shared_object};
//!
//! # fn main() -> std::io::Result<()> {
//! for addon::File { path, text } in addon::FILES {
//!     let path = std::path::Path::new("addon-project").join(path);
//!     std::fs::create_dir_all(path.parent().unwrap_or("".as_ref()))?;
//!     std::fs::write(path, text)?;
//! }
//! let mut cargo = std::process::Command::new("cargo");
//! cargo.args(["build", "--profile", addon::PROFILE, "--target", Arch::X64.glibc_target()]);
//! cargo.arg("--manifest-path").arg(std::path::Path::new("addon-project").join(addon::MANIFEST));
//! // `stubs` holds the files of `Glibc::stubs`.
//! cargo.env("CARGO_ENCODED_RUSTFLAGS", shared_object(Libraries::Stubs("stubs".as_ref())).join("\x1f"));
//! # Ok(())
//! # }
//! ```

/// One file of the project that is built.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Path inside the project, with `/`.
    pub path: &'static str,
    /// All of it.
    pub text: &'static str,
}

/// Where the manifest lies in the project.
pub const MANIFEST: &str = "addon/Cargo.toml";

/// The profile to build with. Nothing of it is left to the environment or to cargo's configuration.
pub const PROFILE: &str = "addon";

/// What the addon is called by cargo, which also names the file it builds: `lib<name>.so`.
pub const CRATE: &str = "trap_addon";

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[
            File { path: MANIFEST, text: include_str!("../addon/manifest.toml") },
            $(File { path: $path, text: include_str!(concat!("../", $path)) }),*
        ]
    };
}

/// Every file of the project.
pub const FILES: &[File] = files![
    "addon/src/elf.rs",
    "addon/src/exec.rs",
    "addon/src/exports.rs",
    "addon/src/failure.rs",
    "addon/src/lib.rs",
    "addon/src/library.rs",
    "addon/src/memory.rs",
    "addon/src/node.rs",
    "addon/src/node_api.rs",
    "addon/src/system.rs",
    "addon/src/value.rs",
    "addon/src/words.rs",
    // What it shares with the exec stub.
    "stub/process.rs",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    #[test]
    fn every_source_file_is_part_of_the_project() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("addon/src");
        let on_disk: BTreeSet<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| format!("addon/src/{}", entry.unwrap().file_name().to_string_lossy()))
            .collect();
        let listed: BTreeSet<String> = FILES
            .iter()
            .map(|file| file.path.to_owned())
            .filter(|path| path.starts_with("addon/src/"))
            .collect();
        assert_eq!(listed, on_disk);
    }
}
