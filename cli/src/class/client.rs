//! A client of a class: one module in TypeScript that needs `fetch` alone.

use std::fmt::Write as _;

use super::make::{Maker, VALUES};
use super::model::{Call, Class, Method, Plain, Type};
use super::names::{self, is_identifier, quoted};
use super::typescript::{Dialect, Writer};
use super::{backend, comment};
use crate::{Error, Result};

/// What every client has in it.
const COMMON: &str = include_str!("client.ts");

/// The text of the module.
///
/// # Errors
/// `class-name` for one that TypeScript has no class of.
pub fn typescript(class: &Class) -> Result<String> {
    check_name(class)?;
    let maker = Maker::new(class);
    let writer = Writer::new(class, Dialect::Full);
    let name = &class.name;
    let mut text = format!(
        "/**\n * A client of the class `{name}`, which a Rust program holds: `new {name}(url)`, with the address of the program.\n *\n * Written by `cargo trap client`, which writes it again; change the class instead.\n */\n\n"
    );
    text.push_str(&writer.declarations());
    text.push_str(&comment::block(&class.doc, ""));
    let _ = write!(
        text,
        "export class {name} {{\n  readonly #caller: Caller;\n\n  /** Asks the program at this address. */\n  constructor(url: string | URL, options: ClientOptions = {{}}) {{\n    this.#caller = new Caller(url, options);\n  }}\n"
    );
    for method in &class.methods {
        text.push_str(&self::method(class, method, &maker, &writer));
    }
    text.push_str("}\n\n");
    text.push_str(COMMON);
    text.push('\n');
    text.push_str(VALUES);
    text.push_str(&maker.functions());
    Ok(text)
}

/// # Errors
/// `class-name` for one that TypeScript has no class of.
pub(super) fn check_name(class: &Class) -> Result<()> {
    if !is_identifier(&class.name) || names::is_taken(&class.name) {
        let message = format!("`{}` cannot name a class in TypeScript", class.name);
        return Err(Error::known("class-name", crate::Class::Request, message)
            .with_hint("call it something else in Rust"));
    }
    Ok(())
}

fn method(class: &Class, method: &Method, maker: &Maker<'_>, writer: &Writer<'_>) -> String {
    let Method { name, doc, call } = method;
    let class = &class.name;
    let mut text = String::new();
    match call {
        Call::Cron(_) => {}
        Call::Http => {
            let note = "Asks for its address; `rest` is what follows that: a path, a query.";
            let doc = if doc.is_empty() { note.to_owned() } else { format!("{doc}\n\n{note}") };
            let _ = write!(
                text,
                "\n{}  {name}(init: RequestInit = {{}}, rest = \"\"): Promise<Response> {{\n    return this.#caller.fetch(this.#caller.below(`/{class}/{name}${{rest}}`), init);\n  }}\n",
                comment::block(doc.as_str(), "  ")
            );
        }
        Call::Rpc { returns, .. } => {
            let parameters = backend::parameters(method);
            let names: Vec<_> = parameters.iter().map(|(name, ..)| quoted(name)).collect();
            let values: Vec<_> = parameters.iter().map(|(name, ..)| name.as_str()).collect();
            let (names, values) = (names.join(", "), values.join(", "));
            let call = format!("await this.#caller.call(\"{class}.{name}\", [{names}], [{values}])");
            let body = match returns {
                Type::Plain(Plain::Void) => call,
                ty if maker.makes(ty) => {
                    format!("const result = {call};\n    return {}", maker.made(ty, "result"))
                }
                _ => format!("return {call}"),
            };
            let _ = write!(
                text,
                "\n{}  async {} {{\n    {body};\n  }}\n",
                comment::block(doc, "  "),
                signature(method, returns, writer)
            );
        }
    }
    text
}

/// A method that a client calls, as its type.
pub(super) fn signature(method: &Method, returns: &Type, writer: &Writer<'_>) -> String {
    let typed: Vec<_> = backend::parameters(method)
        .into_iter()
        .map(|(name, may_be_missing, ty)| {
            format!("{name}{}: {}", if may_be_missing { "?" } else { "" }, writer.ty(ty))
        })
        .collect();
    format!("{}({}): Promise<{}>", method.name, typed.join(", "), writer.returned(returns))
}
