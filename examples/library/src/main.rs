//! The same router as a program: `cargo run`, or `cargo trap build --takeover auto`.

fn main() -> Result<(), trap_runtime::Error> {
    trap_runtime::run(library::router())
}
