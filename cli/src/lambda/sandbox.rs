//! One execution environment: a runtime, its Runtime API, and the invocations queued for it.
//!
//! The HTTP handlers and the handles that people hold only send messages to the task in `actor`.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::time::Instant;

use axum::body::Bytes;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::actor::Actor;
use super::refusal::Refusal;
use super::{Answer, Done, Exit, Function, Invocation, Observer, Outcome, api};

/// Starts runtimes.
pub trait Launch: Send + 'static {
    /// Starts one that polls the Runtime API at `api`.
    ///
    /// # Errors
    /// When no process could be started.
    fn launch(&mut self, api: SocketAddr, launch: u32) -> io::Result<Launched>;
}

/// A running runtime. Dropping it must end everything that was started.
pub struct Launched {
    /// Just before it was created.
    pub since: Instant,
    /// Its process id, when it has one.
    pub pid: Option<u32>,
    /// Resolves when it has ended and its output was read.
    pub exit: Pin<Box<dyn Future<Output = Exit> + Send>>,
    /// Ends it and everything it started, at once.
    pub kill: Box<dyn FnMut() + Send>,
}

impl fmt::Debug for Launched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launched").field("pid", &self.pid).finish_non_exhaustive()
    }
}

/// A running sandbox. Dropping it ends it without waiting; prefer [`Sandbox::shut_down`].
#[derive(Debug)]
pub struct Sandbox {
    handle: Handle,
    address: SocketAddr,
    actor: Option<JoinHandle<()>>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Serves a Runtime API on a loopback port of the system's choice. Nothing is launched before the
    /// first invocation or [`Sandbox::warm_up`]. `number` marks this sandbox's events.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(
        function: Function,
        number: u32,
        observer: Observer,
        launcher: impl Launch,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (sender, messages) = mpsc::unbounded_channel();
        let handle = Handle { sender, function };
        let actor = Actor::new(handle.function.clone(), number, observer, Box::new(launcher), address);
        let actor = tokio::spawn(actor.run(messages));
        let server = tokio::spawn(api::serve(listener, handle.clone()));
        Ok(Self { handle, address, actor: Some(actor), server })
    }

    /// Where the Runtime API listens; `AWS_LAMBDA_RUNTIME_API` for the runtime.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the function is configured with.
    pub fn function(&self) -> &Function {
        &self.handle.function
    }

    /// Something to invoke it with from elsewhere.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Launches the runtime before anything is invoked. What it does then is reported to the observer.
    pub fn warm_up(&self) {
        self.handle.send(Message::WarmUp);
    }

    /// Queues an invocation and waits for its end. It never waits longer than the queue before it and
    /// the function's timeout.
    pub async fn invoke(&self, invocation: Invocation) -> Done {
        self.handle.invoke(invocation).await
    }

    /// Ends the runtime and everything it started, then the Runtime API.
    pub async fn shut_down(mut self) {
        let (reply, done) = oneshot::channel();
        self.handle.send(Message::ShutDown(reply));
        let _gone = done.await;
        if let Some(actor) = self.actor.take() {
            let _ended = actor.await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
        // The actor's `Launched` goes with it, which ends the processes.
        if let Some(actor) = self.actor.take() {
            actor.abort();
        }
    }
}

/// A way to a sandbox; cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    sender: mpsc::UnboundedSender<Message>,
    function: Function,
}

impl Handle {
    /// See [`Sandbox::invoke`].
    pub async fn invoke(&self, invocation: Invocation) -> Done {
        let request_id = invocation.request_id.clone();
        let (reply, done) = oneshot::channel();
        self.send(Message::Invoke { invocation, reply });
        done.await.unwrap_or(Done { request_id, outcome: Outcome::ShutDown })
    }

    /// What the function is configured with.
    pub fn function(&self) -> &Function {
        &self.function
    }

    pub(super) fn send(&self, message: Message) {
        // A sandbox that is gone answers by dropping the reply channel inside the message.
        let _gone = self.sender.send(message);
    }
}

/// An event as the runtime receives it.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) payload: Bytes,
    pub(super) request_id: String,
    pub(super) deadline_ms: u128,
    pub(super) arn: String,
    pub(super) trace_id: Option<String>,
    pub(super) client_context: Option<String>,
}

/// What the program posted for an invocation.
#[derive(Debug)]
pub(super) enum Posted {
    Response(Answer),
    Error { body: Bytes, kind: Option<String> },
    TooLarge,
    UnknownMode,
}

/// What the task is told.
#[derive(Debug)]
pub(super) enum Message {
    WarmUp,
    Invoke { invocation: Invocation, reply: oneshot::Sender<Done> },
    Next { peer: SocketAddr, reply: oneshot::Sender<Result<Delivery, Refusal>> },
    Post { id: String, peer: SocketAddr, posted: Posted, reply: oneshot::Sender<Result<(), Refusal>> },
    InitError { body: Bytes, reply: oneshot::Sender<Result<(), Refusal>> },
    ShutDown(oneshot::Sender<()>),
}
