//! The library of a package, which Node loads instead of a program that takes its place.

use cargo_metadata::{CrateType, Package, TargetKind};

use super::{Product, Target, list};
use crate::cargo_args::CargoArgs;
use crate::{Class, Error, Result};

/// The library that is meant; `None` where a program is.
pub(super) fn target(
    package: &Package,
    args: &CargoArgs,
    is_wanted: bool,
) -> Option<Result<(Target, Product)>> {
    let found = |target| Some(Ok((target, Product::Library)));
    if let Some(wanted) = &args.example {
        let is_library = |target: &&cargo_metadata::Target| {
            target.name == *wanted && target.kind.contains(&TargetKind::Example) && is_cdylib(target)
        };
        if package.targets.iter().any(|target| is_library(&target)) {
            return found(Target::Example(wanted.clone()));
        }
        return is_wanted.then(|| Err(none(package, &format!("the example `{wanted}` is no `cdylib`"))));
    }
    if let Some(wanted) = &args.bin {
        return is_wanted.then(|| Err(none(package, &format!("`--bin {wanted}` asks for a program"))));
    }
    let has_bins = package.targets.iter().any(|target| target.kind.contains(&TargetKind::Bin));
    match of(package) {
        Some(library) if args.lib || is_wanted || !has_bins => {
            found(Target::Lib { name: package.name.to_string(), crate_name: library.name.clone() })
        }
        None if args.lib || is_wanted => {
            Some(Err(none(package, &format!("`{}` has no library of the crate type `cdylib`", package.name))))
        }
        _ => None,
    }
}

/// The package's own library, if it can be loaded.
pub(super) fn of(package: &Package) -> Option<&cargo_metadata::Target> {
    package.targets.iter().find(|target| {
        !target.kind.contains(&TargetKind::Example)
            && !target.kind.contains(&TargetKind::Test)
            && is_cdylib(target)
    })
}

fn is_cdylib(target: &cargo_metadata::Target) -> bool {
    target.crate_types.contains(&CrateType::CDyLib)
}

fn none(package: &Package, why: &str) -> Error {
    let error = Error::known("no-library", Class::Request, format!("there is no library to load: {why}"));
    let examples: Vec<_> = package
        .targets
        .iter()
        .filter(|target| target.kind.contains(&TargetKind::Example) && is_cdylib(target))
        .map(|target| target.name.clone())
        .collect();
    if of(package).is_some() {
        return error.with_hint("leave `--bin` and `--example` out to take the package's own");
    }
    if !examples.is_empty() {
        return error.with_hint(format!("name an example with `--example`: {}", list(examples)));
    }
    error.with_hint(
        "add `[lib]` with `crate-type = [\"cdylib\", \"rlib\"]` to `Cargo.toml` and `trap_runtime::library!(router);` to \
         `src/lib.rs`, or start such a project with `cargo trap new --lib <path>`",
    )
}
