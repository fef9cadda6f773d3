//! What there is to know about a platform; also the JSON form.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Result;
use crate::arch::ArchChoice;
use crate::deploy::Deployment;
use crate::payload::Encoding;
use crate::plan::{self, Request};
use crate::platform::{self, Get, Limit, Login, Measured, Need, Platform};
use crate::settings::{Lang, Takeover};

/// The name that stands for the program's.
const NAME: &str = "NAME";

/// One platform.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    reason: &'static str,
    pub name: String,
    /// True for the one that is meant when none is named.
    pub default: bool,
    pub summary: String,
    pub host: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// The default first.
    pub langs: Vec<Lang>,
    /// By default; any can be asked for.
    pub arch: ArchChoice,
    pub payload: Encoding,
    /// The default first.
    pub takeovers: Vec<Takeover>,
    pub limits: Vec<Limit>,
    /// What a build writes, `NAME` standing for the program's name.
    pub main: String,
    /// Written once, and the person's own from then on.
    pub scaffold: Vec<String>,
    pub deploy: Deploys,
    /// What to type after a build, apart from what deploys it.
    pub next: Vec<String>,
    /// What tools for infrastructure can be told, by the name that `--snippet` takes.
    pub snippets: BTreeMap<String, String>,
}

/// How it is deployed.
#[derive(Debug, Serialize)]
pub(super) struct Deploys {
    pub tool: String,
    pub get: Get,
    pub login: Login,
    /// What is asked before: whether somebody is logged in, what is deployed.
    pub asks: Vec<String>,
    /// What must fit in what is deployed.
    pub compares: Vec<String>,
    pub command: String,
    /// Said besides while there is nothing of that name.
    pub first: Vec<String>,
    pub needs: Vec<Need>,
}

impl Report {
    pub fn of(platform: &Platform) -> Result<Self> {
        let request = Request::sample(platform.clone(), NAME)?;
        let arches = platform.manifest.arch.arches();
        let deployment = Deployment::plan(&request, &arches, None, &[])?;
        let values = plan::values(&request, &arches);
        let manifest = &platform.manifest;
        let tool = &deployment.deploy.tool;
        let ask = |args: &[String]| deployment.ask(tool.into(), tool, args).command;
        let login = Some(&deployment.login).filter(|words| !words.is_empty());
        Ok(Self {
            reason: "trap-platform",
            name: manifest.id.clone(),
            default: manifest.id == platform::DEFAULT,
            summary: manifest.summary.clone(),
            host: manifest.host.clone(),
            extends: manifest.extends.clone(),
            langs: manifest.langs.clone(),
            arch: manifest.arch,
            payload: manifest.payload,
            takeovers: manifest.takeovers.clone(),
            limits: manifest.limits.clone(),
            main: platform::expand(&manifest.main, &values),
            scaffold: manifest.scaffold.clone(),
            deploy: Deploys {
                tool: tool.clone(),
                get: deployment.deploy.get.clone(),
                login: deployment.deploy.login.clone(),
                asks: login.into_iter().chain(&deployment.look).map(|words| ask(words)).collect(),
                compares: deployment.fits.iter().map(|fits| fits.what.clone()).collect(),
                command: deployment.call(tool.into(), tool, deployment.args(false)).command,
                first: deployment.first.clone(),
                needs: deployment.deploy.needs.clone(),
            },
            next: manifest
                .next
                .iter()
                .map(|next| platform::render_text("next", next, &values))
                .collect::<Result<_>>()?,
            snippets: manifest.snippets.clone(),
        })
    }

    /// The limit on something, as people say it: `250 MiB`.
    pub fn limit(&self, of: Measured) -> Option<String> {
        self.limits.iter().find(|limit| limit.of == of).map(|limit| size(limit.bytes))
    }

    /// The takeovers by name, without the choice among them.
    pub fn takeovers(&self) -> Vec<&'static str> {
        let chosen = |takeover: &&Takeover| **takeover != Takeover::Auto;
        self.takeovers.iter().filter(chosen).map(|takeover| takeover.as_str()).collect()
    }
}

/// A size without digits that say nothing.
pub(super) fn size(bytes: u64) -> String {
    crate::size::Bytes(bytes).to_string().replace(".00 ", " ").replace(".0 ", " ")
}

/// As flags spell it.
pub(super) fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
