//! What tells the variants of an untagged enum: conditions in TypeScript, by the form of a value.
//!
//! A value that came was written by one of the variants, so it has exactly the fields of that one. Where several variants
//! write the same form, it is read as Rust reads it: by the first of them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::model::{Class, Content, Field, Form, Plain, Type, Variant};
use super::names::quoted;

/// What conditions call, by name.
const HELPERS: [(&str, &str); 5] = [
    (
        "isObject",
        "
function isObject(value: any): boolean {
  return typeof value === \"object\" && value !== null && !Array.isArray(value);
}
",
    ),
    (
        "hasOnly",
        "
function hasOnly(value: any, names: readonly string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name));
}
",
    ),
    (
        "without",
        "
function without(value: any, names: readonly string[]): any {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}
",
    ),
    (
        "isByte",
        "
function isByte(value: any): boolean {
  return Number.isInteger(value) && value >= 0 && value < 256;
}
",
    ),
    // The form that chrono writes; it reads others as well, but those are text to a client.
    (
        "isDate",
        "
/** A text that is a date, as the program writes one. */
function isDate(value: any): boolean {
  const form = /^[+-]?\\d{4,}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$/;
  return typeof value === \"string\" && form.test(value) && !Number.isNaN(Date.parse(value));
}
",
    ),
];

/// Writes conditions, and the functions that they call.
pub(super) struct Teller<'c> {
    class: &'c Class,
    /// The types that conditions ask for by name.
    asked: RefCell<BTreeSet<usize>>,
}

/// What is known of an object while its condition is put together.
#[derive(Default)]
struct Object<'c> {
    conditions: Vec<String>,
    /// The names of its own fields.
    names: Vec<&'c str>,
    /// The enum of which one variant's fields stand beside them.
    choice: Option<usize>,
    /// What stands under any other name; empty where nothing does.
    others: Vec<&'c Type>,
}

const ANY: &Type = &Type::Plain(Plain::Any);

impl<'c> Teller<'c> {
    pub(super) fn new(class: &'c Class) -> Self {
        Self { class, asked: RefCell::default() }
    }

    /// The condition for a value to be what a variant of an untagged enum writes.
    pub(super) fn variant(&self, variant: &'c Variant, value: &str) -> String {
        self.content(&variant.content, value)
    }

    /// The functions that conditions written so far call, with what these call in turn.
    pub(super) fn functions(&self, written: &str) -> String {
        let (mut text, mut done) = (String::new(), BTreeSet::new());
        loop {
            let next = self.asked.borrow().difference(&done).next().copied();
            let Some(index) = next else { break };
            done.insert(index);
            text.push_str(&self.function(index));
        }
        let called =
            |name: &str| [written, text.as_str()].iter().any(|text| text.contains(&format!("{name}(")));
        let helpers: String =
            HELPERS.iter().filter(|(name, _)| called(name)).map(|(_, function)| *function).collect();
        helpers + &text
    }

    fn function(&self, index: usize) -> String {
        let declared = &self.class.types[index];
        let condition = match &declared.form {
            Form::Content(content) => self.content(content, "value"),
            Form::Enum { tag, content, untagged, variants } => {
                let variants = variants.iter().map(|variant| {
                    if *untagged {
                        self.variant(variant, "value")
                    } else {
                        self.tagged(tag.as_deref(), content.as_deref(), variant)
                    }
                });
                let variants: Vec<_> = variants.map(enclosed).collect();
                // An enum without variants has no values.
                if variants.is_empty() { "false".to_owned() } else { variants.join("\n    || ") }
            }
        };
        format!("\nfunction fits{}(value: any): boolean {{\n  return {condition};\n}}\n", declared.name)
    }

    fn tagged(&self, tag: Option<&str>, place: Option<&str>, variant: &'c Variant) -> String {
        let name = quoted(&variant.name);
        let Some(tag) = tag else {
            if variant.content == Content::Unit {
                return format!("value === {name}");
            }
            let content = self.content(&variant.content, &format!("value[{name}]"));
            return format!("isObject(value) && hasOnly(value, [{name}]) && {name} in value && {content}");
        };
        let key = quoted(tag);
        let mut object = Object::default();
        object.conditions.push(format!("value[{key}] === {name}"));
        let mut names = vec![key];
        match (place, &variant.content) {
            (_, Content::Unit) => {}
            (Some(place), content) => {
                let place = quoted(place);
                object.conditions.push(self.content(content, &format!("value[{place}]")));
                names.push(place);
            }
            (None, Content::Struct(fields)) => self.collect(fields, "value", false, 0, &mut object),
            (None, Content::Newtype(ty)) => self.flatten(ty, "value", false, 0, &mut object),
            // serde writes no lists beside a tag.
            (None, Content::Tuple(_)) => return "false".to_owned(),
        }
        self.joined(object, names, "value")
    }

    fn content(&self, content: &'c Content, value: &str) -> String {
        match content {
            Content::Unit => format!("{value} === null"),
            Content::Newtype(ty) => self.is(ty, value),
            Content::Tuple(all) => self.tuple(all, value),
            Content::Struct(fields) => {
                let mut object = Object::default();
                self.collect(fields, value, false, 0, &mut object);
                self.joined(object, Vec::new(), value)
            }
        }
    }

    fn is(&self, ty: &'c Type, value: &str) -> String {
        match ty {
            Type::Plain(plain) => match plain {
                Plain::String => format!("typeof {value} === \"string\""),
                Plain::Number => format!("typeof {value} === \"number\""),
                Plain::Bigint => format!("typeof {value} === \"bigint\""),
                Plain::Boolean => format!("typeof {value} === \"boolean\""),
                Plain::Byte => format!("isByte({value})"),
                Plain::Date => format!("isDate({value})"),
                Plain::Void => format!("{value} === null"),
                Plain::Any => format!("{value} !== undefined"),
            },
            Type::Array(of) => {
                format!("Array.isArray({value}) && {value}.every((one: any) => {})", self.is(of, "one"))
            }
            Type::Option(of) => format!("({value} === null || {})", enclosed(self.is(of, value))),
            Type::Map(of) => format!(
                "isObject({value}) && Object.values({value}).every((one: any) => {})",
                self.is(of, "one")
            ),
            Type::Tuple(all) => self.tuple(all, value),
            Type::Named(index) => self.named(*index, value),
        }
    }

    fn named(&self, index: usize, value: &str) -> String {
        self.asked.borrow_mut().insert(index);
        format!("fits{}({value})", self.class.types[index].name)
    }

    fn tuple(&self, all: &'c [Type], value: &str) -> String {
        let mut text = format!("Array.isArray({value}) && {value}.length === {}", all.len());
        for (at, ty) in all.iter().enumerate() {
            let _ = write!(text, " && {}", self.is(ty, &format!("{value}[{at}]")));
        }
        text
    }

    fn collect(&self, fields: &'c [Field], value: &str, optional: bool, depth: u8, object: &mut Object<'c>) {
        for field in fields {
            let optional = optional || field.optional;
            if field.flatten {
                self.flatten(&field.ty, value, optional, depth + 1, object);
                continue;
            }
            let at = format!("{value}[{}]", quoted(&field.name));
            let is = self.is(&field.ty, &at);
            object.conditions.push(if optional {
                format!("({at} === undefined || {})", enclosed(is))
            } else {
                is
            });
            object.names.push(&field.name);
        }
    }

    /// Adds what a type has in it, which stands in the type's place.
    fn flatten(&self, ty: &'c Type, value: &str, optional: bool, depth: u8, object: &mut Object<'c>) {
        match ty {
            // A type that is put into itself has no end.
            _ if depth > 16 => object.others.push(ANY),
            Type::Option(of) => self.flatten(of, value, true, depth + 1, object),
            Type::Map(of) => object.others.push(of),
            Type::Plain(Plain::Void) => {}
            Type::Named(index) => match &self.class.types[*index].form {
                Form::Content(Content::Struct(fields)) => {
                    self.collect(fields, value, optional, depth + 1, object);
                }
                Form::Content(Content::Newtype(of)) => self.flatten(of, value, optional, depth + 1, object),
                Form::Content(Content::Unit) => {}
                Form::Enum { .. } if object.choice.is_none() && !optional => object.choice = Some(*index),
                // Its fields are not told from those beside it.
                _ => object.others.push(ANY),
            },
            _ => object.others.push(ANY),
        }
    }

    /// One condition of all that is known of an object; `names` are known beside its fields.
    fn joined(&self, object: Object<'c>, mut names: Vec<String>, value: &str) -> String {
        let mut conditions = vec![format!("isObject({value})")];
        conditions.extend(object.conditions);
        names.extend(object.names.into_iter().map(quoted));
        let names = names.join(", ");
        if let (Some(index), []) = (object.choice, object.others.as_slice()) {
            conditions.push(self.named(index, &format!("without({value}, [{names}])")));
        } else if object.others.is_empty() {
            conditions.push(format!("hasOnly({value}, [{names}])"));
        } else if object.choice.is_none() && !object.others.contains(&ANY) {
            let others: Vec<_> = object.others.iter().map(|ty| enclosed(self.is(ty, "one"))).collect();
            conditions.push(format!(
                "Object.entries({value}).every(([name, one]: [string, any]) => [{names}].includes(name) || {})",
                others.join(" || ")
            ));
        }
        conditions.join(" && ")
    }
}

/// A condition as one of several.
fn enclosed(condition: String) -> String {
    if condition.contains(" && ") { format!("({condition})") } else { condition }
}
