//! A version of the program as it is started: its artifact, its host, its variables.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use super::builder::New;
use super::env_file;
use super::reload::Reload;
use crate::Result;
use crate::artifact::Artifact;
use crate::commands::invoke::with_takeover;
use crate::host::Host;
use crate::host::node::Node;
use crate::lambda::Function;

/// How every version is started.
#[derive(Clone, Debug)]
pub(super) struct Hosting {
    /// The Node that boots; none starts the program itself.
    pub(super) node: Option<Node>,
    /// Variables from the command line.
    pub(super) environment: Vec<(OsString, OsString)>,
    /// Files with more of them; those of the command line win, and those of a later file.
    pub(super) env_files: Vec<PathBuf>,
    /// How long an invocation may take.
    pub(super) timeout: Duration,
}

/// What is started, and the folder it lies in, which goes with the last version that needs it.
#[derive(Clone, Debug)]
pub(super) struct Staged {
    pub(super) artifact: Artifact,
    pub(super) program: PathBuf,
    pub(super) sha256: String,
    pub(super) size: u64,
    _folder: Arc<TempDir>,
}

impl From<New> for Staged {
    fn from(New { artifact, folder, program, sha256, size, .. }: New) -> Self {
        Self { artifact, program, sha256, size, _folder: folder }
    }
}

/// One version.
#[derive(Debug)]
pub(super) struct Version {
    /// 1 for the first.
    pub(super) number: u32,
    pub(super) host: Host,
    pub(super) function: Function,
    pub(super) staged: Staged,
    /// How it came, until it has answered for the first time.
    reload: Mutex<Option<Reload>>,
}

impl Version {
    /// A version of what is staged.
    ///
    /// # Errors
    /// When a file with variables is not understood.
    pub(super) fn new(number: u32, staged: Staged, hosting: &Hosting) -> Result<Self> {
        let record = &staged.artifact.record;
        let host = match &hosting.node {
            Some(node) => {
                let host = Host::node(&node.path, &staged.artifact.dir, &record.handler);
                record
                    .programs
                    .first()
                    .map_or(Ok(host.clone()), |program| with_takeover(host, &staged.artifact, program.arch))?
            }
            None => {
                let nothing: [&Path; 0] = [];
                Host::command(&staged.program, nothing, &staged.artifact.dir, &record.handler)
            }
        };
        let of_node = hosting.node.iter().flat_map(|node| node.environment.clone());
        let mut variables: Vec<_> = of_node.collect();
        for file in &hosting.env_files {
            variables.extend(env_file::read(file)?);
        }
        variables.extend(hosting.environment.clone());
        // Programs with trap-runtime tell when their own code begins.
        let host = host.env("TRAP_TRACE", "1").paced();
        let host = variables.into_iter().fold(host, |host, (name, value)| host.env(name, value));
        let mut function = Function::new(&record.name);
        function.timeout = hosting.timeout;
        Ok(Self { number, host, function, staged, reload: Mutex::default() })
    }

    /// Notes how it came.
    pub(super) fn came(&self, reload: Reload) {
        *self.lock() = Some(reload);
    }

    /// How it came, once.
    pub(super) fn first_answer(&self) -> Option<Reload> {
        self.lock().take()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Reload>> {
        self.reload.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
