//! Wrong uses of the macros are answered with what to write.
#![allow(missing_docs, reason = "a test")]

#[test]
fn wrong_use_is_answered_with_what_to_write() {
    trybuild::TestCases::new().compile_fail("tests/ui/wrong/*.rs");
}
