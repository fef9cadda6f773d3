//! One file per check. A new one is a file and a line in [`all`].

mod genezio;
mod node;
mod qemu;
mod rust;
mod rust_lld;
mod rust_target;

use super::Check;
use crate::arch::Arch;
use crate::project::Product;

/// Every check, in the order they are shown.
pub fn all() -> Vec<Box<dyn Check>> {
    vec![
        Box::new(rust::Rust),
        Box::new(rust_lld::RustLld),
        Box::new(rust_target::RustTarget { arch: Arch::Arm64, product: Product::Program }),
        Box::new(rust_target::RustTarget { arch: Arch::X64, product: Product::Program }),
        Box::new(rust_target::RustTarget { arch: Arch::Arm64, product: Product::Library }),
        Box::new(rust_target::RustTarget { arch: Arch::X64, product: Product::Library }),
        Box::new(node::Node),
        Box::new(qemu::Qemu),
        Box::new(genezio::Genezio),
    ]
}

#[test]
fn names_are_unique_and_kebab_case() {
    let mut names: Vec<_> = all().iter().map(|check| check.name()).collect();
    assert!(
        names
            .iter()
            .all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
    );
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}
