//! What makes the values of a class of those that JSON has: functions in TypeScript, by the description.
//!
//! Values come out of JSON as they are, but for dates and bytes, which JSON has no form for, and for values of any type,
//! whose whole numbers all travel as text: for every type with some in it there is a function that makes them.

use std::fmt::Write as _;

use super::model::{Call, Class, Content, Field, Form, Plain, Type, Variant};
use super::names::{is_identifier, quoted};
use super::tell::Teller;

/// How values travel: they are written and read alike by whatever makes the requests.
pub(super) const VALUES: &str = include_str!("values.ts");

const ANY: Type = Type::Plain(Plain::Any);

/// For values of any type, of which nobody says what a `bigint` is.
const PLAIN: &str = "
/** Whole numbers in a value of any type: `bigint` only where a `number` would round. */
function plain(value: any): unknown {
  if (typeof value === \"bigint\") return BigInt(Number.MAX_SAFE_INTEGER) < (value < 0n ? -value : value) ? value : Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== \"object\" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}
";

/// Writes what makes values.
pub(super) struct Maker<'c> {
    class: &'c Class,
    teller: Teller<'c>,
}

impl<'c> Maker<'c> {
    pub(super) fn new(class: &'c Class) -> Self {
        Self { class, teller: Teller::new(class) }
    }

    /// The functions that [`Maker::made`] calls, for all that methods return.
    pub(super) fn functions(&self) -> String {
        let returned = self.class.methods.iter().filter_map(|method| match &method.call {
            Call::Rpc { returns, .. } => Some(returns),
            _ => None,
        });
        let returned: Vec<_> = returned.collect();
        let mut types: Vec<_> = returned.iter().flat_map(|ty| self.class.reaches(ty)).collect();
        types.sort_unstable();
        types.dedup();
        let mut text = String::new();
        let parts = types.iter().flat_map(|&index| self.class.types[index].parts());
        if returned.iter().copied().chain(parts).any(|ty| has(ty, &|ty| *ty == ANY)) {
            text.push_str(PLAIN);
        }
        for index in types.into_iter().filter(|&index| self.makes(&Type::Named(index))) {
            text.push_str(&self.function(index));
        }
        let told = self.teller.functions(&text);
        text + &told
    }

    /// True when something in it has to be made.
    pub(super) fn makes(&self, ty: &Type) -> bool {
        let is_made = |ty: &Type| is_bytes(ty) || [Type::Plain(Plain::Date), ANY].contains(ty);
        let reached = self.class.reaches(ty);
        let mut parts = reached.iter().flat_map(|&index| self.class.types[index].parts());
        has(ty, &is_made) || parts.any(|ty| has(ty, &is_made))
    }

    /// What makes the value of a type of the one that came.
    pub(super) fn made(&self, ty: &Type, value: &str) -> String {
        if !self.makes(ty) {
            return value.to_owned();
        }
        match ty {
            Type::Plain(Plain::Any) => format!("plain({value})"),
            Type::Plain(_) => format!("new Date({value})"),
            Type::Array(_) if is_bytes(ty) => format!("Uint8Array.from({value})"),
            Type::Array(of) => format!("{value}.map((one: any) => {})", self.made(of, "one")),
            Type::Option(of) => format!("({value} === null ? null : {})", self.made(of, value)),
            Type::Map(of) => format!(
                "Object.fromEntries(Object.entries({value}).map(([name, one]: [string, any]) => [name, {}]))",
                self.made(of, "one")
            ),
            Type::Tuple(all) => {
                let all = all.iter().enumerate();
                let all: Vec<_> = all.map(|(at, ty)| self.made(ty, &format!("{value}[{at}]"))).collect();
                format!("[{}]", all.join(", "))
            }
            Type::Named(index) => format!("make{}({value})", self.class.types[*index].name),
        }
    }

    /// The function that makes the values of a type with a name.
    fn function(&self, index: usize) -> String {
        let declared = &self.class.types[index];
        let body = match &declared.form {
            Form::Content(content) => format!("  return {};\n", self.content(content, "value")),
            Form::Enum { untagged: true, variants, .. } => self.untagged(variants),
            Form::Enum { tag, content, variants, .. } => {
                self.variants(tag.as_deref(), content.as_deref(), variants)
            }
        };
        let name = &declared.name;
        format!("\nfunction make{name}(value: any): {name} {{\n{body}}}\n")
    }

    fn content(&self, content: &Content, value: &str) -> String {
        match content {
            Content::Unit => value.to_owned(),
            Content::Newtype(ty) => self.made(ty, value),
            Content::Tuple(all) => self.made(&Type::Tuple(all.clone()), value),
            Content::Struct(fields) => self.object(fields, value, &[]),
        }
    }

    /// An object with what its fields need made; `beside` are names in it that are none of its own.
    fn object<'f>(&'f self, fields: &'f [Field], value: &str, beside: &[&'f str]) -> String {
        let mut parts = vec![format!("...{value}")];
        let mut known = beside.to_vec();
        self.names(fields, 0, &mut known);
        for field in fields.iter().filter(|field| field.flatten && self.makes(&field.ty)) {
            parts.push(format!("...{}", self.flattened(&field.ty, value, &known)));
        }
        for field in fields.iter().filter(|field| !field.flatten && self.makes(&field.ty)) {
            let place = format!("{value}[{}]", quoted(&field.name));
            let key = if is_identifier(&field.name) {
                field.name.clone()
            } else {
                format!("[{}]", quoted(&field.name))
            };
            let made = format!("{key}: {}", self.made(&field.ty, &place));
            parts.push(if field.optional {
                format!("...({place} === undefined ? {{}} : {{ {made} }})")
            } else {
                made
            });
        }
        format!("{{ {} }}", parts.join(", "))
    }

    /// The names that fields have, and those of types in their place.
    fn names<'f>(&'f self, fields: &'f [Field], depth: u8, names: &mut Vec<&'f str>) {
        for field in fields {
            if field.flatten {
                self.names_of(&field.ty, depth + 1, names);
            } else {
                names.push(&field.name);
            }
        }
    }

    fn names_of<'f>(&'f self, ty: &'f Type, depth: u8, names: &mut Vec<&'f str>) {
        match ty {
            Type::Option(of) => self.names_of(of, depth, names),
            // A type that is put into itself has no end.
            Type::Named(index) if depth < 16 => match &self.class.types[*index].form {
                Form::Content(Content::Struct(fields)) => self.names(fields, depth, names),
                Form::Content(Content::Newtype(of)) => self.names_of(of, depth + 1, names),
                _ => {}
            },
            _ => {}
        }
    }

    /// The same for what stands in the place of a type; names that are known belong to others.
    fn flattened(&self, ty: &Type, value: &str, known: &[&str]) -> String {
        match ty {
            Type::Option(of) => self.flattened(of, value, known),
            Type::Map(of) => {
                let known: Vec<_> = known.iter().map(|name| quoted(name)).collect();
                format!(
                    "Object.fromEntries(Object.entries({value}).map(([name, one]: [string, any]) => [name, [{}].includes(name) ? one : {}]))",
                    known.join(", "),
                    self.made(of, "one")
                )
            }
            Type::Named(index) => match &self.class.types[*index].form {
                Form::Content(Content::Newtype(of)) => self.flattened(of, value, known),
                // Where all of it may be missing, all of its fields may.
                Form::Content(Content::Struct(fields)) => {
                    let fields: Vec<_> =
                        fields.iter().map(|field| Field { optional: true, ..field.clone() }).collect();
                    self.object(&fields, value, known)
                }
                // The form of a value tells its variant only where nothing stands beside it.
                Form::Enum { untagged: true, .. } if !known.is_empty() => {
                    let known: Vec<_> = known.iter().map(|name| quoted(name)).collect();
                    let rest = format!("without({value}, [{}])", known.join(", "));
                    self.made(ty, &rest)
                }
                _ => self.made(ty, value),
            },
            _ => self.made(ty, value),
        }
    }

    /// Without a tag the form of a value tells which variant wrote it.
    fn untagged(&self, variants: &'c [Variant]) -> String {
        let is_made = |variant: &Variant| variant.content.parts().into_iter().any(|ty| self.makes(ty));
        let end = variants.iter().rposition(is_made).map_or(0, |last| last + 1);
        let mut text = String::new();
        for variant in &variants[..end] {
            let condition = self.teller.variant(variant, "value");
            let made =
                if is_made(variant) { self.content(&variant.content, "value") } else { "value".to_owned() };
            let _ = writeln!(text, "  if ({condition}) return {made};");
        }
        text + "  return value;\n"
    }

    fn variants(&self, tag: Option<&str>, content: Option<&str>, variants: &[Variant]) -> String {
        let mut cases = String::new();
        for Variant { name, content: of, .. } in variants {
            let Some(made) = self.variant(tag, content, name, of) else { continue };
            let _ = writeln!(cases, "    case {}:\n      return {made};", quoted(name));
        }
        let told_by = match tag {
            Some(tag) => format!("value[{}]", quoted(tag)),
            None => {
                let names: Vec<_> = variants.iter().map(|variant| quoted(&variant.name)).collect();
                format!("Object.keys(value).find((name) => [{}].includes(name))", names.join(", "))
            }
        };
        format!("  switch ({told_by}) {{\n{cases}  }}\n  return value;\n")
    }

    /// What a variant is made by; `None` where nothing in it is to be made.
    fn variant(&self, tag: Option<&str>, content: Option<&str>, name: &str, of: &Content) -> Option<String> {
        if !of.parts().into_iter().any(|ty| self.makes(ty)) {
            return None;
        }
        let at = |key: &str| {
            let key = quoted(key);
            format!("{{ ...value, [{key}]: {} }}", self.content(of, &format!("value[{key}]")))
        };
        Some(match (tag, content) {
            (None, _) => at(name),
            (Some(_), Some(place)) => at(place),
            (Some(tag), None) => match of {
                Content::Struct(fields) => self.object(fields, "value", &[tag]),
                Content::Newtype(ty) => format!("{{ ...value, ...{} }}", self.flattened(ty, "value", &[tag])),
                Content::Unit | Content::Tuple(_) => return None,
            },
        })
    }
}

/// True for a type that it holds for, or that one in it does, without looking behind names.
fn has(ty: &Type, holds: &impl Fn(&Type) -> bool) -> bool {
    holds(ty)
        || match ty {
            Type::Plain(_) | Type::Named(_) => false,
            Type::Array(of) | Type::Option(of) | Type::Map(of) => has(of, holds),
            Type::Tuple(all) => all.iter().any(|ty| has(ty, holds)),
        }
}

fn is_bytes(ty: &Type) -> bool {
    matches!(ty, Type::Array(of) if **of == Type::Plain(Plain::Byte))
}
