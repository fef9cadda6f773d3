//! From changed sources to an artifact that can be started.
//!
//! The program of the last build lies at [`last_program`], whatever serves it: it is replaced in one step, so that
//! whoever starts it finds a whole one.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::cargo::{self, Compiled};
use super::console::Console;
use crate::arch::Arch;
use crate::artifact::Artifact;
use crate::commands::build::{self, Purpose, Selection};
use crate::commands::invoke::choose;
use crate::files::{self, Mode};
use crate::payload::Program;
use crate::plan::{Content, Plan, Source, Step};
use crate::ui::{Format, Ui};
use crate::{Class, Error, Result, exec};

/// Folders of artifacts begin with this, and with the number of the process that serves them.
const PREFIX: &str = "version-";

/// Where the program of a project's last good build lies, in cargo's target folder.
pub fn last_program(target_dir: &Path, name: &str) -> PathBuf {
    target_dir.join("trap/dev").join(name).join("program")
}

/// Makes artifacts of one project, one after the other.
pub(super) struct Builder {
    selection: Selection,
    /// What is to be done; decided anew when a manifest has changed.
    plan: Option<Arc<Plan>>,
    /// The architecture that is started here.
    arch: Arch,
    folder: PathBuf,
    console: Console,
    is_offline: bool,
    has_target: bool,
    last: Option<String>,
    /// The plan whose program was taken apart and found good.
    admitted: Option<Arc<Plan>>,
}

/// What came of a build.
pub(super) enum Made {
    /// An artifact.
    New(Box<New>),
    /// The program is the one of the build before.
    Same {
        /// True when nothing was compiled at all.
        is_fresh: bool,
    },
}

/// A new artifact.
pub(super) struct New {
    pub(super) artifact: Artifact,
    pub(super) folder: Arc<TempDir>,
    /// The program: inside it where it travels as a file, else where it came from.
    pub(super) program: PathBuf,
    pub(super) sha256: String,
    pub(super) size: u64,
    pub(super) cargo: Option<Duration>,
}

/// Why there is none, and what cargo had to say.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) said: String,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, said: String::new() }
    }
}

impl Builder {
    /// Decides what is to be built.
    ///
    /// # Errors
    /// Those of [`build::resolve`].
    pub(super) fn new(selection: Selection, console: Console) -> Result<Self> {
        let plan = resolve(&selection)?;
        let arches = match &plan.request.source {
            Source::Cargo(compiles) => compiles.iter().filter_map(|compile| compile.arch).collect(),
            Source::Files(programs, _) => build::program_arches(programs)?,
        };
        // It is for this machine: `<target>/trap/local/<platform>/<name>`.
        let trap = plan.request.dir.ancestors().nth(3).unwrap_or(Path::new("target/trap"));
        let target = trap.parent().unwrap_or(Path::new("target"));
        let folder = last_program(target, &plan.request.name);
        let folder = folder.parent().map(Path::to_path_buf).unwrap_or_default();
        let folder = std::path::absolute(&folder).map_err(Error::file("find", &folder))?;
        std::fs::create_dir_all(&folder).map_err(Error::file("create the folder", &folder))?;
        remove_leftovers(&folder);
        let is_offline = selection.cargo.is_offline();
        let (arch, plan) = (choose(&arches), Some(Arc::new(plan)));
        Ok(Self {
            selection,
            plan,
            arch,
            folder,
            console,
            is_offline,
            has_target: false,
            last: None,
            admitted: None,
        })
    }

    /// The architecture of the program.
    pub(super) fn arch(&self) -> Arch {
        self.arch
    }

    /// The program's name.
    pub(super) fn name(&self) -> &str {
        self.plan.as_ref().map_or("", |plan| &plan.request.name)
    }

    /// Cargo's target folder, or what stands for it.
    pub(super) fn target_dir(&self) -> PathBuf {
        self.folder.ancestors().nth(3).unwrap_or(&self.folder).to_path_buf()
    }

    /// Builds, because of what has changed. When this is dropped before it is done, cargo is ended.
    ///
    /// # Errors
    /// Why there is no artifact.
    pub(super) async fn build(&mut self, changed: &BTreeSet<PathBuf>) -> Result<Made, Failed> {
        if changed.iter().any(|path| is_manifest(path)) {
            self.plan = None;
        }
        let plan = self.plan().await?;
        let mut cargo = None;
        let mut is_fresh = true;
        let mut said = String::new();
        let mut programs = Vec::new();
        match &plan.request.source {
            Source::Files(files, _) => {
                is_fresh = false;
                programs.extend(files.iter().map(|file| (file.clone(), None)));
            }
            Source::Cargo(compiles) => {
                for compile in compiles {
                    if !self.has_target {
                        let (compile, ui, offline) = (compile.clone(), self.console.ui(), self.is_offline);
                        blocking(move || compile.ensure_target(offline, &ui)).await?;
                        self.has_target = true;
                    }
                    let compiled: Compiled = cargo::compile(compile, &self.console).await?;
                    cargo = Some(cargo.unwrap_or_default() + compiled.took);
                    is_fresh &= compiled.is_fresh;
                    said.push_str(&compiled.said);
                    match compiled.program {
                        Ok(program) => programs.push((program, compile.arch)),
                        Err(error) => return Err(Failed { error, said }),
                    }
                }
            }
        }
        let (folder, arch, last) = (self.folder.clone(), self.arch, self.last.clone());
        let is_admitted = self.admitted.as_ref().is_some_and(|admitted| Arc::ptr_eq(admitted, &plan));
        let admitted = Arc::clone(&plan);
        let is_offline = self.is_offline;
        let package =
            move || package(&plan, &programs, arch, &folder, last.as_deref(), is_admitted, is_offline);
        let started = std::time::Instant::now();
        let packaged = blocking(package).await?;
        self.console.ui().detail("Packaged", format_args!("and checked in {:.1?}", started.elapsed()));
        self.admitted = Some(admitted);
        let Some(mut new) = packaged else { return Ok(Made::Same { is_fresh }) };
        new.cargo = cargo;
        Ok(Made::New(Box::new(new)))
    }

    /// This program serves: a build that gives it again is no new version.
    pub(super) fn remember(&mut self, sha256: &str) {
        self.last = Some(sha256.to_owned());
    }

    async fn plan(&mut self) -> Result<Arc<Plan>> {
        if let Some(plan) = &self.plan {
            return Ok(Arc::clone(plan));
        }
        let selection = self.selection.clone();
        let plan = Arc::new(blocking(move || resolve(&selection)).await?);
        self.plan = Some(Arc::clone(&plan));
        Ok(plan)
    }
}

/// Work that would keep everybody else waiting.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::file("carry on in", ".")(std::io::Error::other(error))))
}

/// What is to be done. What only a platform would mind does not stop anybody here: a program with everything a
/// debugger wants is large.
fn resolve(selection: &Selection) -> Result<Plan> {
    let mut plan = build::resolve(selection, &Purpose::Local)?;
    plan.request.platform.manifest.limits.clear();
    Ok(plan)
}

/// Checks the programs and writes the artifact into a folder of its own; nothing where the program is the last one.
fn package(
    plan: &Plan,
    files: &[(PathBuf, Option<Arch>)],
    arch: Arch,
    folder: &Path,
    last: Option<&str>,
    is_admitted: bool,
    is_offline: bool,
) -> Result<Option<New>> {
    // What there is to say of a program is said when it is built for a platform.
    let ui = Ui::new(true, false, Format::Human);
    let own = tempfile::Builder::new()
        .prefix(&format!("{PREFIX}{}-", std::process::id()))
        .tempdir_in(folder)
        .map_err(Error::file("create a folder in", folder))?;
    let mut plan = plan.clone();
    plan.request.dir = own.path().join("artifact");
    let admit = |(path, of): &(PathBuf, Option<Arch>)| match of {
        // What cargo and this plan have made once, they make again: it need not be taken apart.
        Some(of) if is_admitted => Program::hashed(*of, path).map_err(Error::file("read", path)),
        of => exec::admit(path, *of, &plan.request, &ui),
    };
    let mut programs = files.iter().map(admit).collect::<Result<Vec<Program>>>()?;
    let Some(at) = programs.iter().position(|program| program.arch == arch) else {
        let message = format!("the program is not for {arch} any more");
        return Err(Error::known("program-machine", Class::Request, message));
    };
    let (source, ours) = (&files[at].0, &mut programs[at]);
    let (sha256, size) = (ours.sha256.clone(), ours.size);
    if last == Some(sha256.as_str()) {
        return Ok(None);
    }
    // A program with everything a debugger wants is large, so as a file it is put there without being held in memory.
    let is_program =
        |step: &Step| matches!(step, Step::Write { content: Content::Program(of), .. } if *of == arch);
    let program = if let Some(at) = plan.steps.iter().position(is_program)
        && let Step::Write { path, .. } = plan.steps.remove(at)
    {
        let inside = plan.request.dir.join(path);
        put(source, &inside, matches!(plan.request.source, Source::Cargo(_)))?;
        inside
    } else {
        if ours.bytes.is_empty() {
            ours.bytes = files::read(source)?;
        }
        source.clone()
    };
    let artifact = exec::package(&plan, programs, is_offline, &ui)?;
    trace(&artifact)?;
    keep_last(&program, folder)?;
    Ok(Some(New { artifact, folder: Arc::new(own), program, sha256, size, cargo: None }))
}

/// Puts a program into an artifact. Linkers make a new file each time, so what cargo has made can have a second name;
/// other tools may write into the file that they wrote before.
fn put(source: &Path, inside: &Path, is_cargos: bool) -> Result<()> {
    let folder = inside.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(Error::file("create the folder", folder))?;
    if !is_cargos || std::fs::hard_link(source, inside).is_err() {
        std::fs::copy(source, inside).map_err(Error::file("copy to", inside))?;
    }
    Ok(())
}

/// Lets the artifact's modules tell their phases.
fn trace(artifact: &Artifact) -> Result<()> {
    for path in artifact.record.files.keys().filter(|path| path.ends_with("js")) {
        let path = artifact.dir.join(path);
        let text = files::read_text(&path)?;
        let traced = trap_host::traced(&text);
        // Without a lap there is nothing to tell.
        if traced.contains("trapLap(\"") {
            files::write(&path, traced.as_bytes(), Mode::Plain)?;
        }
    }
    Ok(())
}

/// Puts the program where the last one is looked for: a second name for the same file where that is possible.
fn keep_last(program: &Path, folder: &Path) -> Result<()> {
    let place = folder.join("program");
    let new = folder.join(format!(".program-{}", std::process::id()));
    files::remove(&new)?;
    if std::fs::hard_link(program, &new).is_err() {
        std::fs::copy(program, &new).map_err(Error::file("copy to", &new))?;
    }
    std::fs::rename(&new, &place).map_err(Error::file("write", &place))
}

/// Removes what a server left that was ended without a chance to clean up.
fn remove_leftovers(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let rest = name.strip_prefix(PREFIX).or_else(|| name.strip_prefix(".program-"));
        let owner = rest.and_then(|rest| rest.split('-').next()?.parse().ok());
        if owner.is_some_and(|owner| !is_running(owner)) {
            // Whoever could not be removed takes room, and nothing else.
            let _left = if entry.path().is_dir() {
                std::fs::remove_dir_all(entry.path())
            } else {
                std::fs::remove_file(entry.path())
            };
        }
    }
}

/// Whether a process has this number. Where that cannot be known, one has.
fn is_running(pid: u32) -> bool {
    #[cfg(unix)]
    {
        let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
        let gone = |pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH);
        !pid.is_some_and(gone)
    }
    #[cfg(not(unix))]
    {
        let _ = pid;
        true
    }
}

/// Files after whose change everything is decided anew.
pub(super) fn is_manifest(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let is_config = || path.parent().and_then(Path::file_name).is_some_and(|parent| parent == ".cargo");
    ["Cargo.toml", "rust-toolchain", "rust-toolchain.toml"].contains(&name)
        || (["config", "config.toml"].contains(&name) && is_config())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_told_from_other_files() {
        for path in ["/p/Cargo.toml", "/p/a/Cargo.toml", "/p/.cargo/config.toml", "/p/rust-toolchain.toml"] {
            assert!(is_manifest(Path::new(path)), "{path}");
        }
        for path in ["/p/src/main.rs", "/p/config.toml", "/p/Cargo.lock", "/p/.cargo/notes"] {
            assert!(!is_manifest(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn the_last_program_is_replaced_in_one_step() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let place = folder.path().join("program");
        for text in ["one", "two"] {
            let built = folder.path().join("built");
            std::fs::write(&built, text).expect("written");
            keep_last(&built, folder.path()).expect("kept");
            std::fs::remove_file(&built).expect("removed");
            assert_eq!(std::fs::read_to_string(&place).expect("it is there"), text);
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn leftovers_of_the_dead_are_removed_and_those_of_the_living_are_not() {
        let folder = tempfile::TempDir::new().expect("a folder");
        // No process has this number: Linux stops far below.
        for name in ["version-2000000000-a", &format!("version-{}-b", std::process::id()), "other"] {
            std::fs::create_dir(folder.path().join(name)).expect("made");
        }
        std::fs::write(folder.path().join(".program-2000000000"), "").expect("written");
        remove_leftovers(folder.path());
        let mut left: Vec<_> = std::fs::read_dir(folder.path())
            .expect("listed")
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        left.sort();
        assert_eq!(left, ["other".to_owned(), format!("version-{}-b", std::process::id())]);
    }
}
