//! `include_dir!` cannot tell cargo which files it read; without this, a changed template would stay stale.
#![allow(clippy::print_stdout, reason = "how a build script talks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=platforms");
    println!("cargo::rerun-if-changed=hosts");
    println!("cargo::rerun-if-changed=projects");
}
