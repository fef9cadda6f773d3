//! What a bench run is, as a value: everything that was measured and what it was measured on. It is also
//! the JSON of `--format json`, so a change of meaning is a new [`SCHEMA`].
//!
//! Durations are milliseconds (`…_ms`) or microseconds (`…_us`) as floating point numbers, memory and sizes
//! are bytes. A figure that could not be had is absent (`null`), never zero.

use serde::{Deserialize, Serialize};

use crate::arch::Arch;

/// The version of this format; a reader refuses another one.
pub const SCHEMA: u32 = 1;

/// One run of `cargo trap bench`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Name and version of the tool: `cargo-trap 0.1.0`.
    pub tool: String,
    /// What was typed, word by word, beginning with `cargo trap bench`.
    pub command: Vec<String>,
    /// When it began, seconds since 1970 in UTC.
    pub started: u64,
    /// What it ran on.
    pub machine: Machine,
    /// What was measured.
    pub program: Program,
    /// How many starts of each variant were asked for.
    pub asked: u32,
    /// How many events each container was sent after the first one, for the warm figures.
    pub warm: u32,
    /// What the random order came from.
    pub order: u64,
    /// True when it was stopped before its end; the samples until then are here.
    pub interrupted: bool,
    /// From a connection made inside this tool until the tool has noticed its poll: what the tool itself
    /// adds to every total.
    pub own_overhead_ms: Vec<f64>,
    /// What was measured, in the order it is shown.
    pub variants: Vec<Variant>,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Operating system and kernel: `Linux 6.1.0`.
    pub system: String,
    /// Its architecture as flags spell it.
    pub arch: String,
    /// The processor's name, where the system tells.
    pub cpu: Option<String>,
    /// How many processors this process may use.
    pub cpus: usize,
    /// Main memory in bytes, where the system tells.
    pub memory: Option<u64>,
    /// The load average of the last minute when the run began, where the system tells.
    pub load: Option<f64>,
}

/// The program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// The artifact's name.
    pub name: String,
    /// What it runs on.
    pub arch: Arch,
    /// Bytes.
    pub size: u64,
    /// Lowercase hex, 64 digits.
    pub sha256: String,
    /// True when it told when its `main` began: it links trap-runtime.
    pub tells_main: bool,
}

/// One way to start something, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Names it among those of its group: `program`, `bootstrap`, `boot`, `handler`, `seed`, or
    /// `<payload>/<takeover>`.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// The Node that hosts it; none where no Node runs.
    pub node: Option<String>,
    /// The client inside that Node.
    pub client: Option<Client>,
    /// That client's version, where it is not our own.
    pub client_version: Option<String>,
    /// True when this is what `cargo trap build` makes by default for this payload.
    pub default: bool,
    /// All files that are deployed, in bytes.
    pub artifact: Option<u64>,
    /// Why it was not measured; then everything below is empty.
    pub unavailable: Option<String>,
    /// Starts that gave no correct answer, each with the reason.
    pub failed: Vec<Failure>,
    /// One for each start of the untouched artifact.
    pub samples: Vec<Sample>,
    /// One for each start of the traced artifact; only for our own variants.
    pub traces: Vec<Trace>,
}

/// What a variant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The program alone, as on `provided.al2023`: the floor.
    Program,
    /// The program alone, started by a script such as a Node runtime begins with: the floor of [`Kind::Wrapper`].
    Bootstrap,
    /// Node with an empty module: its samples end where a constructor would begin.
    Boot,
    /// A plain Node handler: what a person would deploy instead.
    Handler,
    /// The first try at this idea, rebuilt from its description.
    Seed,
    /// An artifact of `cargo trap build`.
    Ours,
    /// An artifact of `cargo trap build` whose program that script starts in Node's place.
    Wrapper,
}

impl Kind {
    /// True where a Node starts. What none starts for is the same whichever Node and client there are.
    pub const fn has_node(self) -> bool {
        !matches!(self, Self::Program | Self::Bootstrap | Self::Wrapper)
    }
}

impl Variant {
    /// How the artifact hands over, where it is one of `cargo trap build`.
    pub fn takeover(&self) -> Option<&str> {
        self.id.split_once('/').map(|(_, takeover)| takeover)
    }

    /// How its program is packaged.
    pub fn payload(&self) -> Option<&str> {
        self.id.split_once('/').map(|(payload, _)| payload)
    }
}

/// What loads the artifact inside Node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// Our own small client
    Minimal,
    /// AWS's runtime interface client, the npm package `aws-lambda-ric`
    Ric,
}

/// A start that did not count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Which round.
    pub round: u32,
    /// What happened instead of a correct answer.
    pub why: String,
}

/// One start of the untouched artifact. Times count from just before the process was created.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The round it belongs to. Each variant starts once in a round, so samples of a round are pairs.
    pub round: u32,
    /// Until the first poll; for [`Kind::Boot`] until the module's first statement.
    pub total_ms: f64,
    /// Until the first answer.
    pub answer_ms: Option<f64>,
    /// From the variant's own log line (the seed's `trap start time`) until the first poll.
    pub log_line_ms: Option<f64>,
    /// Processor time of all its processes until the first answer.
    pub cpu_ms: Option<f64>,
    /// The most resident memory any one of its processes had.
    pub peak: Option<u64>,
    /// Memory of all its processes after the first answer (PSS).
    pub left: Option<u64>,
    /// Each further event, from its delivery until its answer.
    pub warm_us: Vec<f64>,
    /// From the first further event's delivery until the last one's answer, divided into their number.
    pub per_second: Option<f64>,
}

/// One start of the traced artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The round it belongs to.
    pub round: u32,
    /// Until the first poll, all phases together and what lies between them.
    pub total_ms: f64,
    /// What was seen, in the order of [`Phase`]; each phase counts from the end of the one before.
    pub phases: Vec<(Phase, f64)>,
}

/// The phases of a start, in the order they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// From the creation of the process until the host is about to load user code. Only our own client tells
    /// when that is: without it, [`Phase::Load`] counts from the creation of the process.
    Boot,
    /// Until the module's first statement: it was found, read and parsed, payload included.
    Load,
    /// Until the constructor (or the handler's module) calls the trampoline: the module was evaluated.
    Construct,
    /// Looking around: environment, choice of the takeover, what is installed already.
    Prepare,
    /// Turning base64 into bytes; absent for a file.
    Decode,
    /// Writing or copying the program; absent where it is executed in place.
    Write,
    /// Everything until the takeover is asked for: checks, renaming, the stub.
    HandOver,
    /// From the takeover until the program's `main`; absent when the program does not tell.
    Main,
    /// Until the first poll.
    Poll,
    /// From the first poll until the first answer.
    Answer,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 10] = [
        Self::Boot,
        Self::Load,
        Self::Construct,
        Self::Prepare,
        Self::Decode,
        Self::Write,
        Self::HandOver,
        Self::Main,
        Self::Poll,
        Self::Answer,
    ];
}
