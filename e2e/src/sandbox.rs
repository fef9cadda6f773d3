//! Disks that fail: a mount namespace around the runtime's command, with `/tmp` and `/dev/shm` of our own.

use std::{ffi::OsString, path::PathBuf};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disks {
    pub tmp: Disk,
    pub shm: Disk,
    /// A file of this test that lies in `/tmp` already when the runtime starts.
    pub tmp_holds: Option<PathBuf>,
    /// Whether the runtime is an ordinary user, as on the platforms, and not root.
    pub ordinary_user: bool,
}

/// Becomes user 65534 and keeps only the right to read: Node and the tests' files may lie in a folder that
/// is closed to others.
const ORDINARY_USER: &str = "setpriv --reuid=65534 --regid=65534 --clear-groups \
                             --inh-caps=-all,+dac_read_search --ambient-caps=+dac_read_search ";

impl Disks {
    /// Two disks and nothing else.
    pub const fn new(tmp: Disk, shm: Disk) -> Self {
        Self { tmp, shm, tmp_holds: None, ordinary_user: false }
    }

    /// The words to put before a command; the process that runs it keeps its pid.
    pub fn prefix(&self) -> Vec<OsString> {
        let holds = self.tmp_holds.as_ref();
        let script = format!(
            "mount -t tmpfs -o mode=1777,{} tmpfs /tmp && mount -t tmpfs -o mode=1777,{} tmpfs /dev/shm \
             {} && exec {}\"$@\"",
            self.tmp.options(),
            self.shm.options(),
            holds.map_or_else(String::new, |file| format!("&& cp -p '{}' /tmp/", file.display())),
            if self.ordinary_user { ORDINARY_USER } else { "" },
        );
        ["unshare", "-m", "--propagation", "private", "sh", "-c", &script, "sh"]
            .into_iter()
            .map(OsString::from)
            .collect()
    }
}
