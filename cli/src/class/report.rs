//! A class as `inspect` shows it.

use serde::Serialize;

use super::backend::parameters;
use super::model::{Call, Class};
use super::typescript::{Dialect, Writer};

/// What is shown of a class.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    name: String,
    /// False where a panic in a method ends the program.
    unwinds: bool,
    methods: Vec<MethodReport>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum MethodReport {
    Jsonrpc {
        name: String,
        /// As TypeScript writes it.
        signature: String,
    },
    Http {
        name: String,
        path: String,
    },
    Cron {
        name: String,
        times: String,
    },
}

impl Report {
    /// What is to be shown of a class.
    pub fn of(class: &Class) -> Self {
        let writer = Writer::new(class, Dialect::Full);
        let methods = class.methods.iter().map(|method| {
            let name = method.name.clone();
            match &method.call {
                Call::Http => MethodReport::Http { path: format!("/{}/{name}", class.name), name },
                Call::Cron(times) => MethodReport::Cron { name, times: times.clone() },
                Call::Rpc { returns, .. } => {
                    let parameters: Vec<_> = parameters(method)
                        .into_iter()
                        .map(|(name, may_be_missing, ty)| {
                            format!("{name}{}: {}", if may_be_missing { "?" } else { "" }, writer.ty(ty))
                        })
                        .collect();
                    let signature =
                        format!("{name}({}): {}", parameters.join(", "), writer.returned(returns));
                    MethodReport::Jsonrpc { name, signature }
                }
            }
        });
        Self { name: class.name.clone(), unwinds: class.unwinds, methods: methods.collect() }
    }

    /// A line for the class and one for each method.
    pub fn lines(&self) -> Vec<String> {
        let panics = if self.unwinds {
            "a panic is the error of its call"
        } else {
            "a panic ends the program (`panic = \"abort\"`)"
        };
        let mut lines = vec![format!("{}: {panics}", self.name)];
        lines.extend(self.methods.iter().map(|method| match method {
            MethodReport::Jsonrpc { signature, .. } => signature.clone(),
            MethodReport::Http { name, path } => format!("{name}: requests at {path}"),
            MethodReport::Cron { name, times } => format!("{name}: by the clock, {times}"),
        }));
        lines
    }
}
