//! What a case runs on: one row of the table.

use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($variant),+ }

        impl $name {
            /// As `cargo trap build` and the names of the tests spell it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.word())
            }
        }
    };
}

words!(Arch { X64 = "x64", Arm64 = "arm64" });
words!(Node { V20 = "20", V22 = "22", V24 = "24" });
words!(
    Takeover {
        Auto = "auto",
        Exec = "exec",
        ExecStub = "exec:stub",
        ExecExecve = "exec:execve",
        Spawn = "spawn",
        Library = "library",
        Wrapper = "wrapper",
    }
);
words!(Payload { Base64 = "base64", File = "file" });
words!(
    /// How the artifact reaches the host.
    Delivery {
        Lambda = "lambda",
        LambdaCjs = "lambda-cjs",
        LambdaLazy = "lambda-lazy",
        Genezio = "genezio",
    }
);
words!(Program { Faulty = "faulty", Big = "faulty-10mb", HelloAxum = "hello-axum", HelloRuntime = "hello-runtime", Library = "library", Inside = "inside" });
words!(
    /// The architectures an artifact carries.
    Carries { Both = "both", X64 = "x64", Arm64 = "arm64" }
);

impl Node {
    /// The Node client of AWS that this Node is tested with.
    pub const fn ric(self) -> &'static str {
        match self {
            Self::V20 => "3.3.0",
            Self::V22 | Self::V24 => "4.0.2",
        }
    }
}

impl Delivery {
    /// The name `cargo trap build --platform` knows.
    pub const fn platform(self) -> &'static str {
        match self {
            Self::Genezio => "genezio",
            Self::Lambda | Self::LambdaCjs | Self::LambdaLazy => "lambda",
        }
    }
}

/// One combination of everything that can vary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subject {
    pub program: Program,
    pub carries: Carries,
    pub delivery: Delivery,
    pub payload: Payload,
    pub takeover: Takeover,
    pub node: Node,
    pub arch: Arch,
}

impl Subject {
    /// The takeover that really happens: every Node can load the stub.
    pub const fn effective_takeover(&self) -> Takeover {
        match self.takeover {
            Takeover::Auto | Takeover::Exec => Takeover::ExecStub,
            chosen => chosen,
        }
    }

    /// The plainest subject; a table changes what its cases are about.
    pub const fn plain(node: Node, takeover: Takeover) -> Self {
        Self {
            program: Program::Faulty,
            carries: Carries::Both,
            delivery: Delivery::Lambda,
            payload: Payload::File,
            takeover,
            node,
            arch: Arch::X64,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, carries: _, delivery, payload, takeover, node, arch } = self;
        write!(out, "{program}/node{node}-{arch}/{takeover}/{delivery}-{payload}")
    }
}
