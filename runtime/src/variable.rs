//! Variables of the environment.

/// An environment variable, where empty counts as unset.
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?;
    (!value.is_empty()).then(|| value.to_string_lossy().into_owned())
}
