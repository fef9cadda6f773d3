//! Behind a platform's own dev server: its host is started once around what `cargo trap build --dev` wrote, and what the
//! next build makes of an edited program is what it answers with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;

use e2e::Result;
use e2e::artifact::{self, run};
use e2e::http::Request;
use libtest_mimic::{Failed, Trial};

use crate::hosts::{self, Host, Running};

/// Hosts that people leave running while they edit; AWS's Node client is also what `sst dev` runs functions with.
const HOSTS: &[&str] = &["genezio-local", "genezio-function-local", "lambda", "functions-framework"];

/// One trial for each.
pub fn trials(missing: impl Fn(&Host) -> Option<String>) -> Vec<Trial> {
    HOSTS
        .iter()
        .map(|name| {
            let host = hosts::ALL.iter().find(|host| host.name == *name);
            let why = host.map_or_else(|| Some(format!("no host is called `{name}`")), &missing);
            let play = move || match host {
                Some(host) => play(host).map_err(Failed::from),
                None => Err(Failed::without_message()),
            };
            crate::unless_missing(format!("{name}/edit-loop"), why, play)
        })
        .collect()
}

fn play(host: &'static Host) -> Result<()> {
    let edited = Edited::new(host)?;
    edited.answer("one")?;
    edited.build()?;
    let running: Arc<dyn Running> = host.around(edited.built(), "edit-loop")?.into();
    let ask = |path: &str| answered(&*running, path);
    let wants = |path: &str, wanted: &str| match ask(path)? {
        got if got == wanted => Ok(()),
        got => Err(format!("`{path}` is answered with `{got}`, not `{wanted}`")),
    };
    wants("/", "one")?;
    let (pid, written) = (ask("/pid")?, edited.written()?);

    edited.answer("two")?;
    edited.build()?;
    wants("/", "two")?;
    if ask("/pid")? == pid {
        return Err("the program of the first build still answers".to_owned());
    }
    if edited.written()? != written {
        return Err("the second build wrote into the artifact, which the host may watch".to_owned());
    }

    // Who is being answered is left alone; who asks next gets the new answer.
    let slow = {
        let running = Arc::clone(&running);
        std::thread::spawn(move || answered(&*running, "/slow/2500"))
    };
    std::thread::sleep(std::time::Duration::from_millis(500));
    edited.answer("three")?;
    edited.build()?;
    wants("/", "three")?;
    slow.join().map_err(|_| "the slow request panicked".to_owned())??;
    wants("/", "three")?;

    fs::write(edited.folder.join("src/answer.rs"), "pub const ANSWER: &str =")
        .map_err(|error| format!("editing: {error}"))?;
    if edited.build().is_ok() {
        return Err("what does not compile was built".to_owned());
    }
    wants("/", "three")?;
    running.stop()
}

fn answered(running: &dyn Running, path: &str) -> Result<String> {
    let response = running.send(&Request::get(path))?;
    match response.status {
        200 => Ok(response.text()),
        status => Err(format!("GET {path}: status {status}: {}", response.text())),
    }
}

/// A crate that is edited.
struct Edited {
    folder: PathBuf,
    platform: &'static str,
}

impl Edited {
    fn new(host: &Host) -> Result<Self> {
        let folder = hosts::fresh(host.name, "edited")?;
        let write = |path: &str, text: &str| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))
                .and_then(|()| fs::write(&path, text))
                .map_err(|error| format!("writing `{}`: {error}", path.display()))
        };
        // Hosts know the program by the name of the one that all others run.
        write(
            "Cargo.toml",
            "[package]\nname = \"mirror\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[profile.dev]\ndebug = false\n\n[workspace]\n",
        )?;
        write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"mirror\"\nversion = \"0.1.0\"\n")?;
        write("src/main.rs", include_str!("../dev/program.rs"))?;
        Ok(Self { folder, platform: host.platform })
    }

    fn answer(&self, text: &str) -> Result<()> {
        let text = format!("pub const ANSWER: &str = {text:?};\npub const EXIT: bool = false;\n");
        fs::write(self.folder.join("src/answer.rs"), text).map_err(|error| format!("editing: {error}"))
    }

    fn build(&self) -> Result<()> {
        let mut command = Command::new(artifact::cli()?);
        command.args(["trap", "build", "--dev", "--offline", "--platform", self.platform]);
        command.args(["--out-dir", "built"]).current_dir(&self.folder);
        run(command.env("CARGO_TARGET_DIR", self.folder.join("target"))).map(drop)
    }

    fn built(&self) -> PathBuf {
        self.folder.join("built")
    }

    /// What lies in the artifact, and when it was written.
    fn written(&self) -> Result<Vec<(PathBuf, SystemTime)>> {
        let mut found = Vec::new();
        let mut folders = vec![self.built()];
        let fail = |error: std::io::Error| format!("reading the artifact: {error}");
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).map_err(fail)? {
                let (path, facts) = entry.and_then(|e| Ok((e.path(), e.metadata()?))).map_err(fail)?;
                if facts.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path, facts.modified().map_err(fail)?));
                }
            }
        }
        found.sort();
        Ok(found)
    }
}
