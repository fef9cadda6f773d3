//! How a failure is told to the platform.

use std::fmt::Display;

/// What is reported of an error: its type, by which callers tell errors apart, and its message.
///
/// Any error becomes one by `?` or `into`: its type is then the name of its Rust type without the path, or `Error` for
/// strings and boxed errors, and its message what it displays. A handler that wants another type returns a
/// `Diagnostic` itself:
///
/// ```
/// use trap_runtime::Diagnostic;
///
/// fn withdraw(cents: u64) -> Result<u64, Diagnostic> {
///     cents.checked_sub(500).ok_or_else(|| Diagnostic::new("TooPoor", "there are less than 5 € on the account"))
/// }
/// assert_eq!(withdraw(3).unwrap_err().error_type, "TooPoor");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of error it is: `errorType` in what the caller gets.
    pub error_type: String,
    /// What happened: `errorMessage` in what the caller gets.
    pub error_message: String,
}

impl Diagnostic {
    /// A diagnostic of this type.
    pub fn new(error_type: impl Into<String>, message: impl Display) -> Self {
        // The alternate form is the one in which `anyhow` tells causes too.
        Self { error_type: error_type.into(), error_message: format!("{message:#}") }
    }
}

// `Diagnostic` must not implement `Display` itself, or this would say twice how it becomes one.
impl<E: Display> From<E> for Diagnostic {
    fn from(error: E) -> Self {
        Self::new(short(std::any::type_name::<E>()), error)
    }
}

/// The name of an error type without its path and parameters.
fn short(name: &str) -> &str {
    let name = name.split('<').next().unwrap_or(name);
    match name.rsplit("::").next().unwrap_or(name) {
        // What carries errors of any kind says nothing about this one.
        "Box" | "String" | "&str" | "" => "Error",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("out of tea")]
    struct Empty;

    #[test]
    fn an_error_is_told_by_the_name_of_its_type() {
        assert_eq!(Diagnostic::from(Empty), Diagnostic::new("Empty", "out of tea"));
        let number = "x".parse::<u8>().expect_err("that is no number");
        assert_eq!(Diagnostic::from(number).error_type, "ParseIntError");
    }

    #[test]
    fn what_carries_any_error_is_an_error() {
        let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(Empty);
        let all: [Diagnostic; 3] = [boxed.into(), "out of tea".into(), "out of tea".to_owned().into()];
        for diagnostic in all {
            assert_eq!(diagnostic, Diagnostic::new("Error", "out of tea"));
        }
    }

    #[test]
    fn question_marks_convert() {
        fn fails() -> Result<(), Diagnostic> {
            Err(Empty)?
        }
        assert_eq!(fails().map_err(|error| error.error_type), Err("Empty".to_owned()));
    }
}
