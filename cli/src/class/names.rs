//! Names that types and parameters have in TypeScript.

use super::model::{Declared, Plain, Type};

/// True for what can stand in TypeScript without quotes.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || "_$".contains(first))
        && chars.all(|rest| rest.is_ascii_alphanumeric() || "_$".contains(rest))
}

/// True for what Rust takes as the name of a method or a parameter.
pub(super) fn is_rust_name(name: &str) -> bool {
    let mut chars = name.chars();
    name.len() < 256
        && chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|rest| rest.is_alphanumeric() || rest == '_')
}

/// Words that TypeScript takes for no parameter: <https://tc39.es/ecma262/#prod-ReservedWord>, in strict code.
const RESERVED: &str = "arguments await break case catch class const continue debugger default delete do else enum eval \
export extends false finally for function if implements import in instanceof interface let new null package private \
protected public return static super switch this throw true try typeof undefined var void while with yield";

/// The name of a parameter.
pub(super) fn parameter(name: &str) -> String {
    let is_reserved = RESERVED.split_whitespace().any(|word| word == name);
    if is_reserved { format!("{name}_") } else { name.to_owned() }
}

/// What modules of ours and the platform's use themselves, beside words of the language.
const TAKEN: [&str; 31] = [
    "Array",
    "ArrayBuffer",
    "BigInt",
    "Boolean",
    "Buffer",
    "CallError",
    "Caller",
    "ClientOptions",
    "Date",
    "Error",
    "Function",
    "GnzContext",
    "Headers",
    "JSON",
    "Map",
    "Number",
    "Object",
    "Partial",
    "Payload",
    "Promise",
    "Record",
    "Request",
    "RequestInit",
    "Response",
    "Set",
    "Standby",
    "String",
    "Symbol",
    "TypeError",
    "URL",
    "Uint8Array",
];

/// True for a name that modules of ours use, or TypeScript.
pub(super) fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name) || crate::settings::is_reserved(name)
}

/// A text as TypeScript writes it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The name of a type among others; `args` are what it was given for its parameters.
pub(super) fn of_type(rust: &str, args: &[Type], class: &str, others: &[Declared]) -> String {
    let mut name = words(rust);
    for arg in args {
        name.push_str(&word(arg, others));
    }
    if name.is_empty() || !is_identifier(&name) {
        name.insert_str(0, "Type");
    }
    if name == class || is_taken(&name) {
        name.push_str("Type");
    }
    // Two modules of a program may have a type of the same name.
    let is_free = |name: &str| name != class && others.iter().all(|other| other.name != name);
    if is_free(&name) {
        return name;
    }
    let numbered = (2_u32..).map(|number| format!("{name}{number}")).find(|name| is_free(name));
    numbered.unwrap_or(name)
}

/// A name without what cannot stand in one, every part of it beginning large.
fn words(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|first| first.to_ascii_uppercase().to_string());
            first.unwrap_or_default() + chars.as_str()
        })
        .collect()
}

/// A type as part of a name.
fn word(ty: &Type, others: &[Declared]) -> String {
    match ty {
        Type::Plain(plain) => match plain {
            Plain::String => "String",
            Plain::Number | Plain::Byte => "Number",
            Plain::Bigint => "Bigint",
            Plain::Boolean => "Boolean",
            Plain::Void => "Void",
            Plain::Any => "Any",
            Plain::Date => "Date",
        }
        .to_owned(),
        Type::Array(of) => word(of, others) + "List",
        Type::Option(of) => word(of, others) + "OrNull",
        Type::Map(of) => word(of, others) + "Map",
        Type::Tuple(all) => all.iter().map(|ty| word(ty, others)).collect::<String>() + "Tuple",
        Type::Named(index) => others.get(*index).map(|other| other.name.clone()).unwrap_or_default(),
    }
}
