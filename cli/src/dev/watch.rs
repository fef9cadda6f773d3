//! Notices that sources have changed, a moment after the last of several saves.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use notify::{EventKind, RecursiveMode};
use tokio::sync::mpsc;

use super::builder::is_manifest;
use super::console::Console;
use super::sources::Sources;
use crate::{Class, Error, Result};

/// How long nothing must have changed: an editor writes a file in several steps, a formatter right after it.
const QUIET: Duration = Duration::from_millis(15);

/// How long to wait at most for that: somebody who saves all the time wants to see something too.
const PATIENCE: Duration = Duration::from_millis(250);

/// A save is no older than this when it is noticed; an older time is not one of a save.
const BELIEVABLE: Duration = Duration::from_secs(10);

/// How often files are looked at where the system does not tell.
const POLL: Duration = Duration::from_millis(500);

/// Files that have changed.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) paths: BTreeSet<PathBuf>,
    /// When the last of them was saved.
    pub(super) saved: Instant,
}

impl Change {
    /// Both, as one.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.paths.extend(other.paths);
        self.saved = self.saved.max(other.saved);
        self
    }
}

/// Watches sources. It ends when this is dropped.
pub(super) struct Watch {
    sources: Sources,
    watcher: Box<dyn notify::Watcher + Send>,
    events: mpsc::UnboundedReceiver<notify::Result<notify::Event>>,
    watched: HashSet<PathBuf>,
    console: Console,
}

impl Watch {
    /// Begins to watch.
    ///
    /// # Errors
    /// `watch` when the system does not let us.
    pub(super) fn new(sources: Sources, console: Console) -> Result<Self> {
        let (sender, events) = mpsc::unbounded_channel();
        // The receiver goes when nobody wants to know any more.
        let tell = move |event| drop(sender.send(event));
        let watcher = notify::recommended_watcher(tell.clone()).map_err(unwatchable)?;
        let mut watch =
            Self { sources, watcher: Box::new(watcher), events, watched: HashSet::new(), console };
        if let Err(error) = watch.follow() {
            if !matches!(error.kind, notify::ErrorKind::MaxFilesWatch) {
                return Err(unwatchable(error));
            }
            watch.console.warning(
                "this system lets nobody watch more files, so they are looked at twice a second instead; \
                 `sysctl fs.inotify.max_user_watches=524288` raises the limit",
            );
            let config = notify::Config::default().with_poll_interval(POLL);
            watch.watcher = Box::new(notify::PollWatcher::new(tell, config).map_err(unwatchable)?);
            watch.watched.clear();
            watch.follow().map_err(unwatchable)?;
        }
        Ok(watch)
    }

    /// Watches the folders there are by now, each for itself: where builds write is none of them.
    fn follow(&mut self) -> notify::Result<()> {
        let folders = self.sources.folders();
        for gone in self.watched.difference(&folders) {
            // It may be gone from the disk as well.
            let _gone = self.watcher.unwatch(gone);
        }
        let new: Vec<PathBuf> = folders.difference(&self.watched).cloned().collect();
        self.watched.retain(|folder| folders.contains(folder));
        for folder in new {
            match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.watched.insert(folder)),
                // It came and went.
                Err(_) if !folder.exists() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Nothing was compiled because of these files: they are none that the program is made of.
    pub(super) fn are_foreign(&mut self, change: &Change) {
        self.sources.are_foreign(change.paths.iter().filter(|path| !is_manifest(path)).cloned());
    }

    /// The program may be made of other files by now.
    pub(super) fn reconsider(&mut self) {
        self.sources.reconsider();
    }

    /// Waits for a change. Nothing is lost when this is dropped before it is done.
    pub(super) async fn changed(&mut self) -> Change {
        let mut paths = BTreeSet::new();
        while paths.is_empty() {
            match self.events.recv().await {
                Some(event) => self.take(event, &mut paths),
                None => std::future::pending().await,
            }
        }
        let noticed = Instant::now();
        while noticed.elapsed() < PATIENCE {
            match tokio::time::timeout(QUIET, self.events.recv()).await {
                Ok(Some(event)) => self.take(event, &mut paths),
                Ok(None) | Err(_) => break,
            }
        }
        let saved = saved(&paths, noticed);
        Change { paths, saved }
    }

    fn take(&mut self, event: notify::Result<notify::Event>, paths: &mut BTreeSet<PathBuf>) {
        match event {
            Ok(event) if event.need_rescan() => self.look_again(),
            Ok(event) if matters(&event.kind) => {
                for path in event.paths {
                    // A folder that went takes its watch along, also when another is in its place by now.
                    let is_end = matches!(
                        event.kind,
                        EventKind::Remove(_) | EventKind::Modify(notify::event::ModifyKind::Name(_))
                    );
                    if is_end && self.watched.contains(&path) {
                        self.watched.retain(|folder| !folder.starts_with(&path));
                    }
                    if self.sources.is_changed(&path) {
                        if path.file_name().is_some_and(|name| name == ".gitignore" || name == ".ignore") {
                            self.look_again();
                        }
                        paths.insert(path);
                    }
                }
            }
            Ok(_) => {}
            Err(error) => self.console.warning(format_args!("files could not be watched: {error}")),
        }
        if self.sources.has_moved()
            && let Err(error) = self.follow()
        {
            self.console.warning(format_args!("a folder could not be watched: {error}"));
        }
    }

    fn look_again(&mut self) {
        self.sources.look_again();
    }
}

/// Reading changes nothing; everything else may.
fn matters(kind: &EventKind) -> bool {
    use notify::event::{AccessKind, AccessMode};
    match kind {
        EventKind::Access(kind) => matches!(kind, AccessKind::Close(AccessMode::Write)),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) => true,
        EventKind::Other => false,
    }
}

/// When the files were saved, as far as their own times can be believed.
fn saved(paths: &BTreeSet<PathBuf>, noticed: Instant) -> Instant {
    let modified = |path: &PathBuf| std::fs::metadata(path).and_then(|facts| facts.modified()).ok();
    let age =
        paths.iter().filter_map(modified).max().and_then(|at| SystemTime::now().duration_since(at).ok());
    let age = age.filter(|age| *age < BELIEVABLE);
    age.and_then(|age| Instant::now().checked_sub(age)).map_or(noticed, |saved| saved.min(noticed))
}

fn unwatchable(error: notify::Error) -> Error {
    Error::known("watch", Class::Machine, "the sources cannot be watched for changes").with_source(error)
}

/// How a person calls what has changed.
pub(super) fn told(paths: &BTreeSet<PathBuf>, root: &Path) -> String {
    let name = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).display().to_string();
    match paths.iter().next() {
        None => String::new(),
        Some(first) if paths.len() == 1 => name(first),
        Some(first) => format!("{} and {} more", name(first), paths.len() - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Ui;
    use std::fs;

    fn watch(folder: &Path) -> Watch {
        let sources = Sources::new(vec![folder.into()], vec![folder.join("target")], Vec::new());
        Watch::new(sources, Console::new(Ui::default()).expect("a thread")).expect("it watches")
    }

    async fn names(watch: &mut Watch) -> Vec<String> {
        let change = tokio::time::timeout(Duration::from_secs(30), watch.changed()).await;
        let change = change.expect("it should not take this long");
        assert!(change.saved <= Instant::now());
        change.paths.iter().filter_map(|path| path.file_name()?.to_str().map(str::to_owned)).collect()
    }

    #[tokio::test]
    async fn changes_are_noticed_together_and_what_is_ignored_is_not() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let root = folder.path().canonicalize().expect("it is there");
        fs::create_dir_all(root.join("target/debug")).expect("made");
        fs::write(root.join(".gitignore"), "*.log\n").expect("written");
        fs::write(root.join("a.rs"), "1").expect("written");
        let mut watch = watch(&root);

        fs::write(root.join("x.log"), "1").expect("written");
        fs::write(root.join("target/debug/out"), "1").expect("written");
        fs::write(root.join("a.rs"), "2").expect("written");
        fs::write(root.join("b.rs"), "1").expect("written");
        assert_eq!(names(&mut watch).await, ["a.rs", "b.rs"]);

        // As many editors save: a new file takes the old one's place.
        fs::write(root.join("a.rs.tmp"), "3").expect("written");
        fs::rename(root.join("a.rs.tmp"), root.join("a.rs")).expect("renamed");
        assert_eq!(names(&mut watch).await, ["a.rs"]);

        fs::create_dir(root.join("deep")).expect("made");
        fs::write(root.join("deep/c.rs"), "1").expect("written");
        assert!(!names(&mut watch).await.is_empty());
        fs::write(root.join("deep/c.rs"), "2").expect("written");
        assert_eq!(names(&mut watch).await, ["c.rs"]);

        fs::remove_file(root.join("b.rs")).expect("removed");
        assert_eq!(names(&mut watch).await, ["b.rs"]);
    }

    #[test]
    fn a_change_is_told_by_its_first_file() {
        let paths = ["/p/src/a.rs", "/p/src/b.rs"].map(PathBuf::from);
        assert_eq!(told(&paths.clone().into(), Path::new("/p")), "src/a.rs and 1 more");
        assert_eq!(told(&paths[..1].iter().cloned().collect(), Path::new("/p")), "src/a.rs");
    }
}
