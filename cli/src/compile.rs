//! `cargo build` for a platform's machine, with nothing installed beyond rustup: which target, which linker,
//! and why.
//!
//! Rust ships its own linker (`rust-lld`) and a static C library for its musl targets. Together they link
//! any program of pure Rust. Only a crate that compiles C needs a C compiler for the target.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use cargo_metadata::Message;
use serde::Serialize;

use crate::arch::Arch;
use crate::cargo_args::{CargoArgs, cargo};
use crate::project::{Project, Target};
use crate::ui::Ui;
use crate::{Class, Error, Result};

/// The linker that comes with Rust.
const RUST_LLD: &str = "rust-lld";

/// The first Rust whose musl targets come with musl 1.2.5: musl applies packed relocations since 1.2.4.
/// <https://github.com/rust-lang/rust/pull/142682>
const FIRST_WITH_RELR: (u32, u32) = (1, 93);

/// One compilation: the command line and the environment it adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compile {
    /// The machine; `None` compiles for this one, as cargo does by itself.
    pub arch: Option<Arch>,
    /// The Rust target triple; `None` with `arch`.
    pub target: Option<&'static str>,
    /// Arguments after `cargo`.
    pub args: Vec<String>,
    /// Arguments after `--`, which reach the compiler for the program alone and leave its dependencies as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rustc_args: Vec<String>,
    /// Variables added to the environment.
    pub env: Vec<(String, String)>,
    /// Which linker links it, and why that one.
    pub linker: String,
    /// The binary whose path is wanted.
    pub program: String,
    /// Crates that compile C although no C compiler for the target was found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wants_c: Vec<String>,
    /// A configured flag that only a C compiler as the linker understands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_flag: Option<String>,
}

impl Compile {
    /// Decides how to compile; reads cargo's configuration and looks for linkers, changes nothing.
    ///
    /// # Errors
    /// `cargo-config` when cargo's configuration cannot be read; `linker-missing` when no linker is there.
    pub fn decide(project: &Project, args: &CargoArgs, arch: Option<Arch>) -> Result<Self> {
        let mut cargo_args = vec!["build".to_owned()];
        cargo_args.extend(["--package".to_owned(), project.spec.clone()]);
        match &project.target {
            Target::Bin(name) => cargo_args.extend(["--bin".to_owned(), name.clone()]),
            Target::Example(name) => cargo_args.extend(["--example".to_owned(), name.clone()]),
        }
        cargo_args.extend(args.for_build());
        let mut compile = Self {
            arch,
            target: arch.map(Arch::musl_target),
            args: cargo_args,
            rustc_args: Vec::new(),
            env: Vec::new(),
            linker: "this machine's own".to_owned(),
            program: project.target.name().to_owned(),
            wants_c: Vec::new(),
            driver_flag: None,
        };
        if let Some(target) = compile.target {
            compile.args.extend(["--target".to_owned(), target.to_owned()]);
            compile.choose_linker(target)?;
            compile.pack_relocations()?;
            compile.choose_c_compiler(target, &project.compiles_c, &project.target_dir);
        }
        Ok(compile)
    }

    /// The user's linker, else Rust's own.
    fn choose_linker(&mut self, target: &'static str) -> Result<()> {
        let config = cargo_config2::Config::load().map_err(cargo_config)?;
        if let Some(linker) = config.linker(target).map_err(cargo_config)? {
            self.linker = format!("{} (configured for `{target}`)", linker.display());
            return Ok(());
        }
        let flags =
            config.rustflags(target).map_err(cargo_config)?.map(|flags| flags.flags).unwrap_or_default();
        if flags.iter().any(|flag| flag.trim_start_matches("-C").trim_start().starts_with("linker=")) {
            "the one in the configured rustflags".clone_into(&mut self.linker);
            return Ok(());
        }
        self.driver_flag = flags.into_iter().find(|flag| flag.contains("-fuse-ld") || flag.contains("-Wl,"));
        let variable = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
        let (linker, why) = if has_rust_lld()? {
            (RUST_LLD.to_owned(), "Rust's own; no cross toolchain needed")
        } else if let Ok(path) = which::which("ld.lld") {
            (path.display().to_string(), "found in PATH; this Rust has no `rust-lld`")
        } else {
            return Err(Error::known(
                "linker-missing",
                Class::Machine,
                format!("nothing on this machine can link for `{target}`: this Rust has no `rust-lld`"),
            )
            .with_hint("install Rust with rustup, or LLVM's linker (`apt-get install lld`), or set `target.<triple>.linker` in cargo's configuration"));
        };
        self.linker = format!("{linker} ({why})");
        self.env.push((variable, linker));
        Ok(())
    }

    /// Packs the relative relocations of a program that Rust's own linker links: 4 % of a small program, 14 % of a
    /// large one, and the kernel reads that much less at every start. The program's own start-up code applies
    /// them, so it must come with a C library that can.
    fn pack_relocations(&mut self) -> Result<()> {
        if !self.env.iter().any(|(_, linker)| linker == RUST_LLD) || rust_release()? < FIRST_WITH_RELR {
            return Ok(());
        }
        "rustc".clone_into(&mut self.args[0]);
        self.rustc_args.push("-Clink-arg=-zpack-relative-relocs".to_owned());
        self.linker.push_str(", relocations packed");
        Ok(())
    }

    /// A C compiler for crates that want one: the user's, a cross gcc, or zig.
    fn choose_c_compiler(&mut self, target: &'static str, compiles_c: &[String], target_dir: &Path) {
        if compiles_c.is_empty() {
            return;
        }
        let name = target.replace('-', "_");
        let configured = cargo_config2::Config::load().map(|config| config.env).unwrap_or_default();
        let is_set = |name: &str| std::env::var_os(name).is_some() || configured.contains_key(name);
        if [format!("CC_{target}"), format!("CC_{name}"), "TARGET_CC".to_owned(), "CC".to_owned()]
            .iter()
            .any(|name| is_set(name))
        {
            return;
        }
        let cpu = target.split('-').next().unwrap_or_default();
        if let Some(prefix) = [format!("{cpu}-linux-musl-"), format!("{cpu}-linux-gnu-")]
            .into_iter()
            .find(|prefix| which::which(format!("{prefix}gcc")).is_ok())
        {
            // A glibc compiler's defaults call functions that musl lacks: the fortified string functions,
            // and on Arm the atomics of libgcc.
            let mut flags = "-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0".to_owned();
            if cpu == "aarch64" {
                flags.push_str(" -mno-outline-atomics");
            }
            for (compiler, tool, variable) in [("CC", "gcc", "CFLAGS"), ("CXX", "g++", "CXXFLAGS")] {
                if which::which(format!("{prefix}{tool}")).is_err() || is_set(&format!("{compiler}_{name}")) {
                    continue;
                }
                self.env.push((format!("{compiler}_{name}"), format!("{prefix}{tool}")));
                let variable = format!("{variable}_{name}");
                let theirs = std::env::var(&variable).unwrap_or_default();
                self.env.push((variable, format!("{theirs} {flags}").trim_start().to_owned()));
            }
        } else if which::which("zig").is_ok() && cfg!(unix) {
            let wrapper = target_dir.join("trap").join(format!("zig-cc-{cpu}"));
            self.env.push((format!("CC_{name}"), wrapper.display().to_string()));
            self.env.push((format!("AR_{name}"), "zig ar".to_owned()));
        } else {
            self.wants_c = compiles_c.to_vec();
        }
    }

    /// The command line as a person would type it.
    pub fn command_line(&self) -> String {
        let env = self.env.iter().map(|(name, value)| format!("{name}={} ", crate::plan::word(value)));
        let args = self.args.iter().map(|arg| format!(" {}", crate::plan::word(arg)));
        let rustc_args = self.rustc_args.iter().map(|arg| format!(" {}", crate::plan::word(arg)));
        let dashes = if self.rustc_args.is_empty() { "" } else { " --" };
        format!(
            "{}cargo{}{dashes}{}",
            env.collect::<String>(),
            args.collect::<String>(),
            rustc_args.collect::<String>()
        )
    }

    /// Adds the Rust target when it is missing, and says so.
    ///
    /// # Errors
    /// `target-missing` under `--offline` or without rustup; rustup's own failure otherwise.
    pub fn ensure_target(&self, offline: bool, ui: &Ui) -> Result<()> {
        let Some(target) = self.target else { return Ok(()) };
        if has_target(target)? {
            return Ok(());
        }
        let missing = |message: String| Error::known("target-missing", Class::Machine, message);
        if offline {
            return Err(missing(format!(
                "the Rust target `{target}` is not installed, and nothing may be fetched"
            ))
            .with_hint(format!("run `rustup target add {target}` while online")));
        }
        if which::which("rustup").is_err() {
            return Err(missing(format!(
                "the Rust target `{target}` is not installed, and there is no `rustup` to add it"
            ))
            .with_hint(format!(
                "install rustup, or your system's package with Rust's standard library for `{target}`"
            )));
        }
        ui.status("Adding", format_args!("Rust target `{target}` (rustup target add {target})"));
        let output = Command::new("rustup")
            .args(["target", "add", target])
            .output()
            .map_err(|source| Error::Start { tool: "rustup".to_owned(), source, hint: None })?;
        if output.status.success() && has_target(target)? {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(missing(format!("rustup could not add the target `{target}`: {}", said.trim()))
            .with_hint(format!("run `rustup target add {target}` yourself and see what it needs")))
    }

    /// Runs cargo; its diagnostics go to stderr unchanged. Returns the path of the program.
    ///
    /// # Errors
    /// [`Error::ToolFailed`] with cargo's own status when it fails.
    pub fn run(&self, ui: &Ui) -> Result<PathBuf> {
        let mut child = self.command(ui)?.spawn().map_err(not_started)?;
        let mut program = None;
        if let Some(stdout) = child.stdout.take() {
            match self.program_of(BufReader::new(stdout), ui) {
                Ok(found) => program = found,
                Err(error) => {
                    // Without a reader cargo would wait for one; its end is what matters now.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(error);
                }
            }
        }
        self.conclude(child.wait().map_err(not_started)?, program)
    }

    /// The command that compiles: diagnostics as text on stderr, messages as JSON on stdout, which is a pipe.
    ///
    /// # Errors
    /// When a compiler's wrapper cannot be written.
    pub(crate) fn command(&self, ui: &Ui) -> Result<Command> {
        self.write_zig_wrapper()?;
        let mut command = cargo();
        command.args(&self.args).arg("--message-format=json-render-diagnostics");
        if ui.is_quiet() {
            command.arg("--quiet");
        }
        let color = match anstream::ColorChoice::global() {
            anstream::ColorChoice::Never => Some("never"),
            anstream::ColorChoice::Always | anstream::ColorChoice::AlwaysAnsi => Some("always"),
            anstream::ColorChoice::Auto => None,
        };
        command.args(color.into_iter().flat_map(|when| ["--color", when]));
        if !self.rustc_args.is_empty() {
            command.arg("--").args(&self.rustc_args);
        }
        ui.detail("Linking", format_args!("with {}", self.linker));
        ui.detail("Running", self.command_line());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        Ok(command)
    }

    /// The program that cargo's messages name.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn program_of(&self, messages: impl BufRead, ui: &Ui) -> Result<Option<PathBuf>> {
        let mut program = None;
        for message in Message::parse_stream(messages) {
            match message {
                Ok(Message::CompilerArtifact(artifact)) if artifact.target.name == self.program => {
                    program = artifact.executable.or(program);
                }
                Ok(Message::TextLine(line)) => ui.detail("cargo", line),
                Ok(_) => {}
                Err(source) => return Err(Error::file("read the messages of", "cargo")(source)),
            }
        }
        Ok(program.map(Into::into))
    }

    /// What came of it, now that cargo has ended.
    ///
    /// # Errors
    /// [`Error::ToolFailed`] with cargo's own status when it failed; `no-program` when it made none.
    pub(crate) fn conclude(&self, status: ExitStatus, program: Option<PathBuf>) -> Result<PathBuf> {
        if !status.success() {
            return Err(Error::ToolFailed {
                tool: "cargo build".to_owned(),
                status: status.code().unwrap_or(101),
                hint: self.hint(),
            });
        }
        program.ok_or_else(|| {
            Error::known(
                "no-program",
                Class::Tool,
                format!("cargo built no executable named `{}`", self.program),
            )
        })
    }

    /// What a failed build may have been about, where we know more than cargo says.
    fn hint(&self) -> Option<String> {
        let target = self.target?;
        if let Some(flag) = &self.driver_flag {
            return Some(format!(
                "if this is about linking: cargo's configuration has the flag `{flag}`, which only a C compiler \
                 understands, and `{target}` is linked by {}; move it from `[build]` to `[target.<your machine>]`, \
                 or set `target.{target}.linker`",
                self.linker
            ));
        }
        let (first, rest) = self.wants_c.split_first()?;
        let crates = rest.iter().fold(format!("`{first}`"), |list, name| format!("{list}, `{name}`"));
        let cpu = target.split('-').next().unwrap_or_default();
        Some(format!(
            "if this is about a C compiler: {crates} compiles C, and this machine has none for `{target}`; install \
             one (`apt-get install gcc-{}-linux-gnu`, or zig), set `CC_{}`, or switch the feature off that needs it",
            cpu.replace('_', "-"),
            target.replace('-', "_"),
        ))
    }

    /// zig takes its own spelling of a target, and `cc` passes Rust's: a few lines of shell stand between.
    fn write_zig_wrapper(&self) -> Result<()> {
        let Some((_, path)) =
            self.env.iter().find(|(name, value)| name.starts_with("CC_") && value.contains("zig-cc-"))
        else {
            return Ok(());
        };
        let cpu = self.target.and_then(|target| target.split('-').next()).unwrap_or_default();
        let text = format!(
            "#!/bin/sh\n# Written by cargo trap: zig as the C compiler for {cpu} musl.\nfor arg do\n  shift\n  \
             case $arg in --target=*) ;; *) set -- \"$@\" \"$arg\" ;; esac\ndone\n\
             exec zig cc -target {cpu}-linux-musl \"$@\"\n"
        );
        let path = Path::new(path);
        crate::files::write(path, text.as_bytes(), crate::files::Mode::Executable)
    }
}

/// What it means when cargo does not even start.
pub(crate) fn not_started(source: io::Error) -> Error {
    Error::Start { tool: "cargo".to_owned(), source, hint: Some("install Rust with rustup".to_owned()) }
}

/// The release of the Rust that compiles here, `(1, 95)`; `(0, 0)` when it does not say.
fn rust_release() -> Result<(u32, u32)> {
    let said = rustc_print(&["--version"])?.unwrap_or_default();
    let said = said.to_string_lossy();
    let mut numbers =
        said.split_whitespace().nth(1).unwrap_or_default().split('.').map_while(|n| n.parse().ok());
    Ok((numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)))
}

fn cargo_config(error: cargo_config2::Error) -> Error {
    Error::known("cargo-config", Class::Request, "cargo's configuration cannot be read").with_source(error)
}

fn rustc() -> OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// What `rustc --print …` answers here, where a toolchain file may choose another Rust; `None` when rustc does
/// not know the answer.
fn rustc_print(args: &[&str]) -> Result<Option<PathBuf>> {
    let run = |args: &[&str]| {
        Command::new(rustc()).args(args).output().map_err(|source| Error::Start {
            tool: "rustc".to_owned(),
            source,
            hint: Some("install Rust with rustup".to_owned()),
        })
    };
    let output = run(args)?;
    if output.status.success() {
        return Ok(Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())));
    }
    // A rustc that cannot even say its version is not one that lacks an answer.
    if run(&["--version"])?.status.success() {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::known("rust-unusable", Class::Machine, format!("rustc does not run here: {}", said.trim()))
        .with_hint("`rustup show` says which toolchain this folder asks for, and whether it is installed"))
}

/// True when the standard library for `target` is installed.
///
/// # Errors
/// When rustc does not run.
pub fn has_target(target: &str) -> Result<bool> {
    Ok(rustc_print(&["--print", "target-libdir", "--target", target])?
        .is_some_and(|libdir| std::fs::read_dir(libdir).is_ok_and(|mut entries| entries.next().is_some())))
}

/// True when this Rust brings its own linker, as every rustup toolchain does.
///
/// # Errors
/// When rustc does not run.
pub fn has_rust_lld() -> Result<bool> {
    let name = if cfg!(windows) { "rust-lld.exe" } else { "rust-lld" };
    Ok(rustc_print(&["--print", "target-libdir"])?
        .and_then(|libdir| Some(libdir.parent()?.join("bin").join(name)))
        .is_some_and(|path| path.exists()))
}
