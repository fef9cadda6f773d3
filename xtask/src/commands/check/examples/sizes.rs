//! The sizes that a README states are what the release profile makes. Compilers differ by a little, and so may they.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{Machine, build};
use crate::dir;

/// How far a size may be from what is stated: another version of the compiler is nearer.
const PERCENT: u64 = 5;

pub fn check(cli: &Path, name: &str, folder: &Path) -> Result<()> {
    let artifact = dir::target().join("xtask/sizes").join(name);
    let mut command = Command::new(cli);
    command.args(["trap", "build", "--locked", "--package", name, "--arch", "both"]);
    // The suite has everything else compiled quickly.
    for (setting, _) in std::env::vars_os() {
        if setting.to_string_lossy().starts_with("CARGO_PROFILE_RELEASE_") {
            command.env_remove(setting);
        }
    }
    command.args(["--platform", "lambda", "--payload", "file", "--quiet", "--out-dir"]).arg(&artifact);
    build::succeed(command.current_dir(dir::root()))?;
    let path = folder.join("README.md");
    let mut readme = fs::read_to_string(&path)?;
    for machine in Machine::ALL {
        let program = artifact.join(format!("trap/{name}.{}.bin", machine.word()));
        let size = fs::metadata(&program).with_context(|| format!("no `{}`", program.display()))?.len();
        let (row, stated) = stated(&readme, machine)?;
        if !is_near(stated, size) {
            ensure!(
                std::env::var_os("TRAP_BLESS").is_some(),
                "`{name}` for {} has {size} bytes, its README says {stated}: `TRAP_BLESS=1 cargo xtask check \
                 examples` writes them",
                machine.word()
            );
            readme = readme.replace(&row, &format!("| {} | {} |", machine.word(), grouped(size)));
        }
    }
    fs::write(&path, readme).with_context(|| format!("could not write `{}`", path.display()))
}

/// The row of a machine, and the number in it.
fn stated(readme: &str, machine: Machine) -> Result<(String, u64)> {
    let start = format!("| {} | ", machine.word());
    let row = readme.lines().find(|line| line.starts_with(&start));
    let row = row.with_context(|| format!("its README has no row for {}", machine.word()))?;
    let digits = row[start.len()..].chars().filter(char::is_ascii_digit).collect::<String>();
    Ok((row.to_owned(), digits.parse().with_context(|| format!("no size in `{row}`"))?))
}

fn is_near(stated: u64, size: u64) -> bool {
    stated.abs_diff(size) * 100 <= size * PERCENT
}

/// 1234567 as 1 234 567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_as_it_is_written() {
        assert_eq!(grouped(1_234_567), "1 234 567");
        assert_eq!(grouped(999), "999");
        let readme = format!("| for |\n| x64 | {} |\n", grouped(305_120));
        let (row, size) = stated(&readme, Machine::X64).unwrap();
        assert_eq!((row.as_str(), size), ("| x64 | 305 120 |", 305_120));
        assert!(stated(&readme, Machine::Arm64).is_err());
    }

    #[test]
    fn another_compiler_may_differ_by_a_little() {
        assert!(is_near(100, 105) && is_near(100, 100) && !is_near(100, 106) && !is_near(0, 100));
    }
}
