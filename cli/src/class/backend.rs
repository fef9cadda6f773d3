//! What templates are told of a class that a program holds, for a platform that is given classes.

use serde::Serialize;

use super::model::{Call, Class, Method, Type};
use super::typescript::{Dialect, Writer};
use super::{comment, names};

/// The class, for templates.
#[derive(Clone, Debug, Serialize)]
pub struct ClassValues {
    /// Declarations of the types that methods use.
    pub types: String,
    /// Its documentation as a comment; empty where it has none.
    pub comment: String,
    /// In the order of the source.
    pub methods: Vec<MethodValues>,
}

/// A method, for templates.
#[derive(Clone, Debug, Serialize)]
pub struct MethodValues {
    /// Its name.
    pub name: String,
    /// Its documentation as a comment without the last line end; empty where it has none.
    pub comment: String,
    /// `jsonrpc`, `http` or `cron`.
    pub kind: &'static str,
    /// When the clock calls it.
    pub cron: String,
    /// Its parameters with their types.
    pub parameters: String,
    /// The names alone.
    pub arguments: String,
    /// What it returns.
    pub returns: String,
}

impl ClassValues {
    /// What is to be told of a class.
    pub fn of(class: &Class) -> Self {
        let writer = Writer::new(class, Dialect::Genezio);
        let mut types = writer.declarations();
        if class.methods.iter().any(|method| matches!(method.call, Call::Rpc { context: true, .. })) {
            types.push_str(CONTEXT);
        }
        let methods = class.methods.iter().map(|method| MethodValues::of(method, &writer)).collect();
        Self { types, comment: comment::block(&class.doc, "").trim_end().to_owned(), methods }
    }
}

/// Genezio's client sends it by this name, and knows what stands in it.
const CONTEXT: &str = "/** Who calls; clients send it by themselves. */
export type GnzContext = { isGnzContext?: boolean; token?: string; headers?: any; requestContext?: any };

";

impl MethodValues {
    fn of(method: &Method, writer: &Writer<'_>) -> Self {
        let comment = comment::block(&method.doc, "  ").trim_end().to_owned();
        let mut values = Self {
            name: method.name.clone(),
            comment,
            kind: "http",
            cron: String::new(),
            parameters: String::new(),
            arguments: String::new(),
            returns: String::new(),
        };
        match &method.call {
            Call::Http => {}
            Call::Cron(times) => {
                values.kind = "cron";
                values.cron.clone_from(times);
            }
            Call::Rpc { context, params, returns } => {
                values.kind = "jsonrpc";
                values.returns = writer.returned(returns);
                let mut typed = Vec::new();
                let mut names = Vec::new();
                if *context {
                    let name = free("context", params.iter().map(|param| param.name.as_str()));
                    typed.push(format!("{name}: GnzContext"));
                    names.push(name);
                }
                for (name, may_be_missing, ty) in parameters(method) {
                    let mark = if may_be_missing { "?" } else { "" };
                    typed.push(format!("{name}{mark}: {}", writer.ty(ty)));
                    names.push(name);
                }
                values.parameters = typed.join(", ");
                values.arguments = names.join(", ");
            }
        }
        values
    }
}

/// What a client gives a method: each with its name, whether it may be left out, and its type. What may be `null` may
/// be left out where nothing comes after it that may not.
pub(super) fn parameters(method: &Method) -> Vec<(String, bool, &Type)> {
    let Call::Rpc { params, .. } = &method.call else { return Vec::new() };
    let needed = params.iter().rposition(|param| !matches!(param.ty, Type::Option(_)));
    let first_optional = needed.map_or(0, |last| last + 1);
    let each = params.iter().enumerate();
    each.map(|(index, param)| (names::parameter(&param.name), index >= first_optional, &param.ty)).collect()
}

/// A name that none of the others is.
fn free<'n>(wanted: &str, others: impl Iterator<Item = &'n str>) -> String {
    let others: Vec<_> = others.collect();
    let mut name = wanted.to_owned();
    while others.contains(&name.as_str()) {
        name.push('_');
    }
    name
}

/// What clients of Genezio's are told less about than there is: a sentence each.
pub fn untold(class: &Class) -> Vec<String> {
    let writer = Writer::new(class, Dialect::Genezio);
    let untold = writer.untold();
    untold
        .into_iter()
        .map(|(name, what)| {
            format!(
                "Genezio's clients have no form for `{name}` ({what}) and take `any` there; `cargo trap client --sdk genezio` gives them one"
            )
        })
        .collect()
}
