//! Sizes for people, in powers of 1024: what platforms call MB in their limits is MiB.

use std::fmt;

/// A number of bytes; displays as `1.50 MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0;
        let text = match bytes {
            0..0x400 => format!("{bytes} B"),
            0x400..0x10_0000 => format!("{:.1} KiB", bytes as f64 / 1024.0),
            0x10_0000..0x4000_0000 => format!("{:.2} MiB", bytes as f64 / 1_048_576.0),
            _ => format!("{:.2} GiB", bytes as f64 / 1_073_741_824.0),
        };
        f.pad(&text)
    }
}

#[test]
fn sizes_read_as_people_write_them() {
    for (bytes, text) in [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (1_572_864, "1.50 MiB"),
        (134_217_728, "128.00 MiB"),
        (2_147_483_648, "2.00 GiB"),
    ] {
        assert_eq!(Bytes(bytes).to_string(), text);
    }
}
