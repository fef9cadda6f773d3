//! What can go wrong, and the error that JavaScript gets of it.

use alloc::ffi::CString;
use alloc::string::String;
use core::ffi::CStr;

use crate::node::{Kind, Node, Value};
use crate::system;
use crate::words::{join, lossy};

/// Why a call did not do what it was to do.
pub enum Failure {
    /// JavaScript has an error already.
    Pending,
    /// An argument is not what it must be; with Node's own code for that.
    Argument { code: &'static str, message: String },
    /// What the documentation names, by its code.
    Known { code: &'static str, message: String },
    /// The system refused a call on a path.
    System { error: i32, syscall: &'static CStr, path: CString },
}

impl Failure {
    /// An argument has the wrong type.
    pub fn kind_of(name: &str, wanted: &str) -> Self {
        Self::argument("ERR_INVALID_ARG_TYPE", name, wanted)
    }

    /// An argument has the right type and a value that cannot be.
    pub fn value_of(name: &str, wanted: &str) -> Self {
        Self::argument("ERR_INVALID_ARG_VALUE", name, wanted)
    }

    fn argument(code: &'static str, name: &str, wanted: &str) -> Self {
        Self::Argument { code, message: join(&["`", name, "` must be ", wanted]) }
    }

    /// Throws it as an error.
    pub fn throw(self, node: Node<'_>) {
        // Where not even an error can be made, Node has one already, or is ending.
        if let Ok(Some(error)) = self.error(node) {
            node.throw(error);
        }
    }

    fn error(self, node: Node<'_>) -> Result<Option<Value<'_>>, Self> {
        Ok(Some(match self {
            Self::Pending => return Ok(None),
            Self::Argument { code, message } => node.error(Kind::TypeError, code, &message)?,
            Self::Known { code, message } => node.error(Kind::Error, code, &message)?,
            Self::System { error, syscall, path } => {
                let path = lossy(&path);
                let name = syscall.to_str().unwrap_or_default();
                let code = system::name(error);
                let message = join(&[&system::reason(error), ", ", name, " '", &path, "'"]);
                let thrown = node.error(Kind::Error, code, &message)?;
                // As Node's own errors have them: <https://nodejs.org/api/errors.html#class-systemerror>
                node.set(thrown, c"errno", node.number(-error)?)?;
                node.set(thrown, c"syscall", node.text(name)?)?;
                node.set(thrown, c"path", node.text(&path)?)?;
                thrown
            }
        }))
    }
}

/// A failure by one of the codes of `trap`.
pub fn known(code: &'static str, message: &[&str]) -> Failure {
    Failure::Known { code, message: join(message) }
}
