//! Types as TypeScript writes them.
//!
//! Genezio's command line reads the class that it is given by rules of its own, so there are two ways to write a type:
//! it takes a name only for an object or a choice, goes round in circles with a type that refers to itself, and prints
//! names of fields without quotes. What it cannot be told is `any`; see [`Writer::untold`].

use std::cell::OnceCell;
use std::fmt::Write as _;

use super::comment;
use super::model::{Class, Content, Declared, Field, Form, Plain, Type, Variant};
use super::names::{is_identifier, quoted};

/// Whom types are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// TypeScript itself.
    Full,
    /// Genezio's command line, which makes clients of its own of them.
    Genezio,
}

/// A choice of types: each as it is written, with its documentation.
type Union = Vec<(String, String)>;

/// Writes the types of a class.
pub(super) struct Writer<'c> {
    class: &'c Class,
    dialect: Dialect,
    /// What each type with a name is; `None` where the dialect has no form for it.
    bodies: Vec<OnceCell<Option<Union>>>,
}

impl<'c> Writer<'c> {
    pub(super) fn new(class: &'c Class, dialect: Dialect) -> Self {
        Self { class, dialect, bodies: vec![OnceCell::new(); class.types.len()] }
    }

    /// A type where it is used.
    pub(super) fn ty(&self, ty: &Type) -> String {
        joined(&self.choices(ty, None))
    }

    /// What a method returns.
    pub(super) fn returned(&self, ty: &Type) -> String {
        if *ty == Type::Plain(Plain::Void) { "void".to_owned() } else { self.ty(ty) }
    }

    /// The declarations of all types with a name.
    pub(super) fn declarations(&self) -> String {
        let mut text = String::new();
        for (index, declared) in self.class.types.iter().enumerate() {
            if self.has_name(index) {
                text.push_str(&self.declaration(index, declared));
                text.push('\n');
            }
        }
        text
    }

    /// Types that a client of this dialect is told less about than there is, each with a reason.
    pub(super) fn untold(&self) -> Vec<(&str, &'static str)> {
        let mut untold = Vec::new();
        for (index, declared) in self.class.types.iter().enumerate() {
            let refers_to_itself =
                declared.parts().iter().any(|part| self.class.reaches(part).contains(&index));
            if self.body(index).is_none() {
                untold.push((declared.name.as_str(), "names of its fields, or how they are put together"));
            } else if self.dialect == Dialect::Genezio && refers_to_itself {
                untold.push((declared.name.as_str(), "that it refers to itself"));
            }
        }
        untold
    }

    fn declaration(&self, index: usize, declared: &Declared) -> String {
        let mut text = comment::block(&declared.doc, "");
        let name = &declared.name;
        if let Form::Content(Content::Struct(fields)) = &declared.form {
            let object = self.object(fields, index);
            if object.others.is_empty() && !object.fields.is_empty() {
                let _ = writeln!(text, "export type {name} = {{");
                for (property, doc) in object.properties() {
                    let _ = writeln!(text, "{}  {property};", comment::block(&doc, "  "));
                }
                text.push_str("};\n");
                return text;
            }
        }
        match self.body(index).map(Vec::as_slice).unwrap_or_default() {
            [(one, _)] => {
                let _ = writeln!(text, "export type {name} = {one};");
            }
            all => {
                let _ = write!(text, "export type {name} =");
                for (one, doc) in all {
                    let _ = write!(text, "\n{}  | {one}", comment::block(doc, "  "));
                }
                text.push_str(";\n");
            }
        }
        text
    }

    /// True when the type stands under its name where it is used.
    fn has_name(&self, index: usize) -> bool {
        let Some(body) = self.body(index) else { return false };
        if self.dialect == Dialect::Full {
            return true;
        }
        // TypeScript forgets the name of what is a plain type, or becomes one when `null` counts for nothing.
        let choices: Vec<_> = body.iter().map(|(one, _)| one.as_str()).filter(|one| *one != "null").collect();
        match choices.as_slice() {
            [one] => one.starts_with('{'),
            all => {
                let has_literals = all.iter().any(|one| one.starts_with('"'));
                all.len() > 1 && !(has_literals && all.contains(&"string"))
            }
        }
    }

    fn body(&self, index: usize) -> Option<&Union> {
        let body = self.bodies[index].get_or_init(|| match &self.class.types[index].form {
            Form::Content(content) => self.content(content, index),
            Form::Enum { tag, content, untagged, variants } => {
                let how = Tagging { tag: tag.as_deref(), content: content.as_deref(), untagged: *untagged };
                let mut union = Union::new();
                for variant in variants {
                    add_all(&mut union, self.variant(variant, how, index)?);
                }
                // An enum without variants has no values.
                if union.is_empty() {
                    union.push(("never".to_owned(), String::new()));
                }
                Some(told(union))
            }
        });
        body.as_ref()
    }

    fn content(&self, content: &Content, inside: usize) -> Option<Union> {
        let one = |text| Some(vec![(text, String::new())]);
        match content {
            Content::Unit => one("null".to_owned()),
            Content::Newtype(ty) => Some(self.choices(ty, Some(inside))),
            Content::Tuple(all) => one(self.tuple(all, Some(inside))),
            Content::Struct(fields) => one(self.object(fields, inside).text(self.dialect)?),
        }
    }

    fn variant(&self, variant: &Variant, how: Tagging<'_>, inside: usize) -> Option<Union> {
        let name = quoted(&variant.name);
        let with_doc = |text| Some(vec![(text, variant.doc.clone())]);
        let content = |content: &Content| self.content(content, inside);
        let literal = || vec![(name.clone(), String::new())];
        match how {
            Tagging { untagged: true, .. } => {
                let mut union = self.content(&variant.content, inside)?;
                if let Some(first) = union.first_mut() {
                    first.1.clone_from(&variant.doc);
                }
                Some(union)
            }
            Tagging { tag: None, .. } => match &variant.content {
                Content::Unit => with_doc(name),
                other => {
                    let mut object = Object::default();
                    object.add(&variant.name, false, content(other)?);
                    with_doc(object.text(self.dialect)?)
                }
            },
            Tagging { tag: Some(tag), content: Some(place), .. } => {
                let mut object = Object::default();
                object.add(tag, false, literal());
                if variant.content != Content::Unit {
                    object.add(place, false, content(&variant.content)?);
                }
                with_doc(object.text(self.dialect)?)
            }
            Tagging { tag: Some(tag), content: None, .. } => {
                let mut object = Object::default();
                object.add(tag, false, literal());
                match &variant.content {
                    Content::Unit => {}
                    Content::Struct(fields) => self.collect(fields, inside, false, 0, &mut object),
                    Content::Newtype(ty) => self.flatten(ty, inside, false, 0, &mut object),
                    // serde writes no lists beside a tag.
                    Content::Tuple(_) => object.index.push(any()),
                }
                with_doc(object.text(self.dialect)?)
            }
        }
    }

    fn object(&self, fields: &[Field], inside: usize) -> Object {
        let mut object = Object::default();
        self.collect(fields, inside, false, 0, &mut object);
        object
    }

    fn collect(&self, fields: &[Field], inside: usize, optional: bool, depth: u8, object: &mut Object) {
        for field in fields {
            let optional = optional || field.optional;
            if field.flatten {
                self.flatten(&field.ty, inside, optional, depth + 1, object);
            } else {
                object.add(&field.name, optional, self.choices(&field.ty, Some(inside)));
                if let Some(added) = object.fields.last_mut() {
                    added.doc.clone_from(&field.doc);
                }
            }
        }
    }

    /// Puts what a type has in it in the place of the type.
    fn flatten(&self, ty: &Type, inside: usize, optional: bool, depth: u8, object: &mut Object) {
        match ty {
            // A type that is put into itself has no end.
            _ if depth > 16 => object.index.push(any()),
            Type::Option(of) => self.flatten(of, inside, true, depth + 1, object),
            Type::Map(of) => object.index.extend(self.choices(of, Some(inside))),
            Type::Named(index) => match &self.class.types[*index].form {
                Form::Content(Content::Struct(fields)) => {
                    self.collect(fields, inside, optional, depth + 1, object);
                }
                Form::Content(Content::Newtype(of)) => {
                    self.flatten(of, inside, optional, depth + 1, object);
                }
                Form::Content(Content::Unit) => {}
                _ => {
                    let name = joined(&self.choices(ty, Some(inside)));
                    object.others.push(if optional { format!("Partial<{name}>") } else { name });
                }
            },
            Type::Plain(Plain::Void) => {}
            _ => object.index.push(any()),
        }
    }

    fn choices(&self, ty: &Type, inside: Option<usize>) -> Union {
        let full = self.dialect == Dialect::Full;
        let one = |text: &str| vec![(text.to_owned(), String::new())];
        match ty {
            Type::Plain(plain) => one(match plain {
                Plain::String => "string",
                Plain::Number | Plain::Byte => "number",
                Plain::Bigint => "bigint",
                Plain::Boolean => "boolean",
                Plain::Void => "null",
                Plain::Any if full => "unknown",
                Plain::Any => "any",
                Plain::Date => "Date",
            }),
            Type::Array(of) if full && **of == Type::Plain(Plain::Byte) => one("Uint8Array"),
            Type::Array(of) => one(&array(&self.choices(of, inside))),
            Type::Option(of) => {
                let mut union = self.choices(of, inside);
                add_all(&mut union, one("null"));
                told(union)
            }
            Type::Map(of) => one(&format!("{{ [key: string]: {} }}", joined(&self.choices(of, inside)))),
            Type::Tuple(all) => one(&self.tuple(all, inside)),
            Type::Named(index) => {
                let declared = &self.class.types[*index];
                if full {
                    return one(&declared.name);
                }
                let refers_back = inside.is_some_and(|inside| self.class.reaches(ty).contains(&inside));
                if refers_back {
                    return one("any");
                }
                match self.body(*index) {
                    Some(_) if self.has_name(*index) => one(&declared.name),
                    Some(body) => body.iter().map(|(text, _)| (text.clone(), String::new())).collect(),
                    None => one("any"),
                }
            }
        }
    }

    fn tuple(&self, all: &[Type], inside: Option<usize>) -> String {
        if self.dialect == Dialect::Full {
            let all: Vec<_> = all.iter().map(|ty| joined(&self.choices(ty, inside))).collect();
            return format!("[{}]", all.join(", "));
        }
        // There is no form for a list of such and such: it is one of any of them.
        let mut union = Union::new();
        for ty in all {
            add_all(&mut union, self.choices(ty, inside));
        }
        if union.is_empty() {
            union.push(any());
        }
        array(&told(union))
    }
}

/// How the variant of an enum is told.
#[derive(Clone, Copy)]
struct Tagging<'e> {
    tag: Option<&'e str>,
    content: Option<&'e str>,
    untagged: bool,
}

/// An object type under construction.
#[derive(Default)]
struct Object {
    fields: Vec<Property>,
    /// What stands under any other name.
    index: Union,
    /// Types that it is as well.
    others: Vec<String>,
}

struct Property {
    name: String,
    optional: bool,
    ty: Union,
    doc: String,
}

impl Object {
    fn add(&mut self, name: &str, optional: bool, ty: Union) {
        self.fields.push(Property { name: name.to_owned(), optional, ty, doc: String::new() });
    }

    /// Each property as it is written, with its documentation.
    fn properties(&self) -> Vec<(String, String)> {
        let mut properties: Vec<_> = self
            .fields
            .iter()
            .map(|Property { name, optional, ty, doc }| {
                let name = if is_identifier(name) { name.clone() } else { quoted(name) };
                (format!("{name}{}: {}", if *optional { "?" } else { "" }, joined(ty)), doc.clone())
            })
            .collect();
        if !self.index.is_empty() {
            // What stands under a name of its own has to fit as well.
            let mut union = self.index.clone();
            self.fields.iter().for_each(|field| add_all(&mut union, field.ty.clone()));
            if self.fields.iter().any(|field| field.optional) {
                add_all(&mut union, vec![("undefined".to_owned(), String::new())]);
            }
            properties.push((format!("[key: string]: {}", joined(&told(union))), String::new()));
        }
        properties
    }

    /// All of it in one line; `None` where the dialect has no form for it.
    fn text(&self, dialect: Dialect) -> Option<String> {
        if dialect == Dialect::Genezio {
            let is_plain = self.fields.iter().all(|field| is_identifier(&field.name));
            let is_one = self.others.is_empty() && (self.index.is_empty() || self.fields.is_empty());
            if !is_plain || !is_one {
                return None;
            }
        }
        let properties: Vec<_> = self.properties().into_iter().map(|(text, _)| text).collect();
        let own = match properties.as_slice() {
            [] if dialect == Dialect::Genezio => "{}".to_owned(),
            [] if self.others.is_empty() => "Record<string, never>".to_owned(),
            [] => return Some(self.others.join(" & ")),
            _ => format!("{{ {} }}", properties.join("; ")),
        };
        Some(self.others.iter().fold(own, |text, other| format!("{text} & {other}")))
    }
}

fn any() -> (String, String) {
    ("any".to_owned(), String::new())
}

fn array(of: &Union) -> String {
    match of.as_slice() {
        [(one, _)] if is_identifier(one) => format!("{one}[]"),
        _ => format!("Array<{}>", joined(of)),
    }
}

fn joined(union: &Union) -> String {
    union.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(" | ")
}

/// Adds choices that are not among these yet.
fn add_all(union: &mut Union, more: Union) {
    for one in more {
        if union.iter().all(|(known, _)| *known != one.0) {
            union.push(one);
        }
    }
}

/// Beside a type that everything fits the others say nothing.
fn told(union: Union) -> Union {
    let all = union.iter().find(|(one, _)| one == "any" || one == "unknown").cloned();
    all.map_or(union, |all| vec![all])
}
