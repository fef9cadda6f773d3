//! Which process did it: read from `/proc`, so only Linux knows.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A process as the system describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// The executable that runs, which is the emulator under qemu-user.
    pub executable: PathBuf,
    /// The program as far as its author is concerned: what the emulator runs, else the executable.
    pub program: PathBuf,
}

/// How often a connection that exists is looked for.
const TRIES: u32 = 20;

/// How the program got control, as observed from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Takeover {
    /// The host's own process runs another program now.
    Exec,
    /// A child of the host answered.
    Spawn,
    /// The host's own process, which has loaded a library.
    Library,
    /// The host's own process runs another program, and no Node was started before it.
    Wrapper,
    /// The host passed on what a child of it answered.
    Bridge,
    /// The host answered itself.
    None,
}

/// Memory of a container, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident, shared pages counted in full.
    pub rss: u64,
    /// Resident, shared pages split among those who share them.
    pub pss: u64,
}

impl Process {
    /// The process `pid`, unless it has ended or this system cannot say.
    pub fn of(pid: u32) -> Option<Self> {
        let executable = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
        let is_emulator = file_name(&executable).starts_with("qemu-");
        let program = if is_emulator { emulated(pid) } else { None };
        Some(Self { pid, program: program.unwrap_or_else(|| executable.clone()), executable })
    }

    /// The process of `host`'s tree whose end of a connection is `peer`; the connection must exist.
    pub fn connected_from(peer: SocketAddr, host: u32) -> Option<Self> {
        // The kernel hands the table out in pieces. Where many connections come and go, one is skipped now and then.
        let socket = (0..TRIES).find_map(|_| inode(peer)).map(|inode| format!("socket:[{inode}]"))?;
        tree(host).into_iter().find(|pid| holds(*pid, &socket)).and_then(Self::of)
    }

    /// The first process below `host` that runs something else than `host_program`.
    pub fn below(host: u32, host_program: &Path) -> Option<Self> {
        let others = below(host).into_iter().filter_map(Self::of);
        others.into_iter().find(|process| process.takeover(host, host_program, &[]) == Takeover::Spawn)
    }

    /// True when an emulator runs the program.
    pub fn is_emulated(&self) -> bool {
        self.executable != self.program
    }

    /// What happened, given the host's process id, the executable it was started as, and by which file names the
    /// libraries are known that it may have loaded.
    pub fn takeover(&self, host: u32, host_program: &Path, libraries: &[String]) -> Takeover {
        let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        match (self.pid == host, real(&self.program) == real(host_program)) {
            (_, true) if self.has_mapped(libraries) => Takeover::Library,
            (_, true) => Takeover::None,
            (true, false) => Takeover::Exec,
            (false, false) => Takeover::Spawn,
        }
    }
}

impl Process {
    /// True when a file of one of these names is part of the process.
    fn has_mapped(&self, names: &[String]) -> bool {
        if names.is_empty() {
            return false;
        }
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", self.pid)).unwrap_or_default();
        maps.lines()
            .filter_map(|line| line.rsplit_once('/'))
            .any(|(_, name)| names.iter().any(|known| known == name))
    }
}

impl Memory {
    /// What `host` and everything below it use now.
    pub fn of(host: u32) -> Option<Self> {
        let mut sum = Self::default();
        for pid in tree(host) {
            let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else { continue };
            sum.rss += kilobytes(&text, "Rss:") * 1024;
            sum.pss += kilobytes(&text, "Pss:") * 1024;
        }
        (sum.rss > 0).then_some(sum)
    }
}

/// Processor time that `host` and everything below it have used: each process's own clock, which counts in
/// nanoseconds, goes on through `exec`, and includes threads that have ended. `None` where the system does not
/// tell.
pub fn cpu(host: u32) -> Option<Duration> {
    // First of all, because it goes on while others are looked for.
    let leader = cpu_of(host)?;
    Some(tree(host).into_iter().skip(1).filter_map(cpu_of).fold(leader, |sum, time| sum + time))
}

#[cfg(target_os = "linux")]
fn cpu_of(pid: u32) -> Option<Duration> {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).ok()?);
    let clock = nix::time::clock_getcpuclockid(pid).ok()?;
    clock.now().ok().map(Duration::from)
}

#[cfg(not(target_os = "linux"))]
fn cpu_of(_pid: u32) -> Option<Duration> {
    None
}

/// The most resident memory that `host` or a process below it had, since each of them executed its program.
pub fn peak(host: u32) -> Option<u64> {
    let status = |pid| std::fs::read_to_string(format!("/proc/{pid}/status")).ok();
    tree(host).into_iter().filter_map(status).map(|text| kilobytes(&text, "VmHWM:") * 1024).max()
}

/// Lets [`peak`] of this process begin anew. Where that is not possible it goes on.
pub fn forget_peak() {
    let _kept = std::fs::write("/proc/self/clear_refs", "5");
}

/// All running processes below `host`, and those of its group.
pub(crate) fn below(host: u32) -> Vec<u32> {
    tree(host).into_iter().skip(1).filter(|pid| started(*pid).is_some()).collect()
}

/// When a process was started, in clock ticks since the machine was; with its id this names it for good. `None` when
/// it has ended.
pub(crate) fn started(pid: u32) -> Option<u64> {
    let fields = stat(pid)?;
    let mut fields = fields.split_whitespace();
    // What has ended and was not waited for yet is still listed.
    let is_over = ["Z", "X"].contains(&fields.next()?);
    // Field 22 of proc(5), the state being 3.
    if is_over { None } else { fields.nth(18)?.parse().ok() }
}

/// The ids of all processes we can see.
pub(super) fn all() -> impl Iterator<Item = u32> {
    let folder = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    folder.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// `host`, its group, and everything that descends from them.
fn tree(host: u32) -> Vec<u32> {
    let relations: Vec<(u32, u32, u32)> = all().filter_map(relation).collect();
    let mut tree = vec![host];
    let group = relations.iter().filter(|(pid, _, group)| *group == host && *pid != host);
    tree.extend(group.map(|(pid, ..)| *pid));
    let mut at = 0;
    while at < tree.len() {
        let children: Vec<u32> = relations
            .iter()
            .filter(|(pid, parent, _)| *parent == tree[at] && !tree.contains(pid))
            .map(|(pid, ..)| *pid)
            .collect();
        tree.extend(children);
        at += 1;
    }
    tree
}

/// A process's id, parent and group.
fn relation(pid: u32) -> Option<(u32, u32, u32)> {
    let fields = stat(pid)?;
    let mut fields = fields.split_whitespace().skip(1);
    Some((pid, fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// What the system says of a process, from its state on.
fn stat(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in parentheses and may hold anything, parentheses too.
    Some(stat[stat.rfind(')')? + 1..].to_owned())
}

fn holds(pid: u32, socket: &str) -> bool {
    let folder = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    folder.filter_map(|entry| std::fs::read_link(entry.path()).ok()).any(|target| target == Path::new(socket))
}

/// The inode of the socket whose local end is `peer`.
fn inode(peer: SocketAddr) -> Option<u64> {
    let SocketAddr::V4(peer) = peer else { return None };
    // The kernel prints the address as a number of this machine's byte order.
    let number = u32::from_ne_bytes(peer.ip().octets());
    let plain = format!("{number:08X}:{:04X}", peer.port());
    let mapped_prefix = format!("0000000000000000{:08X}", u32::from_ne_bytes([0, 0, 0xff, 0xff]));
    let mapped = format!("{mapped_prefix}{plain}");
    [("/proc/net/tcp", plain), ("/proc/net/tcp6", mapped)].iter().find_map(|(file, local)| {
        let table = std::fs::read_to_string(file).ok()?;
        table.lines().skip(1).find_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            (fields.next()? == local).then(|| fields.nth(7)?.parse().ok())?
        })
    })
}

/// The kernel starts an emulator with the program's path as its first argument.
fn emulated(pid: u32) -> Option<PathBuf> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let program = line.split(|byte| *byte == 0).nth(1).filter(|program| !program.is_empty())?;
    Some(PathBuf::from(String::from_utf8_lossy(program).into_owned()))
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_connection_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let client = std::net::TcpStream::connect(address).expect("a connection");
        let peer = client.local_addr().expect("its address");
        let found = Process::connected_from(peer, std::process::id()).expect("this process");
        assert_eq!(found.pid, std::process::id());
        assert_eq!(found.executable, std::env::current_exe().expect("its path"));
        assert!(!found.is_emulated());
    }

    #[test]
    fn takeovers_are_told_apart() {
        let process =
            |pid, program: &str| Process { pid, executable: program.into(), program: program.into() };
        let node = Path::new("/nowhere/node");
        assert_eq!(process(7, "/tmp/program").takeover(7, node, &[]), Takeover::Exec);
        assert_eq!(process(8, "/tmp/program").takeover(7, node, &[]), Takeover::Spawn);
        assert_eq!(process(7, "/nowhere/node").takeover(7, node, &[]), Takeover::None);
    }

    #[test]
    fn this_process_uses_time() {
        let before = cpu(std::process::id()).expect("a clock");
        let spin = (0..3_000_000_u64).fold(1, |sum: u64, i| sum.wrapping_mul(31).wrapping_add(i));
        assert!(cpu(std::process::id()).expect("a clock") > before, "{spin}");
    }

    #[test]
    fn a_peak_can_be_forgotten() {
        let big = vec![1_u8; 64 << 20];
        let with_it = peak(std::process::id()).expect("a peak");
        assert!(with_it > 64 << 20);
        drop(std::hint::black_box(big));
        forget_peak();
        assert!(peak(std::process::id()).expect("a peak") < with_it);
    }

    #[test]
    fn a_process_is_named_by_its_start_until_it_has_ended() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("it starts");
        assert!(below(std::process::id()).contains(&child.id()));
        assert!(started(child.id()) >= started(std::process::id()));
        child.kill().expect("it can be killed");
        // It is listed until it is waited for.
        while started(child.id()).is_some() {
            std::thread::yield_now();
        }
        assert!(Path::new(&format!("/proc/{}", child.id())).exists());
        child.wait().expect("it has ended");
        assert_eq!(started(child.id()), None);
    }

    #[test]
    fn this_process_has_memory() {
        let memory = Memory::of(std::process::id()).expect("memory");
        assert!(memory.rss >= memory.pss && memory.pss > 0, "{memory:?}");
    }
}
