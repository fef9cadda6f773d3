//! Artifacts, made by the real `cargo trap build` of this checkout.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    hash::Hash,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, LazyLock, Mutex, OnceLock},
};

use sha2::{Digest, Sha256};

use crate::{
    Result, stage,
    subject::{Arch, Carries, Delivery, Payload, Program, Subject, Takeover},
};

/// Bytes that the large program carries behind its own.
const PADDING: usize = 10 * 1024 * 1024;

/// What an artifact depends on: subjects that agree here share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Recipe {
    program: Program,
    carries: Carries,
    platform: &'static str,
    payload: Payload,
    takeover: Takeover,
}

impl Recipe {
    pub fn of(subject: &Subject) -> Self {
        Self {
            program: subject.program,
            carries: subject.carries,
            platform: subject.delivery.platform(),
            payload: subject.payload,
            takeover: subject.takeover,
        }
    }

    fn folder(self) -> PathBuf {
        let Self { program, carries, platform, payload, takeover } = self;
        let name = format!("{program}-{carries}-{platform}-{payload}-{takeover}");
        stage::base().join("artifacts").join(name.replace(':', "-"))
    }
}

/// Makes each value once, however many tests want it at the same time.
pub struct Once<K, V>(LazyLock<Mutex<HashMap<K, Arc<OnceLock<V>>>>>);

impl<K: Eq + Hash, V: Clone> Once<K, V> {
    pub const fn new() -> Self {
        Self(LazyLock::new(Mutex::default))
    }

    pub fn get(&self, key: K, make: impl FnOnce() -> V) -> V {
        let cell = {
            let mut known = self.0.lock().expect("no maker of a cell panics");
            Arc::clone(known.entry(key).or_default())
        };
        cell.get_or_init(make).clone()
    }
}

impl<K: Eq + Hash, V: Clone> Default for Once<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

/// The folder with the artifact of a subject.
///
/// # Errors
/// With everything the build printed.
pub fn artifact(subject: &Subject) -> Result<PathBuf> {
    static MADE: Once<Recipe, Result<PathBuf>> = Once::new();
    let recipe = Recipe::of(subject);
    MADE.get(recipe, || build(recipe))
}

/// What the artifact of a subject carries for its architecture: the program, or the library.
///
/// # Errors
/// When the artifact that holds it cannot be built.
pub fn carried(subject: &Subject) -> Result<PathBuf> {
    if subject.takeover != Takeover::Library {
        return program(subject.program, subject.arch);
    }
    let as_file =
        Subject { delivery: Delivery::Lambda, payload: Payload::File, carries: Carries::Both, ..*subject };
    let folder = artifact(&as_file)?;
    let name = format!("{}.{}.so", subject.program, subject.arch);
    find(&folder, &name).ok_or_else(|| format!("no `{name}` in `{}`", folder.display()))
}

/// The program itself, for one architecture, as an artifact carries it.
///
/// # Errors
/// When the artifact that holds it cannot be built.
pub fn program(program: Program, arch: Arch) -> Result<PathBuf> {
    if program == Program::Big {
        return padded(arch);
    }
    let plain = Subject {
        program,
        arch,
        delivery: Delivery::Lambda,
        payload: Payload::File,
        carries: Carries::Both,
        ..Subject::plain(crate::subject::Node::V22, Takeover::Auto)
    };
    let folder = artifact(&plain)?;
    let name = format!("{program}.{arch}.bin");
    find(&folder, &name).ok_or_else(|| format!("no `{name}` in `{}`", folder.display()))
}

/// The sha-256 of a file, as 64 hexadecimal digits.
///
/// # Errors
/// When the file cannot be read.
pub fn sha256(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(|error| format!("reading `{}`: {error}", path.display()))?;
    Ok(Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).find_map(|path| {
        if path.is_dir() {
            find(&path, name)
        } else {
            path.file_name().is_some_and(|found| found == name).then_some(path)
        }
    })
}

/// Builds a program of this workspace for a platform as somebody would who takes what the platform offers, for
/// this machine's architecture; more words for the command line may follow.
///
/// # Errors
/// With everything the build printed.
pub fn for_platform(platform: &str, program: &str, more: &[&str], folder: &Path) -> Result<()> {
    let mut command = trap()?;
    command.args(["build", "-p", program, "--arch", "x64"]);
    command.args(["--platform", platform]).args(more).arg("--out-dir").arg(folder);
    run(&mut command).map(drop)
}

fn build(recipe: Recipe) -> Result<PathBuf> {
    let folder = recipe.folder();
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("removing an old artifact: {error}"))?;
    }
    fs::create_dir_all(&folder).map_err(|error| format!("creating `{}`: {error}", folder.display()))?;
    let mut command = trap()?;
    command.args(["build", "--arch", recipe.carries.word(), "--platform", recipe.platform]);
    command.args(["--payload", recipe.payload.word(), "--takeover", recipe.takeover.word()]);
    command.arg("--out-dir").arg(&folder);
    match recipe.program {
        Program::Big => {
            let arch = if recipe.carries == Carries::Arm64 { Arch::Arm64 } else { Arch::X64 };
            command.arg("--program").arg(padded(arch)?);
        }
        named => {
            command.args(["-p", named.word()]);
            if recipe.takeover == Takeover::Library {
                command.envs(UNWIND);
            }
        }
    }
    run(&mut command)?;
    Ok(folder)
}

/// `faulty` with random bytes behind it: ten megabytes that no encoder can shorten.
fn padded(arch: Arch) -> Result<PathBuf> {
    static MADE: Once<Arch, Result<PathBuf>> = Once::new();
    MADE.get(arch, || {
        let mut bytes = fs::read(program(Program::Faulty, arch)?)
            .map_err(|error| format!("reading the program: {error}"))?;
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        while bytes.len() < PADDING {
            // xorshift64: the same bytes in every run, so that caches of bundles hold.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        let path = stage::base().join(format!("{}.{arch}", Program::Big));
        fs::write(&path, bytes).map_err(|error| format!("writing the large program: {error}"))?;
        run(Command::new("chmod").arg("755").arg(&path))?;
        Ok(path)
    })
}

/// The release profile, as the tests build programs: quick to compile, and not too large to carry. `xtask/suites` has the same
/// in its suites, so that what one has compiled serves the others.
const QUICK: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_LTO", "false"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
];

/// The same for what must outlive a panic in it: a library, a class.
pub const UNWIND: [(&str, &str); 1] = [("CARGO_PROFILE_RELEASE_PANIC", "unwind")];

/// `cargo trap`, which compiles quickly.
///
/// # Errors
/// Those of [`cli`].
pub fn trap() -> Result<Command> {
    let mut command = Command::new(cli()?);
    command.arg("trap").envs(QUICK);
    Ok(command)
}

/// The command line of this checkout, built once per run; or the one that `CARGO_TRAP_E2E_CLI` names.
///
/// # Errors
/// With everything the compiler printed.
pub fn cli() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CARGO_TRAP_E2E_CLI") {
        return Ok(path.into());
    }
    static MADE: Once<(), Result<PathBuf>> = Once::new();
    MADE.get((), || {
        let mut command = cargo_trap::cargo_args::cargo();
        command.args(["build", "--quiet", "--package", "cargo-trap", "--bin", "cargo-trap"]);
        let messages = run(command.args(["--message-format", "json"]))?;
        messages
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
            .next_back()
            .ok_or_else(|| "cargo did not say where `cargo-trap` is".to_owned())
    })
}

/// Runs a command and hands out its stdout.
///
/// # Errors
/// With everything it printed, unless it succeeds.
pub fn run(command: &mut Command) -> Result<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    if command.get_current_dir().is_none() {
        command.current_dir(root);
    }
    let output = command.output().map_err(|error| format!("running {command:?}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(format!("{command:?}: {}\n{}{}", output.status, text(&output.stdout), text(&output.stderr)))
}
