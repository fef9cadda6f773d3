//! A row of the table, and how it is played.

use e2e::{
    Result,
    platform::Platform,
    record::Record,
    stage::Stage,
    subject::{Arch, Node, Subject, Takeover},
    tools,
};

/// What a case does on a stage.
pub type Play = fn(&mut Stage) -> Result<()>;

/// One case on one subject.
pub struct Case {
    pub what: &'static str,
    pub subject: Subject,
    /// Whether it puts words before the host's command.
    pub wraps: bool,
    /// Whether these mount file systems of its own.
    pub mounts: bool,
    pub play: Play,
}

impl Case {
    pub fn name(&self) -> String {
        format!("{}/{}", self.what, self.subject)
    }

    /// The first tool that is not there, if one is not.
    pub fn missing(&self) -> Option<String> {
        let mounting = || if self.mounts { tools::can_mount() } else { Ok(()) };
        tools::check(&self.subject).and_then(|()| mounting()).err()
    }

    /// Plays on every platform and compares.
    pub fn play_everywhere(&self) -> Result<()> {
        let mut first: Option<(Platform, Record)> = None;
        let suitable = |platform: &Platform| platform.suits(self.subject.arch, self.wraps);
        for platform in Platform::ALL.iter().copied().filter(suitable) {
            let record = self.play_on(platform)?;
            match &first {
                None => first = Some((platform, record)),
                Some((other, expected)) => {
                    let (mine, theirs) = (other.to_string(), platform.to_string());
                    if let Some(text) = expected.difference(&mine, &record, &theirs) {
                        return Err(format!("the platforms differ:{text}"));
                    }
                }
            }
        }
        Ok(())
    }

    fn play_on(&self, platform: Platform) -> Result<Record> {
        let mut stage = Stage::set(self.subject, platform, &self.what.replace('/', "-"))?;
        (self.play)(&mut stage).map_err(|error| {
            let log = stage.log();
            let end = log.len().saturating_sub(20_000);
            let log = log.get(end..).unwrap_or(&log);
            format!("on {platform}: {error}\n--- what host and platform printed:\n{log}")
        })?;
        stage.finish().map_err(|error| format!("on {platform}: {error}"))
    }
}

/// One case per subject.
pub fn rows(what: &'static str, subjects: Vec<Subject>, play: Play) -> Vec<Case> {
    subjects.into_iter().map(|subject| Case { what, subject, wraps: false, mounts: false, play }).collect()
}

/// As [`rows`], for cases that put words before the host's command.
pub fn wrapping(what: &'static str, subjects: Vec<Subject>, play: Play) -> Vec<Case> {
    rows(what, subjects, play).into_iter().map(|case| Case { wraps: true, ..case }).collect()
}

/// As [`wrapping`], for cases that mount.
pub fn mounting(what: &'static str, subjects: Vec<Subject>, play: Play) -> Vec<Case> {
    wrapping(what, subjects, play).into_iter().map(|case| Case { mounts: true, ..case }).collect()
}

/// Every takeover on every Node that can do it.
pub const TAKEOVERS: &[(Node, Takeover)] = &[
    (Node::V20, Takeover::Auto),
    (Node::V20, Takeover::ExecStub),
    (Node::V20, Takeover::Spawn),
    (Node::V22, Takeover::Auto),
    (Node::V22, Takeover::ExecStub),
    (Node::V22, Takeover::ExecExecve),
    (Node::V22, Takeover::Spawn),
    (Node::V24, Takeover::Auto),
    (Node::V24, Takeover::ExecStub),
    (Node::V24, Takeover::ExecExecve),
    (Node::V24, Takeover::Spawn),
];

/// One subject per takeover: the oldest Node where it can do it, the newest where it cannot.
pub fn each_takeover() -> Vec<Subject> {
    vec![
        Subject::plain(Node::V20, Takeover::Spawn),
        Subject::plain(Node::V20, Takeover::ExecStub),
        Subject::plain(Node::V24, Takeover::ExecExecve),
    ]
}

/// The same, and a library that is loaded into the host.
pub fn each_way() -> Vec<Subject> {
    let library = Subject::plain(Node::V22, Takeover::Library);
    each_takeover().into_iter().chain([library]).collect()
}

/// Each of these, on this machine's architecture and on the emulated one.
pub fn each_way_and_arch() -> Vec<Subject> {
    let native = each_way();
    let foreign = native.iter().map(|subject| Subject { arch: Arch::Arm64, ..*subject });
    native.iter().copied().chain(foreign).collect()
}

/// An error that says what was expected.
pub fn expect(condition: bool, what: impl FnOnce() -> String) -> Result<()> {
    if condition { Ok(()) } else { Err(what()) }
}
