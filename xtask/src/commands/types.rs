//! `cargo xtask types`: what JavaScript sees of the addon as TypeScript, which is what its generator runs.
//!
//! The addon declares its functions in one table, in Rust's own words; this says the same in TypeScript's.

use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::dir;

/// Write the addon's `index.d.ts` (`generate` runs this)
#[derive(Debug, clap::Args)]
pub struct Args {}

const HEAD: &str = "\
// What the addon of cargo-trap exports; written by `cargo xtask generate` from `trap-native/addon/src/lib.rs`.
";

/// Rust's types in the table, and TypeScript's.
const TYPES: [(&str, &str); 5] = [
    ("Text", "string"),
    ("Texts", "readonly string[]"),
    ("Environment", "Readonly<Record<string, string>>"),
    ("i32", "number"),
    ("Never", "never"),
];

pub fn run(_: &Args) -> Result<()> {
    let folder = dir::root().join("trap-native");
    let source = folder.join("addon/src/lib.rs");
    let text =
        fs::read_to_string(&source).with_context(|| format!("could not read `{}`", source.display()))?;
    let types = folder.join("index.d.ts");
    let declared = declarations(&text).with_context(|| format!("in `{}`", source.display()))?;
    fs::write(&types, declared).with_context(|| format!("could not write `{}`", types.display()))
}

/// The declarations of a table `exports! { … }`.
fn declarations(source: &str) -> Result<String> {
    let table = source.split_once("exports! {\n").context("there is no table")?.1;
    let table = table.split_once("\n}").context("the table does not end")?.0;
    let mut text = HEAD.to_owned();
    let mut comment: Vec<&str> = Vec::new();
    for line in table.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            comment.push(words);
        } else if let Some(function) = line.strip_prefix("fn ") {
            ensure!(!comment.is_empty(), "`{function}` is not documented");
            let comment: String = comment.drain(..).map(|words| format!(" *{words}\n")).collect();
            text.push_str(&format!(
                "\n/**\n{comment} */\nexport declare function {};\n",
                signature(function)?
            ));
        } else if !line.is_empty() {
            bail!("not understood: `{line}`");
        }
    }
    Ok(text)
}

/// `f(a: Text) -> i32 = path;` in TypeScript.
fn signature(function: &str) -> Result<String> {
    let parts = || {
        let (name, rest) = function.split_once('(')?;
        let (arguments, rest) = rest.split_once(") -> ")?;
        Some((name, arguments, rest.split_once(" = ")?.0))
    };
    let (name, arguments, result) = parts().with_context(|| format!("not a function: `{function}`"))?;
    let argument = |argument: &str| {
        let (name, kind) =
            argument.split_once(": ").with_context(|| format!("not an argument: `{argument}`"))?;
        Ok(format!("{name}: {}", typescript(kind)?))
    };
    let arguments = arguments.split(", ").filter(|text| !text.is_empty()).map(argument);
    Ok(format!("{name}({}): {}", arguments.collect::<Result<Vec<_>>>()?.join(", "), typescript(result)?))
}

fn typescript(kind: &str) -> Result<&'static str> {
    let known = TYPES.iter().find(|(rust, _)| *rust == kind);
    known
        .map(|(_, typescript)| *typescript)
        .with_context(|| format!("a type without a counterpart: `{kind}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_becomes_declarations_with_its_comments() {
        let table = "exports! {\n    /// Says it.\n    ///\n    /// Twice.\n    fn say(what: Text, to: Texts) -> Never = a::b;\n}\n";
        let declared = declarations(table).unwrap();
        assert!(declared.ends_with(
            "\n/**\n * Says it.\n *\n * Twice.\n */\nexport declare function say(what: string, to: readonly string[]): never;\n"
        ), "{declared}");
        for broken in [
            "",
            "exports! {\n    fn f(a: Text) -> i32 = a;\n}",
            "exports! {\n/// f\nfn f(a: u8) -> i32 = a;\n}",
        ] {
            assert!(declarations(broken).is_err(), "{broken}");
        }
    }
}
