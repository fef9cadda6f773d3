//! Nothing: the tests of this crate take the sources of the exec stub and of the addon by their paths.
