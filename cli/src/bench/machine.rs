//! What a run was measured on, as the system describes it.

use super::model::Machine;

impl Machine {
    /// This machine, now.
    pub fn this() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).ok();
        let field = |text: String, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let memory = read("/proc/meminfo").and_then(|text| field(text, "MemTotal"));
        let kernel = read("/proc/sys/kernel/osrelease").unwrap_or_default();
        let system = if cfg!(target_os = "linux") { "Linux" } else { std::env::consts::OS };
        Self {
            system: format!("{system} {}", kernel.trim()).trim().to_owned(),
            arch: crate::arch::Arch::of_this_machine()
                .map_or(std::env::consts::ARCH, crate::arch::Arch::as_str)
                .to_owned(),
            cpu: read("/proc/cpuinfo").and_then(|text| field(text, "model name")),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            memory: memory
                .and_then(|text| text.strip_suffix("kB")?.trim().parse::<u64>().ok())
                .map(|kilobytes| kilobytes * 1024),
            load: read("/proc/loadavg").and_then(|text| text.split_whitespace().next()?.parse().ok()),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
#[test]
fn this_machine_is_described() {
    let machine = Machine::this();
    assert!(machine.system.starts_with("Linux ") && machine.system.len() > 6, "{machine:?}");
    assert!(machine.cpus > 0 && machine.memory.is_some_and(|bytes| bytes > 1 << 20), "{machine:?}");
    assert!(machine.load.is_some_and(|load| load >= 0.0), "{machine:?}");
}
