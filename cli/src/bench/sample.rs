//! A made-up run for the tests: plausible figures, the same at every call.

use fastrand::Rng;

use super::model::{Client, Failure, Kind, Machine, Phase, Program, Run, SCHEMA, Sample, Trace, Variant};
use crate::arch::Arch;

const MIB: f64 = 1_048_576.0;

/// Twenty-four starts of everything on one Node, with one variant that this Node cannot do and one start
/// that failed.
pub fn run() -> Run {
    let mut make = Maker { rng: Rng::with_seed(7), node: "20.20.2" };
    let mut program = make.variant("program", Kind::Program, 0.44, 1.3);
    (program.node, program.client) = (None, None);
    let mut bootstrap = make.variant("bootstrap", Kind::Bootstrap, 1.9, 1.3);
    (bootstrap.node, bootstrap.client) = (None, None);
    let mut wrapper = make.variant("file/wrapper", Kind::Wrapper, 1.9, 1.3);
    (wrapper.node, wrapper.client) = (None, None);
    for (sample, alone) in wrapper.samples.iter_mut().zip(&bootstrap.samples) {
        sample.total_ms = rounded(alone.total_ms + make.around(0.05));
    }
    wrapper.artifact = Some(1_493_172 + 9_902);
    let mut boot = make.variant("boot", Kind::Boot, 21.4, 0.0);
    for sample in &mut boot.samples {
        (sample.answer_ms, sample.left, sample.per_second) = (None, None, None);
        sample.warm_us.clear();
    }
    let mut handler = make.variant("handler", Kind::Handler, 23.6, 50.2);
    for sample in &mut handler.samples {
        sample.warm_us.iter_mut().for_each(|time| *time = rounded(*time * 2.1));
        sample.per_second = sample.per_second.map(|rate| rounded(rate / 2.1));
    }
    let mut seed = make.variant("seed", Kind::Seed, 40.6, 55.6);
    for sample in &mut seed.samples {
        sample.log_line_ms = Some(3.2);
    }
    let mut in_base64 = make.variant("base64/exec:stub", Kind::Ours, 28.9, 1.31);
    in_base64.failed =
        vec![Failure { round: 3, why: "the program ended with status 1 | <before> it polled".into() }];
    in_base64.samples.remove(3);
    make.traces(&mut in_base64, &[21.0, 4.4, 0.07, 0.2, 1.0, 1.2, 0.19, 0.96, 0.33, 0.5]);
    let mut in_base64_spawn = make.variant("base64/spawn", Kind::Ours, 31.4, 44.9);
    make.traces(&mut in_base64_spawn, &[21.0, 4.4, 0.07, 0.2, 1.0, 1.2, 0.02, 3.2, 0.33, 0.5]);
    let mut file = make.variant("file/exec:stub", Kind::Ours, 23.2, 1.31);
    make.traces(&mut file, &[21.0, 0.5, 0.06, 0.21, 0.0, 0.0, 0.18, 0.95, 0.33, 0.5]);
    let mut execve = make.variant("file/exec:execve", Kind::Ours, 25.6, 1.32);
    execve.samples.clear();
    execve.unavailable = Some("Node 20.20.2 has no process.execve (22.15 and later have it)".into());
    let mut spawn = make.variant("file/spawn", Kind::Ours, 25.5, 44.6);
    make.traces(&mut spawn, &[21.0, 0.5, 0.06, 0.22, 0.0, 0.0, 0.18, 3.2, 0.33, 0.5]);
    let mut copied = make.variant("file-copied/exec:stub", Kind::Ours, 24.0, 1.3);
    make.traces(&mut copied, &[21.0, 0.5, 0.06, 0.21, 0.0, 0.9, 0.18, 0.95, 0.33, 0.5]);
    let mut library = make.variant("file/library", Kind::Ours, 22.7, 53.2);
    for sample in &mut library.samples {
        sample.warm_us.iter_mut().for_each(|time| *time = rounded(*time * 1.04));
    }
    make.traces(&mut library, &[21.0, 0.5, 0.06, 0.21, 0.0, 0.0, 0.18, 0.0, 0.91, 0.5]);
    (file.default, in_base64.default) = (true, true);
    file.artifact = Some(1_493_172 + 9_812);
    in_base64.artifact = Some(2_010_433);
    Run {
        schema: SCHEMA,
        tool: "cargo-trap 0.1.0".into(),
        command: ["cargo", "trap", "bench", "-p", "hello-axum", "--runs", "24", "--node", "20"]
            .map(str::to_owned)
            .to_vec(),
        started: 1_795_239_960,
        machine: Machine {
            system: "Linux 6.1.0".into(),
            arch: "x64".into(),
            cpu: Some("AMD EPYC 9R14".into()),
            cpus: 2,
            memory: Some(25_769_803_776),
            load: Some(0.21),
        },
        program: Program {
            name: "hello-axum".into(),
            arch: Arch::X64,
            size: 1_493_172,
            sha256: "0123456789abcdef".repeat(4),
            tells_main: true,
        },
        asked: 24,
        warm: 22,
        order: 7,
        interrupted: false,
        own_overhead_ms: vec![0.05, 0.06, 0.05, 0.07, 0.05, 0.06],
        variants: vec![
            program,
            bootstrap,
            wrapper,
            boot,
            handler,
            seed,
            in_base64,
            in_base64_spawn,
            file,
            execve,
            spawn,
            library,
            copied,
        ],
    }
}

/// The same on another Node as well.
pub fn run_on_two_nodes() -> Run {
    let mut run = run();
    let hosted = run.variants.iter().filter(|variant| variant.kind.has_node());
    let newer = hosted.cloned().map(|mut variant| {
        variant.node = Some("24.21.0".into());
        for sample in &mut variant.samples {
            sample.total_ms = rounded(sample.total_ms - 1.9);
        }
        variant
    });
    run.variants.extend(newer.collect::<Vec<_>>());
    run
}

/// Few digits, which JSON carries without loss.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

struct Maker {
    rng: Rng,
    node: &'static str,
}

impl Maker {
    /// About `middle`, with the tail to the right that start times have.
    fn around(&mut self, middle: f64) -> f64 {
        let bell = (0..6).map(|_| self.rng.f64()).sum::<f64>() / 6.0 - 0.5;
        let tail = if self.rng.u8(..20) == 0 { 0.12 } else { 0.0 };
        rounded(middle * (1.0 + bell * 0.12 + tail))
    }

    fn variant(&mut self, id: &str, kind: Kind, total: f64, left: f64) -> Variant {
        let samples = (0..24)
            .map(|round| {
                let total_ms = self.around(total);
                let bytes = |mebibytes: f64| Some((mebibytes * MIB) as u64);
                Sample {
                    round,
                    total_ms,
                    answer_ms: Some(rounded(total_ms + self.around(0.5))),
                    log_line_ms: None,
                    cpu_ms: Some(self.around(total * 1.05)),
                    peak: bytes(if total < 1.0 { 2.1 } else { self.around(40.0 + total / 10.0) }),
                    left: bytes(self.around(left)),
                    warm_us: (0..22).map(|_| self.around(42.0)).collect(),
                    per_second: Some(self.around(19_800.0)),
                }
            })
            .collect();
        Variant {
            id: id.into(),
            kind,
            node: Some(self.node.into()),
            client: Some(Client::Minimal),
            client_version: None,
            default: false,
            artifact: None,
            unavailable: None,
            failed: Vec::new(),
            samples,
            traces: Vec::new(),
        }
    }

    /// Phases in order; one of no time is absent.
    fn traces(&mut self, variant: &mut Variant, times: &[f64; 10]) {
        for round in 0..24 {
            let phases: Vec<_> = Phase::ALL
                .into_iter()
                .zip(times)
                .filter(|(_, time)| **time > 0.0)
                .map(|(phase, time)| (phase, self.around(*time)))
                .collect();
            let until_poll = phases.iter().filter(|(phase, _)| *phase != Phase::Answer);
            let total_ms = rounded(until_poll.map(|(_, time)| time).sum());
            variant.traces.push(Trace { round, total_ms, phases });
        }
    }
}
