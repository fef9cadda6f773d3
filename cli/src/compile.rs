//! `cargo build` for a platform's machine, with nothing installed beyond rustup: which target, which linker,
//! and why.
//!
//! Rust ships its own linker (`rust-lld`) and a static C library for its musl targets. Together they link
//! any program of pure Rust. Only a crate that compiles C needs a C compiler for the target.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use cargo_metadata::Message;
use serde::Serialize;
use trap_native::glibc::Release;
use trap_native::{Libraries, shared_object};

use crate::arch::Arch;
use crate::cargo_args::{CargoArgs, cargo};
use crate::project::{Product, Project, Target};
use crate::toolchain::{RUST_LLD, ensure_target, own_linker, rust_release};
use crate::ui::Ui;
use crate::{Class, Error, Result, glibc};

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
    /// The binary or library whose path is wanted, by cargo's name for it.
    pub program: String,
    /// True for a library.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub library: bool,
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
            Target::Lib { .. } => cargo_args.push("--lib".to_owned()),
        }
        let library = project.product == Product::Library;
        cargo_args.extend(args.for_build());
        let mut compile = Self {
            arch,
            target: arch.map(if library { Arch::glibc_target } else { Arch::musl_target }),
            args: cargo_args,
            rustc_args: Vec::new(),
            env: Vec::new(),
            linker: "this machine's own".to_owned(),
            program: project.target.crate_name().to_owned(),
            library,
            wants_c: Vec::new(),
            driver_flag: None,
        };
        if let Some(target) = compile.target {
            compile.args.extend(["--target".to_owned(), target.to_owned()]);
            compile.choose_linker(target)?;
            // The loader of a host may be older than packed relocations; a program brings its own.
            if !library {
                compile.pack_relocations()?;
            }
            compile.choose_c_compiler(target, &project.compiles_c, &project.target_dir);
        }
        Ok(compile)
    }

    /// The user's linker, else Rust's own.
    fn choose_linker(&mut self, target: &'static str) -> Result<()> {
        let stubs = self.arch.filter(|_| self.library).map(glibc::stubs).transpose()?;
        if let Some(stubs) = &stubs {
            // For this link alone: the build scripts of dependencies may be for the same target.
            "rustc".clone_into(&mut self.args[0]);
            // And of the library alone, where it is also one for Rust: cargo optimizes across crates only then.
            self.args.extend(["--crate-type".to_owned(), "cdylib".to_owned()]);
            self.rustc_args.push(format!("-Lnative={}", stubs.display()));
        }
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
        let linker = own_linker(target)?;
        let why = match linker.as_str() {
            RUST_LLD => "Rust's own; no cross toolchain needed",
            _ => "found in PATH; this Rust has no `rust-lld`",
        };
        self.linker = format!("{linker} ({why})");
        if let Some(stubs) = &stubs {
            self.rustc_args = shared_object(Libraries::Stubs(stubs));
            // What no library has is told here, with the place that wants it.
            self.rustc_args.push("-Clink-arg=-zdefs".to_owned());
            if linker != RUST_LLD {
                self.rustc_args.push(format!("-Clinker={linker}"));
            }
        } else {
            let variable = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
            self.env.push((variable, linker));
        }
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
        // A library on a machine of its own kind: the compiler that is there for everything else.
        if self.library
            && cfg!(all(target_os = "linux", target_env = "gnu"))
            && self.arch == Arch::of_this_machine()
        {
            return;
        }
        let prefixes = if self.library { &["gnu"][..] } else { &["musl", "gnu"] };
        if let Some(prefix) = prefixes
            .iter()
            .map(|libc| format!("{cpu}-linux-{libc}-"))
            .find(|prefix| which::which(format!("{prefix}gcc")).is_ok())
        {
            // A glibc compiler's defaults call functions that musl lacks: the fortified string functions,
            // and on Arm the atomics of libgcc.
            let mut flags = String::new();
            if !self.library {
                flags.push_str("-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0");
            }
            if !self.library && cpu == "aarch64" {
                flags.push_str(" -mno-outline-atomics");
            }
            for (compiler, tool, variable) in [("CC", "gcc", "CFLAGS"), ("CXX", "g++", "CXXFLAGS")] {
                if which::which(format!("{prefix}{tool}")).is_err() || is_set(&format!("{compiler}_{name}")) {
                    continue;
                }
                self.env.push((format!("{compiler}_{name}"), format!("{prefix}{tool}")));
                if flags.is_empty() {
                    continue;
                }
                let variable = format!("{variable}_{name}");
                let theirs = std::env::var(&variable).unwrap_or_default();
                self.env.push((variable, format!("{theirs} {flags}").trim_start().to_owned()));
            }
        } else if which::which("zig").is_ok() && cfg!(unix) {
            let wrapper = target_dir.join("trap").join(format!("zig-cc-{}", self.zig_target(cpu)));
            self.env.push((format!("CC_{name}"), wrapper.display().to_string()));
            self.env.push((format!("AR_{name}"), "zig ar".to_owned()));
        } else {
            self.wants_c = compiles_c.to_vec();
        }
    }

    /// What zig calls the target: of glibc it takes the oldest that a host may have.
    fn zig_target(&self, cpu: &str) -> String {
        if self.library {
            format!("{cpu}-linux-gnu.{}", Release::LISTED)
        } else {
            format!("{cpu}-linux-musl")
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
        self.target.map_or(Ok(()), |target| ensure_target(target, offline, ui))
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
        if let Some(arch) = self.arch.filter(|_| self.library) {
            glibc::write_stubs(arch)?;
        }
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
                    program = self.product(artifact).or(program);
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
                format!(
                    "cargo built no {} named `{}`",
                    if self.library { "shared library" } else { "executable" },
                    self.program
                ),
            )
        })
    }

    /// What is wanted of what cargo built.
    fn product(&self, artifact: cargo_metadata::Artifact) -> Option<cargo_metadata::camino::Utf8PathBuf> {
        if !self.library {
            return artifact.executable;
        }
        artifact.filenames.into_iter().find(|path| path.extension() == Some("so"))
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
        let target = self.zig_target(cpu);
        let text = format!(
            "#!/bin/sh\n# Written by cargo trap: zig as the C compiler for {target}.\nfor arg do\n  shift\n  \
             case $arg in --target=*) ;; *) set -- \"$@\" \"$arg\" ;; esac\ndone\n\
             exec zig cc -target {target} \"$@\"\n"
        );
        let path = Path::new(path);
        crate::files::write(path, text.as_bytes(), crate::files::Mode::Executable)
    }
}

/// What it means when cargo does not even start.
pub(crate) fn not_started(source: io::Error) -> Error {
    Error::Start { tool: "cargo".to_owned(), source, hint: Some("install Rust with rustup".to_owned()) }
}

fn cargo_config(error: cargo_config2::Error) -> Error {
    Error::known("cargo-config", Class::Request, "cargo's configuration cannot be read").with_source(error)
}
