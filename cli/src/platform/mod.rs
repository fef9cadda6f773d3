//! Platforms: folders of data under `templates/platforms`. No code names one.

mod manifest;
mod render;

pub use manifest::{Agree, Limit, MANIFEST_VERSION, Manifest, Measured, Wrapper};
pub use render::{Rendered, Values, WrapperValue, WrapperValues, expand, expand_with, render, render_text};

use clap::builder::PossibleValue;
use trap_templates::{Dir, PLATFORMS};

use crate::{Class, Error, Result};

/// The platform that is meant when none is named.
pub const DEFAULT: &str = "genezio";

/// A platform: its manifest and its folder.
#[derive(Clone, Debug)]
pub struct Platform {
    /// `platform.toml`.
    pub manifest: Manifest,
    folder: &'static Dir<'static>,
}

impl Platform {
    /// The files the platform is given.
    pub fn files(&self) -> Vec<(String, &'static str)> {
        tree(self.folder, "files")
    }

    /// The files that stand in for the platform's own loader when the artifact is started on this machine.
    pub fn host_files(&self) -> Vec<(String, &'static str)> {
        tree(self.folder, "host")
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
    let platforms = all()?;
    let known: Vec<_> = platforms.iter().map(|platform| format!("`{}`", platform.manifest.id)).collect();
    let known = known.join(", ");
    platforms.into_iter().find(|platform| platform.manifest.id == name).ok_or_else(|| {
        Error::known("no-platform", Class::Request, format!("no platform named `{name}`"))
            .with_hint(format!("choose one of {known}"))
    })
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
    let manifest: Manifest = folder
        .get_file(folder.path().join("platform.toml"))
        .and_then(|file| file.contents_utf8())
        .ok_or_else(|| broken("has no `platform.toml`".to_owned()))
        .and_then(|text| toml::from_str(text).map_err(|error| broken(format!("cannot be read: {error}"))))?;
    if manifest.manifest_version != MANIFEST_VERSION {
        return Err(broken(format!("has manifest version {}", manifest.manifest_version)));
    }
    if folder.path().to_str() != Some(&manifest.id) {
        return Err(broken(format!("calls itself `{}`", manifest.id)));
    }
    Ok(Platform { manifest, folder })
}

/// All files below `folder/name`, by their path inside it.
pub fn tree(folder: &'static Dir<'static>, name: &str) -> Vec<(String, &'static str)> {
    let base = folder.path().join(name);
    let mut files = Vec::new();
    let mut folders: Vec<_> = folder.get_dir(&base).into_iter().collect();
    while let Some(next) = folders.pop() {
        folders.extend(next.dirs());
        files.extend(next.files().filter_map(|file| {
            let path = file.path().strip_prefix(&base).ok()?.to_str()?.replace('\\', "/");
            Some((path, file.contents_utf8()?))
        }));
    }
    files.sort();
    files
}
