//! Where things are: the repository, and the parts of it that `xtask` reads.

use std::path::PathBuf;

/// Root of this checkout.
pub fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("`xtask` lies below the root").to_owned()
}

/// One file per suite.
pub fn suites() -> PathBuf {
    root().join("xtask/suites")
}

/// One folder per tool.
pub fn tools() -> PathBuf {
    root().join("xtask/tools")
}

/// The one target folder that everything shares.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// What tools said while they were installed.
pub fn logs() -> PathBuf {
    target().join("xtask")
}
