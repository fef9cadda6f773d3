//! `faulty` as a program.

fn main() {
    faulty::run();
}
