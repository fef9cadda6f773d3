//! Typed classes: what a program made with `#[trap_runtime::class]` says about its methods and their types.
//!
//! The compiler puts a description into the program; it is read here out of the very file that ships, without running
//! it. From it come the class that a platform is given and clients in TypeScript.

pub mod backend;
pub mod client;
mod comment;
mod find;
pub mod genezio;
mod make;
mod model;
mod names;
mod read;
mod report;
mod tell;
mod typescript;

pub use find::find;
pub use model::{Call, Class, Content, Declared, Field, Form, Method, Param, Plain, Type, Variant};
pub use report::Report;

use crate::{Error, Result};

/// The class of an artifact: all its programs hold the same one, or none holds any.
///
/// # Errors
/// Those of [`find`]; `class-differs`.
pub fn of<'a>(programs: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Option<Class>> {
    let mut common: Option<(&str, Option<Class>)> = None;
    for (name, bytes) in programs {
        let class = find(name, bytes)?;
        match &common {
            None => common = Some((name, class)),
            Some((_, known)) if *known == class => {}
            Some((known, _)) => {
                return Err(Error::known(
                    "class-differs",
                    crate::Class::Request,
                    format!("the programs `{known}` and `{name}` hold different classes"),
                )
                .with_hint("build all of them from the same source"));
            }
        }
    }
    Ok(common.and_then(|(_, class)| class))
}
