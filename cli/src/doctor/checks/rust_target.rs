//! Is the Rust target of an architecture installed?

use crate::arch::Arch;
use crate::doctor::{Check, Finding, Probe, Remedy, Severity};
use crate::project::Product;

/// The target of one architecture, for programs or for libraries.
pub struct RustTarget {
    /// Which.
    pub arch: Arch,
    /// What is built for it.
    pub product: Product,
}

impl Check for RustTarget {
    fn name(&self) -> &'static str {
        match (self.product, self.arch) {
            (Product::Program, Arch::Arm64) => "target-arm64",
            (Product::Program, Arch::X64) => "target-x64",
            (Product::Library, Arch::Arm64) => "library-arm64",
            (Product::Library, Arch::X64) => "library-x64",
        }
    }

    fn check(&self, probe: &dyn Probe) -> Finding {
        let (target, needs) = match self.product {
            Product::Program => (self.arch.musl_target(), format!("`--arch {}`", self.arch)),
            Product::Library => (self.arch.glibc_target(), format!("`--takeover library` for {}", self.arch)),
        };
        let libdir = probe.output("rustc", &["--print", "target-libdir", "--target", target]);
        if libdir.is_some_and(|libdir| probe.file(&libdir).is_some()) {
            return Finding::fine(target, format!("{needs} works at once"));
        }
        Finding::missing(
            Severity::Optional,
            format!("`{target}` is not installed"),
            format!("{needs} adds it when it is first used, which needs the network"),
            Some(Remedy::new(probe.has("rustup"), &[&format!("rustup target add {target}")])),
        )
    }
}

#[test]
fn a_target_counts_only_when_its_library_folder_is_there() {
    use crate::doctor::Canned;
    let check = RustTarget { arch: Arch::Arm64, product: Product::Program };
    let mut probe = Canned {
        outputs: vec![
            ("rustc --print target-libdir --target aarch64-unknown-linux-musl", "/r/arm"),
            ("rustup", ""),
        ],
        ..Canned::default()
    };
    let finding = check.check(&probe);
    assert_eq!(finding.severity, Severity::Optional);
    assert_eq!(finding.remedy.unwrap().shown(), "rustup target add aarch64-unknown-linux-musl");
    probe.files.push(("/r/arm", ""));
    assert_eq!(check.check(&probe).severity, Severity::Fine);
    let remedy = RustTarget { product: Product::Library, ..check }.check(&probe).remedy;
    assert_eq!(remedy.unwrap().shown(), "rustup target add aarch64-unknown-linux-gnu");
}
