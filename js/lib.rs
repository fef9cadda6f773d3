//! The trampoline sources.
