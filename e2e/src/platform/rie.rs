//! AWS's Runtime Interface Emulator: the code that runs functions on AWS, with a local front door.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use super::{Answer, Launch, Running, log::Log};
use crate::{Result, http, tools, wait};

const INVOKE: &str = "/2015-03-31/functions/function/invocations";

/// A running emulator, ended on drop.
pub struct Rie {
    process: Mutex<Child>,
    address: String,
    log: Log,
    limit: Duration,
}

impl Rie {
    /// Starts it on two ports of its own. A port can be lost between the look at it and the start, so an
    /// emulator that ends before it has served anything is started again, twice at most.
    pub fn start(launch: &Launch) -> Result<Self> {
        let mut tries = 0;
        loop {
            match Self::start_once(launch) {
                Err(error) if tries == 2 => return Err(error),
                Err(_) => tries += 1,
                rie => return rie,
            }
        }
    }

    fn start_once(launch: &Launch) -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port());
        let api = format!("127.0.0.1:{}", free_port());
        let log = Log::create(&launch.log)?;
        let mut process = Command::new(tools::rie()?)
            // Without these two it listens on all interfaces.
            .args(["--runtime-interface-emulator-address", &address, "--runtime-api-address", &api])
            .args(["--log-level", "info"])
            .args(&launch.command)
            .current_dir(&launch.folder)
            .env_clear()
            .envs(launch.environment.iter().cloned())
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", launch.timeout_seconds.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("starting AWS's emulator: {error}"))?;
        process.stdout.take().into_iter().for_each(|stream| log.drain(stream));
        process.stderr.take().into_iter().for_each(|stream| log.drain(stream));
        let limit = Duration::from_secs(u64::from(launch.timeout_seconds)) + wait::LIMIT;
        let rie = Self { process: Mutex::new(process), address, log, limit };
        // Its front door opens before its Runtime API does; only with both is it ready.
        for address in [&rie.address, &api] {
            wait::until("AWS's emulator to listen", || match rie.ended() {
                Some(status) => Some(Err(format!("AWS's emulator ended at once: {status}"))),
                None => TcpStream::connect(address).ok().map(|_| Ok(())),
            })??;
        }
        Ok(rie)
    }

    /// How it ended, if it did.
    fn ended(&self) -> Option<ExitStatus> {
        self.process.lock().ok()?.try_wait().ok()?
    }
}

impl Running for Rie {
    fn ask(&self, event: &[u8]) -> Result<Answer> {
        let reply = http::post(&self.address, INVOKE, event, self.limit).map_err(|error| {
            let state = self
                .ended()
                .map_or_else(|| "it still runs".to_owned(), |status| format!("it ended: {status}"));
            format!("{error} (AWS's emulator: {state})")
        })?;
        Answer::from_reply(reply.status, reply.body, || {
            // For some failures its answer is empty, but it knows more than it says.
            self.log.last("First fatal error stored in appctx: ")
        })
    }

    fn stop(&self) -> Result<()> {
        let mut process = self.process.lock().map_err(|_| "a thread panicked while it asked".to_owned())?;
        if matches!(process.try_wait(), Ok(Some(_))) {
            return Ok(());
        }
        // SIGTERM: it takes the runtime's process group down with it.
        crate::stage::terminate(process.id());
        wait::until("AWS's emulator to end", || process.try_wait().ok().flatten()).map(drop)
    }
}

impl Drop for Rie {
    fn drop(&mut self) {
        if self.stop().is_err()
            && let Ok(mut process) = self.process.lock()
        {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// A port nobody uses, below the range from which the kernel takes the ports of outgoing connections, so
/// that no client can take it between this look and the emulator's start.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + u16::try_from(std::process::id() % 100).unwrap_or_default() * 100;
    for _ in 0..10_000 {
        let port = start + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between {start} and {}", start + 2_000);
}
