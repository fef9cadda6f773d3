//! What the program finds when it starts: the process as the host handed it over.

use std::{fs, io::Read, io::Write};

use crate::json;

/// The state of the process at the first line of `main`.
pub struct Birth {
    /// `SigBlk`, `SigIgn` and `SigCgt` of `/proc/self/status`, in that order, hexadecimal.
    signals: [String; 3],
    /// `number access flags target` of every open descriptor, flags octal as in `/proc/self/fdinfo`.
    descriptors: Vec<String>,
}

impl Birth {
    /// Reads `/proc/self`.
    pub fn observe() -> Self {
        let status = fs::read_to_string("/proc/self/status").expect("/proc/self/status is readable");
        let signals = ["SigBlk", "SigIgn", "SigCgt"].map(|name| field(&status, name));
        Self { signals, descriptors: descriptors() }
    }

    /// What the journal says about a start.
    pub fn line(&self) -> String {
        format!("pid {} machine {}", std::process::id(), machine())
    }

    /// Everything a test wants to know, as one JSON object.
    pub fn json(&self) -> String {
        let [blocked, ignored, caught] = &self.signals;
        let path = |path: std::io::Result<std::path::PathBuf>| {
            path.map_or_else(|error| error.to_string(), |path| path.display().to_string())
        };
        let mut environment: Vec<String> = std::env::vars_os()
            .map(|(name, value)| format!("{}={}", name.to_string_lossy(), value.to_string_lossy()))
            .collect();
        environment.sort();
        let mut stdin = Vec::new();
        let at_end = std::io::stdin().read_to_end(&mut stdin);
        format!(
            "{{\"pid\":{},\"parent\":{},\"exe\":{},\"machine\":{},\"size\":{},\"argv\":{},\"cwd\":{},\
             \"file\":{},\"environment\":{},\"blocked\":{},\"ignored\":{},\"caught\":{},\"descriptors\":{},\
             \"stdin\":{}}}",
            std::process::id(),
            std::os::unix::process::parent_id(),
            json::quoted(&path(fs::read_link("/proc/self/exe"))),
            json::quoted(&machine()),
            fs::metadata("/proc/self/exe").map_or(0, |data| data.len()),
            json::list(std::env::args()),
            json::quoted(&path(std::env::current_dir())),
            json::quoted(&own_file()),
            json::list(environment),
            json::quoted(blocked),
            json::quoted(ignored),
            json::quoted(caught),
            json::list(self.descriptors.iter().cloned()),
            json::quoted(&at_end.map_or_else(|error| error.to_string(), |size| format!("{size} bytes"))),
        )
    }
}

/// Writes `bytes` bytes to stdout and to stderr, in lines of 99 `~`, which nothing else prints.
///
/// A pipe that Node left non-blocking fails here with `EAGAIN`, which `println!` turns into a panic.
pub fn shout(bytes: &str) -> String {
    let bytes: usize = bytes.parse().expect("shout:<bytes>");
    let line = "~".repeat(99);
    for _ in 0..bytes / 100 {
        println!("{line}");
        eprintln!("{line}");
    }
    std::io::stdout().flush().expect("stdout takes everything");
    "\"shouted\"".to_owned()
}

/// The machine of the file that runs, from its ELF header: an emulator cannot disguise it.
fn machine() -> String {
    let mut header = [0; 20];
    let read = fs::File::open("/proc/self/exe").and_then(|mut file| file.read_exact(&mut header));
    match (read, u16::from_le_bytes([header[18], header[19]])) {
        (Err(error), _) => error.to_string(),
        (Ok(()), 62) => "x64".to_owned(),
        (Ok(()), 183) => "arm64".to_owned(),
        (Ok(()), other) => format!("ELF machine {other}"),
    }
}

/// The file that this code was loaded from: the program, or the library that is part of another one.
fn own_file() -> String {
    let here = own_file as fn() -> String as usize;
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let is_here = |line: &&str| {
        let range = line.split(' ').next().and_then(|range| range.split_once('-'));
        let number = |text: &str| usize::from_str_radix(text, 16).ok();
        range.and_then(|(from, to)| Some((number(from)?..number(to)?).contains(&here))).unwrap_or_default()
    };
    let line = maps.lines().find(is_here).unwrap_or_default();
    line.split_once('/').map(|(_, path)| format!("/{path}")).unwrap_or_else(|| format!("no file: `{line}`"))
}

fn descriptors() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let mut found: Vec<String> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let number = entry.file_name().into_string().ok()?;
            let target = fs::read_link(entry.path()).ok()?.display().to_string();
            // The folder being listed is itself open, and gone when this returns.
            if target.ends_with("/fd") {
                return None;
            }
            let info = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
            Some(format!("{number} {} {target}", field(&info, "flags")))
        })
        .collect();
    found.sort();
    found
}

fn field(text: &str, name: &str) -> String {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map_or_else(String::new, |value| value.trim().to_owned())
}
