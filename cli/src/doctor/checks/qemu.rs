//! Can programs of the other architecture run here?

use crate::arch::Arch;
use crate::doctor::{Check, Finding, Probe, Remedy, Severity};

/// qemu-user, registered with the kernel.
pub struct Qemu;

impl Check for Qemu {
    fn name(&self) -> &'static str {
        "qemu"
    }

    fn check(&self, probe: &dyn Probe) -> Finding {
        if !cfg!(target_os = "linux") {
            return Finding::fine(
                "not needed on this system",
                "`invoke` runs programs built for this machine",
            );
        }
        let (other, name) = match Arch::of_this_machine() {
            Some(Arch::Arm64) => (Arch::X64, "x86_64"),
            _ => (Arch::Arm64, "aarch64"),
        };
        let registered = probe
            .file(&format!("/proc/sys/fs/binfmt_misc/qemu-{name}"))
            .is_some_and(|text| text.starts_with("enabled"));
        if registered {
            return Finding::fine(
                format!("qemu-user for {other}"),
                format!("`invoke --arch {other}` runs here"),
            );
        }
        let mut commands =
            vec!["apt-get update", "apt-get install -y qemu-user-static binfmt-support libc6-arm64-cross"];
        if probe.file("/proc/sys/fs/binfmt_misc/status").is_none() {
            commands.push("mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc");
        }
        let enable = format!("update-binfmts --enable qemu-{name}");
        commands.push(&enable);
        Finding::missing(
            Severity::Optional,
            format!("no qemu-user for {other}"),
            format!("`invoke --arch {other}` cannot run; `build` can"),
            Some(Remedy::new(probe.is_root() && probe.has("apt-get"), &commands)),
        )
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_registration_that_is_switched_off_does_not_count() {
    use crate::doctor::Canned;
    let path = if Arch::of_this_machine() == Some(Arch::Arm64) {
        "/proc/sys/fs/binfmt_misc/qemu-x86_64"
    } else {
        "/proc/sys/fs/binfmt_misc/qemu-aarch64"
    };
    let says = |text| Qemu.check(&Canned { files: vec![(path, text)], ..Canned::default() }).severity;
    assert_eq!(says("enabled\ninterpreter /usr/bin/qemu"), Severity::Fine);
    assert_eq!(says("disabled\n"), Severity::Optional);
}
