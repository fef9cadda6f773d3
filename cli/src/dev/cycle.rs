//! The loop: something is saved, it is built, the new version serves once it can.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::builder::{Builder, Failed, Made};
use super::cargo;
use super::console::Console;
use super::journal::{Failure, Journal, Serving, Stage};
use super::pool::Pool;
use super::reload::{Reload, span};
use super::version::{Hosting, Staged, Version};
use super::watch::{Change, Watch, told};
use crate::Result;

/// See the module.
pub(super) struct Cycle {
    pub(super) builder: Builder,
    pub(super) watch: Watch,
    pub(super) hosting: Hosting,
    pub(super) pool: Pool,
    pub(super) journal: Arc<Journal>,
    pub(super) console: Console,
    /// What changed files are told relative to.
    pub(super) root: PathBuf,
    pub(super) started: Instant,
    pub(super) versions: u32,
    pub(super) staged: Option<Staged>,
}

/// What came of an attempt.
enum Came {
    /// A version that serves.
    Version(Reload),
    /// The program is the one that serves.
    Same {
        /// True when nothing was compiled.
        is_fresh: bool,
    },
}

impl Cycle {
    /// Goes on for ever.
    pub(super) async fn run(mut self) -> ! {
        let mut change = Change { paths: BTreeSet::new(), saved: self.started };
        // One attempt may be given up because something else was saved; the one after it comes to its end.
        let mut may_give_up = true;
        loop {
            let is_first = change.paths.is_empty();
            self.announce(&change);
            let next = {
                let Self { builder, watch, hosting, pool, journal, console, versions, staged, .. } =
                    &mut self;
                let mut attempt = Attempt { builder, hosting, pool, journal, console, versions, staged };
                tokio::select! {
                    biased;
                    came = attempt.make(&change, is_first) => Ok(came),
                    next = changed_otherwise(watch), if may_give_up && !is_first => Err(next),
                }
            };
            match next {
                Ok(came) => {
                    self.conclude(came, &change);
                    may_give_up = true;
                    change = self.watch.changed().await;
                }
                Err(next) => {
                    may_give_up = false;
                    change = change.and(next);
                }
            }
        }
    }

    fn announce(&self, change: &Change) {
        let changed = (!change.paths.is_empty()).then(|| told(&change.paths, &self.root));
        if let Some(changed) = &changed {
            self.console.status("Changed", changed);
            let since = change.saved.elapsed();
            self.console.ui().detail("Noticed", format_args!("{since:.1?} after the save"));
        }
        self.pool.hope();
        self.journal.build(|build| {
            build.stage = Stage::Compiling;
            build.changed = changed;
        });
        self.console.json(serde_json::json!({ "reason": "trap-building", "paths": change.paths }));
    }

    fn conclude(&mut self, came: Result<Came, Failed>, change: &Change) {
        match &came {
            Ok(Came::Same { is_fresh: true }) => self.watch.are_foreign(change),
            _ => self.watch.reconsider(),
        }
        match came {
            Ok(Came::Version(reload)) => self.say_ready(&reload),
            Ok(Came::Same { .. }) => {
                let took = span(change.saved.elapsed().as_secs_f64() * 1e3);
                self.console.status("Unchanged", format_args!("the program is the one that serves ({took})"));
                self.console.json(serde_json::json!({ "reason": "trap-unchanged" }));
                self.journal.build(|build| {
                    build.stage = Stage::Ready;
                    build.failure = None;
                    build.said = None;
                });
            }
            Err(Failed { error, said }) => {
                self.pool.break_down(&cargo::told(&error, &said));
                let failure = Failure::from(&error);
                self.console.json(serde_json::json!({
                    "reason": "trap-failed", "code": failure.code, "message": failure.message, "hint": failure.hint,
                }));
                self.console.failure(Arc::new(error));
                match self.pool.version() {
                    Some(version) => self.console.status(
                        "Waiting",
                        format_args!("for the next save; version {} goes on answering", version.number),
                    ),
                    None => self.console.status("Waiting", "for the next save"),
                }
                self.journal.build(|build| {
                    build.stage = Stage::Failed;
                    build.said = (!said.is_empty()).then(|| cargo::complaints(&said).to_owned());
                    build.failure = Some(failure);
                });
            }
        }
    }

    fn say_ready(&self, reload: &Reload) {
        let parts = reload.parts();
        let Some(version) = self.pool.version() else { return };
        let since = if reload.is_first { "after the start" } else { "after the save" };
        let what = format!("version {}, {} {since}: {}", version.number, span(parts.total), parts.told());
        self.console.status("Ready", what);
        self.console.json(serde_json::json!({
            "reason": "trap-version",
            "version": version.number,
            "sha256": version.staged.sha256,
            "size": version.staged.size,
            "timings_ms": { "total": parts.total, "cargo": parts.cargo, "node": parts.node, "ours": parts.ours },
        }));
        self.journal.build(|build| {
            build.stage = Stage::Ready;
            build.failure = None;
            build.said = None;
            build.serving = Some(Serving {
                number: version.number,
                sha256: version.staged.sha256.clone(),
                size: version.staged.size,
                parts,
            });
        });
    }
}

/// Waits for a change that is worth giving up a build for: cargo itself writes its lock file.
async fn changed_otherwise(watch: &mut Watch) -> Change {
    loop {
        let mut change = watch.changed().await;
        change.paths.retain(|path| path.file_name().is_none_or(|name| name != "Cargo.lock"));
        if !change.paths.is_empty() {
            return change;
        }
    }
}

/// One way from sources to a version that serves. When it is dropped, what it has started is gone.
struct Attempt<'a> {
    builder: &'a mut Builder,
    hosting: &'a Hosting,
    pool: &'a Pool,
    journal: &'a Journal,
    console: &'a Console,
    versions: &'a mut u32,
    staged: &'a mut Option<Staged>,
}

impl Attempt<'_> {
    async fn make(&mut self, change: &Change, is_first: bool) -> Result<Came, Failed> {
        let is_env = |path: &PathBuf| self.hosting.env_files.contains(path);
        let has_new_variables = change.paths.iter().any(is_env);
        let is_only_variables = has_new_variables && change.paths.iter().all(is_env);
        let mut cargo = None;
        let staged = match self.staged.clone().filter(|_| is_only_variables) {
            Some(staged) => staged,
            None => match (self.builder.build(&change.paths).await?, self.staged.clone()) {
                (Made::New(new), _) => {
                    cargo = new.cargo;
                    Staged::from(*new)
                }
                (Made::Same { .. }, Some(staged)) if has_new_variables => staged,
                (Made::Same { is_fresh }, _) => return Ok(Came::Same { is_fresh }),
            },
        };
        self.journal.build(|build| build.stage = Stage::Starting);
        *self.versions += 1;
        let version = Arc::new(Version::new(*self.versions, staged.clone(), self.hosting)?);
        self.console.ui().detail("Starting", format_args!("version {}", version.number));
        let ready = self.pool.adopt(&version).await?;
        self.builder.remember(&staged.sha256);
        let reload = Reload { saved: change.saved, cargo, node: ready.node, ready: ready.at, is_first };
        version.came(reload);
        *self.staged = Some(staged);
        Ok(Came::Version(reload))
    }
}
