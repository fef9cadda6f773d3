//! What completes the client that Genezio's command line makes of a class.
//!
//! That one says `Date` and gives text, and in Node it cannot send a `bigint` at all. All its requests go through an object
//! that it shows, so a module can put better requests in their place; types and methods stay Genezio's.

use std::fmt::Write as _;

use super::backend;
use super::make::{Maker, VALUES};
use super::model::{Call, Class};
use super::names::quoted;
use super::typescript::Dialect;

/// What every such module has in it.
const COMMON: &str = include_str!("genezio.ts");

/// The text of the module.
pub fn completion(class: &Class) -> String {
    let maker = Maker::new(class, Dialect::Genezio);
    let name = &class.name;
    let mut text = format!(
        "/**\n * Completes Genezio's own client of the class `{name}`: dates come as `Date`, and `bigint` travels from Node, too.\n *\n *     import {{ {name} }} from \"@genezio-sdk/…\";\n *     complete({name}); // once, before its first call\n *\n * Written by `cargo trap client --sdk genezio`, which writes it again; change the class instead.\n */\n\n"
    );
    text.push_str(COMMON);
    text.push_str("\n/** What each method takes, for messages, and what makes its result of what came. */\n");
    text.push_str("const methods: Record<string, Method> = {\n");
    for method in &class.methods {
        let Call::Rpc { context, returns, .. } = &method.call else { continue };
        let context = context.then(|| quoted("context"));
        let names = backend::parameters(method).into_iter().map(|(name, ..)| quoted(&name));
        let names: Vec<_> = context.into_iter().chain(names).collect();
        let _ = writeln!(
            text,
            "  {}: {{ names: [{}], made: (result) => {} }},",
            method.name,
            names.join(", "),
            maker.made(returns, "result")
        );
    }
    text.push_str("};\n\n");
    text.push_str(VALUES);
    text.push_str(&maker.functions());
    text
}
