//! A build as a list of steps. Nothing is read, written or run here; [`crate::exec`] carries the steps out.

use std::path::{Path, PathBuf};

use serde::Serialize;
use trap_host::Bridge;

use crate::arch::Arch;
use crate::class::backend::ClassValues;
use crate::compile::Compile;
use crate::files::Mode;
use crate::payload::{self, Encoding};
use crate::platform::{self, Measured, Platform, Rendered, Values, WrapperValue, WrapperValues};
use crate::settings::{Lang, Takeover, class_name};
use crate::{Class, Error, Result};

/// What is to be built, everything decided.
#[derive(Clone, Debug)]
pub struct Request {
    /// The program's name; names the artifact.
    pub name: String,
    /// The class's name, where the platform has one.
    pub class: String,
    /// The class that the programs hold, known once they are compiled.
    pub typed: Option<ClassValues>,
    /// Where the artifact is for.
    pub platform: Platform,
    /// Where the programs come from.
    pub source: Source,
    /// How they travel.
    pub encoding: Encoding,
    /// How they get control.
    pub takeover: Takeover,
    /// What the programs run on, as Node's `process.platform` calls it.
    pub system: &'static str,
    /// The language of the files.
    pub lang: Lang,
    /// Everything in one module.
    pub single_file: bool,
    /// True when that was typed: then really everything, what only some hosts need included.
    pub self_contained: bool,
    /// The artifact's folder.
    pub dir: PathBuf,
    /// True when the folder is somebody's project: scaffolding is left out where it exists, and nothing we
    /// did not write is replaced.
    pub shared_dir: bool,
    /// Also write a zip of the artifact, here.
    pub zip: Option<PathBuf>,
    /// Also write what stands in for the platform's loader: to start the artifact on this machine.
    pub with_host: bool,
    /// The artifact carries no program: it names this one, which every build replaces.
    pub last_build: Option<PathBuf>,
}

impl Request {
    /// What a platform makes of a program that says nothing else: for examples.
    ///
    /// # Errors
    /// `class-name`: see [`class_name`].
    pub fn sample(platform: Platform, name: &str) -> Result<Self> {
        let manifest = &platform.manifest;
        Ok(Self {
            name: name.to_owned(),
            class: class_name(None, name)?,
            typed: None,
            source: Source::Files(Vec::new(), None),
            encoding: manifest.payload,
            takeover: platform.takeover(Takeover::Auto)?,
            system: "linux",
            lang: manifest.langs[0],
            single_file: manifest.single_file,
            self_contained: false,
            dir: Path::new("target/trap").join(&manifest.id).join(name),
            shared_dir: false,
            zip: None,
            with_host: false,
            last_build: None,
            platform,
        })
    }

    /// Where a zip of the artifact is written to, unless it was said.
    pub fn zip_path(&self) -> PathBuf {
        self.zip.clone().unwrap_or_else(|| zip_path(&self.dir, &self.name, self.shared_dir))
    }

    /// Where the bridge is, which only a host that pushes events needs.
    pub fn bridge(&self) -> Bridge {
        let offered = &self.platform.manifest.takeovers;
        match self.takeover {
            Takeover::Auto | Takeover::Wrapper if offered.contains(&Takeover::Bridge) => {
                let is_apart = self.platform.manifest.single_file && !self.self_contained;
                if is_apart { Bridge::Apart } else { Bridge::Inside }
            }
            Takeover::Bridge => Bridge::Inside,
            _ => Bridge::None,
        }
    }

    /// True when the exec stub travels with the programs.
    pub fn carries_stub(&self) -> bool {
        self.takeover.uses_stub() && self.system == "linux"
    }

    /// True when it is a library that Node loads.
    pub fn is_library(&self) -> bool {
        self.takeover == Takeover::Library
    }

    /// What the platform must be told to start the programs before Node, where that was asked for.
    fn wrapper(&self, arches: &[Arch]) -> WrapperValues {
        let wrapper = self.platform.manifest.wrapper.as_ref().filter(|_| self.takeover == Takeover::Wrapper);
        let Some(wrapper) = wrapper else { return WrapperValues::default() };
        let value = |&arch: &Arch| WrapperValue {
            aws_arch: arch.aws_name(),
            path: format!("{}/trap/{}", wrapper.root, payload::file_name(&self.name, arch)),
        };
        WrapperValues { name: wrapper.variable.clone(), values: arches.iter().map(value).collect() }
    }
}

/// Where the programs come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// cargo compiles them, one per architecture.
    Cargo(Vec<Compile>),
    /// They exist; each with the architecture asked of it, if one was.
    Files(Vec<PathBuf>, Option<Vec<Arch>>),
}

/// The steps of a build.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it builds.
    pub request: Request,
    /// The architectures it builds for.
    pub arches: Vec<Arch>,
    /// In this order; the first failure ends it, before anything is written.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The same for programs that hold a class: what is written tells of it. Nothing is written that was not before.
    ///
    /// # Errors
    /// `class-name` where a class cannot have this name there; when a template is broken.
    pub fn with_class(&self, class: &crate::class::Class) -> Result<Self> {
        let mut request = self.request.clone();
        // Unless another name was asked for, by which clients know it then.
        if request.class == class_name(None, &request.name)? {
            request.class = class_name(Some(&class.name), &request.name)?;
        }
        request.typed = Some(ClassValues::of(class));
        let mut plan = plan(request, &self.arches)?;
        let path = |step: &Step| match step {
            Step::Write { path, .. } => Some(path.clone()),
            _ => None,
        };
        plan.steps
            .retain(|step| path(step).is_none() || self.steps.iter().any(|own| path(own) == path(step)));
        Ok(plan)
    }
}

/// One thing a build does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Step {
    /// Add a Rust target with rustup, if it is missing.
    AddTarget {
        /// The triple.
        target: &'static str,
    },
    /// Compile, then check the program.
    Compile {
        /// How.
        compile: Compile,
        /// The same, as a person would type it.
        command: String,
    },
    /// Build what loads a library, if that has not been done.
    Addon {
        /// For which machine.
        arch: Arch,
    },
    /// Put the program where the artifact looks for the last build.
    Keep {
        /// Where that is, an absolute path.
        path: PathBuf,
    },
    /// Check a program that exists.
    Check {
        /// Which.
        program: PathBuf,
    },
    /// Write a file of the artifact.
    Write {
        /// Path inside the artifact.
        path: String,
        /// What goes into it.
        #[serde(skip)]
        content: Content,
        /// The same in words.
        what: &'static str,
        /// True when an existing file is left alone.
        keep: bool,
    },
    /// Zip the artifact's files.
    Zip {
        /// The archive.
        path: PathBuf,
    },
}

/// The content of a file, some of it known only after compiling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Known now.
    Text(String),
    /// The payload module.
    Payload,
    /// Text, then trampoline and payload, then text.
    Single {
        /// Before.
        head: String,
        /// After.
        tail: String,
    },
    /// The program itself.
    Program(Arch),
    /// What lets it replace the Node process.
    Stub(Arch),
    /// What loads it, where it is a library.
    Addon(Arch),
    /// The description of the artifact.
    Record,
}

/// Lays out the steps.
///
/// # Errors
/// When a template is broken, or when one module is asked of a platform file that has no place for it.
pub fn plan(request: Request, arches: &[Arch]) -> Result<Plan> {
    let mut steps = Vec::new();
    match &request.source {
        Source::Cargo(compiles) => {
            steps.extend(
                compiles.iter().filter_map(|compile| compile.target).map(|target| Step::AddTarget { target }),
            );
            steps.extend(
                compiles.iter().map(|compile| Step::Compile {
                    command: compile.command_line(),
                    compile: compile.clone(),
                }),
            );
        }
        Source::Files(programs, _) => {
            steps.extend(programs.iter().map(|program| Step::Check { program: program.clone() }));
        }
    }
    if let Some(path) = &request.last_build {
        steps.push(Step::Keep { path: path.clone() });
    }
    if request.is_library() {
        steps.extend(arches.iter().map(|&arch| Step::Addon { arch }));
    }
    let values = values(&request, arches);
    let main = platform::expand(&request.platform.manifest.main, &values);
    let rendered = platform::render(&request.platform.files(), &values)?;
    let write = |path: String, content, what| Step::Write { path, content, what, keep: false };
    let code = request.platform.manifest.code.as_deref().map(|code| platform::expand(code, &values) + "/");
    let code = code.unwrap_or_default();
    for Rendered { path, head, tail } in rendered {
        if request.single_file && path == main {
            let tail = tail.ok_or_else(|| {
                Error::known("template", Class::Tool, format!("`{path}` has no place for the trampoline"))
            })?;
            steps.push(write(path, Content::Single { head, tail }, "module, trampoline and payload"));
        } else {
            let keep = request.platform.manifest.scaffold.contains(&path);
            let text = head + tail.as_deref().unwrap_or_default();
            steps.push(Step::Write { path, content: Content::Text(text), what: "platform file", keep });
        }
    }
    if !request.single_file {
        for module in trap_host::modules(request.bridge(), &request.platform.manifest.adapters) {
            let text = module.text(request.lang.into());
            if text.is_empty() {
                continue; // types alone: nothing of it is left in JavaScript
            }
            let path = format!("{code}trap/{}.{}", module.name, values.ext);
            steps.push(write(path, Content::Text(text.to_owned()), "trampoline"));
        }
        let path = format!("{code}trap/{}.payload.{}", request.name, values.ext);
        steps.push(write(path, Content::Payload, "payload module"));
    }
    if request.bridge() == Bridge::Apart {
        let path = format!("{code}trap/bridge.mjs");
        steps.push(write(
            path,
            Content::Text(trap_host::bridge_file()),
            "what feeds the program where Node stays",
        ));
    }
    if request.encoding == Encoding::File && request.last_build.is_none() {
        for &arch in arches {
            if request.is_library() {
                let path = format!("{code}trap/{}", payload::library_name(&request.name, arch));
                steps.push(write(path, Content::Program(arch), "library"));
                let path = format!("{code}trap/{}", payload::addon_name(&request.name, arch));
                steps.push(write(path, Content::Addon(arch), "what loads the library into Node"));
                continue;
            }
            let path = format!("{code}trap/{}", payload::file_name(&request.name, arch));
            steps.push(write(path, Content::Program(arch), "program"));
            if request.carries_stub() {
                let path = format!("{code}trap/{}", payload::stub_name(&request.name, arch));
                steps.push(write(path, Content::Stub(arch), "what replaces Node by the program"));
            }
        }
    }
    if request.with_host {
        for Rendered { path, head, .. } in platform::render(&request.platform.host_files(), &values)? {
            steps.push(write(path, Content::Text(head), "stand-in for the platform's loader"));
        }
    }
    steps.push(write(record_path(&request.name), Content::Record, "description of the artifact"));
    if let Some(path) = &request.zip {
        steps.push(Step::Zip { path: path.clone() });
    }
    Ok(Plan { request, arches: arches.to_vec(), steps })
}

/// Where the zip of an artifact lies: beside its folder, or in it where that is somebody's project.
pub fn zip_path(dir: &Path, name: &str, shared_dir: bool) -> PathBuf {
    let file = format!("{name}.zip");
    if shared_dir { dir.join(file) } else { dir.with_file_name(file) }
}

/// Where the description of an artifact lies, inside it.
pub fn record_path(name: &str) -> String {
    format!("trap/{name}.json")
}

/// The mode of a written file.
pub fn mode(content: &Content) -> Mode {
    if matches!(content, Content::Program(_)) { Mode::Executable } else { Mode::Plain }
}

/// What templates are told.
pub fn values(request: &Request, arches: &[Arch]) -> Values {
    let arch = arches.first().copied().unwrap_or(Arch::Arm64);
    Values {
        name: request.name.clone(),
        class: request.class.clone(),
        typed: request.typed.clone(),
        ts: request.lang == Lang::Ts,
        ext: match request.lang {
            Lang::Ts => "ts",
            Lang::Js => "js",
        },
        takeover: request.takeover.in_node(),
        arch: arch.as_str(),
        aws_arch: arch.aws_name(),
        aws_arches: arches.iter().map(|arch| arch.aws_name()).collect::<Vec<_>>().join(" or "),
        payload: match request.encoding {
            Encoding::Base64 => "base64",
            Encoding::File => "file",
        },
        wrapper: request.wrapper(arches),
        single_file: request.single_file,
        bridge: request.bridge() != Bridge::None,
        lazy_bridge: request.bridge() == Bridge::Apart,
        listens: request.platform.manifest.listens.clone().unwrap_or_default(),
        handler: request.platform.handler().to_owned(),
        // Where the platform does not say, Lambda's.
        request_limit: request.platform.limit(Measured::Request).map_or(6_291_456, |limit| limit.bytes),
        dir: word(&shown(&request.dir)),
        path: shown(&request.dir).replace('\\', "/"),
        zip: shown(&request.zip_path()).replace('\\', "/"),
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// A word as a shell needs it: quoted where it has to be.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+~".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A path as a person in this folder would type it.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let shorter = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    match shorter {
        Some(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
        Some(inside) => inside.display().to_string(),
        None => path.display().to_string(),
    }
}
