//! The description's JSON text, read into the model.
//!
//! In it a type is written out wherever it is used, and stands as `{"self":"Name"}` inside itself. Here it is
//! declared once. Names become TypeScript, so each is checked.

use serde_json::Value;

use super::model::{Call, Class, Content, Declared, Field, Form, Method, Param, Plain, Type, Variant};
use super::names;

/// No class has more types than this.
const MOST_TYPES: usize = 10_000;

/// What is wrong with a description.
type Problem = String;

type Read<T> = Result<T, Problem>;

/// Reads a class.
pub(super) fn class(json: &[u8]) -> Read<Class> {
    // It limits how deep a text goes, so what follows needs no limit of its own.
    let value: Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let name = rust_name(&value, "class")?;
    let mut reader = Reader { class: name.clone(), types: Vec::new(), keys: Vec::new(), around: Vec::new() };
    let mut methods: Vec<Method> = Vec::new();
    for value in list(&value, "methods")? {
        let method = reader.method(value)?;
        if method.name == "constructor" || methods.iter().any(|known| known.name == method.name) {
            return Err(format!("there is another method `{}`", method.name));
        }
        methods.push(method);
    }
    let types = reader.types;
    Ok(Class { name, doc: text(&value, "doc")?, unwinds: value["unwinds"] == true, methods, types })
}

fn text(value: &Value, key: &str) -> Read<String> {
    value[key].as_str().map(str::to_owned).ok_or_else(|| format!("`{key}` is no text"))
}

fn list<'v>(value: &'v Value, key: &str) -> Read<&'v [Value]> {
    value[key].as_array().map(Vec::as_slice).ok_or_else(|| format!("`{key}` is no list"))
}

fn optional_text(value: &Value, key: &str) -> Read<Option<String>> {
    if value[key].is_null() { Ok(None) } else { text(value, key).map(Some) }
}

fn rust_name(value: &Value, key: &str) -> Read<String> {
    let name = text(value, key)?;
    if names::is_rust_name(&name) { Ok(name) } else { Err(format!("`{name}` is no name in Rust")) }
}

struct Reader {
    class: String,
    types: Vec<Declared>,
    /// What tells the types apart, one for each.
    keys: Vec<(String, Vec<Type>)>,
    /// The types that the one at hand stands in, by their names in the description.
    around: Vec<(String, usize)>,
}

impl Reader {
    fn method(&mut self, value: &Value) -> Read<Method> {
        let call = match value["kind"].as_str() {
            Some("jsonrpc") => {
                let mut params = Vec::new();
                for param in list(value, "params")? {
                    params.push(Param { name: rust_name(param, "name")?, ty: self.ty(&param["type"])? });
                }
                let returns = self.ty(&value["returns"])?;
                Call::Rpc { context: value["context"] == true, params, returns }
            }
            Some("http") => Call::Http,
            Some("cron") => Call::Cron(cron(&text(value, "cron")?)?),
            _ => return Err("a method is called in a way that is not known".to_owned()),
        };
        Ok(Method { name: rust_name(value, "name")?, doc: text(value, "doc")?, call })
    }

    fn ty(&mut self, value: &Value) -> Read<Type> {
        if let Some(plain) = value.as_str() {
            return Ok(Type::Plain(match plain {
                "string" => Plain::String,
                "number" => Plain::Number,
                "byte" => Plain::Byte,
                "bigint" => Plain::Bigint,
                "boolean" => Plain::Boolean,
                "void" => Plain::Void,
                "any" => Plain::Any,
                "date" => Plain::Date,
                other => return Err(format!("`{other}` is no type")),
            }));
        }
        let fields = value.as_object().ok_or("a type is neither a word nor an object")?;
        if fields.contains_key("name") {
            return self.named(value);
        }
        match fields.iter().next() {
            Some((key, of)) if key == "array" => Ok(Type::Array(self.ty(of)?.into())),
            Some((key, of)) if key == "map" => Ok(Type::Map(self.ty(of)?.into())),
            // `null` is one value, however many options it stands for.
            Some((key, of)) if key == "option" => Ok(match self.ty(of)? {
                option @ Type::Option(_) => option,
                of => Type::Option(of.into()),
            }),
            Some((key, _)) if key == "tuple" => Ok(Type::Tuple(self.tuple(value, "tuple")?)),
            Some((key, name)) if key == "self" => {
                let around = self.around.iter().rev().find(|(around, _)| name == around);
                let (_, index) = around.ok_or_else(|| format!("nothing around is called {name}"))?;
                Ok(Type::Named(*index))
            }
            _ => Err("a type has a form that is not known".to_owned()),
        }
    }

    fn tuple(&mut self, value: &Value, key: &str) -> Read<Vec<Type>> {
        list(value, key)?.iter().map(|ty| self.ty(ty)).collect()
    }

    /// A type with a name, which is declared when it is met for the first time.
    fn named(&mut self, value: &Value) -> Read<Type> {
        let (name, path) = (text(value, "name")?, text(value, "path")?);
        let args = self.tuple(value, "args")?;
        let key = (format!("{path}::{name}"), args);
        if let Some(index) = self.keys.iter().position(|known| *known == key) {
            return Ok(Type::Named(index));
        }
        let index = self.types.len();
        if index == MOST_TYPES {
            return Err(format!("it has more than {MOST_TYPES} types"));
        }
        let unique = names::of_type(&name, &key.1, &self.class, &self.types);
        let doc = text(value, "doc")?;
        self.types.push(Declared { name: unique, doc, form: Form::Content(Content::Unit) });
        self.keys.push(key);
        self.around.push((name, index));
        let form = self.form(&value["is"])?;
        self.around.pop();
        self.types[index].form = form;
        Ok(Type::Named(index))
    }

    fn form(&mut self, value: &Value) -> Read<Form> {
        let of = &value["enum"];
        if of.is_null() {
            return self.content(value).map(Form::Content);
        }
        let mut variants = Vec::new();
        for variant in list(of, "variants")? {
            let content = self.content(&variant["is"])?;
            variants.push(Variant { name: text(variant, "name")?, doc: text(variant, "doc")?, content });
        }
        Ok(Form::Enum {
            tag: optional_text(of, "tag")?,
            content: optional_text(of, "content")?,
            untagged: of["untagged"] == true,
            variants,
        })
    }

    fn content(&mut self, value: &Value) -> Read<Content> {
        let fields = value.as_object().and_then(|fields| fields.iter().next());
        Ok(match fields {
            Some((key, _)) if key == "unit" => Content::Unit,
            Some((key, of)) if key == "newtype" => Content::Newtype(self.ty(of)?),
            Some((key, _)) if key == "tuple" => Content::Tuple(self.tuple(value, "tuple")?),
            Some((key, _)) if key == "struct" => {
                let mut fields = Vec::new();
                for field in list(value, "struct")? {
                    fields.push(Field {
                        name: text(field, "name")?,
                        doc: text(field, "doc")?,
                        optional: field["optional"] == true,
                        flatten: field["flatten"] == true,
                        ty: self.ty(&field["type"])?,
                    });
                }
                Content::Struct(fields)
            }
            _ => return Err("a struct or a variant has a form that is not known".to_owned()),
        })
    }
}

/// Times as the macro lets them through: they become part of a comment.
fn cron(times: &str) -> Read<String> {
    let known = |c: char| c.is_ascii_alphanumeric() || " *,-/?#".contains(c);
    if times.split(' ').count() == 5 && times.chars().all(known) {
        Ok(times.to_owned())
    } else {
        Err(format!("`{times}` are no times"))
    }
}
