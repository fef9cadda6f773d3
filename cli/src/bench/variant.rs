//! What can be started: the catalogue, and which of it was asked for.

use super::clients::Clients;
use super::model::{Client, Kind, Variant};
use crate::host::node::Node;
use crate::payload::Encoding;
use crate::settings::Takeover;
use crate::{Class, Error, Result};

/// How the program of one of our artifacts lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// As text in the module.
    Base64,
    /// As a file, executed in place.
    File,
    /// As a file that lost its mode on the way, so that it must be copied.
    FileCopied,
}

/// What is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// The program alone.
    Program,
    /// The program alone, started by a script.
    Bootstrap,
    /// Node with an empty module.
    Boot,
    /// A plain Node handler.
    Handler,
    /// The first try at the idea.
    Seed,
    /// An artifact of ours, with a takeover as flags spell it.
    Ours(Payload, &'static str),
}

/// The takeovers, in the order in which `auto` tries them.
const TAKEOVERS: [&str; 3] = ["exec:stub", "exec:execve", "spawn"];

/// Takeovers that are asked for by name.
const LIBRARY: &str = "library";
const WRAPPER: &str = "wrapper";

/// What feeds the program where the host pushes events; here Node polls and pushes them.
const BRIDGE: &str = "bridge";

/// Every recipe, in the order of the report.
const RECIPES: [Recipe; 18] = [
    Recipe::Program,
    Recipe::Bootstrap,
    Recipe::Ours(Payload::File, WRAPPER),
    Recipe::Boot,
    Recipe::Handler,
    Recipe::Seed,
    Recipe::Ours(Payload::Base64, TAKEOVERS[0]),
    Recipe::Ours(Payload::Base64, TAKEOVERS[1]),
    Recipe::Ours(Payload::Base64, TAKEOVERS[2]),
    Recipe::Ours(Payload::Base64, LIBRARY),
    Recipe::Ours(Payload::File, TAKEOVERS[0]),
    Recipe::Ours(Payload::File, TAKEOVERS[1]),
    Recipe::Ours(Payload::File, TAKEOVERS[2]),
    Recipe::Ours(Payload::File, LIBRARY),
    Recipe::Ours(Payload::FileCopied, TAKEOVERS[0]),
    Recipe::Ours(Payload::FileCopied, TAKEOVERS[1]),
    Recipe::Ours(Payload::FileCopied, TAKEOVERS[2]),
    Recipe::Ours(Payload::File, BRIDGE),
];

impl Payload {
    /// As in a variant's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::File => "file",
            Self::FileCopied => "file-copied",
        }
    }

    /// How it is built.
    pub const fn encoding(self) -> Encoding {
        match self {
            Self::Base64 => Encoding::Base64,
            Self::File | Self::FileCopied => Encoding::File,
        }
    }
}

impl Recipe {
    /// Its name in reports and for `--variant`.
    pub fn id(self) -> String {
        match self {
            Self::Program => "program".into(),
            Self::Bootstrap => "bootstrap".into(),
            Self::Boot => "boot".into(),
            Self::Handler => "handler".into(),
            Self::Seed => "seed".into(),
            Self::Ours(payload, takeover) => format!("{}/{takeover}", payload.as_str()),
        }
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        match self {
            Self::Program => Kind::Program,
            Self::Bootstrap => Kind::Bootstrap,
            Self::Boot => Kind::Boot,
            Self::Handler => Kind::Handler,
            Self::Seed => Kind::Seed,
            Self::Ours(_, WRAPPER) => Kind::Wrapper,
            Self::Ours(..) => Kind::Ours,
        }
    }

    /// True where the host is given a library.
    pub fn is_library(self) -> bool {
        matches!(self, Self::Ours(_, LIBRARY))
    }

    /// True when Node gives the program its process, so that the start has the phases of that.
    pub fn hands_over(self) -> bool {
        matches!(self, Self::Ours(_, takeover) if takeover != BRIDGE && takeover != WRAPPER)
    }

    /// Why it cannot be measured with this Node, if it cannot.
    fn obstacle(self, host: &Nodejs, missing: &Missing) -> Option<String> {
        let Self::Ours(_, name) = self else { return None };
        if takeover(name).is_none() {
            return Some(format!("this version builds no artifact with the takeover `{name}`"));
        }
        match name {
            "exec:execve" if !host.has_execve => {
                Some(format!("Node {} has no process.execve (22.15 and later have it)", host.node.version))
            }
            LIBRARY => missing.library.clone(),
            _ => None,
        }
    }
}

/// A takeover by its name in flags.
pub fn takeover(name: &str) -> Option<Takeover> {
    <Takeover as clap::ValueEnum>::from_str(name, false).ok()
}

/// A Node, and what it can do.
#[derive(Clone, Debug)]
pub struct Nodejs {
    /// The Node.
    pub node: Node,
    /// Whether it can replace its process by itself.
    pub has_execve: bool,
}

impl Nodejs {
    /// Asks the Node.
    pub fn of(node: Node) -> Self {
        let mut command = std::process::Command::new(&node.path);
        command.args(["-p", "typeof process.execve"]);
        command.envs(node.environment.iter().map(|(name, value)| (name, value)));
        let said = command.output().map(|output| output.stdout).unwrap_or_default();
        Self { node, has_execve: String::from_utf8_lossy(&said).trim() == "function" }
    }
}

/// What the crate or the platform does not have, each with the reason.
#[derive(Clone, Debug, Default)]
pub struct Missing {
    /// A library.
    pub library: Option<String>,
    /// Something that starts another program in Node's place.
    pub wrapper: Option<String>,
}

/// Which variants were asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// `--variant`: ids, or what ids begin with.
    pub names: Vec<String>,
    /// `--payload`.
    pub payload: Option<Encoding>,
    /// `--takeover`.
    pub takeover: Option<Takeover>,
}

impl Wanted {
    /// Refuses names of nothing.
    ///
    /// # Errors
    /// `no-variant`, with what there is.
    pub fn check(&self) -> Result<()> {
        let ids: Vec<_> = RECIPES.iter().map(|recipe| recipe.id()).collect();
        let Some(unknown) = self.names.iter().find(|name| !ids.iter().any(|id| begins(id, name))) else {
            return Ok(());
        };
        let known: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
        Err(Error::known("no-variant", Class::Request, format!("there is no variant `{unknown}`")).with_hint(
            format!("there are {}; what several begin with stands for all of them: `file`", known.join(", ")),
        ))
    }

    /// True for what is to be measured. The two baselines always are: everything is told relative to them.
    fn takes(&self, recipe: Recipe) -> bool {
        let id = recipe.id();
        let named = self.names.is_empty() || self.names.iter().any(|name| begins(&id, name));
        match recipe {
            Recipe::Program | Recipe::Boot => true,
            // It says something together with what it is the floor of.
            Recipe::Bootstrap => {
                named && !self.names.is_empty() || self.takes(Recipe::Ours(Payload::File, WRAPPER))
            }
            Recipe::Handler | Recipe::Seed => named,
            Recipe::Ours(payload, takeover) => {
                let asked =
                    self.takeover.map(Takeover::as_str).filter(|asked| *asked != Takeover::Auto.as_str());
                named
                    && self.payload.is_none_or(|encoding| payload.encoding() == encoding)
                    && asked.is_none_or(|asked| begins(takeover, asked))
            }
        }
    }
}

/// True for the id itself, and for what it begins with up to a separator.
fn begins(id: &str, name: &str) -> bool {
    let name = name.trim_end_matches(['/', ':']);
    !name.is_empty()
        && id.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':']))
}

/// A variant to be measured, or the reason why not.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What is started.
    pub recipe: Recipe,
    /// Which of the Nodes hosts it; none where no Node runs.
    pub node: Option<usize>,
    /// The client inside that Node.
    pub client: Option<Client>,
    /// True for what `auto` takes.
    pub default: bool,
    /// Why it cannot be measured.
    pub unavailable: Option<String>,
}

impl Planned {
    /// The same, as a report knows it before there are samples.
    pub fn variant(&self, nodes: &[Nodejs], clients: &Clients) -> Variant {
        let host = self.node.and_then(|node| nodes.get(node));
        let ric = host.filter(|_| self.client == Some(Client::Ric));
        let ric = ric.and_then(|host| clients.ric(&host.node).ok());
        Variant {
            id: self.recipe.id(),
            kind: self.recipe.kind(),
            node: host.map(|host| host.node.version.clone()),
            client: self.client,
            client_version: ric.map(|ric| ric.version.clone()),
            default: self.default,
            artifact: None,
            unavailable: self.unavailable.clone(),
            failed: Vec::new(),
            samples: Vec::new(),
            traces: Vec::new(),
        }
    }
}

/// Everything to be measured, in the order of the report.
pub fn catalogue(nodes: &[Nodejs], clients: &Clients, wanted: &Wanted, missing: &Missing) -> Vec<Planned> {
    let wanted = || RECIPES.into_iter().filter(|recipe| wanted.takes(*recipe));
    let mut all: Vec<_> = wanted()
        .filter(|recipe| !recipe.kind().has_node())
        .map(|recipe| {
            // What starts the one starts the other.
            let unavailable = missing.wrapper.clone().filter(|_| recipe != Recipe::Program);
            Planned { recipe, node: None, client: None, default: false, unavailable }
        })
        .collect();
    for (index, host) in nodes.iter().enumerate() {
        for &client in &clients.kinds {
            let no_client = if client == Client::Ric { clients.ric(&host.node).err() } else { None };
            for recipe in wanted().filter(|recipe| recipe.kind().has_node()) {
                let default = match recipe {
                    Recipe::Ours(payload, takeover) => {
                        Some(takeover) == first_takeover(payload, host, missing)
                    }
                    _ => false,
                };
                let unavailable = no_client.clone().or_else(|| recipe.obstacle(host, missing));
                all.push(Planned { recipe, node: Some(index), client: Some(client), default, unavailable });
            }
        }
    }
    all
}

/// What `auto` takes on this Node.
fn first_takeover(payload: Payload, host: &Nodejs, missing: &Missing) -> Option<&'static str> {
    TAKEOVERS.into_iter().find(|takeover| Recipe::Ours(payload, takeover).obstacle(host, missing).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(version: &str, has_execve: bool) -> Nodejs {
        let node = Node { path: "node".into(), version: version.into(), environment: Vec::new() };
        Nodejs { node, has_execve }
    }

    fn ids(wanted: &Wanted) -> Vec<String> {
        let clients = Clients { kinds: vec![Client::Minimal], ..Clients::default() };
        catalogue(&[host("24.1.0", true)], &clients, wanted, &Missing::default())
            .iter()
            .map(|planned| planned.recipe.id())
            .collect()
    }

    fn named(names: &[&str]) -> Wanted {
        Wanted { names: names.iter().map(|name| (*name).to_owned()).collect(), ..Wanted::default() }
    }

    #[test]
    fn ids_are_unique() {
        let mut ids: Vec<_> = RECIPES.iter().map(|recipe| recipe.id()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), RECIPES.len());
    }

    #[test]
    fn without_names_everything_is_measured() {
        assert_eq!(ids(&Wanted::default()).len(), RECIPES.len());
    }

    #[test]
    fn names_choose_and_the_baselines_stay() {
        assert_eq!(ids(&named(&["seed"])), ["program", "boot", "seed"]);
        assert_eq!(
            ids(&named(&["file"])),
            [
                "program",
                "bootstrap",
                "file/wrapper",
                "boot",
                "file/exec:stub",
                "file/exec:execve",
                "file/spawn",
                "file/library",
                "file/bridge"
            ]
        );
        assert_eq!(
            ids(&named(&["base64/exec", "file-copied/spawn"])),
            ["program", "boot", "base64/exec:stub", "base64/exec:execve", "file-copied/spawn"]
        );
        let narrowed = Wanted {
            payload: Some(Encoding::File),
            takeover: takeover("spawn"),
            ..named(&["file", "base64"])
        };
        assert_eq!(ids(&narrowed), ["program", "boot", "file/spawn"]);
        let libraries = Wanted { takeover: takeover("library"), ..Wanted::default() };
        assert!(ids(&libraries).ends_with(&["base64/library".into(), "file/library".into()]));
    }

    #[test]
    fn a_wrapper_is_measured_once_and_beside_it_what_it_is_held_against() {
        let clients = Clients { kinds: vec![Client::Minimal], ..Clients::default() };
        let nodes = [host("22.1.0", true), host("24.1.0", true)];
        let of = |names: &[&str], missing: &Missing| catalogue(&nodes, &clients, &named(names), missing);
        let all = of(&["file/wrapper"], &Missing::default());
        let ids: Vec<_> = all.iter().map(|planned| (planned.recipe.id(), planned.node)).collect();
        let once = |id: &str| (id.to_owned(), None);
        assert_eq!(ids[..3], [once("program"), once("bootstrap"), once("file/wrapper")]);
        assert_eq!(ids.len(), 5, "boot on each Node: {ids:?}");
        assert!(of(&["bootstrap"], &Missing::default()).iter().any(|one| one.recipe == Recipe::Bootstrap));
        assert!(!of(&["seed"], &Missing::default()).iter().any(|one| one.recipe == Recipe::Bootstrap));
        let missing = Missing { wrapper: Some("no".into()), library: Some("none".into()) };
        let why = |all: &[Planned], id: &str| {
            let found = all.iter().find(|planned| planned.recipe.id() == id);
            found.and_then(|planned| planned.unavailable.clone())
        };
        let all = of(&["file"], &missing);
        assert_eq!(
            ["program", "bootstrap", "file/wrapper", "file/library"].map(|id| why(&all, id)),
            [None, Some("no".into()), Some("no".into()), Some("none".into())]
        );
        assert_eq!(why(&all, "file/exec:stub"), None);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        for unknown in ["fil", "base64/exe", "", "handler/spawn"] {
            let error = named(&[unknown]).check().expect_err(unknown);
            assert_eq!(error.code(), "no-variant");
            assert!(error.hint().is_some_and(|hint| hint.contains("`file-copied/exec:stub`")), "{error}");
        }
        for known in ["file", "file-copied", "base64/spawn", "seed", "program", "base64/exec"] {
            named(&[known]).check().expect(known);
        }
    }

    #[test]
    fn what_a_node_cannot_do_is_said_and_not_its_default() {
        let clients = Clients { kinds: vec![Client::Minimal], ..Clients::default() };
        let all = catalogue(&[host("20.1.0", false)], &clients, &Wanted::default(), &Missing::default());
        let find = |id: &str| all.iter().find(|planned| planned.recipe.id() == id).expect("planned");
        assert!(find("file/exec:execve").unavailable.as_ref().is_some_and(|why| why.contains("20.1.0")));
        assert!(!find("file/exec:execve").default);
        assert_eq!(find("file/spawn").unavailable, None);
        let defaults: Vec<_> = all.iter().filter(|planned| planned.default).collect();
        assert_eq!(defaults.len(), 3, "one for each payload: {defaults:?}");
        assert!(defaults.iter().all(|planned| planned.unavailable.is_none()));
    }
}
