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

/// What a runtime reads while it starts: this checkout with its target folder, and the tools.
fn needed() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), crate::tools::cache()];
    folders.extend(std::env::current_exe().ok());
    let mut found: Vec<PathBuf> =
        folders
            .iter()
            .filter_map(|folder| folder.canonicalize().ok())
            // The test binary lies in `<target>/<profile>/deps`.
            .map(|path| {
                if path.is_file() { path.ancestors().nth(3).map(PathBuf::from).unwrap_or(path) } else { path }
            })
            .collect();
    found.sort();
    // A folder inside another one comes with it.
    found.dedup_by(|inner, outer| inner.starts_with(outer));
    found
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
        let mut script = "set -e\nmount -t tmpfs stash /mnt\n".to_owned();
        let mut line = |text: String| script.push_str(&(text + "\n"));
        // The checkout and the tools may lie below the folders that are covered: they are put aside first and
        // come back at the same place.
        let mut kept = Vec::new();
        for (index, folder) in needed().into_iter().enumerate() {
            if let Some(covered) =
                ["/tmp", "/dev/shm"].into_iter().find(|covered| folder.starts_with(covered))
            {
                line(format!("mkdir /mnt/{index} && mount --bind '{}' /mnt/{index}", folder.display()));
                kept.push((index, covered, folder));
            }
        }
        if let Some(file) = &self.tmp_holds {
            line(format!("cp -p '{}' /mnt/held", file.display()));
        }
        for (covered, disk) in [("/tmp", self.tmp), ("/dev/shm", self.shm)] {
            line(format!("mount -t tmpfs -o mode=1777 tmpfs {covered}"));
            for (index, _, folder) in kept.iter().filter(|(_, within, _)| *within == covered) {
                let folder = folder.display();
                line(format!("mkdir -p '{folder}' && mount --bind /mnt/{index} '{folder}'"));
            }
            line(format!("mount -o remount,{} {covered}", disk.options()));
        }
        if let Some(name) = self.tmp_holds.as_ref().and_then(|file| file.file_name()) {
            line(format!("cp -p /mnt/held '/tmp/{}'", name.to_string_lossy()));
        }
        line(format!("exec {}\"$@\"", if self.ordinary_user { ORDINARY_USER } else { "" }));
        ["unshare", "-m", "--propagation", "private", "sh", "-c", &script, "sh"]
            .into_iter()
            .map(OsString::from)
            .collect()
    }
}
