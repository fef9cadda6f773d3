//! Which machine a program is for: qemu hides a wrong answer, because it runs both.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// The machines we test on, by the names Node gives them.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Machine {
    X64,
    Arm64,
}

/// Fails unless the file is a 64-bit ELF file for this machine.
pub fn check(path: &Path, wanted: Machine) -> Result<()> {
    let mut header = [0; 20];
    let mut file = File::open(path).with_context(|| format!("could not open `{}`", path.display()))?;
    file.read_exact(&mut header).with_context(|| format!("`{}` is too short", path.display()))?;
    let found = machine(&header).with_context(|| format!("`{}`", path.display()))?;
    ensure!(found == wanted, "`{}` is for {found:?}, not for {wanted:?}", path.display());
    Ok(())
}

/// Reads `e_machine`; both of ours are little-endian.
fn machine(header: &[u8; 20]) -> Result<Machine> {
    ensure!(header.starts_with(b"\x7fELF\x02\x01"), "is not a 64-bit little-endian ELF file");
    match u16::from_le_bytes([header[18], header[19]]) {
        62 => Ok(Machine::X64),
        183 => Ok(Machine::Arm64),
        other => bail!("is for ELF machine {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(machine: u8) -> [u8; 20] {
        let mut header = [0; 20];
        header[..6].copy_from_slice(b"\x7fELF\x02\x01");
        header[18] = machine;
        header
    }

    #[test]
    fn the_machine_is_told_from_the_header() {
        assert_eq!(machine(&header(62)).unwrap(), Machine::X64);
        assert_eq!(machine(&header(183)).unwrap(), Machine::Arm64);
        assert!(machine(&header(40)).is_err(), "32-bit arm is neither");
        assert!(machine(&[0; 20]).is_err(), "not an ELF file");
    }
}
