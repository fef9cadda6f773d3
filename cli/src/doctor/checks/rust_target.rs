//! Is the Rust target of an architecture installed?

use crate::arch::Arch;
use crate::doctor::{Check, Finding, Probe, Remedy, Severity};

/// The musl target of one architecture.
pub struct RustTarget {
    /// Which.
    pub arch: Arch,
}

impl Check for RustTarget {
    fn name(&self) -> &'static str {
        match self.arch {
            Arch::Arm64 => "target-arm64",
            Arch::X64 => "target-x64",
        }
    }

    fn check(&self, probe: &dyn Probe) -> Finding {
        let target = self.arch.musl_target();
        let libdir = probe.output("rustc", &["--print", "target-libdir", "--target", target]);
        if libdir.is_some_and(|libdir| probe.file(&libdir).is_some()) {
            return Finding::fine(target, format!("`--arch {}` works at once", self.arch));
        }
        Finding::missing(
            Severity::Optional,
            format!("`{target}` is not installed"),
            format!("`--arch {}` adds it when it is first used, which needs the network", self.arch),
            Some(Remedy::new(probe.has("rustup"), &[&format!("rustup target add {target}")])),
        )
    }
}

#[test]
fn a_target_counts_only_when_its_library_folder_is_there() {
    use crate::doctor::Canned;
    let check = RustTarget { arch: Arch::Arm64 };
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
}
