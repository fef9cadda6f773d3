//! Disks that fail: a mount namespace around the runtime's command, with `/tmp` and `/dev/shm` of our own.

use std::ffi::OsString;

/// A temporary folder as a host may have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// Empty, writable, executable.
    Fresh,
    /// 64 KiB: too small for any program.
    Full,
    ReadOnly,
    NoExec,
}

impl Disk {
    const fn options(self) -> &'static str {
        match self {
            Self::Fresh => "size=100m",
            Self::Full => "size=64k",
            Self::ReadOnly => "ro",
            Self::NoExec => "size=100m,noexec",
        }
    }
}

/// What the runtime finds at `/tmp` and `/dev/shm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disks {
    pub tmp: Disk,
    pub shm: Disk,
}

impl Disks {
    /// The words to put before a command; the process that runs it keeps its pid.
    pub fn prefix(self) -> Vec<OsString> {
        let script = format!(
            "mount -t tmpfs -o mode=1777,{} tmpfs /tmp && mount -t tmpfs -o mode=1777,{} tmpfs /dev/shm \
             && exec \"$@\"",
            self.tmp.options(),
            self.shm.options()
        );
        ["unshare", "-m", "--propagation", "private", "sh", "-c", &script, "sh"]
            .into_iter()
            .map(OsString::from)
            .collect()
    }
}
