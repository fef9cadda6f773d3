//! The server and the starter of hosts behind `cargo trap invoke`, used as that command uses them.

use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use cargo_trap::{
    host::{Container, Host},
    lambda::{Function, Invocation, Observer, Phase},
};
use tokio::runtime::Runtime;

use super::{Answer, Launch, Running, log::Log};
use crate::{Result, wait};

/// A container that runs, ended on drop.
pub struct Ours {
    container: Mutex<Option<Container>>,
    handle: cargo_trap::lambda::Handle,
    function: Function,
    limit: Duration,
}

impl Ours {
    /// Starts our server. A command line that names no client stands for our own.
    pub fn start(launch: &Launch) -> Result<Self> {
        let log = Log::create(&launch.log)?;
        let observer = Observer::new(move |event| match event.phase {
            Phase::Log { line, .. } => log.write(format!("{line}\n").as_bytes()),
            Phase::Exited(exit) => log.write(format!("the runtime ended: {exit}\n").as_bytes()),
            other => log.write(format!("{other:?}\n").as_bytes()),
        });
        let mut function = Function::new("e2e");
        function.timeout = Duration::from_secs(u64::from(launch.timeout_seconds));
        let [program, arguments @ ..] = launch.command.as_slice() else {
            return Err("a launch has a command".to_owned());
        };
        let mut host = match arguments {
            [] if launch.is_node => Host::node(program, &launch.folder, &launch.handler),
            arguments => Host::command(program, arguments, &launch.folder, &launch.handler),
        };
        for (name, value) in &launch.environment {
            host = host.env(name, value);
        }
        if !launch.environment.iter().any(|(name, _)| name == "TRAP_DIR") {
            host = host.shared_tmp();
        }
        let container = runtime()
            .block_on(Container::start(function.clone(), 1, observer, host))
            .map_err(|error| format!("starting our server: {error}"))?;
        let handle = container.handle();
        let limit = function.timeout + wait::LIMIT;
        Ok(Self { container: Mutex::new(Some(container)), handle, function, limit })
    }
}

impl Running for Ours {
    fn ask(&self, event: &[u8]) -> Result<Answer> {
        let invocation = self.handle.invoke(Invocation::new(event.to_vec()));
        let done = runtime()
            .block_on(async { tokio::time::timeout(self.limit, invocation).await })
            .map_err(|_| format!("our server gave no answer within {} s", self.limit.as_secs()))?;
        let (status, body) = done.reply(&self.function);
        // The emulator's log names the same kind where its answer is empty.
        Answer::from_reply(status, body.to_vec(), || Ok("Runtime.ExitError".to_owned()))
    }

    fn stop(&self) -> Result<()> {
        let container =
            self.container.lock().map_err(|_| "a thread panicked while it stopped".to_owned())?.take();
        if let Some(container) = container {
            runtime()
                .block_on(async { tokio::time::timeout(wait::LIMIT, container.shut_down()).await })
                .map_err(|_| "our server did not end".to_owned())?;
        }
        Ok(())
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let _guard = runtime().enter();
        let _ = self.stop();
    }
}

/// One runtime for all servers; the threads of the tests wait on it.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("the system gives threads")
    })
}
