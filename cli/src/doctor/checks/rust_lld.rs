//! Does this Rust bring its own linker?

use std::path::Path;

use crate::doctor::{Check, Finding, Probe, Remedy, Severity};

/// `rust-lld`.
pub struct RustLld;

impl Check for RustLld {
    fn name(&self) -> &'static str {
        "linker"
    }

    fn check(&self, probe: &dyn Probe) -> Finding {
        let libdir = probe.output("rustc", &["--print", "target-libdir"]);
        let name = if cfg!(windows) { "rust-lld.exe" } else { "rust-lld" };
        let path =
            libdir.as_deref().and_then(|libdir| Some(Path::new(libdir).parent()?.join("bin").join(name)));
        if path.is_some_and(|path| probe.file(&path.to_string_lossy()).is_some()) {
            return Finding::fine("rust-lld", "links for every platform; no cross toolchain needed");
        }
        if probe.has("ld.lld") {
            return Finding::fine(
                "ld.lld",
                "links for every platform, in place of the `rust-lld` this Rust lacks",
            );
        }
        Finding::missing(
            Severity::Needed,
            "this Rust has no `rust-lld`, and there is no `ld.lld`",
            "programs for other machines cannot be linked",
            Some(if probe.is_root() && probe.has("apt-get") {
                Remedy::new(true, &["apt-get update", "apt-get install -y lld"])
            } else {
                Remedy::new(false, &["install Rust with rustup, or LLVM's lld"])
            }),
        )
    }
}

#[test]
fn rusts_own_linker_is_found_beside_its_libraries() {
    use crate::doctor::Canned;
    let probe = Canned {
        outputs: vec![("rustc --print target-libdir", "/r/lib/rustlib/host/lib")],
        files: vec![("/r/lib/rustlib/host/bin/rust-lld", "")],
        ..Canned::default()
    };
    assert_eq!(RustLld.check(&probe).severity, Severity::Fine);
    let without = Canned { files: vec![], ..probe };
    assert_eq!(RustLld.check(&without).severity, Severity::Needed);
}
