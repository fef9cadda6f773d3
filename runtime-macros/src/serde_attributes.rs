//! What serde's attributes say about the form of a type. One that changes it in a way that a client could not be told
//! is an error.

use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, Ident, Lit, LitStr, Meta, Result, Token, Type};

use crate::case::Case;

/// Where attributes stand.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Place {
    Container,
    Variant,
    Field,
}

/// The attributes of one place.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) rename: Option<String>,
    pub(crate) rename_all: Option<Case>,
    pub(crate) rename_all_fields: Option<Case>,
    pub(crate) tag: Option<String>,
    pub(crate) content: Option<String>,
    pub(crate) untagged: bool,
    pub(crate) transparent: bool,
    pub(crate) skip: bool,
    pub(crate) flatten: bool,
    /// It may be missing in one direction or the other.
    pub(crate) optional: bool,
    /// The type that it is written like.
    pub(crate) like: Option<Type>,
}

impl Attributes {
    pub(crate) fn read(attributes: &[Attribute], place: Place, what: &str) -> Result<Self> {
        let mut read = Self::default();
        // Read last of all, because it makes others good.
        let mut foreign = None;
        for attribute in attributes {
            if attribute.path().is_ident("serde") {
                let list = attribute
                    .parse_args_with(syn::punctuated::Punctuated::<Meta, Token![,]>::parse_terminated)?;
                for meta in list {
                    if let Some(name) = read.one(&meta, place, what)? {
                        foreign = Some((meta.span(), name));
                    }
                }
            } else if attribute.path().is_ident("typed") {
                attribute.parse_args_with(|input: syn::parse::ParseStream| {
                    let key = input.call(Ident::parse_any)?;
                    if key != "as" || place != Place::Field {
                        return Err(syn::Error::new(
                            key.span(),
                            "write `#[typed(as = \"…\")]` at a field, with the type that serde writes it like",
                        ));
                    }
                    input.parse::<Token![=]>()?;
                    read.like = Some(input.parse::<LitStr>()?.parse()?);
                    Ok(())
                })?;
            }
        }
        match foreign {
            Some((span, name)) if read.like.is_none() => Err(syn::Error::new(
                span,
                if place == Place::Field {
                    format!(
                        "{what} is written by `{name}`, which cannot be looked into: add `#[typed(as = \"…\")]` with a type that serde writes the same way"
                    )
                } else {
                    format!(
                        "{what} is written by `{name}`, which cannot be looked into: derive `Typed` for the other type, and name that with `#[typed(as = \"…\")]` where this one is used"
                    )
                },
            )),
            _ => Ok(read),
        }
    }

    /// Reads one; returns its name when it replaces what serde derives.
    fn one(&mut self, meta: &Meta, place: Place, what: &str) -> Result<Option<String>> {
        let name = meta.path().get_ident().map(Ident::to_string).unwrap_or_default();
        match name.as_str() {
            "rename" => self.rename = Some(text(meta, what)?),
            "rename_all" | "rename_all_fields" => {
                let case = text(meta, what)?;
                let case = Case::named(&case).ok_or_else(|| {
                    syn::Error::new(meta.span(), format!("`{case}` is no case that serde knows"))
                })?;
                let place =
                    if name == "rename_all" { &mut self.rename_all } else { &mut self.rename_all_fields };
                *place = Some(case);
            }
            "tag" => self.tag = Some(text(meta, what)?),
            "content" => self.content = Some(text(meta, what)?),
            "untagged" if place == Place::Container => self.untagged = true,
            "transparent" => self.transparent = true,
            "skip" => self.skip = true,
            "flatten" => self.flatten = true,
            "default" if place == Place::Field => self.optional = true,
            "skip_serializing_if" | "skip_serializing" | "skip_deserializing" if place == Place::Field => {
                self.optional = true;
            }
            "with" | "serialize_with" | "deserialize_with" | "from" | "try_from" | "into" | "remote"
            | "getter" => {
                return Ok(Some(name));
            }
            "default" | "deny_unknown_fields" | "alias" | "bound" | "crate" | "expecting" | "borrow" => {}
            _ => {
                return Err(syn::Error::new(
                    meta.span(),
                    format!("{what} has the attribute `{name}`, which has no counterpart in TypeScript"),
                ));
            }
        }
        Ok(None)
    }
}

/// The text of `name = "text"`.
fn text(meta: &Meta, what: &str) -> Result<String> {
    if let Meta::NameValue(pair) = meta
        && let Expr::Lit(literal) = &pair.value
        && let Lit::Str(text) = &literal.lit
    {
        return Ok(text.value());
    }
    Err(syn::Error::new(
        meta.span(),
        format!("{what} has different names in the two directions, and a type in TypeScript has one"),
    ))
}

/// The documentation comment, one leading space of each line taken away.
pub(crate) fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<_> =
        lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}
