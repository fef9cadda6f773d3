//! What the tool will be told: pure, from a manifest and an artifact to words.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::arch::Arch;
use crate::plan::{Request, shown, word};
use crate::platform::{self, Deploy};
use crate::{Class, Error, Result};

/// What the words of a manifest can say.
#[derive(Clone, Debug, Serialize)]
struct Words {
    /// The program's name.
    name: String,
    /// What the artifact is called on the platform.
    function: String,
    /// Its folder, from where the tool is started.
    dir: String,
    /// Its zip, likewise.
    zip: String,
    /// `<module>.<export>`, as AWS writes it.
    handler: String,
    /// The first of its architectures as AWS spells it.
    aws_arch: &'static str,
    /// All of them, with spaces between.
    aws_arches: String,
}

/// Every command of a deployment, without the tool itself.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// How the platform is deployed to.
    pub deploy: Deploy,
    /// What the artifact is called on the platform.
    pub function: String,
    /// Asks whether somebody is logged in; no words where the tool cannot say.
    pub login: Vec<String>,
    /// Asks what is deployed already.
    pub look: Option<Vec<String>>,
    /// What must fit in the answer to that.
    pub fits: Vec<Fits>,
    /// What to type where there is nothing of that name and the tool does not create it.
    pub create: Option<String>,
    /// Deploys.
    pub words: Vec<String>,
    /// Said besides, the first time.
    pub first: Vec<String>,
    /// What the person passes on.
    pub given: Vec<String>,
    /// Where the tool is started, unless it is where the person is.
    pub folder: Option<PathBuf>,
    values: Words,
}

/// A setting of what is deployed, and what it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fits {
    /// What it is, for a sentence.
    pub what: String,
    /// Where it stands in the answer, as a JSON pointer.
    pub at: String,
    /// The values that fit; `*` at the end of one stands for anything.
    pub values: Vec<String>,
    /// The same in words.
    pub needs: String,
    /// A template for what to type otherwise.
    hint: String,
}

/// One call of the tool, as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The tool, as it is started.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Where it is started, unless it is where the person is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Variables that are set for it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// All of it, as one would type it.
    pub command: String,
}

impl Deployment {
    /// Decides what the tool is told about an artifact, whether that is built or will be.
    ///
    /// # Errors
    /// `function-name` when a name was given and the platform has the name elsewhere; `template` when the manifest is
    /// broken.
    pub fn plan(
        request: &Request,
        arches: &[Arch],
        function: Option<&str>,
        given: &[String],
    ) -> Result<Self> {
        let platform = &request.platform;
        let deploy = platform.manifest.deploy.clone();
        let all = deploy.words.iter().chain(deploy.look.iter().flat_map(|look| &look.words));
        if function.is_some() && !all.into_iter().any(|word| word.contains("{{ function }}")) {
            let id = &platform.manifest.id;
            let message =
                format!("`--function` means nothing for `{id}`, which takes the name from its own files");
            let files = platform.manifest.scaffold.join("`, `");
            return Err(Error::known("function-name", Class::Request, message)
                .with_hint(format!("leave it out; names stand in the artifact's `{files}`")));
        }
        let values = Words {
            name: request.name.clone(),
            function: function.unwrap_or(&request.name).to_owned(),
            dir: shown(&request.dir),
            zip: shown(&request.zip_path()),
            handler: platform.handler().to_owned(),
            aws_arch: arches.first().map_or("", |arch| arch.aws_name()),
            aws_arches: arches.iter().map(|arch| arch.aws_name()).collect::<Vec<_>>().join(" "),
        };
        let render = |words: &[String]| -> Result<Vec<String>> {
            words.iter().map(|word| platform::render_text("deploy", word, &values)).collect()
        };
        let passed_on = passed_on(given, &deploy.passed_on);
        let ask = |words: &[String]| Ok::<_, Error>([render(words)?, passed_on.clone()].concat());
        let mut fits = Vec::new();
        for compare in deploy.look.iter().flat_map(|look| &look.compare) {
            let own = platform::render_text("deploy", &compare.fits, &values)?;
            let own: Vec<_> = own.split_whitespace().map(str::to_owned).collect();
            let changed = compare.unless.as_ref().is_some_and(|flag| is_given(given, flag));
            if !own.is_empty() && !changed {
                let quoted = || own.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ");
                fits.push(Fits {
                    what: compare.what.clone(),
                    at: compare.at.clone(),
                    needs: compare.needs.clone().unwrap_or_else(quoted),
                    hint: compare.hint.clone(),
                    values: own,
                });
            }
        }
        let login = if deploy.login.words.is_empty() { Vec::new() } else { ask(&deploy.login.words)? };
        let create = deploy.look.as_ref().and_then(|look| look.create.as_ref());
        Ok(Self {
            function: values.function.clone(),
            login,
            look: deploy.look.as_ref().map(|look| ask(&look.words)).transpose()?,
            fits,
            create: create.map(|text| platform::render_text("deploy", text, &values)).transpose()?,
            words: render(&deploy.words)?,
            first: render(&deploy.first)?,
            given: given.to_vec(),
            folder: deploy.inside.then(|| request.dir.clone()),
            deploy,
            values,
        })
    }

    /// What the tool is told when it deploys.
    pub fn args(&self, first: bool) -> Vec<String> {
        let first = if first { self.first.as_slice() } else { &[] };
        [&self.words, first, &self.given].concat()
    }

    /// The words that say what the tool does, without those about this artifact: `lambda update-function-code`.
    pub fn verb(&self) -> String {
        let plain = |word: &&String| !word.starts_with('-') && !word.contains("{{");
        let words = self.deploy.words.iter().take_while(plain).cloned();
        std::iter::once(self.deploy.tool.clone()).chain(words).collect::<Vec<_>>().join(" ")
    }

    /// The call that deploys; `program` starts the tool, and `name` is what one would type for that.
    pub fn call(&self, program: PathBuf, name: &str, args: Vec<String>) -> Call {
        self.call_in(self.folder.as_deref(), program, name, args)
    }

    /// A call that asks something: the artifact's folder may not be there yet, and it is not about that.
    pub fn ask(&self, program: PathBuf, name: &str, args: &[String]) -> Call {
        self.call_in(None, program, name, args.to_vec())
    }

    fn call_in(&self, folder: Option<&Path>, program: PathBuf, name: &str, args: Vec<String>) -> Call {
        let cd = folder.map(|folder| format!("cd {} && ", word(&shown(folder))));
        let variables = self.deploy.variables.iter();
        let variables = variables.map(|(name, value)| match value.as_str() {
            "" => format!("{name}= "),
            value => format!("{name}={} ", word(value)),
        });
        let words = std::iter::once(name).chain(args.iter().map(String::as_str)).map(word);
        Call {
            command: cd
                .into_iter()
                .chain(variables)
                .chain([words.collect::<Vec<_>>().join(" ")])
                .collect::<String>(),
            program,
            args,
            folder: folder.map(Path::to_path_buf),
            variables: self.deploy.variables.clone(),
        }
    }

    /// What to type where a setting does not fit.
    ///
    /// # Errors
    /// `template` when the manifest is broken.
    pub fn hint(&self, fits: &Fits, found: &str) -> Result<String> {
        #[derive(Serialize)]
        struct Found<'a> {
            #[serde(flatten)]
            words: &'a Words,
            found: &'a str,
        }
        platform::render_text("deploy", &fits.hint, &Found { words: &self.values, found })
    }
}

impl Fits {
    /// True when a value is one of those that fit.
    pub fn admits(&self, found: &str) -> bool {
        self.values.iter().any(|value| match value.strip_suffix('*') {
            Some(start) => found.starts_with(start),
            None => found == value,
        })
    }
}

/// True when an argument was given: `--flag`, `--flag value` or `--flag=value`.
fn is_given(given: &[String], flag: &str) -> bool {
    given.iter().any(|word| word == flag || word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('=')))
}

/// Those of the given arguments that other commands of the tool take too.
fn passed_on(given: &[String], flags: &[String]) -> Vec<String> {
    let mut passed = Vec::new();
    let mut words = given.iter();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or(word);
        let takes_value = flags.iter().any(|flag| flag.strip_suffix('=') == Some(name));
        if takes_value || flags.contains(word) {
            passed.push(word.clone());
        }
        if takes_value && name == word {
            passed.extend(words.next().cloned());
        }
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn only_what_other_commands_take_too_is_passed_on() {
        let flags = words("--region= -t= --insecure");
        for (given, passed) in [
            ("--publish --region eu-west-1 --dry-run", "--region eu-west-1"),
            ("--region=eu-west-1 --regional x", "--region=eu-west-1"),
            ("-t token --insecure --insecure=no", "-t token --insecure"),
            ("--region", "--region"),
            ("", ""),
        ] {
            assert_eq!(passed_on(&words(given), &flags), words(passed), "{given}");
        }
    }

    #[test]
    fn a_value_fits_as_it_is_or_by_its_beginning() {
        let fits = |values: &str| Fits {
            what: String::new(),
            at: String::new(),
            values: words(values),
            needs: String::new(),
            hint: String::new(),
        };
        assert!(fits("arm64 x86_64").admits("x86_64") && !fits("arm64").admits("x86_64"));
        assert!(fits("nodejs2*").admits("nodejs22.x") && !fits("nodejs2*").admits("nodejs18.x"));
        assert!(!fits("nodejs2").admits("nodejs22.x"));
    }

    #[test]
    fn an_argument_is_given_with_or_without_its_value() {
        assert!(
            is_given(&words("--a --runtime=x"), "--runtime") && is_given(&words("--runtime x"), "--runtime")
        );
        assert!(!is_given(&words("--runtimes x"), "--runtime"));
    }

    #[test]
    fn every_platform_says_how_it_is_deployed() {
        for platform in platform::all().unwrap() {
            let id = platform.manifest.id.clone();
            let request = Request::sample(platform, "my-service").unwrap();
            let deployment = Deployment::plan(&request, &[Arch::X64], None, &[]).unwrap();
            let login = &deployment.deploy.login;
            let means = [&login.words, &login.variables, &login.files, &login.denied];
            assert!(means.iter().any(|means| !means.is_empty()), "{id}: nothing tells who is logged in");
            assert!(login.denied.is_empty() || deployment.look.is_some(), "{id}: `denied` without a look");
            assert!(!login.how.is_empty() && !deployment.words.is_empty(), "{id}");
            assert!(
                deployment.folder.is_some()
                    || deployment.words.iter().any(|word| word.contains("target/trap")),
                "{id}: the tool is not told where the artifact is"
            );
            let zip = deployment.words.iter().any(|word| word.contains(".zip"));
            assert_eq!(deployment.deploy.zip, zip, "{id}");
            for fits in &deployment.fits {
                deployment.hint(fits, "x").unwrap();
            }
            if let platform::Get::Page(page) = &deployment.deploy.get {
                assert!(page.starts_with("https://"), "{id}: {page}");
            }
        }
    }

    #[test]
    fn a_name_is_refused_where_the_platform_has_it_elsewhere() {
        for platform in platform::all().unwrap() {
            let id = platform.manifest.id.clone();
            let takes = platform.manifest.deploy.words.iter().any(|word| word.contains("{{ function }}"));
            let request = Request::sample(platform, "my-service").unwrap();
            match Deployment::plan(&request, &[Arch::Arm64], Some("other"), &[]) {
                Ok(deployment) => {
                    assert!(takes && deployment.words.iter().any(|word| word == "other"), "{id}")
                }
                Err(error) => assert!(!takes && error.code() == "function-name", "{id}: {error}"),
            }
        }
    }
}
