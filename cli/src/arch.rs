//! Machine architectures: the two that AWS Lambda and its neighbours run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A machine architecture a program can be built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arch {
    /// 64-bit Arm; Rust and ELF call it aarch64.
    Arm64,
    /// 64-bit x86; Rust and ELF call it x86-64.
    X64,
}

impl Arch {
    /// Both, in the order they are reported.
    pub const ALL: [Self; 2] = [Self::Arm64, Self::X64];

    /// The machine this tool runs on, if programs can be built for it.
    pub fn of_this_machine() -> Option<Self> {
        match std::env::consts::ARCH {
            "aarch64" => Some(Self::Arm64),
            "x86_64" => Some(Self::X64),
            _ => None,
        }
    }

    /// The name used in flags, file names and payloads; also Node's `process.arch`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X64 => "x64",
        }
    }

    /// The name that AWS, and platforms above it, use.
    pub fn aws_name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X64 => "x86_64",
        }
    }

    /// The Rust target a program is built for: static musl, so it needs nothing on the host.
    pub fn musl_target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-musl",
            Self::X64 => "x86_64-unknown-linux-musl",
        }
    }

    /// The Rust target a library is built for, which a Node on glibc loads.
    pub fn glibc_target(self) -> &'static str {
        trap_native::Arch::from(self).glibc_target()
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<Arch> for trap_native::Arch {
    fn from(arch: Arch) -> Self {
        match arch {
            Arch::Arm64 => Self::Arm64,
            Arch::X64 => Self::X64,
        }
    }
}

/// What `--arch` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ArchChoice {
    /// AWS Graviton: the cheaper of the two on Lambda
    #[value(alias = "aarch64")]
    Arm64,
    /// Intel and AMD
    #[value(aliases = ["x86_64", "amd64"])]
    X64,
    /// Carry both; the host picks its own when it starts
    Both,
}

impl ArchChoice {
    /// The architectures it stands for.
    pub fn arches(self) -> Vec<Arch> {
        match self {
            Self::Arm64 => vec![Arch::Arm64],
            Self::X64 => vec![Arch::X64],
            Self::Both => Arch::ALL.to_vec(),
        }
    }
}

impl From<Arch> for ArchChoice {
    fn from(arch: Arch) -> Self {
        match arch {
            Arch::Arm64 => Self::Arm64,
            Arch::X64 => Self::X64,
        }
    }
}
