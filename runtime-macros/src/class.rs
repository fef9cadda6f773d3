//! `#[trap_runtime::class]`: the description of a class, and what finds the method of a call.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{
    Attribute, Error, Expr, FnArg, Ident, ImplItem, ImplItemFn, Item, ItemImpl, Lit, Meta, Pat, ReceiverKind,
    Result, ReturnType, Type, parse_quote,
};

use crate::serde_attributes::documentation;
use crate::typed::Pieces;

/// Members of the generated class that are no methods.
const TAKEN: [&str; 3] = ["constructor", "http", "standby"];

/// What calls a method.
enum Kind {
    Rpc,
    Http,
    Cron(String),
}

struct Method {
    name: Ident,
    kind: Kind,
    documentation: String,
    context: bool,
    parameters: Vec<(Ident, Type)>,
    output: Type,
    /// The output is a `Result`.
    fallible: bool,
    is_async: bool,
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new_spanned(
            arguments,
            "`#[trap_runtime::class]` takes no arguments; what is special about a method stands at the method, like `#[method(http)]`",
        ));
    }
    let span = Span::call_site();
    let Ok(Item::Impl(mut block)) = syn::parse2::<Item>(item) else {
        return Err(Error::new(
            span,
            "`#[trap_runtime::class]` stands above the block with the methods: `impl Orders { … }`",
        ));
    };
    let class = class_name(&block)?;
    let mut methods = Vec::new();
    let mut errors: Option<Error> = None;
    for item in &mut block.items {
        let ImplItem::Fn(function) = item else { continue };
        match method(function) {
            Ok(Some(method)) => methods.push(method),
            Ok(None) => {}
            Err(error) => match &mut errors {
                Some(all) => all.combine(error),
                None => errors = Some(error),
            },
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    if methods.is_empty() {
        return Err(Error::new(
            block.self_ty.span(),
            "a class needs a method that a client can call: `async fn hello(&self, name: String) -> String`",
        ));
    }
    let pieces = description(&class, &block.attrs, &methods)?.array();
    let calls = |wanted: fn(&Kind) -> bool, call: fn(&Ident, &Method) -> TokenStream| {
        methods
            .iter()
            .filter(|method| wanted(&method.kind))
            .map(|method| {
                let name = method.name.unraw().to_string();
                let call = call(&class, method);
                quote! {
                    #name => {
                        let class = __class::Arc::clone(self);
                        ::core::option::Option::Some(::std::boxed::Box::pin(async move { #call }))
                    }
                }
            })
            .collect::<Vec<_>>()
    };
    let rpc = calls(|kind| matches!(kind, Kind::Rpc), rpc_call);
    let http = calls(|kind| matches!(kind, Kind::Http), http_call);
    let cron = calls(|kind| matches!(kind, Kind::Cron(_)), cron_call);
    Ok(quote! {
        #block

        const _: () = {
            use ::trap_runtime::class::internal as __class;

            const PIECES: &[__class::Piece] = #pieces;
            const SIZE: usize = __class::HEAD.len() + 9 + __class::length(PIECES);
            static DESCRIPTION: [u8; SIZE] = __class::written(PIECES);

            #[automatically_derived]
            #[allow(
                unused_variables,
                unused_mut,
                clippy::let_unit_value,
                reason = "a class may have no method of a kind, and a method neither parameters nor a result"
            )]
            impl __class::Class for #class {
                fn description() -> &'static [u8] {
                    &DESCRIPTION
                }

                fn rpc(
                    self: &__class::Arc<Self>,
                    method: &str,
                    mut params: __class::Params,
                ) -> ::core::option::Option<__class::Future<__class::Value>> {
                    match method {
                        #(#rpc)*
                        _ => ::core::option::Option::None,
                    }
                }

                fn http(
                    self: &__class::Arc<Self>,
                    method: &str,
                    request: ::trap_runtime::class::HttpRequest,
                ) -> ::core::option::Option<__class::Future<::trap_runtime::class::HttpResponse>> {
                    match method {
                        #(#http)*
                        _ => ::core::option::Option::None,
                    }
                }

                fn cron(
                    self: &__class::Arc<Self>,
                    method: &str,
                ) -> ::core::option::Option<__class::Future<()>> {
                    match method {
                        #(#cron)*
                        _ => ::core::option::Option::None,
                    }
                }
            }
        };
    })
}

fn class_name(block: &ItemImpl) -> Result<Ident> {
    if let Some((path, _)) = &block.trait_ {
        return Err(Error::new_spanned(
            path,
            "a class is what a type has itself: `impl Orders { … }`, without a trait",
        ));
    }
    if !block.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &block.generics,
            "a class has no parameters, because a client could not choose them: make it one of a concrete type",
        ));
    }
    match &*block.self_ty {
        Type::Path(path) => match path.path.get_ident() {
            Some(name) => Ok(name.clone()),
            None => Err(Error::new_spanned(path, "a class is named by one word: `impl Orders { … }`")),
        },
        other => {
            Err(Error::new_spanned(other, "a class is a struct or an enum of yours: `impl Orders { … }`"))
        }
    }
}

/// Reads a method and takes our attributes off it; `None` when it is none for clients.
fn method(function: &mut ImplItemFn) -> Result<Option<Method>> {
    let mut kind = Kind::Rpc;
    let mut skipped = false;
    let mut said = None;
    let mut kept = Vec::new();
    for attribute in std::mem::take(&mut function.attrs) {
        if attribute.path().is_ident("method") {
            if said.replace(attribute.span()).is_some() {
                return Err(Error::new_spanned(attribute, "a method is one thing: keep one `#[method(…)]`"));
            }
            match method_kind(&attribute)? {
                Some(is) => kind = is,
                None => skipped = true,
            }
        } else {
            kept.push(attribute);
        }
    }
    function.attrs = kept;
    let signature = &function.sig;
    let Some(receiver) = signature.receiver() else {
        return match said {
            Some(span) if !skipped => {
                Err(Error::new(span, "a client calls what takes `&self`, and this does not"))
            }
            _ => Ok(None),
        };
    };
    if skipped {
        return Ok(None);
    }
    if !matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) {
        return Err(Error::new_spanned(
            receiver,
            "calls share the class: take `&self`, and keep what changes in a `Mutex` or an atomic; `#[method(skip)]` keeps it from clients",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "a client could not choose these parameters: use concrete types, or `#[method(skip)]`",
        ));
    }
    let name = signature.ident.clone();
    if TAKEN.iter().any(|taken| name == taken) {
        return Err(Error::new_spanned(
            &name,
            format!("the TypeScript class has a member `{name}` already: choose another name"),
        ));
    }
    let mut parameters = Vec::new();
    let mut context = false;
    for (i, argument) in signature.inputs.iter().skip(1).enumerate() {
        let FnArg::Typed(argument) = argument else { continue };
        let Pat::Ident(pattern) = &*argument.pat else {
            return Err(Error::new_spanned(
                &argument.pat,
                "clients see this parameter: give it a name, and take it apart in the body",
            ));
        };
        match &*argument.ty {
            Type::Reference(reference) => {
                return Err(Error::new_spanned(
                    reference,
                    "what a client sends belongs to the call: take an owned type, like `String` for `&str`",
                ));
            }
            Type::ImplTrait(ty) => {
                return Err(Error::new_spanned(ty, "a client has to know the type: name it"));
            }
            ty if is_named(ty, "GnzContext") => {
                if i > 0 || !matches!(kind, Kind::Rpc) {
                    return Err(Error::new_spanned(
                        ty,
                        "`GnzContext` is the first parameter of a method that is called by JSON-RPC, or none",
                    ));
                }
                context = true;
            }
            ty => parameters.push((pattern.ident.clone(), ty.clone())),
        }
    }
    let output: Type = match &signature.output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    match &kind {
        Kind::Http if parameters.len() != 1 => {
            return Err(Error::new_spanned(
                &signature.inputs,
                "an HTTP method takes the request alone: `(&self, request: HttpRequest)`",
            ));
        }
        Kind::Cron(_) if !parameters.is_empty() => {
            return Err(Error::new_spanned(
                &signature.inputs,
                "a clock sends nothing: `(&self)` is all that a cron method takes",
            ));
        }
        _ => {}
    }
    if matches!(kind, Kind::Rpc) && matches!(output, Type::Reference(_) | Type::ImplTrait(_)) {
        return Err(Error::new_spanned(
            output,
            "a client has to know the type: return an owned one, by its name",
        ));
    }
    Ok(Some(Method {
        fallible: is_named(&output, "Result"),
        is_async: signature.asyncness.is_some(),
        documentation: documentation(&function.attrs),
        name,
        kind,
        context,
        parameters,
        output,
    }))
}

/// What `#[method(…)]` says; `None` for `skip`.
fn method_kind(attribute: &Attribute) -> Result<Option<Kind>> {
    const KNOWN: &str = "write `#[method(http)]`, `#[method(cron = \"0 4 * * *\")]` or `#[method(skip)]`; without one, clients call the method by JSON-RPC";
    let meta: Meta = attribute.parse_args().map_err(|_| Error::new_spanned(attribute, KNOWN))?;
    match &meta {
        Meta::Path(path) if path.is_ident("http") => Ok(Some(Kind::Http)),
        Meta::Path(path) if path.is_ident("skip") => Ok(None),
        Meta::NameValue(pair) if pair.path.is_ident("cron") => {
            let Expr::Lit(literal) = &pair.value else { return Err(Error::new_spanned(&meta, KNOWN)) };
            let Lit::Str(times) = &literal.lit else { return Err(Error::new_spanned(&meta, KNOWN)) };
            let fields: Vec<_> = times.value().split_whitespace().map(str::to_owned).collect();
            let known = |c: char| c.is_ascii_alphanumeric() || "*,-/?#".contains(c);
            if fields.len() != 5 || !fields.iter().all(|field| field.chars().all(known)) {
                return Err(Error::new_spanned(
                    times,
                    "a time has five fields: minute, hour, day of month, month, day of week; `0 4 * * *` is every day at 4",
                ));
            }
            Ok(Some(Kind::Cron(fields.join(" "))))
        }
        _ => Err(Error::new_spanned(&meta, KNOWN)),
    }
}

fn is_named(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

fn description(class: &Ident, attributes: &[Attribute], methods: &[Method]) -> Result<Pieces> {
    let mut pieces = Pieces::default();
    pieces.text("{\"class\":");
    pieces.string(&class.unraw().to_string());
    pieces.text(",\"doc\":");
    pieces.string(&documentation(attributes));
    pieces.text(",\"unwinds\":");
    pieces.more(quote! {
        __class::Piece::Text(if ::core::cfg!(panic = "unwind") { "true" } else { "false" })
    });
    pieces.text(",\"methods\":");
    pieces.list(methods, |pieces, method| {
        pieces.text("{\"name\":");
        pieces.string(&method.name.unraw().to_string());
        pieces.text(",\"doc\":");
        pieces.string(&method.documentation);
        match &method.kind {
            Kind::Rpc => {
                pieces.text(",\"kind\":\"jsonrpc\",\"context\":");
                pieces.text(if method.context { "true" } else { "false" });
                pieces.text(",\"params\":");
                pieces.list(&method.parameters, |pieces, (name, ty)| {
                    pieces.text("{\"name\":");
                    pieces.string(&name.unraw().to_string());
                    pieces.text(",\"type\":");
                    pieces.of(ty, ty.span());
                    pieces.text("}");
                    Ok(())
                })?;
                let output = &method.output;
                pieces.text(",\"returns\":");
                let value: Type = if method.fallible {
                    parse_quote!(<#output as __class::Outcome>::Value)
                } else {
                    output.clone()
                };
                pieces.of(&value, output.span());
            }
            Kind::Http => pieces.text(",\"kind\":\"http\""),
            Kind::Cron(times) => {
                pieces.text(",\"kind\":\"cron\",\"cron\":");
                pieces.string(times);
            }
        }
        pieces.text("}");
        Ok(())
    })?;
    pieces.text("}");
    Ok(pieces)
}

/// Calls the method with these arguments; what it returns without an error.
fn called(class: &Ident, method: &Method, arguments: &[TokenStream]) -> TokenStream {
    let name = &method.name;
    let span = method.output.span();
    let wait = method.is_async.then(|| quote!(.await));
    let fallible =
        method.fallible.then(|| quote_spanned!(span=> let result = __class::Outcome::outcome(result)?;));
    quote! {
        let result = #class::#name(&class, #(#arguments),*) #wait;
        #fallible
    }
}

fn rpc_call(class: &Ident, method: &Method) -> TokenStream {
    let (class_text, name) = (class.unraw().to_string(), method.name.unraw().to_string());
    let context = method.context.then(|| quote!(let context = params.context();));
    let reads = method.parameters.iter().enumerate().map(|(i, (parameter, ty))| {
        let variable = quote::format_ident!("argument_{i}");
        let parameter = parameter.unraw().to_string();
        quote_spanned!(ty.span()=> let #variable = params.next::<#ty>(#parameter)?;)
    });
    let mut arguments: Vec<_> = method.context.then(|| quote!(context)).into_iter().collect();
    arguments.extend((0..method.parameters.len()).map(|i| {
        let variable = quote::format_ident!("argument_{i}");
        quote!(#variable)
    }));
    let call = called(class, method, &arguments);
    quote! {
        let mut params = params.of(#class_text, #name);
        #context
        #(#reads)*
        #call
        __class::reply(#class_text, #name, &result)
    }
}

fn http_call(class: &Ident, method: &Method) -> TokenStream {
    let call = called(class, method, &[quote!(request)]);
    quote! {
        #call
        ::core::result::Result::Ok(__class::http(result))
    }
}

fn cron_call(class: &Ident, method: &Method) -> TokenStream {
    let call = called(class, method, &[]);
    quote! {
        #call
        let () = result;
        ::core::result::Result::Ok(())
    }
}
