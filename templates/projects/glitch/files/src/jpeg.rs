//! JPEG: the compressed bytes are changed where they lie, and every marker stays where it was.
//!
//! A picture is a chain of segments, and after each `SOS` follows its scan: entropy-coded bytes, in which `FF` stands
//! only before a stuffed `00` or a restart marker. Bytes that are no `FF` and follow none can be anything but `FF`, and a
//! decoder still finds the end of the scan: it reads other coefficients, and from there on the picture is wrong.

use std::ops::Range;

use crate::{
    Refusal,
    recipe::{Dice, Pass},
};

const MARKER: u8 = 0xff;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

/// How long a run is at most; a longer one leaves nothing to recognise.
const LONGEST: usize = 96;

pub fn glitch(file: &[u8], dice: &mut Dice) -> Result<Vec<u8>, Refusal> {
    let mut free = Vec::new();
    for scan in scans(file)? {
        let bytes = &file[scan.clone()];
        free.extend(scan.clone().zip(bytes).filter_map(|(at, byte)| {
            let follows = at > scan.start && file[at - 1] == MARKER;
            (*byte != MARKER && !follows).then_some(at)
        }));
    }
    if free.is_empty() {
        return Err(broken("it has no scan"));
    }
    let mut file = file.to_vec();
    for pass in dice.passes() {
        match pass {
            Pass::Replace => file[free[dice.below(free.len())]] = dice.byte().min(MARKER - 1),
            Pass::Sort => {
                let start = dice.below(free.len());
                let run = &free[start..free.len().min(start + 2 + dice.below(LONGEST))];
                let mut values: Vec<_> = run.iter().map(|at| file[*at]).collect();
                values.sort_unstable();
                run.iter().zip(values).for_each(|(at, value)| file[*at] = value);
            }
        }
    }
    Ok(file)
}

fn broken(what: &str) -> Refusal {
    Refusal::Broken(what.to_owned())
}

/// Where the entropy-coded bytes lie: a progressive picture has several scans.
fn scans(file: &[u8]) -> Result<Vec<Range<usize>>, Refusal> {
    let mut scans = Vec::new();
    let mut at = 2;
    loop {
        let (Some(&MARKER), Some(&marker)) = (file.get(at), file.get(at + 1)) else {
            return Err(broken("a marker is missing"));
        };
        match marker {
            // May be repeated as a filler.
            MARKER => {
                at += 1;
                continue;
            }
            END => return Ok(scans),
            _ => {}
        }
        let length = file.get(at + 2..at + 4).ok_or_else(|| broken("it ends within a segment"))?;
        let length = usize::from(length[0]) << 8 | usize::from(length[1]);
        at += 2 + length.max(2);
        if marker == SCAN {
            let start = at.min(file.len());
            let end = end_of_scan(file, start).ok_or_else(|| broken("it ends within a scan"))?;
            scans.push(start..end);
            at = end;
        }
    }
}

/// The next marker that is no part of the scan.
fn end_of_scan(file: &[u8], start: usize) -> Option<usize> {
    let found = file[start..].windows(2).position(|pair| {
        let [first, second] = [pair[0], pair[1]];
        first == MARKER && !matches!(second, 0x00 | 0xd0..=0xd7 | MARKER)
    })?;
    Some(start + found)
}
