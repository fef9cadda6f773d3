//! The program that the tests put into payloads: says on stdout what it was given, then does what
//! `TRAP_TEST_END` asks for: a number is an exit status (7 when nothing is asked), `wait` waits until it is killed.

use std::io::{Read, Write};

fn main() {
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let stdout_flags = file("/proc/self/fdinfo/1");
    let stdout_flags = stdout_flags.lines().find(|line| line.starts_with("flags:")).unwrap_or_default();
    println!("pid {}", std::process::id());
    println!("parent {}", std::os::unix::process::parent_id());
    println!("args {:?}", std::env::args().collect::<Vec<_>>());
    println!("exe {}", std::env::current_exe().unwrap_or_default().display());
    println!("cwd {}", std::env::current_dir().unwrap_or_default().display());
    println!("stdout {stdout_flags}");
    println!("given {}", std::env::var("TRAP_TEST_GIVEN").unwrap_or_default());
    std::io::stdout().flush().expect("stdout is open");

    let end = std::env::var("TRAP_TEST_END").unwrap_or_else(|_| "7".into());
    if end == "wait" {
        // stdin stays open as long as the test wants it to; a signal that is handled does not end the wait.
        while std::io::stdin().read(&mut [0]).is_err() {}
    }
    std::process::exit(end.parse().unwrap_or(1));
}
