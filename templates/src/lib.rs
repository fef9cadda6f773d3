//! The embedded folders of `templates/`: platforms to build for and projects to start from.
//!
//! Nothing here knows what a file means. `cargo-trap` reads the manifests and renders the files.

pub use include_dir::Dir;
use include_dir::include_dir;

/// One folder per platform: `platform.toml`, `files/` to emit, `host/` that stands in for the platform's
/// own loader when the artifact is started on this machine, `expected/` for the tests.
pub static PLATFORMS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/platforms");

/// Files that stand in for a kind of host, for platforms that have no loader of their own.
pub static HOSTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/hosts");

/// One folder per starter project of `cargo trap new`.
pub static PROJECTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/projects");
