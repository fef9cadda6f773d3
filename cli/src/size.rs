//! Sizes for people: one unit, one digit, powers of 1000 as platforms' own pages count.

use std::fmt;

/// A number of bytes; displays as `1.5 MB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0;
        let text = match bytes {
            0..1_000 => format!("{bytes} B"),
            1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
            1_000_000..1_000_000_000 => format!("{:.2} MB", bytes as f64 / 1e6),
            _ => format!("{:.2} GB", bytes as f64 / 1e9),
        };
        f.pad(&text)
    }
}

#[test]
fn sizes_read_as_people_write_them() {
    for (bytes, text) in
        [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (1_540_000, "1.54 MB"), (2_000_000_000, "2.00 GB")]
    {
        assert_eq!(Bytes(bytes).to_string(), text);
    }
}
