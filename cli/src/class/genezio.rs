//! What completes the client that Genezio's command line makes of a class.
//!
//! That one says `Date` and gives text, knows no `Uint8Array` and no tuple, and in Node it cannot send a `bigint` at all. All
//! its requests go through an object that it shows, so a module can put better requests in their place, and say which types
//! go through them.

use std::fmt::Write as _;

use super::make::{Maker, VALUES};
use super::model::{Call, Class};
use super::names::quoted;
use super::typescript::{Dialect, Writer};
use super::{backend, client, comment};

/// What every such module has in it, but for the name of the class.
const COMMON: &str = include_str!("genezio.ts");

/// The text of the module.
///
/// # Errors
/// `class-name` for one that TypeScript has no class of.
pub fn completion(class: &Class) -> crate::Result<String> {
    client::check_name(class)?;
    let (maker, writer) = (Maker::new(class), Writer::new(class, Dialect::Full));
    let name = &class.name;
    let mut text = format!(
        "/**\n * Completes Genezio's own client of the class `{name}`: every type as it is in Rust, from Node, too.\n *\n *     import {{ {name} }} from \"@genezio-sdk/…\";\n *     const client = complete({name});\n *\n * Written by `cargo trap client --sdk genezio`, which writes it again; change the class instead.\n */\n\n"
    );
    text.push_str(&writer.declarations());
    text.push_str(&comment::block(&class.doc, ""));
    let _ = writeln!(text, "export type {name} = {{");
    let mut methods = String::new();
    for method in &class.methods {
        let Call::Rpc { context, returns, .. } = &method.call else { continue };
        let _ = writeln!(
            text,
            "{}  {};",
            comment::block(&method.doc, "  "),
            client::signature(method, returns, &writer)
        );
        let context = context.then(|| quoted("context"));
        let names = backend::parameters(method).into_iter().map(|(name, ..)| quoted(&name));
        let names: Vec<_> = context.into_iter().chain(names).collect();
        let _ = writeln!(
            methods,
            "  {}: {{ names: [{}], made: (result) => {} }},",
            method.name,
            names.join(", "),
            maker.made(returns, "result")
        );
    }
    text.push_str("};\n\n");
    text.push_str(&COMMON.replace("TheClass", name));
    text.push_str("\n/** What each method takes, for messages, and what makes its result of what came. */\n");
    text.push_str(
        "const methods: Record<string, { names: readonly string[]; made: (result: any) => unknown }> = {\n",
    );
    text.push_str(&methods);
    text.push_str("};\n\n");
    text.push_str(VALUES);
    text.push_str(&maker.functions());
    Ok(text)
}
