//! Cargo's own flags, with cargo's spelling, passed through to it.

use std::path::PathBuf;
use std::process::Command;

/// The part of `cargo build`'s command line that makes sense for a program we package.
///
/// `--target` is missing on purpose: `--arch` chooses it. `--message-format` is ours.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Cargo options")]
pub struct CargoArgs {
    /// Package to build
    #[arg(short, long, value_name = "SPEC")]
    pub package: Option<String>,
    /// Binary to build, where a package has several
    #[arg(long, value_name = "NAME")]
    pub bin: Option<String>,
    /// Example to build instead of a binary
    #[arg(long, value_name = "NAME", conflicts_with = "bin")]
    pub example: Option<String>,
    /// The package's library (`crate-type = ["cdylib"]`) instead of a binary
    #[arg(long, conflicts_with_all = ["bin", "example"])]
    pub lib: bool,
    /// Cargo's feature selection.
    #[command(flatten)]
    pub features: clap_cargo::Features,
    /// Build with this profile [default: release]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Build with the release profile; it is the default
    #[arg(short, long, conflicts_with = "profile")]
    pub release: bool,
    /// Number of parallel jobs
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<String>,
    /// Build as much as possible before failing
    #[arg(long)]
    pub keep_going: bool,
    /// Directory for all generated artifacts
    #[arg(long, value_name = "DIRECTORY")]
    pub target_dir: Option<PathBuf>,
    /// Path to Cargo.toml
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// Assert that `Cargo.lock` will remain unchanged
    #[arg(long)]
    pub locked: bool,
    /// Run without accessing the network
    #[arg(long)]
    pub offline: bool,
    /// Both `--locked` and `--offline`
    #[arg(long)]
    pub frozen: bool,
    /// Ignore `rust-version` of packages
    #[arg(long)]
    pub ignore_rust_version: bool,
    /// Write a report of build timings
    #[arg(long)]
    pub timings: bool,
    /// Override a cargo configuration value
    #[arg(long, value_name = "KEY=VALUE|PATH")]
    pub config: Vec<String>,
    /// Unstable cargo flags
    #[arg(short = 'Z', value_name = "FLAG")]
    pub unstable: Vec<String>,
}

impl CargoArgs {
    /// The profile to build with.
    pub fn profile(&self) -> &str {
        self.profile.as_deref().unwrap_or("release")
    }

    /// Chooses what compiles fast, as for `cargo run`, unless something was typed.
    pub fn compile_fast(&mut self) {
        if !self.release {
            self.profile.get_or_insert_with(|| "dev".to_owned());
        }
    }

    /// True when nothing may come from the network, so nothing may be installed either.
    pub fn is_offline(&self) -> bool {
        self.offline || self.frozen
    }

    /// The flags that `cargo metadata` and `cargo build` share.
    pub fn for_metadata(&self) -> Vec<String> {
        let mut args = Vec::new();
        let mut flag = |set: bool, name: &str| {
            if set {
                args.push(name.to_owned());
            }
        };
        flag(self.features.all_features, "--all-features");
        flag(self.features.no_default_features, "--no-default-features");
        flag(self.locked, "--locked");
        flag(self.offline, "--offline");
        flag(self.frozen, "--frozen");
        for features in &self.features.features {
            args.extend(["--features".to_owned(), features.clone()]);
        }
        for value in &self.config {
            args.extend(["--config".to_owned(), value.clone()]);
        }
        for value in &self.unstable {
            args.extend(["-Z".to_owned(), value.clone()]);
        }
        args
    }

    /// All flags for `cargo build`, except the selection of package and target.
    pub fn for_build(&self) -> Vec<String> {
        let mut args = vec!["--profile".to_owned(), self.profile().to_owned()];
        args.extend(self.for_metadata());
        if let Some(jobs) = &self.jobs {
            args.extend(["--jobs".to_owned(), jobs.clone()]);
        }
        for (set, name) in [
            (self.keep_going, "--keep-going"),
            (self.ignore_rust_version, "--ignore-rust-version"),
            (self.timings, "--timings"),
        ] {
            if set {
                args.push(name.to_owned());
            }
        }
        for (value, name) in [(&self.target_dir, "--target-dir"), (&self.manifest_path, "--manifest-path")] {
            if let Some(path) = value {
                args.extend([name.to_owned(), path.display().to_string()]);
            }
        }
        args
    }
}

/// The cargo that called us, so that `cargo +nightly trap build` stays on nightly; else the one in `PATH`.
///
/// Where we were started by `cargo run` or in a test, the environment describes a package, but not the one that is built.
/// Build scripts that look at it, as ring's does, would be run and all that depends on them compiled anew each time.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}
