//! Which files are looked at: those that git would not ignore, below a few folders, and some by name.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

/// Folders that are never looked into, whatever `.gitignore` says.
const NEVER: [&str; 6] = [".git", ".jj", ".hg", ".svn", "node_modules", ".direnv"];

/// A larger file is known by its size and time alone.
const HASHED_AT_MOST: u64 = 4 * 1024 * 1024;

/// What is looked at, and what was seen of it.
#[derive(Debug, Default)]
pub(super) struct Sources {
    roots: Vec<PathBuf>,
    /// Folders whose content is not looked at: where builds write.
    excluded: Vec<PathBuf>,
    /// Files that are looked at wherever they are.
    named: Vec<PathBuf>,
    folders: HashSet<PathBuf>,
    files: HashSet<PathBuf>,
    /// Files that the program was seen not to be made of, as it is now.
    foreign: HashSet<PathBuf>,
    /// Whether folders came or went since somebody asked.
    has_moved: bool,
    /// What a file held when it last changed, so that a save which changes nothing is told apart.
    seen: HashMap<PathBuf, u64>,
}

impl Sources {
    /// Everything below `roots` but `excluded` and what git ignores, and the `named` files.
    pub(super) fn new(roots: Vec<PathBuf>, excluded: Vec<PathBuf>, named: Vec<PathBuf>) -> Self {
        // Events carry real paths on some systems, whatever path was asked for.
        let [roots, excluded, named] =
            [roots, excluded, named].map(|all| all.into_iter().map(real).collect());
        let mut sources = Self { roots, excluded, named, ..Self::default() };
        sources.look_again();
        sources
    }

    /// Whether the folders to be watched are others than they were when this was asked last.
    pub(super) fn has_moved(&mut self) -> bool {
        std::mem::take(&mut self.has_moved)
    }

    /// These files are none that the program is made of: nothing was compiled because of them.
    pub(super) fn are_foreign(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        self.foreign.extend(paths);
    }

    /// The program may be made of other files by now.
    pub(super) fn reconsider(&mut self) {
        self.foreign.clear();
    }

    /// Looks at everything anew, for instance because an ignore file has changed.
    pub(super) fn look_again(&mut self) {
        self.has_moved = true;
        self.folders.clear();
        self.files.clear();
        for root in self.roots.clone() {
            self.walk(&root, None);
        }
    }

    /// The folders whose direct content is to be watched.
    pub(super) fn folders(&self) -> HashSet<PathBuf> {
        let parents = self.named.iter().filter_map(|file| file.parent());
        self.folders.iter().cloned().chain(parents.map(Path::to_path_buf)).collect()
    }

    fn walk(&mut self, root: &Path, depth: Option<usize>) {
        let excluded = self.excluded.clone();
        let walk = WalkBuilder::new(root)
            .hidden(false)
            .require_git(false)
            .max_depth(depth)
            .filter_entry(move |entry| {
                let is_never = entry.depth() > 0 && NEVER.iter().any(|never| entry.file_name() == *never);
                !is_never && !excluded.iter().any(|excluded| entry.path() == excluded)
            })
            .build();
        for entry in walk.flatten() {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            if is_folder && depth.is_none() {
                self.has_moved |= self.folders.insert(entry.into_path());
            } else if !is_folder {
                self.files.insert(entry.into_path());
            }
        }
    }

    /// Takes a change of `path` in; true when it is one that matters.
    pub(super) fn is_changed(&mut self, path: &Path) -> bool {
        if self.named.iter().any(|named| named == path) {
            return self.is_news(path);
        }
        if self.folders.contains(path) {
            return self.is_replaced_folder(path);
        }
        let is_ours = path.parent().is_some_and(|parent| self.folders.contains(parent));
        if !is_ours
            || self.foreign.contains(path)
            || is_temporary(path)
            || is_own_output(path)
            || self.excluded.iter().any(|excluded| path.starts_with(excluded))
        {
            return false;
        }
        if path.is_dir() {
            return self.is_new_folder(path);
        }
        if !self.files.contains(path) {
            // Whether git ignores it depends on files in every folder above: the walk knows them.
            if let Some(parent) = path.parent().map(Path::to_path_buf) {
                self.walk(&parent, Some(1));
            }
            if !self.files.contains(path) {
                return false;
            }
        }
        if path.exists() {
            return self.is_news(path);
        }
        self.seen.remove(path);
        self.files.remove(path)
    }

    /// A folder that was known: it is gone, or it is another one by now (a branch was switched, for instance).
    fn is_replaced_folder(&mut self, path: &Path) -> bool {
        let before: Vec<_> = self.files.iter().filter(|file| file.starts_with(path)).cloned().collect();
        self.folders.retain(|folder| !folder.starts_with(path));
        self.files.retain(|file| !file.starts_with(path));
        self.has_moved = true;
        if path.is_dir() {
            self.walk(path, None);
        }
        let is_changed = before.iter().any(|file| !self.files.contains(file));
        let now: Vec<_> = self.files.iter().filter(|file| file.starts_with(path)).cloned().collect();
        // Every file is looked at, so that the next time each is known.
        now.iter().fold(is_changed, |is_changed, file| self.is_news(file) || is_changed)
    }

    /// A folder that came: a walk of its parent would show it, unless it is ignored.
    fn is_new_folder(&mut self, path: &Path) -> bool {
        let Some(parent) = path.parent() else { return false };
        let before = self.files.len();
        let is_ignored = {
            let walk = WalkBuilder::new(parent).hidden(false).require_git(false).max_depth(Some(1)).build();
            !walk.flatten().any(|entry| entry.path() == path)
        };
        let is_never = NEVER.iter().any(|never| path.file_name().is_some_and(|name| name == *never));
        if is_ignored || is_never {
            return false;
        }
        self.walk(path, None);
        // An empty folder changes nothing.
        self.files.len() > before
    }

    /// True when the file does not hold what it held when it was last looked at. One that was never looked at
    /// has changed: that is why it is looked at.
    fn is_news(&mut self, path: &Path) -> bool {
        let Some(now) = fingerprint(path) else { return self.seen.remove(path).is_some() };
        self.seen.insert(path.to_path_buf(), now) != Some(now)
    }
}

/// The path as the system knows it; a file may be missing in a folder that is there.
fn real(path: PathBuf) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let in_folder = path.parent().map(Path::canonicalize).zip(path.file_name());
    in_folder.and_then(|(folder, name)| Some(folder.ok()?.join(name))).unwrap_or(path)
}

fn fingerprint(path: &Path) -> Option<u64> {
    let facts = std::fs::metadata(path).ok()?;
    let mut hasher = DefaultHasher::new();
    facts.len().hash(&mut hasher);
    if facts.len() <= HASHED_AT_MOST {
        std::fs::read(path).ok()?.hash(&mut hasher);
    } else {
        facts.modified().ok()?.hash(&mut hasher);
    }
    Some(hasher.finish())
}

/// True for the file that our own output goes to: what is said about a change must not be the next one.
fn is_own_output(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        use std::os::unix::fs::MetadataExt as _;
        let Ok(facts) = std::fs::metadata(path) else { return false };
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        [stdout.as_fd(), stderr.as_fd()].into_iter().any(|output| {
            let output = output.try_clone_to_owned().map(std::fs::File::from);
            let output = output.and_then(|output| output.metadata());
            output.is_ok_and(|output| (output.dev(), output.ino()) == (facts.dev(), facts.ino()))
        })
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// What editors write beside a file while they save it, and what programs write that nobody compiles.
fn is_temporary(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    name.ends_with('~')
        || name == "4913"
        || name.starts_with(".#")
        || (name.starts_with('#') && name.ends_with('#'))
        || name.starts_with(".goutputstream-")
        || name == "nohup.out"
        || [".swp", ".swx", ".swo", ".tmp", ".log", "___jb_tmp___", "___jb_old___"]
            .iter()
            .any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    struct Place {
        folder: tempfile::TempDir,
    }

    impl Place {
        /// In a folder whose path is real: events have such paths.
        fn new(files: &[(&str, &str)]) -> Self {
            let place = Self { folder: tempfile::TempDir::new().expect("a folder") };
            for (path, text) in files {
                place.write(path, text);
            }
            place
        }

        fn write(&self, path: &str, text: &str) -> PathBuf {
            let path = self.path(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(&path, text).expect("written");
            path
        }

        fn path(&self, path: &str) -> PathBuf {
            self.folder.path().join(path)
        }

        fn sources(&self) -> Sources {
            Sources::new(vec![self.folder.path().into()], vec![self.path("target")], vec![self.path(".env")])
        }
    }

    const FILES: [(&str, &str); 6] = [
        (".gitignore", "*.log\n/out\n"),
        ("src/main.rs", "fn main() {}"),
        (".cargo/config.toml", ""),
        ("out/page.html", ""),
        ("target/debug/program", ""),
        ("sub/.gitignore", "!kept.log\nsecret\n"),
    ];

    #[test]
    fn what_git_ignores_and_where_builds_write_is_not_looked_at() {
        let place = Place::new(&FILES);
        let mut sources = place.sources();
        let folders = sources.folders();
        for (folder, is_watched) in
            [("src", true), (".cargo", true), ("sub", true), ("out", false), ("target", false)]
        {
            assert_eq!(folders.contains(&place.path(folder)), is_watched, "{folder}");
        }
        for (path, is_ours) in [
            ("src/main.rs", true),
            ("src/new.rs", true),
            (".cargo/config.toml", true),
            ("build.log", false),
            ("sub/kept.log", false),
            ("sub/secret", false),
            ("out/page.html", false),
            ("target/debug/program", false),
            ("src/.main.rs.swp", false),
            ("src/main.rs~", false),
            ("nohup.out", false),
        ] {
            let path = place.write(path, "changed");
            assert_eq!(sources.is_changed(&path), is_ours, "{}", path.display());
        }
    }

    #[test]
    fn a_save_that_changes_nothing_is_none() {
        let place = Place::new(&FILES);
        let mut sources = place.sources();
        let path = place.write("src/main.rs", "one");
        assert!(sources.is_changed(&path));
        assert!(!sources.is_changed(&path));
        place.write("src/main.rs", "two");
        assert!(sources.is_changed(&path));
        fs::remove_file(&path).expect("removed");
        assert!(sources.is_changed(&path));
        assert!(!sources.is_changed(&path));
        place.write("src/main.rs", "two");
        assert!(sources.is_changed(&path));
    }

    #[test]
    fn a_new_folder_is_looked_into_unless_it_is_ignored() {
        let place = Place::new(&FILES);
        let mut sources = place.sources();
        place.write("src/deep/er/mod.rs", "");
        assert!(sources.is_changed(&place.path("src/deep")));
        assert!(sources.folders().contains(&place.path("src/deep/er")));
        fs::create_dir(place.path("src/empty")).expect("made");
        assert!(!sources.is_changed(&place.path("src/empty")));
        assert!(sources.folders().contains(&place.path("src/empty")));
        fs::create_dir_all(place.path("sub/secret")).expect("made");
        place.write("sub/secret/x", "");
        assert!(!sources.is_changed(&place.path("sub/secret")));
        assert!(!sources.is_changed(&place.path("sub/secret/x")));
    }

    #[test]
    fn a_folder_that_went_and_came_back_is_looked_at_again() {
        let place = Place::new(&FILES);
        let mut sources = place.sources();
        let _asked = sources.has_moved();
        fs::rename(place.path("src"), place.path("elsewhere")).expect("renamed");
        assert!(sources.is_changed(&place.path("src")));
        assert!(!sources.folders().contains(&place.path("src")) && sources.has_moved());
        place.write("src/main.rs", "another");
        assert!(sources.is_changed(&place.path("src")));
        assert!(sources.folders().contains(&place.path("src")) && sources.has_moved());
        fs::remove_dir_all(place.path("src")).expect("removed");
        place.write("src/main.rs", "a third");
        assert!(sources.is_changed(&place.path("src")), "it is another one, although it is there");
        assert!(!sources.is_changed(&place.path("src/main.rs")), "and that was noticed already");
    }

    #[test]
    fn what_was_compiled_for_nothing_is_foreign_until_the_program_changes() {
        let place = Place::new(&FILES);
        let mut sources = place.sources();
        let path = place.write("README.md", "one");
        assert!(sources.is_changed(&path));
        sources.are_foreign([path.clone()]);
        place.write("README.md", "two");
        assert!(!sources.is_changed(&path));
        sources.reconsider();
        assert!(sources.is_changed(&path));
    }

    #[test]
    fn a_named_file_is_looked_at_although_git_ignores_it() {
        let place = Place::new(&[(".gitignore", ".env\n")]);
        let mut sources = place.sources();
        let path = place.write(".env", "A=1");
        assert!(sources.is_changed(&path));
        assert!(!sources.is_changed(&path));
    }
}
