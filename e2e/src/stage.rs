//! One run of one case: a folder, a runtime on a platform, and a record of what was seen.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use rustix::process::{Pid, Signal};
use serde_json::Value;

use crate::{
    Result, bundle,
    platform::{Answer, Launch, Platform, Running},
    record::Record,
    sandbox::Disks,
    subject::{Arch, Subject, Takeover},
    tools, wait,
};

/// Marks every process of a stage, so that those left behind are found whatever became of their parents.
pub const MARK: &str = "E2E_STAGE";

static BASE: OnceLock<PathBuf> = OnceLock::new();

/// Says where everything the tests make goes; the first call counts.
pub fn set_base(path: &Path) {
    BASE.get_or_init(|| path.to_owned());
}

/// The folder everything goes to.
pub fn base() -> &'static Path {
    BASE.get().expect("the test's main said where its files go")
}

/// A case in progress.
pub struct Stage {
    pub subject: Subject,
    pub platform: Platform,
    pub folder: PathBuf,
    pub launch: Launch,
    pub disks: Option<Disks>,
    /// Words before the runtime's command; what they start must end by executing the rest.
    pub before: Vec<OsString>,
    /// The folder the host runs in: shared by all cases unless [`Stage::own_deployment`] made a copy.
    pub deployment: PathBuf,
    running: Option<Arc<dyn Running>>,
    record: Record,
}

impl Stage {
    /// Makes everything ready for a start.
    ///
    /// # Errors
    /// When the artifact cannot be built or bundled.
    pub fn set(subject: Subject, platform: Platform, case: &str) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let deployed = bundle::deployed(&subject)?;
        let folder = base().join("stages").join(format!("{case}-{platform}-{}-{number}", std::process::id()));
        let trap = folder.join("trap");
        fs::create_dir_all(&trap).map_err(|error| format!("creating `{}`: {error}", trap.display()))?;
        let text = |path: &Path| path.display().to_string();
        let environment = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("LAMBDA_TASK_ROOT", text(&deployed.folder)),
            ("_HANDLER", deployed.handler.clone()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME", "e2e".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "group".to_owned()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "stream".to_owned()),
            ("TRAP_DIR", text(&trap)),
            ("FAULTY_JOURNAL", text(&folder.join("journal"))),
            (MARK, folder.file_name().unwrap_or_default().to_string_lossy().into_owned()),
        ];
        let mut environment: Vec<(String, String)> =
            environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if subject.arch == Arch::Arm64 {
            environment.push(("QEMU_LD_PREFIX".to_owned(), "/usr/aarch64-linux-gnu".to_owned()));
        }
        let mut command = vec![tools::node(subject.arch, subject.node)?.into_os_string()];
        if platform != Platform::OursAlone {
            command.push(tools::ric(subject.arch, subject.node)?.into_os_string());
            command.push(OsString::from(&deployed.handler));
        }
        let launch = Launch {
            command,
            is_node: platform == Platform::OursAlone,
            handler: deployed.handler,
            folder: deployed.folder.clone(),
            environment,
            // Longer than anything takes under emulation on a busy machine; a hang still ends.
            timeout_seconds: 60,
            log: folder.join("log"),
        };
        let deployment = deployed.folder;
        let (running, record) = (None, Record::default());
        let (disks, before) = (None, Vec::new());
        let mut stage =
            Self { subject, platform, folder, launch, disks, before, deployment, running, record };
        if subject.takeover == Takeover::Wrapper {
            stage.bootstrap()?;
            stage.name_wrapper();
        }
        Ok(stage)
    }

    /// Starts the host by what stands in for Lambda's own bootstrap, which knows of wrappers.
    fn bootstrap(&mut self) -> Result<()> {
        let path = self.folder.join("bootstrap");
        fs::write(&path, cargo_trap::host::BOOTSTRAP)
            .map_err(|error| format!("writing `{}`: {error}", path.display()))?;
        self.before = vec!["/bin/sh".into(), path.into()];
        Ok(())
    }

    /// Sets the variable that names the program as the wrapper, as the artifact says it; the folder is another one here.
    fn name_wrapper(&mut self) {
        let program = format!("trap/{}.{}.bin", self.subject.program, self.subject.arch);
        self.launch.set("AWS_LAMBDA_EXEC_WRAPPER", self.deployment.join(program).display().to_string());
    }

    /// Copies the deployment into the stage, so that a case may damage it.
    ///
    /// # Errors
    /// When copying fails.
    pub fn own_deployment(&mut self) -> Result<&Path> {
        let copy = self.folder.join("deployment");
        bundle::copy_folder(&self.deployment, &copy)?;
        self.launch.folder.clone_from(&copy);
        self.launch.set("LAMBDA_TASK_ROOT", copy.display().to_string());
        self.deployment = copy;
        if self.subject.takeover == Takeover::Wrapper {
            self.name_wrapper();
        }
        Ok(&self.deployment)
    }

    /// Puts a shell script before the runtime's command; it ends with `exec "$@"`.
    pub fn before(&mut self, script: &str) {
        self.before = ["sh", "-c", script, "sh"].into_iter().map(OsString::from).collect();
    }

    /// Runs the program itself in place of a host.
    ///
    /// # Errors
    /// When the program cannot be built.
    pub fn without_host(&mut self) -> Result<()> {
        let program = crate::artifact::program(self.subject.program, self.subject.arch)?;
        self.launch.command = vec![program.into_os_string()];
        self.launch.is_node = false;
        Ok(())
    }

    /// Starts the platform; the runtime starts with the first event.
    ///
    /// # Errors
    /// When the platform does not come up.
    pub fn start(&mut self) -> Result<()> {
        let mut launch = self.launch.clone();
        let disks = self.disks.as_ref().map(Disks::prefix).unwrap_or_default();
        // Our client is put behind the whole command, which is why a prefix may stand before Node.
        launch.command = disks.into_iter().chain(self.before.clone()).chain(launch.command).collect();
        self.running = Some(self.platform.start(&launch)?);
        Ok(())
    }

    /// Sends an event and writes the answer down.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn ask(&mut self, event: &str) -> Result<Answer> {
        let answer = self.ask_quietly(event)?;
        self.note(&format!("asked {event}: {answer}"));
        Ok(answer)
    }

    /// Sends an event whose answer is not comparable between platforms.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn ask_quietly(&self, event: &str) -> Result<Answer> {
        self.running.as_ref().ok_or("the stage was not started")?.ask(event.as_bytes())
    }

    /// Sends an event from another thread, so that this one can do something to the program meanwhile.
    ///
    /// # Errors
    /// When the stage was not started.
    pub fn ask_meanwhile(&self, event: &'static str) -> Result<std::thread::JoinHandle<Result<Answer>>> {
        let running = Arc::clone(self.running.as_ref().ok_or("the stage was not started")?);
        Ok(std::thread::spawn(move || running.ask(event.as_bytes())))
    }

    /// Sends an order to `faulty` that it answers with JSON.
    ///
    /// # Errors
    /// When the answer is anything else.
    pub fn order(&mut self, order: &str) -> Result<Value> {
        let answer = self.ask(&format!("{{\"do\":\"{order}\"}}"))?;
        json(&answer)
    }

    /// Adds a line to the record.
    pub fn note(&mut self, line: &str) {
        // The same program lies in another folder on each platform.
        let folder = self.folder.display().to_string();
        self.record.note(&line.replace(&folder, "<stage>"));
    }

    /// Waits until the journal has a line that starts with `kind` and hands out its text.
    ///
    /// # Errors
    /// When no such line appears.
    pub fn journal(&self, kind: &str) -> Result<String> {
        let path = self.folder.join("journal");
        wait::until(&format!("a line `{kind}` in the program's journal"), || {
            let text = fs::read_to_string(&path).ok()?;
            text.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(": ")).map(str::to_owned)
        })
    }

    /// The Node processes of the host; none after a takeover by `exec`.
    pub fn hosts(&self) -> Vec<u32> {
        self.processes().into_iter().filter(|(_, command)| is_node(command)).map(|(pid, _)| pid).collect()
    }

    /// The processes that are neither Node nor the platform: the program.
    pub fn programs(&self) -> Vec<u32> {
        self.processes().into_iter().filter(|(_, command)| !is_node(command)).map(|(pid, _)| pid).collect()
    }

    /// Pid and command line of everything that runs on this stage, but for the platform.
    fn processes(&self) -> Vec<(u32, String)> {
        let command = |pid| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        marked(&self.mark())
            .into_iter()
            .map(|pid| (pid, command(pid)))
            .filter(|(_, command)| !command.contains("--runtime-interface-emulator-address"))
            .collect()
    }

    fn mark(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Deploys another handler module beside the artifact's own; make an own deployment first.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn handler(&mut self, name: &str, source: &str) -> Result<()> {
        let path = self.deployment.join(format!("{name}.mjs"));
        fs::write(&path, source).map_err(|error| format!("writing `{}`: {error}", path.display()))?;
        let handler = format!("{name}.handler");
        self.launch.set("_HANDLER", &*handler);
        if !self.launch.is_node {
            self.launch.command.pop();
            self.launch.command.push(handler.clone().into());
        }
        self.launch.handler = handler;
        Ok(())
    }

    /// What the runtime and the platform printed.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.launch.log).unwrap_or_default()).into_owned()
    }

    /// Waits until the log has this text.
    ///
    /// # Errors
    /// When it never has.
    pub fn wait_for_log(&self, text: &str) -> Result<()> {
        wait::until(&format!("`{text}` in the log"), || self.log().contains(text).then_some(()))
    }

    /// The files in the folder the trampoline installs into, by name.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn installed(&self) -> Result<Vec<PathBuf>> {
        let folder = self.folder.join("trap");
        let entries = fs::read_dir(&folder).map_err(|error| format!("reading `trap`: {error}"))?;
        let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        found.sort();
        Ok(found)
    }

    /// Ends the platform, adds what the program wrote down, and checks that nothing is left running.
    ///
    /// # Errors
    /// When the platform does not end, or when a process outlives it.
    pub fn finish(mut self) -> Result<Record> {
        if let Some(running) = self.running.take() {
            running.stop()?;
        }
        let journal = fs::read_to_string(self.folder.join("journal")).unwrap_or_default();
        for line in journal.lines() {
            self.note(&format!("program: {line}"));
        }
        let mark = self.mark();
        wait::until("every process of the stage to end", || marked(&mark).is_empty().then_some(()))
            .map_err(|error| format!("{error}: still there: {:?}", marked(&mark)))?;
        fs::remove_dir_all(&self.folder).map_err(|error| format!("removing the stage: {error}"))?;
        Ok(std::mem::take(&mut self.record))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // After a failure too nothing stays behind; the folder does, for whoever looks for the cause.
        self.running = None;
        let mark = self.mark();
        for pid in marked(&mark) {
            kill(pid);
        }
    }
}

/// Whether a command line, its words separated by zeros, is that of Node; an emulator may stand before it.
pub fn is_node(command: &str) -> bool {
    let mut words = command.split('\0');
    let first = words.next().unwrap_or_default();
    // A program that was started in Node's place has Node's command line behind its own name.
    let is_emulator =
        first.rsplit('/').next().is_some_and(|name| name.contains("qemu") || name.contains("binfmt"));
    let word = if is_emulator { words.next().unwrap_or_default() } else { first };
    word.ends_with("/bin/node")
}

/// The JSON a program answered with.
///
/// # Errors
/// When the answer is a failure or not JSON.
pub fn json(answer: &Answer) -> Result<Value> {
    match answer {
        Answer::Posted(body) => serde_json::from_slice(body)
            .map_err(|error| format!("the answer is not JSON ({error}): {answer}")),
        other => Err(format!("expected an answer of the program, but the platform {other}")),
    }
}

/// Sends SIGKILL.
pub fn kill(pid: u32) {
    send(pid, Signal::KILL);
}

/// Sends SIGTERM.
pub fn terminate(pid: u32) {
    send(pid, Signal::TERM);
}

/// Sends SIGINT to a process group, as a terminal does for Ctrl-C.
pub fn interrupt(group: u32) {
    if let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, Signal::INT);
    }
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Whether a process exists and is not merely waiting to be reaped.
pub fn alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(") ").next().unwrap_or_default().starts_with('Z'))
}

/// The processes whose environment says that they belong to a stage, or to whatever else was given this mark.
pub fn marked(mark: &str) -> Vec<u32> {
    let wanted = format!("{MARK}={mark}");
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|text| text.split(|byte| *byte == 0).any(|pair| pair == wanted.as_bytes()))
        })
        .filter(|pid| alive(*pid))
        .collect()
}
