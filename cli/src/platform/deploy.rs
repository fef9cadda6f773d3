//! `[deploy]` of a `platform.toml`: how the platform's own tool is called. Words are templates; see
//! [`crate::deploy`] for what they can say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How an artifact is handed to the platform's own tool.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deploy {
    /// The program.
    pub tool: String,
    /// How to get it.
    pub get: Get,
    /// True when it is started in the artifact's folder, false when it is told where that is.
    #[serde(default)]
    pub inside: bool,
    /// True when it is given a zip of the artifact.
    #[serde(default)]
    pub zip: bool,
    /// What it is told.
    pub words: Vec<String>,
    /// What it is told besides while there is nothing of that name: settings, which are the person's own from then on.
    #[serde(default)]
    pub first: Vec<String>,
    /// Variables that are set for it.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// What has to lie in the artifact's folder before.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Which of the arguments that a person passes on the other commands take too: `--flag`, or `--flag=` for one with
    /// a value.
    #[serde(default)]
    pub passed_on: Vec<String>,
    /// How to see that somebody is logged in.
    pub login: Login,
    /// How to see what is deployed already.
    #[serde(default)]
    pub look: Option<Look>,
}

/// Where a tool comes from.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Get {
    /// This npm package, as `npm install` takes it.
    Npm(String),
    /// What this page says.
    Page(String),
}

/// Something that has to lie in the artifact's folder.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Need {
    /// Path inside the artifact.
    pub path: String,
    /// What to type there.
    pub get: String,
}

/// How to see that somebody is logged in: by any one of these.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Login {
    /// What to type otherwise.
    pub how: String,
    /// One of these variables is set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
    /// One of these files has something in it; `~` is the home folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// The tool succeeds with these words…
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// … and prints this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// Or the look at what is deployed does not fail with one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<String>,
}

/// How to see what is deployed already.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Look {
    /// What the tool is told.
    pub words: Vec<String>,
    /// What it says when there is nothing of that name.
    pub absent: String,
    /// What to type then, where [`Deploy::words`] does not create it.
    #[serde(default)]
    pub create: Option<String>,
    /// What must fit the artifact in the JSON that it prints.
    #[serde(default)]
    pub compare: Vec<Compare>,
}

/// A setting of what is deployed that must fit the artifact. It is never changed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Compare {
    /// What it is, for a sentence.
    pub what: String,
    /// Where it stands, as a JSON pointer.
    pub at: String,
    /// A template for the values that fit, with white space between; `*` at the end of one stands for anything. None:
    /// nothing is compared.
    pub fits: String,
    /// The same in words, where the values do not speak for themselves.
    #[serde(default)]
    pub needs: Option<String>,
    /// An argument by which the person has it changed in the same go.
    #[serde(default)]
    pub unless: Option<String>,
    /// What to type where it does not fit; a template that also knows `found`.
    pub hint: String,
}
