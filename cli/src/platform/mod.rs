//! Platforms: folders of data under `templates/platforms`. No code names one.

mod deploy;
mod manifest;
mod render;

pub use deploy::{Compare, Deploy, Get, Login, Look, Need};
pub use manifest::{Agree, Limit, MANIFEST_VERSION, Manifest, Measured, Wrapper};
pub use render::{Rendered, Values, WrapperValue, WrapperValues, expand, expand_with, render, render_text};

use std::collections::BTreeMap;

use clap::builder::PossibleValue;
use serde::Deserialize as _;
use trap_templates::{Dir, HOSTS, PLATFORMS};

use crate::arch::Arch;
use crate::settings::Takeover;
use crate::{Class, Error, Result};

/// The handler of what stands in for hosts that send HTTP to a port.
const HTTP_HOST: &str = "http-host.handler";

/// The platform that is meant when none is named.
pub const DEFAULT: &str = "genezio";

/// A platform: its manifest and its folder.
#[derive(Clone, Debug)]
pub struct Platform {
    /// `platform.toml`.
    pub manifest: Manifest,
    /// Its own folder, then those of the platforms it extends.
    folders: Vec<&'static Dir<'static>>,
}

impl Platform {
    /// The files the platform is given.
    pub fn files(&self) -> Vec<(String, &'static str)> {
        self.tree("files")
    }

    /// The files that stand in for the platform's own loader when the artifact is started on this machine.
    pub fn host_files(&self) -> Vec<(String, &'static str)> {
        let shared = if self.manifest.listens.is_some() { files_in(&HOSTS) } else { Vec::new() };
        shared.into_iter().chain(self.tree("host")).collect()
    }

    /// The files in `snippets/`, by name without endings.
    pub fn snippets(&self) -> BTreeMap<String, &'static str> {
        let name = |path: String| path.split('.').next().unwrap_or_default().to_owned();
        self.tree("snippets").into_iter().map(|(path, text)| (name(path), text)).collect()
    }

    /// The handler that a host which polls, ours or the platform's, loads the artifact by.
    pub fn handler(&self) -> &str {
        self.manifest.handler.as_deref().unwrap_or(HTTP_HOST)
    }

    /// Files of a name that a platform gives hide those of the platform it extends; `__code__/` in it is the folder
    /// that the host loads code from.
    fn tree(&self, name: &str) -> Vec<(String, &'static str)> {
        let code = self.manifest.code.as_ref().map(|code| format!("{code}/")).unwrap_or_default();
        let folders = self.folders.iter().rev();
        let files = folders.flat_map(|folder| tree(folder, name));
        let files: BTreeMap<_, _> =
            files.map(|(path, text)| (path.replace("__code__/", &code), text)).collect();
        files.into_iter().collect()
    }

    /// Refuses programs that the platform has no machine for.
    ///
    /// # Errors
    /// `program-machine`.
    pub fn runs(&self, arches: &[Arch]) -> Result<()> {
        let Some(own) = &self.manifest.arches else { return Ok(()) };
        let Some(other) = arches.iter().find(|arch| !own.contains(arch)) else { return Ok(()) };
        let known: Vec<_> = own.iter().map(|arch| arch.as_str()).collect();
        let known = known.join(" and ");
        let message = format!(
            "`{}` runs programs for {known} alone, and this would be one for {other}",
            self.manifest.id
        );
        Err(Error::known("program-machine", Class::Request, message)
            .with_hint(format!("leave `--arch` out, or build the program for {known}")))
    }

    /// What `auto` stands for here, and what may be forced.
    ///
    /// # Errors
    /// `takeover` when the platform has no use for the one that was asked for.
    pub fn takeover(&self, asked: Takeover) -> Result<Takeover> {
        let offered = &self.manifest.takeovers;
        match (asked, offered.as_slice()) {
            (Takeover::Auto, &[only]) => Ok(only),
            (Takeover::Auto, _) => Ok(asked),
            _ if offered.contains(&asked.family()) => Ok(asked),
            _ => {
                let known: Vec<_> =
                    offered.iter().map(|takeover| format!("`{}`", takeover.as_str())).collect();
                let message = format!("`{}` has no use for takeover `{}`", self.manifest.id, asked.as_str());
                Err(Error::known("takeover", Class::Request, message)
                    .with_hint(format!("leave `--takeover` out, or give {}", known.join(" or "))))
            }
        }
    }

    /// The limit on something, if the platform sets one.
    pub fn limit(&self, of: Measured) -> Option<&Limit> {
        self.manifest.limits.iter().find(|limit| limit.of == of)
    }
}

/// All platforms, by name.
///
/// # Errors
/// `platform-broken` when an embedded manifest cannot be read: a defect of this tool.
pub fn all() -> Result<Vec<Platform>> {
    let mut platforms = PLATFORMS.dirs().map(load).collect::<Result<Vec<_>>>()?;
    platforms.sort_by(|a, b| a.manifest.id.cmp(&b.manifest.id));
    Ok(platforms)
}

/// The platform with this name.
///
/// # Errors
/// `no-platform` with the known names.
pub fn find(name: &str) -> Result<Platform> {
    // A name has one part, and so has the path of a platform's folder.
    let folder = PLATFORMS.dirs().find(|folder| folder.path().to_str() == Some(name));
    if let Some(folder) = folder {
        return load(folder);
    }
    let known: Vec<_> = all()?.iter().map(|platform| format!("`{}`", platform.manifest.id)).collect();
    Err(Error::known("no-platform", Class::Request, format!("no platform named `{name}`"))
        .with_hint(format!("choose one of {}", known.join(", "))))
}

/// The names of platforms as a flag takes them, each with its summary.
pub fn values() -> clap::builder::PossibleValuesParser {
    let platforms = all().unwrap_or_default();
    platforms
        .into_iter()
        .map(|platform| PossibleValue::new(platform.manifest.id).help(platform.manifest.summary))
        .into()
}

fn load(folder: &'static Dir<'static>) -> Result<Platform> {
    let broken = |what: String| {
        let folder = folder.path().display();
        Error::known("platform-broken", Class::Tool, format!("the platform folder `{folder}` {what}"))
    };
    let mut folders = vec![folder];
    let mut manifest = table(folder).map_err(&broken)?;
    let mut base = manifest.get("extends").and_then(|id| id.as_str()).map(str::to_owned);
    while let Some(id) = base {
        let folder = PLATFORMS.get_dir(&id).filter(|folder| !folders.contains(folder));
        let folder = folder.ok_or_else(|| broken(format!("extends `{id}`, which it cannot")))?;
        let table = table(folder).map_err(&broken)?;
        base = table.get("extends").and_then(|id| id.as_str()).map(str::to_owned);
        for (key, value) in table {
            manifest.entry(key).or_insert(value);
        }
        folders.push(folder);
    }
    let manifest =
        Manifest::deserialize(manifest).map_err(|error| broken(format!("cannot be read: {error}")))?;
    if manifest.manifest_version != MANIFEST_VERSION {
        return Err(broken(format!("has manifest version {}", manifest.manifest_version)));
    }
    if folder.path().to_str() != Some(&manifest.id) {
        return Err(broken(format!("calls itself `{}`", manifest.id)));
    }
    if manifest.handler.is_some() == manifest.listens.is_some() {
        return Err(broken("has not one of `handler` and `listens`".to_owned()));
    }
    if let Some(name) =
        manifest.adapters.iter().find(|name| trap_host::OPTIONAL.iter().all(|adapter| adapter.name != **name))
    {
        return Err(broken(format!("wants the adapter `{name}`, which there is not")));
    }
    Ok(Platform { manifest, folders })
}

/// `platform.toml` as it is written.
fn table(folder: &'static Dir<'static>) -> std::result::Result<toml::Table, String> {
    let file = folder.get_file(folder.path().join("platform.toml")).and_then(|file| file.contents_utf8());
    let text = file.ok_or_else(|| "has no `platform.toml`".to_owned())?;
    text.parse().map_err(|error| format!("cannot be read: {error}"))
}

/// All files below `folder/name`, by their path inside it.
pub fn tree(folder: &'static Dir<'static>, name: &str) -> Vec<(String, &'static str)> {
    let base = folder.path().join(name);
    folder.get_dir(&base).map(files_in).unwrap_or_default()
}

/// The same, whatever they hold.
pub fn tree_of_bytes(folder: &'static Dir<'static>, name: &str) -> Vec<(String, &'static [u8])> {
    let base = folder.path().join(name);
    folder.get_dir(&base).map(bytes_in).unwrap_or_default()
}

/// All files below a folder, by their path inside it.
fn files_in(folder: &'static Dir<'static>) -> Vec<(String, &'static str)> {
    let text = |(path, bytes)| Some((path, std::str::from_utf8(bytes).ok()?));
    bytes_in(folder).into_iter().filter_map(text).collect()
}

fn bytes_in(folder: &'static Dir<'static>) -> Vec<(String, &'static [u8])> {
    let mut files = Vec::new();
    let mut folders = vec![folder];
    while let Some(next) = folders.pop() {
        folders.extend(next.dirs());
        files.extend(next.files().filter_map(|file| {
            let path = file.path().strip_prefix(folder.path()).ok()?.to_str()?.replace('\\', "/");
            Some((path, file.contents()))
        }));
    }
    files.sort();
    files
}
