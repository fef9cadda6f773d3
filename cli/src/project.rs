//! The user's crate as we need it, from `cargo metadata`.

mod library;

use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package, TargetKind};

use crate::cargo_args::CargoArgs;
use crate::settings::{Flags, Takeover};
use crate::{Class, Error, Result};

/// The program that the command line means, inside its workspace.
#[derive(Clone, Debug)]
pub struct Project {
    /// The package's name.
    pub package: String,
    /// The binary, example or library.
    pub target: Target,
    /// What cargo makes of it.
    pub product: Product,
    /// The folder of the package's manifest.
    pub root: PathBuf,
    /// The folder of the workspace's root manifest.
    pub workspace_root: PathBuf,
    /// Cargo's target folder, `--target-dir` applied.
    pub target_dir: PathBuf,
    /// `[package.metadata.trap]`.
    pub flags: Flags,
    /// The package as cargo's `--package` takes it without a doubt.
    pub spec: String,
    /// Folders of packages on this machine that lie outside of the workspace: dependencies by path.
    pub outside: Vec<PathBuf>,
    /// Packages of the resolved graph that compile C, C++ or assembler, in alphabetical order.
    pub compiles_c: Vec<String>,
}

/// What cargo is asked to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `--bin NAME`
    Bin(String),
    /// `--example NAME`
    Example(String),
    /// `--lib`
    Lib {
        /// The package's.
        name: String,
        /// Cargo's own name for it, with `_` where the package's has `-`.
        crate_name: String,
    },
}

/// What a host is given of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// An executable.
    Program,
    /// A shared library, of the crate type `cdylib`.
    Library,
}

impl Target {
    /// Its name, which also names the artifact.
    pub fn name(&self) -> &str {
        match self {
            Self::Bin(name) | Self::Example(name) | Self::Lib { name, .. } => name,
        }
    }

    /// The name that cargo's messages give it.
    pub fn crate_name(&self) -> &str {
        match self {
            Self::Bin(name) | Self::Example(name) | Self::Lib { crate_name: name, .. } => name,
        }
    }
}

/// Crates whose use as a build dependency means that a C compiler will be called.
const C_BUILDERS: [&str; 4] = ["cc", "cmake", "autotools", "nasm-rs"];

impl Project {
    /// Finds the one program that is meant, or the library: where `takeover`, or else the manifest, says so, and
    /// where there is nothing else.
    ///
    /// # Errors
    /// `no-project` outside a cargo project; `ambiguous` with the list of names when several programs fit;
    /// `no-program` or `no-library` when none does.
    pub fn find(args: &CargoArgs, takeover: Option<Takeover>) -> Result<Self> {
        let metadata = metadata(args)?;
        let package = package(&metadata, args)?;
        let flags = Flags::from_metadata(&package.name, &package.metadata)?;
        let wants_library = takeover.or(flags.takeover) == Some(Takeover::Library);
        let (target, product) = library::target(package, args, wants_library)
            .unwrap_or_else(|| target(package, args).map(|target| (target, Product::Program)))?;
        let target_dir = args.target_dir.clone().unwrap_or_else(|| metadata.target_directory.clone().into());
        Ok(Self {
            package: package.name.to_string(),
            root: folder(package).to_path_buf(),
            workspace_root: metadata.workspace_root.clone().into(),
            target_dir,
            flags,
            spec: spec(&metadata, package),
            outside: outside(&metadata),
            compiles_c: compiles_c(&metadata, package),
            target,
            product,
        })
    }
}

/// Runs `cargo metadata`; its own explanation of a broken manifest is passed on.
fn metadata(args: &CargoArgs) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.cargo_path(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    if let Some(path) = &args.manifest_path {
        if !path.exists() {
            return Err(Error::known(
                "no-project",
                Class::Request,
                format!("the manifest `{}` does not exist", path.display()),
            ));
        }
        command.manifest_path(path);
    }
    command.other_options(args.for_metadata());
    command.exec().map_err(|error| {
        let said = match &error {
            cargo_metadata::Error::CargoMetadata { stderr } => stderr.trim().to_owned(),
            other => other.to_string(),
        };
        if said.contains("could not find `Cargo.toml`") {
            return Error::known("no-project", Class::Request, "this folder is not inside a cargo project")
                .with_hint("run it in one, name one with `--manifest-path`, start one with `cargo trap new`, or give a compiled program with `--program`");
        }
        let said = said.trim_start_matches("error: ").to_owned();
        Error::known("cargo-metadata", Class::Request, format!("cargo cannot read this project: {said}"))
    })
}

/// The package: `-p`, else the one whose folder we are in, else the only one with a program.
fn package<'a>(metadata: &'a Metadata, args: &CargoArgs) -> Result<&'a Package> {
    let members = metadata.workspace_packages();
    if let Some(wanted) = &args.package {
        // A name, `name@version`, or a URL that ends in `#name@version`.
        let name = wanted.rsplit('#').next().unwrap_or(wanted);
        let name = name.split('@').next().unwrap_or(name);
        return members.iter().find(|package| package.name.as_str() == name).copied().ok_or_else(|| {
            Error::known(
                "no-package",
                Class::Request,
                format!("no package named `{wanted}` in this workspace"),
            )
            .with_hint(format!("choose one of {}", list(with_programs(&members))))
        });
    }
    if let Some(root) = metadata.root_package() {
        return Ok(root);
    }
    let here = args
        .manifest_path
        .as_deref()
        .and_then(Path::parent)
        .map(Path::to_path_buf)
        .or_else(|| std::env::current_dir().ok())
        .and_then(|path| path.canonicalize().ok());
    if let Some(here) = here {
        let inside = members
            .iter()
            .filter(|package| here.starts_with(folder(package)))
            .max_by_key(|package| folder(package).as_os_str().len());
        if let Some(package) = inside {
            return Ok(package);
        }
    }
    let candidates = with_programs(&members);
    match candidates.as_slice() {
        [] => Err(Error::known("no-program", Class::Request, "no package of this workspace has a program")
            .with_hint("start one with `cargo trap new <path>`")),
        [_] => Ok(members
            .iter()
            .find(|package| package.name.as_str() == candidates[0])
            .copied()
            .unwrap_or(members[0])),
        several => Err(Error::known(
            "ambiguous",
            Class::Request,
            format!("this workspace has {} packages with a program, and none was named", several.len()),
        )
        .with_hint(format!("add `-p` and one of {}", list(several.to_vec())))),
    }
}

/// The name, unless a dependency has the same one.
fn spec(metadata: &Metadata, package: &Package) -> String {
    let namesakes = metadata.packages.iter().filter(|other| other.name == package.name).count();
    if namesakes > 1 { package.id.repr.clone() } else { package.name.to_string() }
}

/// The binary or example of a package.
fn target(package: &Package, args: &CargoArgs) -> Result<Target> {
    let names = |kind: TargetKind| -> Vec<String> {
        package
            .targets
            .iter()
            .filter(|target| target.kind.contains(&kind))
            .map(|target| target.name.clone())
            .collect()
    };
    let named = |kind: TargetKind, what: &str, wanted: &str| {
        let known = names(kind);
        if known.iter().any(|name| name == wanted) {
            return Ok(wanted.to_owned());
        }
        let error = Error::known(
            "no-program",
            Class::Request,
            format!("`{}` has no {what} named `{wanted}`", package.name),
        );
        Err(if known.is_empty() { error } else { error.with_hint(format!("choose one of {}", list(known))) })
    };
    if let Some(wanted) = &args.example {
        return named(TargetKind::Example, "example", wanted).map(Target::Example);
    }
    if let Some(wanted) = &args.bin {
        return named(TargetKind::Bin, "binary", wanted).map(Target::Bin);
    }
    if let Some(name) = &package.default_run {
        return Ok(Target::Bin(name.clone()));
    }
    let bins = names(TargetKind::Bin);
    match bins.as_slice() {
        [one] => Ok(Target::Bin(one.clone())),
        [] => Err(Error::known("no-program", Class::Request, format!("`{}` has no binary", package.name))
            .with_hint(
                "add a `src/main.rs`, name an example with `--example`, or another package with `-p`",
            )),
        several => Err(Error::known(
            "ambiguous",
            Class::Request,
            format!("`{}` has {} binaries, and none was named", package.name, several.len()),
        )
        .with_hint(format!("add `--bin` and one of {}", list(several.to_vec())))),
    }
}

/// Packages that come from no registry and no repository, and are none of the workspace's.
fn outside(metadata: &Metadata) -> Vec<PathBuf> {
    let local = metadata.packages.iter().filter(|package| package.source.is_none());
    let folders = local.map(|package| folder(package).to_path_buf());
    folders.filter(|folder| !folder.starts_with(&metadata.workspace_root)).collect()
}

/// Which packages the program's graph compiles C for: those with a build dependency on a C builder.
fn compiles_c(metadata: &Metadata, package: &Package) -> Vec<String> {
    let Some(resolve) = &metadata.resolve else { return Vec::new() };
    let node = |id| resolve.nodes.iter().find(|node| &node.id == id);
    let mut seen = std::collections::HashSet::new();
    let mut queue = vec![&package.id];
    let mut found = std::collections::BTreeSet::new();
    while let Some(id) = queue.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dependency in node(id).map(|node| node.deps.as_slice()).unwrap_or_default() {
            let kinds = &dependency.dep_kinds;
            let builder = metadata.packages.iter().find(|package| package.id == dependency.pkg);
            let builds = kinds.iter().any(|kind| kind.kind == cargo_metadata::DependencyKind::Build);
            if builds && builder.is_some_and(|builder| C_BUILDERS.contains(&builder.name.as_str())) {
                found.extend(
                    metadata
                        .packages
                        .iter()
                        .find(|package| &package.id == id)
                        .map(|found| found.name.to_string()),
                );
            }
            // What only a build script needs is compiled for this machine, which has its own compiler.
            if kinds.iter().any(|kind| kind.kind == cargo_metadata::DependencyKind::Normal) {
                queue.push(&dependency.pkg);
            }
        }
    }
    found.into_iter().collect()
}

fn with_programs(members: &[&Package]) -> Vec<String> {
    members
        .iter()
        .filter(|package| {
            library::of(package).is_some()
                || package.targets.iter().any(|target| target.kind.contains(&TargetKind::Bin))
        })
        .map(|package| package.name.to_string())
        .collect()
}

fn folder(package: &Package) -> &Path {
    package.manifest_path.parent().map_or(Path::new("."), |parent| parent.as_std_path())
}

fn list(mut names: Vec<String>) -> String {
    names.sort();
    format!("`{}`", names.join("`, `"))
}
