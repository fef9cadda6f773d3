//! What the tool says before anything is built: who is logged in, and whether what is deployed fits the artifact.

use std::path::Path;

use super::plan::{Call, Deployment, Fits};
use super::tool::{Said, Tool};
use crate::ui::{Progress, Ui};
use crate::{Class, Error, Result, plan};

/// What the tool printed instead of what was hoped for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Words(String);

/// What is there of the name that is deployed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing yet, and the tool will create it.
    Nothing,
    /// Something that this artifact may take the place of, as far as anybody can see.
    Something,
}

/// Makes sure that somebody is logged in, and that what is deployed fits.
///
/// # Errors
/// `login`; `no-function` when there is nothing to update; `function-differs` when the artifact could not run there;
/// the tool's own status when it fails otherwise, after it has explained itself.
pub fn all(deployment: &Deployment, tool: &Tool, ui: &Ui) -> Result<Found> {
    let call = |args: &[String]| deployment.ask(tool.program.clone(), &tool.name, args);
    let asking = |about: &str| ui.progress("Asking", format_args!("{} {about}", deployment.deploy.tool));
    login(deployment, call(&deployment.login), || asking("who is logged in"))?;
    let Some(look) = deployment.look.as_deref().map(call) else { return Ok(Found::Something) };
    ui.detail("Running", &look.command);
    let said = {
        let _progress = asking(&format!("about `{}`", deployment.function));
        look.ask()?
    };
    if said.success {
        compare(deployment, &said, ui)?;
        return Ok(Found::Something);
    }
    let complaint = [&*text(&said.stderr), &*text(&said.stdout)].concat();
    if deployment.deploy.login.denied.iter().any(|words| complaint.contains(words)) {
        return Err(logged_out(deployment, &said));
    }
    let absent = deployment.deploy.look.as_ref().is_some_and(|look| complaint.contains(&look.absent));
    match &deployment.create {
        None if absent => Ok(Found::Nothing),
        Some(how) if absent => {
            let message = format!("there is no `{}` that could be updated", deployment.function);
            Err(Error::known("no-function", Class::Request, message)
                .with_source(Words(first_line(&said)))
                .with_hint(how))
        }
        _ => {
            ui.pass_on(&said.stderr);
            Err(Error::ToolFailed {
                tool: look.command,
                status: said.status,
                hint: Some("nothing was built or deployed".to_owned()),
            })
        }
    }
}

/// Any one of the means that the manifest names is enough.
fn login(deployment: &Deployment, ask: Call, progress: impl FnOnce() -> Progress) -> Result<()> {
    let login = &deployment.deploy.login;
    let is_set = |name: &String| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if login.variables.iter().any(is_set) || login.files.iter().any(|file| has_text(file)) {
        return Ok(());
    }
    if ask.args.is_empty() {
        // Where nothing else tells, the look does.
        return if login.denied.is_empty() { Err(nobody(deployment)) } else { Ok(()) };
    }
    let said = {
        let _progress = progress();
        ask.ask()?
    };
    let printed = text(&said.stdout) + text(&said.stderr);
    if said.success && login.says.as_ref().is_none_or(|words| printed.contains(words)) {
        return Ok(());
    }
    Err(logged_out(deployment, &said))
}

fn nobody(deployment: &Deployment) -> Error {
    let message = format!("nobody is logged in to `{}`", deployment.deploy.tool);
    Error::known("login", Class::Machine, message).with_hint(&deployment.deploy.login.how)
}

fn logged_out(deployment: &Deployment, said: &Said) -> Error {
    match first_line(said) {
        line if line.is_empty() => nobody(deployment),
        line => nobody(deployment).with_source(Words(line)),
    }
}

/// True for a file with something in it; `~` at the beginning is the home folder.
fn has_text(file: &str) -> bool {
    let path = match file.strip_prefix("~/") {
        Some(rest) => match std::env::home_dir() {
            Some(home) => home.join(rest),
            None => return false,
        },
        None => Path::new(file).to_path_buf(),
    };
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > 0)
}

/// Holds what is deployed against the artifact. Nothing is ever changed there.
fn compare(deployment: &Deployment, said: &Said, ui: &Ui) -> Result<()> {
    if deployment.fits.is_empty() {
        return Ok(());
    }
    let Ok(answer) = serde_json::from_slice::<serde_json::Value>(&said.stdout) else {
        ui.warning(format_args!(
            "what `{}` says about `{}` is no JSON, so it was not held against the artifact",
            deployment.deploy.tool, deployment.function
        ));
        return Ok(());
    };
    for fits in &deployment.fits {
        let Some(found) = answer.pointer(&fits.at).and_then(|found| found.as_str()) else {
            let (name, what) = (&deployment.function, &fits.what);
            ui.warning(format_args!("`{name}` does not say its {what}, so the artifact may not fit"));
            continue;
        };
        if !fits.admits(found) {
            return Err(differs(deployment, fits, found)?);
        }
    }
    Ok(())
}

fn differs(deployment: &Deployment, fits: &Fits, found: &str) -> Result<Error> {
    // From outside: it may say what it likes, but only on one line.
    let found = clean(found);
    let message = format!(
        "`{}` has {} `{found}`, and the artifact needs {}; nothing was deployed",
        deployment.function, fits.what, fits.needs
    );
    let hint = deployment.hint(fits, &plan::word(&found))?;
    Ok(Error::known("function-differs", Class::Request, message).with_hint(hint))
}

/// What the tool complained of first, else what it printed first.
fn first_line(said: &Said) -> String {
    let all = [text(&said.stderr), text(&said.stdout)];
    let line = all.iter().flat_map(|text| text.lines()).map(str::trim).find(|line| !line.is_empty());
    clean(line.unwrap_or_default())
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Without what would move the cursor or change colours.
fn clean(line: &str) -> String {
    line.chars().filter(|c| !c.is_control()).take(300).collect()
}
