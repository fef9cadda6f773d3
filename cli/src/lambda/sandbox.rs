//! One execution environment: a runtime, its Runtime API, and the invocations queued for it.
//!
//! One task owns all state and handles one message at a time; the HTTP handlers and the handles people
//! hold only send messages. So nothing is locked, and the order of events is the order of messages.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::refusal::Refusal;
use super::state::{Kind, Poll, State};
use super::{Answer, Done, Exit, Function, Invocation, Observer, Outcome, Phase, When, api};

/// How long a killed runtime may take to be gone. The kernel needs no time for it unless it is stuck.
const GONE: Duration = Duration::from_secs(5);

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
        let actor = Actor {
            function: handle.function.clone(),
            number,
            observer,
            launcher: Box::new(launcher),
            address,
            state: State::Down,
            launch: 0,
            runtime: None,
            pollers: VecDeque::new(),
            queue: VecDeque::new(),
            current: None,
        };
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

struct Poller {
    peer: SocketAddr,
    reply: oneshot::Sender<Result<Delivery, Refusal>>,
}

struct Current {
    delivery: Delivery,
    deadline: Instant,
    posted: Option<Posted>,
    reply: oneshot::Sender<Done>,
}

struct Actor {
    function: Function,
    number: u32,
    observer: Observer,
    launcher: Box<dyn Launch>,
    address: SocketAddr,
    state: State,
    launch: u32,
    runtime: Option<Launched>,
    pollers: VecDeque<Poller>,
    queue: VecDeque<(Invocation, oneshot::Sender<Done>)>,
    current: Option<Current>,
}

/// What woke the task.
enum Woken {
    Message(Option<Message>),
    Exited(Exit),
    Deadline,
}

impl Actor {
    async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        loop {
            match self.wait(&mut messages).await {
                Woken::Message(Some(Message::ShutDown(done))) => {
                    self.end_runtime().await;
                    let _waits = done.send(());
                    return;
                }
                Woken::Message(None) => return self.end_runtime().await,
                Woken::Message(Some(message)) => self.handle(message),
                Woken::Exited(exit) => self.exited(exit),
                Woken::Deadline => self.deadline().await,
            }
            self.advance();
        }
    }

    async fn wait(&mut self, messages: &mut mpsc::UnboundedReceiver<Message>) -> Woken {
        let exit = async {
            match &mut self.runtime {
                Some(runtime) => (&mut runtime.exit).await,
                None => std::future::pending().await,
            }
        };
        let deadline = async {
            match &self.current {
                Some(current) => tokio::time::sleep_until(current.deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // What a runtime posted before it ended counts, so messages come first.
            biased;
            message = messages.recv() => Woken::Message(message),
            exit = exit => Woken::Exited(exit),
            () = deadline => Woken::Deadline,
        }
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::WarmUp => {
                if self.state == State::Down
                    && let Err(error) = self.launch()
                {
                    let line = format!("could not launch the runtime: {error}");
                    self.report(Phase::Log { stream: super::Stream::Stderr, line });
                }
            }
            Message::Invoke { invocation, reply } => self.queue.push_back((invocation, reply)),
            Message::Next { peer, reply } => self.next(Poller { peer, reply }),
            Message::Post { id, peer, posted, reply } => {
                let _gone = reply.send(self.post(&id, peer, posted));
            }
            Message::InitError { body, reply } => {
                let result = self.state.init_error(body);
                if result.is_ok() {
                    self.report(Phase::InitError);
                }
                let _gone = reply.send(result);
            }
            Message::ShutDown(_) => unreachable!("handled by the loop"),
        }
    }

    fn next(&mut self, poller: Poller) {
        match self.state.poll() {
            Err(refusal) => {
                let _gone = poller.reply.send(Err(refusal));
                return;
            }
            Ok(Poll::First) => self.report(Phase::FirstPoll { peer: poller.peer }),
            Ok(Poll::Over) => {
                let posted = self.current.as_mut().and_then(|current| current.posted.take());
                self.finish(match posted {
                    Some(Posted::Response(answer)) => Outcome::Answered(answer),
                    Some(Posted::Error { body, kind }) => Outcome::FunctionError { body, kind },
                    Some(Posted::TooLarge | Posted::UnknownMode) | None => Outcome::TooLarge,
                });
            }
            Ok(Poll::Wait | Poll::Again) => {}
        }
        self.pollers.push_back(poller);
    }

    fn post(&mut self, id: &str, peer: SocketAddr, posted: Posted) -> Result<(), Refusal> {
        let current = self
            .current
            .as_mut()
            .filter(|current| current.delivery.request_id == id)
            .ok_or(Refusal::UnknownId)?;
        let kind = match posted {
            Posted::Error { .. } => Kind::Error,
            _ => Kind::Response,
        };
        if matches!(self.state, State::Init | State::Ready) {
            // Nobody can know the id before it was delivered.
            return Err(Refusal::UnknownId);
        }
        self.state.answer(kind)?;
        let refusal = match &posted {
            Posted::TooLarge => Some(Refusal::TooLarge),
            Posted::UnknownMode => {
                self.state = State::ResponseBroken;
                Some(Refusal::ResponseMode)
            }
            Posted::Response(_) | Posted::Error { .. } => None,
        };
        current.posted = Some(posted);
        self.report(Phase::Answered { request_id: id.into(), peer, error: kind == Kind::Error });
        refusal.map_or(Ok(()), Err)
    }

    /// Whatever can go on now goes on: the next invocation becomes current, a waiting poller gets it.
    fn advance(&mut self) {
        while self.current.is_none() {
            let Some((invocation, reply)) = self.queue.pop_front() else { return };
            self.accept(invocation, reply);
            if let State::DiedIdle(exit) = self.state {
                self.state = State::Down;
                self.finish(Outcome::Exited { exit, when: When::Idle, posted: None });
            } else if self.state == State::Down
                && let Err(error) = self.launch()
            {
                self.finish(Outcome::NotLaunched { reason: error.to_string() });
            }
        }
        self.deliver();
    }

    fn accept(&mut self, invocation: Invocation, reply: oneshot::Sender<Done>) {
        let deadline = SystemTime::now() + self.function.timeout;
        let deadline_ms = deadline.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let delivery = Delivery {
            payload: invocation.payload,
            request_id: invocation.request_id,
            deadline_ms,
            arn: self.function.arn(),
            trace_id: invocation.trace_id,
            client_context: invocation.client_context,
        };
        let deadline = Instant::now() + self.function.timeout;
        self.current = Some(Current { delivery, deadline, posted: None, reply });
    }

    fn deliver(&mut self) {
        let Some(current) = &self.current else { return };
        if !matches!(self.state, State::Ready | State::Running) {
            return;
        }
        let (delivery, request_id) = (current.delivery.clone(), current.delivery.request_id.clone());
        while let Some(poller) = self.pollers.pop_front() {
            // Reported first, so that the program cannot answer before its event is known to be out.
            if poller.reply.is_closed() {
                continue;
            }
            self.state = State::Running;
            self.report(Phase::Delivered { request_id, peer: poller.peer });
            if poller.reply.send(Ok(delivery)).is_err() {
                // It went away just now: whoever polls next gets the event again.
            }
            return;
        }
    }

    fn launch(&mut self) -> io::Result<()> {
        self.launch += 1;
        let runtime = self.launcher.launch(self.address, self.launch)?;
        self.state = State::Init;
        if let Some(pid) = runtime.pid {
            self.report(Phase::Spawned { pid });
        }
        self.runtime = Some(runtime);
        Ok(())
    }

    fn exited(&mut self, exit: Exit) {
        self.runtime = None;
        self.pollers.clear();
        self.report(Phase::Exited(exit));
        let state = std::mem::replace(&mut self.state, State::Down);
        let Some(current) = &mut self.current else {
            if matches!(state, State::Ready | State::ResponseSent | State::Running) {
                self.state = State::DiedIdle(exit);
            }
            return;
        };
        let posted = match current.posted.take() {
            Some(Posted::Response(Answer { body, .. }) | Posted::Error { body, .. }) => Some(body),
            Some(Posted::UnknownMode) => Some(Bytes::new()),
            Some(Posted::TooLarge) | None => None,
        };
        self.finish(match state {
            State::InitError(body) => Outcome::InitError { body },
            State::Init => Outcome::Exited { exit, when: When::Init, posted },
            _ => Outcome::Exited { exit, when: When::Invocation, posted },
        });
    }

    async fn deadline(&mut self) {
        if let Some(current) = &self.current {
            self.report(Phase::TimedOut { request_id: current.delivery.request_id.clone() });
        }
        self.end_runtime().await;
        self.finish(Outcome::TimedOut);
    }

    async fn end_runtime(&mut self) {
        self.state = State::Down;
        self.pollers.clear();
        if let Some(mut runtime) = self.runtime.take() {
            (runtime.kill)();
            if let Ok(exit) = tokio::time::timeout(GONE, &mut runtime.exit).await {
                self.report(Phase::Exited(exit));
            }
        }
    }

    fn finish(&mut self, outcome: Outcome) {
        if let Some(current) = self.current.take() {
            let request_id = current.delivery.request_id;
            // A caller that went away does not want to know.
            let _gone = current.reply.send(Done { request_id, outcome });
        }
    }

    fn report(&self, phase: Phase) {
        self.observer.report(self.number, self.launch, phase);
    }
}
