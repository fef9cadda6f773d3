//! The task behind a sandbox: it owns all state and handles one message at a time, so nothing is locked and
//! the order of events is the order of messages.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::refusal::Refusal;
use super::sandbox::{Delivery, Launch, Launched, Message, Posted};
use super::state::{Kind, Poll, State};
use super::{Answer, Done, Event, Exit, Function, Invocation, Observer, Outcome, Phase, When};

/// How long a killed runtime may take to be gone. The kernel needs no time for it unless it is stuck.
const GONE: Duration = Duration::from_secs(5);

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

/// See the module.
pub(super) struct Actor {
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
    /// An actor without a runtime; `address` is where its Runtime API listens.
    pub(super) fn new(
        function: Function,
        number: u32,
        observer: Observer,
        launcher: Box<dyn Launch>,
        address: SocketAddr,
    ) -> Self {
        Self {
            function,
            number,
            observer,
            launcher,
            address,
            state: State::Down,
            launch: 0,
            runtime: None,
            pollers: VecDeque::new(),
            queue: VecDeque::new(),
            current: None,
        }
    }

    /// Runs until it is told to shut down, or nobody is left who could tell it anything.
    pub(super) async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
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
                    self.report(Phase::NotLaunched { reason: error.to_string() });
                }
            }
            Message::Invoke { invocation, reply } => self.queue.push_back((invocation, reply)),
            Message::Next { peer, reply } => self.next(Poller { peer, reply }),
            Message::Post { id, peer, posted, reply } => {
                let _gone = reply.send(self.post(&id, peer, posted));
            }
            Message::InitError { body, reply } => {
                let result = self.state.init_error(body.clone());
                if result.is_ok() {
                    self.report(Phase::InitError { body });
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
        // A program that keeps giving up on its poll while it is idle would add one each time.
        self.pollers.retain(|poller| !poller.reply.is_closed());
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
            let (at, phase) = (runtime.since, Phase::Spawned { pid });
            self.observer.pass(Event { at, sandbox: self.number, launch: self.launch, phase });
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Launch for Nothing {
        fn launch(&mut self, _api: SocketAddr, _launch: u32) -> io::Result<Launched> {
            Err(io::Error::other("nothing is launched here"))
        }
    }

    #[test]
    fn pollers_that_went_away_are_not_kept_while_there_is_no_event() {
        let address = SocketAddr::from(([127, 0, 0, 1], 9));
        let (observer, _events) = Observer::channel();
        let mut actor = Actor::new(Function::new("f"), 1, observer, Box::new(Nothing), address);
        actor.state = State::Ready;
        for _ in 0..3 {
            let (reply, gone) = oneshot::channel();
            drop(gone);
            actor.next(Poller { peer: address, reply });
        }
        let (reply, _waits) = oneshot::channel();
        actor.next(Poller { peer: address, reply });
        assert_eq!(actor.pollers.len(), 1);
    }
}
