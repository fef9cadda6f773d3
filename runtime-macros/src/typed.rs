//! `#[derive(Typed)]`: what serde writes a type like, as pieces of JSON that the compiler puts together.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Field, Fields, GenericParam, Result, Type, parse_quote};

use crate::serde_attributes::{Attributes, Place, documentation};

/// A list of pieces under construction.
#[derive(Default)]
pub(crate) struct Pieces(Vec<TokenStream>);

impl Pieces {
    pub(crate) fn text(&mut self, text: &str) {
        self.0.push(quote!(__class::Piece::Text(#text)));
    }

    /// A JSON string.
    pub(crate) fn string(&mut self, text: &str) {
        self.text("\"");
        self.0.push(quote!(__class::Piece::Raw(#text)));
        self.text("\"");
    }

    pub(crate) fn more(&mut self, piece: TokenStream) {
        self.0.push(piece);
    }

    /// What a type says, complaints about it shown where it stands.
    pub(crate) fn of(&mut self, ty: &Type, span: Span) {
        self.0.push(quote_spanned!(span=> __class::Piece::Of(<#ty as ::trap_runtime::class::Typed>::PIECES)));
    }

    pub(crate) fn array(&self) -> TokenStream {
        let pieces = &self.0;
        quote!(&[#(#pieces),*])
    }

    /// Something for each, with commas between.
    pub(crate) fn list<T>(
        &mut self,
        all: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        self.text("[");
        for (i, one) in all.into_iter().enumerate() {
            if i > 0 {
                self.text(",");
            }
            each(self, one)?;
        }
        self.text("]");
        Ok(())
    }
}

pub(crate) fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let name = &item.ident;
    let what = format!("`{name}`");
    let attributes = Attributes::read(&item.attrs, Place::Container, &what)?;
    let mut generics = item.generics.clone();
    for parameter in &mut generics.params {
        if let GenericParam::Type(parameter) = parameter {
            parameter.bounds.push(parse_quote!(::trap_runtime::class::Typed));
        }
    }
    let (of_impl, of_type, bounds) = generics.split_for_impl();

    let mut pieces = Pieces::default();
    pieces.text("{\"name\":");
    let this = attributes.rename.clone().unwrap_or_else(|| name.unraw().to_string());
    pieces.string(&this);
    pieces.text(",\"path\":\"");
    pieces.more(quote!(__class::Piece::Raw(::core::module_path!())));
    pieces.text("\",\"doc\":");
    pieces.string(&documentation(&item.attrs));
    pieces.text(",\"args\":");
    pieces.list(generics.type_params(), |pieces, parameter| {
        let parameter = &parameter.ident;
        pieces.of(&parse_quote!(#parameter), parameter.span());
        Ok(())
    })?;
    pieces.text(",\"is\":");
    let shape = Shape { own: name.to_string() };
    match &item.data {
        Data::Struct(data) if attributes.transparent => {
            let mut fields = Vec::new();
            for field in &data.fields {
                let attributes = Attributes::read(&field.attrs, Place::Field, "the field")?;
                if !attributes.skip {
                    fields.push(field);
                }
            }
            let [field] = fields.as_slice() else {
                return Err(syn::Error::new(name.span(), "a transparent struct has one field"));
            };
            pieces.text("{\"newtype\":");
            shape.field_type(&mut pieces, field, &Attributes::default());
            pieces.text("}");
        }
        Data::Struct(data) => {
            if let Some(tag) = &attributes.tag {
                return Err(syn::Error::new(
                    name.span(),
                    format!(
                        "a struct with a tag (`{tag}`) has no counterpart in TypeScript: make the tag a field"
                    ),
                ));
            }
            shape.fields(&mut pieces, &data.fields, &attributes, &what)?;
        }
        Data::Enum(data) => {
            pieces.text("{\"enum\":{\"tag\":");
            let optional = |pieces: &mut Pieces, text: &Option<String>| match text {
                Some(text) => pieces.string(text),
                None => pieces.text("null"),
            };
            optional(&mut pieces, &attributes.tag);
            pieces.text(",\"content\":");
            optional(&mut pieces, &attributes.content);
            pieces.text(if attributes.untagged { ",\"untagged\":true" } else { ",\"untagged\":false" });
            pieces.text(",\"variants\":");
            let mut variants = Vec::new();
            for variant in &data.variants {
                let what = format!("the variant `{}` of {what}", variant.ident);
                let own = Attributes::read(&variant.attrs, Place::Variant, &what)?;
                if !own.skip {
                    variants.push((variant, own, what));
                }
            }
            pieces.list(variants, |pieces, (variant, mut own, what)| {
                let ident = variant.ident.unraw().to_string();
                let renamed = attributes.rename_all.map(|case| case.variant(&ident)).unwrap_or(ident);
                pieces.text("{\"name\":");
                pieces.string(&own.rename.clone().unwrap_or(renamed));
                pieces.text(",\"doc\":");
                pieces.string(&documentation(&variant.attrs));
                pieces.text(",\"is\":");
                own.rename_all = own.rename_all.or(attributes.rename_all_fields);
                shape.fields(pieces, &variant.fields, &own, &what)?;
                pieces.text("}");
                Ok(())
            })?;
            pieces.text("}}");
        }
        Data::Union(_) => {
            return Err(syn::Error::new(
                name.span(),
                "a union has no counterpart in TypeScript: use an enum",
            ));
        }
    }
    pieces.text("}");

    let pieces = pieces.array();
    let this_type = format_ident!("__This");
    Ok(quote! {
        const _: () = {
            use ::trap_runtime::class::internal as __class;

            /// Stands for the type inside itself, where its own description would never end.
            #[allow(dead_code, reason = "only a type that refers to itself uses it, and makes none")]
            struct #this_type;

            impl ::trap_runtime::class::Typed for #this_type {
                const PIECES: &'static [__class::Piece] = &[
                    __class::Piece::Text("{\"self\":\""),
                    __class::Piece::Raw(#this),
                    __class::Piece::Text("\"}"),
                ];
            }

            #[automatically_derived]
            impl #of_impl ::trap_runtime::class::Typed for #name #of_type #bounds {
                const PIECES: &'static [__class::Piece] = #pieces;
            }
        };
    })
}

struct Shape {
    /// The type's own name.
    own: String,
}

impl Shape {
    fn fields(&self, pieces: &mut Pieces, fields: &Fields, around: &Attributes, what: &str) -> Result<()> {
        match fields {
            Fields::Unit => pieces.text("{\"unit\":true}"),
            Fields::Unnamed(fields) => {
                let mut kept = Vec::new();
                for (i, field) in fields.unnamed.iter().enumerate() {
                    let attributes =
                        Attributes::read(&field.attrs, Place::Field, &format!("the field `{i}` of {what}"))?;
                    if !attributes.skip {
                        kept.push((field, attributes));
                    }
                }
                if let ([(field, attributes)], 1) = (kept.as_slice(), fields.unnamed.len()) {
                    pieces.text("{\"newtype\":");
                    self.field_type(pieces, field, attributes);
                } else {
                    pieces.text("{\"tuple\":");
                    pieces.list(kept, |pieces, (field, attributes)| {
                        self.field_type(pieces, field, &attributes);
                        Ok(())
                    })?;
                }
                pieces.text("}");
            }
            Fields::Named(fields) => {
                let mut kept = Vec::new();
                for field in &fields.named {
                    let name = field.ident.as_ref().map(|name| name.unraw().to_string()).unwrap_or_default();
                    let attributes = Attributes::read(
                        &field.attrs,
                        Place::Field,
                        &format!("the field `{name}` of {what}"),
                    )?;
                    if !attributes.skip {
                        kept.push((field, name, attributes));
                    }
                }
                pieces.text("{\"struct\":");
                pieces.list(kept, |pieces, (field, name, attributes)| {
                    let renamed = around.rename_all.map(|case| case.field(&name)).unwrap_or(name);
                    pieces.text("{\"name\":");
                    pieces.string(&attributes.rename.clone().unwrap_or(renamed));
                    pieces.text(",\"doc\":");
                    pieces.string(&documentation(&field.attrs));
                    pieces.text(match (attributes.optional, attributes.flatten) {
                        (_, true) => ",\"flatten\":true,\"type\":",
                        (true, _) => ",\"optional\":true,\"type\":",
                        _ => ",\"type\":",
                    });
                    self.field_type(pieces, field, &attributes);
                    pieces.text("}");
                    Ok(())
                })?;
                pieces.text("}");
            }
        }
        Ok(())
    }

    fn field_type(&self, pieces: &mut Pieces, field: &Field, attributes: &Attributes) {
        let mut ty = attributes.like.clone().unwrap_or_else(|| field.ty.clone());
        let span = field.ty.span();
        self.without_itself(&mut ty);
        pieces.of(&ty, span);
    }

    /// Replaces the type itself inside the type of a field, however deep.
    fn without_itself(&self, ty: &mut Type) {
        match ty {
            Type::Path(path) => {
                let is_itself = path.qself.is_none()
                    && path.path.segments.len() == 1
                    && path.path.segments.iter().all(|one| one.ident == self.own || one.ident == "Self");
                if is_itself {
                    *ty = parse_quote!(__This);
                    return;
                }
                for segment in &mut path.path.segments {
                    if let syn::PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
                        for argument in &mut arguments.args {
                            if let syn::GenericArgument::Type(ty) = argument {
                                self.without_itself(ty);
                            }
                        }
                    }
                }
            }
            Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(|ty| self.without_itself(ty)),
            Type::Array(array) => self.without_itself(&mut array.elem),
            Type::Paren(paren) => self.without_itself(&mut paren.elem),
            Type::Group(group) => self.without_itself(&mut group.elem),
            _ => {}
        }
    }
}
