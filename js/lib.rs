//! The trampoline as text: the TypeScript modules of `js/src` and the JavaScript that `tsc` makes of them.
//!
//! `cargo trap build` writes these into artifacts, either as a folder of modules ([`MODULES`]) or as one
//! text ([`single_file`]). The crate exists because cargo packages only what lies below a manifest.

/// The language an artifact is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// The sources as they are.
    TypeScript,
    /// ES modules compiled from them, with their comments.
    JavaScript,
}

/// One module of the trampoline.
#[derive(Clone, Copy, Debug)]
pub struct Module {
    /// File name without extension: `trampoline` is `trampoline.ts` and `trampoline.js`.
    pub name: &'static str,
    /// Source text.
    pub typescript: &'static str,
    /// Compiled text; empty for a module of types alone, which nothing imports at run time.
    pub javascript: &'static str,
}

impl Module {
    /// The text of this module in one language.
    #[must_use]
    pub const fn text(&self, language: Language) -> &'static str {
        match language {
            Language::TypeScript => self.typescript,
            Language::JavaScript => self.javascript,
        }
    }

    /// Names of the modules it imports.
    fn imports(&self) -> impl Iterator<Item = &'static str> {
        let specifiers =
            self.typescript.lines().filter_map(|line| line.split_once(" from \"")).map(|(_, rest)| rest);
        specifiers.map(|rest| rest.trim_start_matches("./").trim_end_matches(".js\";"))
    }
}

macro_rules! module {
    ($name:literal) => {
        Module {
            name: $name,
            typescript: include_str!(concat!("src/", $name, ".ts")),
            javascript: include_str!(concat!("dist/", $name, ".js")),
        }
    };
    ($name:literal, types) => {
        Module { name: $name, typescript: include_str!(concat!("src/", $name, ".ts")), javascript: "" }
    };
}

/// The modules that every artifact has, each after those it imports.
pub const MODULES: &[Module] = &[
    module!("errors"),
    module!("payload-type", types),
    module!("host", types),
    module!("node-types", types),
    module!("http", types),
    module!("standby", types),
    module!("module-folder"),
    module!("node-host"),
    module!("decode"),
    module!("choose"),
    module!("elf"),
    module!("install"),
    module!("locate"),
    module!("library"),
    module!("handover"),
    module!("trampoline"),
];

/// The modules that an artifact has where it needs them, each after those it imports: what feeds a program where the
/// host pushes events, and what translates between one kind of host and that.
pub const OPTIONAL: &[Module] = &[
    module!("node-server-types", types),
    module!("bytes"),
    module!("http-response"),
    module!("http-event"),
    module!("event-response"),
    module!("bridge-host", types),
    module!("runtime-api"),
    module!("pool"),
    module!("node-bridge"),
    module!("bridge"),
    module!("lazy-bridge"),
    module!("node-http"),
    module!("web"),
    module!("server"),
    module!("event-request"),
    module!("genezio"),
    module!("genezio-function"),
    module!("netlify"),
    module!("openwhisk"),
];

/// Where the bridge of an artifact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bridge {
    /// There is none: the program always takes the process.
    None,
    /// With the other modules.
    Inside,
    /// In a file of its own ([`bridge_file`]), loaded where it is wanted: a start that hands the process over is 1 ms
    /// shorter without its text.
    Apart,
}

impl Bridge {
    /// The module by which an artifact has it.
    const fn module(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Inside => Some("bridge"),
            Self::Apart => Some("lazy-bridge"),
        }
    }
}

/// The modules of an artifact, each after those it imports.
#[must_use]
pub fn modules(bridge: Bridge, adapters: &[String]) -> Vec<&'static Module> {
    let asked = adapters.iter().map(String::as_str).chain(bridge.module());
    MODULES.iter().chain(needed(OPTIONAL.iter(), asked)).collect()
}

/// Those of some modules that are asked for, and what they import.
fn needed<'a>(
    of: impl DoubleEndedIterator<Item = &'static Module>,
    asked: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = &'static Module> {
    let mut names: Vec<&str> = asked.collect();
    let mut found = Vec::new();
    for module in of.rev() {
        if names.contains(&module.name) {
            module.imports().for_each(|name| names.push(name));
            found.push(module);
        }
    }
    found.into_iter().rev()
}

/// All modules in one text without imports and without `export`: what follows in the same file can use
/// `start`, `bridge` or `lazily`, the adapters and the types by their names.
#[must_use]
pub fn single_file(language: Language, bridge: Bridge, adapters: &[String]) -> String {
    text(language, &modules(bridge, adapters))
}

/// The bridge as a JavaScript module that exports `bridge`: the file of [`Bridge::Apart`].
#[must_use]
pub fn bridge_file() -> String {
    let modules: Vec<_> = needed(all(), Bridge::Inside.module().into_iter()).collect();
    text(Language::JavaScript, &modules) + "\nexport { bridge };\n"
}

fn text(language: Language, modules: &[&Module]) -> String {
    modules
        .iter()
        .map(|module| (module.name, module.text(language)))
        .filter(|(_, text)| !text.is_empty())
        // A reader of the one file sees where each module begins.
        .map(|(name, text)| format!("// ---- {name} ----\n\n{}", without_module_syntax(text).trim_start()))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What a traced module does at its top.
const TRACE: &str = include_str!("trace.js");

/// Marks a place in the sources where a phase of the start ends; the rest of the line is the phase's name.
const LAP: &str = "// lap: ";

/// The traced twin of an artifact that is one JavaScript module, or of each module of one that is several: it
/// takes the time where the trampoline's sources have `// lap: <phase>`, and is the same otherwise.
///
/// Just before it asks for the takeover, it writes one line to stderr:
/// `trap-laps {"loaded":"<ns>","asked":"<ns>","laps":{"<phase>":<ns>,…}}`. `loaded` is when its first statement
/// ran, `asked` when the takeover was asked for, both on CLOCK_MONOTONIC; the laps between them are `construct`,
/// `prepare`, `decode`, `write` and `hand-over`, and one that did not happen is absent.
#[must_use]
pub fn traced(text: &str) -> String {
    let mut traced = TRACE.to_owned();
    for line in text.lines() {
        match line.trim_start().strip_prefix(LAP) {
            Some(phase) => traced.push_str(&format!("trapLap(\"{phase}\");")),
            None => traced.push_str(line),
        }
        traced.push('\n');
    }
    traced
}

/// Names that the modules expect to be the language's own, values and types: declared beside them in one file,
/// one of these would take its place. `js/bundlers` tests that the list is complete.
const GLOBALS: &[&str] = &[
    "Array",
    "ArrayBuffer",
    "ArrayBufferLike",
    "AsyncGenerator",
    "AsyncIterable",
    "AsyncIterator",
    "BigInt",
    "Boolean",
    "Date",
    "Error",
    "Exclude",
    "Function",
    "Infinity",
    "Iterable",
    "JSON",
    "Map",
    "Math",
    "Number",
    "Object",
    "Partial",
    "Pick",
    "Promise",
    "Readonly",
    "Record",
    "ReturnType",
    "Set",
    "String",
    "Symbol",
    "Uint8Array",
    "decodeURIComponent",
    "encodeURIComponent",
    "globalThis",
    "parseInt",
    "undefined",
];

/// Names a single file declares or expects to be global; whatever else goes into the file needs other names.
#[must_use]
pub fn reserved_names(language: Language) -> Vec<&'static str> {
    declared_names(language).chain(GLOBALS.iter().copied()).collect()
}

/// Names that the modules declare at their top level.
fn declared_names(language: Language) -> impl Iterator<Item = &'static str> {
    all().flat_map(move |module| module.text(language).lines().filter_map(declared_name))
}

/// Every module, each after those it imports.
fn all() -> impl DoubleEndedIterator<Item = &'static Module> {
    MODULES.iter().chain(OPTIONAL)
}

/// A module's text without its import statements and `export` keywords, for concatenation.
fn without_module_syntax(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut in_import = false;
    for line in text.lines() {
        in_import |= line.starts_with("import ");
        if in_import {
            in_import = !line.ends_with(';');
            continue;
        }
        kept.push_str(line.strip_prefix("export ").unwrap_or(line));
        kept.push('\n');
    }
    kept
}

/// The name a line at the top level declares, if it starts a declaration.
fn declared_name(line: &'static str) -> Option<&'static str> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    let rest = ["function ", "const ", "let ", "class ", "interface ", "type "]
        .iter()
        .find_map(|keyword| line.strip_prefix(keyword))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;

    const LANGUAGES: [Language; 2] = [Language::TypeScript, Language::JavaScript];

    fn every_adapter() -> Vec<String> {
        OPTIONAL.iter().map(|module| module.name.to_owned()).collect()
    }

    #[test]
    fn an_artifact_has_what_its_modules_import_and_no_bridge_that_it_does_not_want() {
        let adapters = every_adapter();
        for bridge in [Bridge::None, Bridge::Inside, Bridge::Apart] {
            for adapter in ["server", "genezio-function", "web"].map(str::to_owned) {
                let modules = modules(bridge, &[adapter]);
                let names: Vec<_> = modules.iter().map(|module| module.name).collect();
                for imported in modules.iter().flat_map(|module| module.imports()) {
                    assert!(names.contains(&imported), "{bridge:?}: no `{imported}` in {names:?}");
                }
                assert_eq!(names.contains(&"bridge"), bridge == Bridge::Inside);
                assert!(names.len() < MODULES.len() + adapters.len());
            }
        }
        assert_eq!(modules(Bridge::None, &[]).len(), MODULES.len());
    }

    #[test]
    fn the_bridge_of_its_own_file_is_whole() {
        let text = bridge_file();
        assert!(!text.contains("\nimport ") && text.ends_with("\nexport { bridge };\n"));
        for part in ["errors", "pool", "node-bridge", "bridge"] {
            assert!(text.contains(&format!("// ---- {part} ----")), "{part}");
        }
        assert!(!text.contains("---- trampoline ----"));
    }

    #[test]
    fn every_source_file_is_a_module_and_every_module_a_source_file() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        let on_disk: BTreeSet<String> = fs::read_dir(folder)
            .expect("the sources lie beside the manifest")
            .map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned())
            .collect();
        let listed: BTreeSet<String> = all().map(|module| format!("{}.ts", module.name)).collect();
        assert_eq!(listed, on_disk);
    }

    #[test]
    fn top_level_names_are_unique_over_all_modules() {
        for language in LANGUAGES {
            let names: Vec<_> = declared_names(language).collect();
            assert!(names.contains(&"start") && names.contains(&"TrapError"), "{names:?}");
            let mut seen = BTreeSet::new();
            for name in names {
                assert!(seen.insert(name), "`{name}` is declared twice");
            }
        }
    }

    #[test]
    fn names_of_the_language_are_reserved_and_declared_by_no_module() {
        for language in LANGUAGES {
            let reserved = reserved_names(language);
            for name in ["Math", "globalThis", "Record", "start", "NodeHost"] {
                assert!(reserved.contains(&name), "`{name}` is free");
            }
            assert_eq!(declared_names(language).find(|name| GLOBALS.contains(name)), None);
        }
    }

    #[test]
    fn a_module_comes_after_those_it_imports_and_imports_nothing_else() {
        let mut known = Vec::new();
        for module in all() {
            for imported in module.imports() {
                assert!(known.contains(&imported), "`{}` imports `{imported}`", module.name);
            }
            known.push(module.name);
        }
    }

    #[test]
    fn a_single_file_has_no_import_and_no_export_left() {
        for language in LANGUAGES {
            let text = single_file(language, Bridge::Inside, &every_adapter());
            assert!(text.contains("\nfunction start("));
            for line in text.lines() {
                let statement = line.trim_start();
                assert!(!statement.starts_with("import") && !statement.starts_with("export"), "{line}");
            }
        }
    }

    #[test]
    fn a_traced_module_takes_the_time_of_every_phase() {
        let text = single_file(Language::JavaScript, Bridge::Apart, &[]);
        let traced = traced(&text);
        for phase in ["construct", "prepare", "decode", "write", "hand-over"] {
            assert!(text.contains(&format!("{LAP}{phase}\n")), "{phase}");
            assert!(traced.contains(&format!("trapLap(\"{phase}\");\n")), "{phase}");
        }
        assert!(!traced.contains(LAP));
        let count = |text: &str, what: &str| text.matches(what).count();
        assert_eq!(count(&text, LAP), count(&single_file(Language::TypeScript, Bridge::Apart, &[]), LAP));
        assert_eq!(count(&text, LAP), count(&traced, "trapLap(\""));
    }

    #[test]
    fn a_module_without_javascript_declares_types_alone() {
        for module in all().filter(|module| module.javascript.is_empty()) {
            let compiled = format!("{}/dist/{}.js", env!("CARGO_MANIFEST_DIR"), module.name);
            let text = fs::read_to_string(compiled).expect("every module is compiled");
            assert_eq!(
                text.lines().filter_map(|line| line.split_once("export")).count(),
                1,
                "{}",
                module.name
            );
            assert!(text.trim_end().ends_with("export {};"), "{}", module.name);
        }
    }
}
