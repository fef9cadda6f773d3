//! Carries out what a tool's manifest says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::manifest::{Npm, Tool};
use crate::{cache, elf, prerequisite, process, ui};

/// Behind the suite that is watched, which needs what it compiles now, and before those that run beside it.
const BEHIND: u8 = 5;

/// Debian packages this tool still needs: to be installed, or to be used when it lives in the system.
pub fn system(tool: &Tool) -> Result<BTreeSet<String>> {
    if is_cached(tool)? {
        return Ok(Default::default());
    }
    let mut wanted = tool.debian.clone();
    if tool.wheel.is_some()
        && process::output(Command::new("python3").args(["-m", "pip", "--version"])).is_err()
    {
        wanted.insert("python3-pip".to_owned(), "/no/proof".to_owned());
    }
    Ok(prerequisite::missing_packages(&wanted))
}

/// Makes sure that the tool is there; Debian packages must have been installed before.
pub fn provide(tool: &Tool) -> Result<()> {
    let absent = prerequisite::missing_packages(&tool.debian);
    if tool.path.is_none() || !is_cached(tool)? {
        prerequisite::install_packages(&absent)?;
    }
    prerequisite::rust_targets(&tool.rust_targets)?;
    match &tool.rust_toolchain {
        Some(toolchain) => prerequisite::toolchain(toolchain, &tool.rust_components)?,
        None => prerequisite::rust_components(&tool.rust_components)?,
    }
    if let Some(name) = &tool.binfmt {
        prerequisite::binfmt(name)?;
    }
    let Some(path) = place(tool)? else { return Ok(()) };
    if is_cached(tool)? {
        return Ok(());
    }
    let start = Instant::now();
    ui::step("install", &format!("{}: {}", tool.name, tool.summary));
    cache::make(&path, &key(tool)?, |folder| {
        download(tool, folder)?;
        keep(tool, folder)?;
        verify(tool, folder)
    })?;
    ui::step("installed", &format!("{} in {}", tool.name, ui::seconds(start.elapsed())));
    Ok(())
}

/// Identity of everything that decides what will be installed.
fn key(tool: &Tool) -> Result<String> {
    let mut files = vec![tool.folder.join("tool.toml")];
    if let Some(npm) = &tool.npm {
        files.push(lock_folder(tool, npm).join("package-lock.json"));
    }
    if tool.wheel.is_some() {
        files.push(tool.folder.join("requirements.txt"));
    }
    cache::key(&files)
}

fn place(tool: &Tool) -> Result<Option<PathBuf>> {
    let root = cache::root()?;
    Ok(tool.path.as_ref().map(|path| root.join(path)))
}

fn is_cached(tool: &Tool) -> Result<bool> {
    let Some(path) = place(tool)? else { return Ok(false) };
    Ok(cache::has(&path, &key(tool)?))
}

fn lock_folder(tool: &Tool, npm: &Npm) -> PathBuf {
    npm.lock.as_ref().map_or_else(|| tool.folder.clone(), |other| tool.folder.with_file_name(other))
}

fn download(tool: &Tool, folder: &Path) -> Result<()> {
    if let Some(npm) = &tool.npm {
        let from = lock_folder(tool, npm);
        for name in ["package.json", "package-lock.json"] {
            fs::copy(from.join(name), folder.join(name))
                .with_context(|| format!("could not copy `{name}`"))?;
        }
        let scripts = if npm.scripts { "--foreground-scripts" } else { "--ignore-scripts" };
        let mut command = npm_ci(folder, process::behind(BEHIND, "npm"))?;
        command.arg(scripts).args(&npm.args).env("MAKEFLAGS", "-j2");
        // Where autoconf looks for a site's own choices: what is compiled once needs nothing for the next time.
        let site = folder.join("config.site");
        fs::write(&site, "enable_dependency_tracking=no\n").context("could not write `config.site`")?;
        command.env("CONFIG_SITE", site);
        let cache = cache::root()?.display().to_string();
        for (name, value) in &npm.env {
            command.env(name, value.replace("{cache}", &cache));
        }
        process::quietly(&tool.name, &mut command)?;
    }
    if let Some(wheel) = &tool.wheel {
        prerequisite::command("python3")?;
        let mut pip = process::behind(BEHIND, "python3");
        pip.args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes", "--dest"]);
        pip.arg(folder);
        if let Some(platform) = &wheel.platform {
            pip.args(["--platform", platform]);
        }
        process::quietly(&tool.name, pip.arg("--requirement").arg(tool.folder.join("requirements.txt")))?;
        // Listed before any is unpacked: what comes out of one is no wheel.
        let wheels = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        for wheel in wheels.iter().filter(|path| path.extension().is_some_and(|ending| ending == "whl")) {
            let mut unpack = process::behind(BEHIND, "python3");
            process::quietly(&tool.name, unpack.args(["-m", "zipfile", "-e"]).arg(wheel).arg(folder))?;
            fs::remove_file(wheel)?;
        }
    }
    Ok(())
}

/// `npm ci` in a folder that has a lock file, by this call of npm.
pub fn npm_ci(folder: &Path, mut npm: Command) -> Result<Command> {
    prerequisite::command("node")?;
    prerequisite::command("npm")?;
    npm.current_dir(folder).args(["ci", "--no-audit", "--no-fund", "--no-update-notifier"]);
    Ok(npm)
}

/// Keeps what the manifest takes, and drops the rest.
fn keep(tool: &Tool, folder: &Path) -> Result<()> {
    if tool.take.is_empty() {
        return Ok(());
    }
    let downloaded = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    for (to, from) in &tool.take {
        let (from, to) = (folder.join(from), folder.join(to));
        let parent = to.parent().expect("it lies in the folder");
        fs::create_dir_all(parent).with_context(|| format!("could not create `{}`", parent.display()))?;
        fs::rename(&from, &to).with_context(|| format!("the download has no `{}`", from.display()))?;
    }
    for path in downloaded {
        if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }
            .with_context(|| format!("could not remove `{}`", path.display()))?;
    }
    Ok(())
}

fn verify(tool: &Tool, folder: &Path) -> Result<()> {
    for file in &tool.files {
        ensure!(folder.join(file).exists(), "the installation has no `{file}`");
    }
    for (file, machine) in &tool.elf {
        let path = folder.join(file);
        elf::check(&path, *machine)?;
        make_executable(&path)?;
    }
    Ok(())
}

/// Zip archives lose the mode on the way through Python.
#[cfg(unix)]
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("could not make `{}` executable", path.display()))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}
