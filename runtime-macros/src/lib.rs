//! The macros of `trap-runtime`, which re-exports them: use them from there.

mod case;
mod class;
mod serde_attributes;
mod typed;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes a class of an `impl` block: each method that takes `&self` can be called by a client.
///
/// What does not take `&self` (`fn new() -> Self`) is left alone. An attribute says what else a method is:
///
/// * `#[method(http)]` answers requests to `/<class>/<method>`: it takes a `HttpRequest` and returns whatever axum
///   makes a response of, or a `Result` of that.
/// * `#[method(cron = "0 4 * * *")]` is called at these times: it takes nothing, and returns nothing or a
///   `Result<(), …>`.
/// * `#[method(skip)]` is for Rust alone.
///
/// See the module `trap_runtime::class`.
#[proc_macro_attribute]
pub fn class(arguments: TokenStream, item: TokenStream) -> TokenStream {
    class::expand(arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Describes a struct or an enum for TypeScript, by the names that serde's attributes give it.
///
/// A field whose type is somebody else's says with `#[typed(as = "…")]` which type serde writes it like:
///
/// ```ignore
/// #[serde(with = "hex")]
/// #[typed(as = "String")]
/// hash: [u8; 32],
/// ```
#[proc_macro_derive(Typed, attributes(typed, serde))]
pub fn typed(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item);
    typed::expand(&item).unwrap_or_else(syn::Error::into_compile_error).into()
}
