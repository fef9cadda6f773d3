//! What the tool itself adds to every total: the way from a connection to the moment its poll is noticed.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::lambda::{Exit, Function, Launch, Launched, Observer, Phase, Sandbox};
use crate::{Error, Result};

const SAMPLES: usize = 20;
const POLL: &[u8] = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A runtime that is no process: somebody else polls.
struct Nobody;

impl Launch for Nobody {
    fn launch(&mut self, _api: SocketAddr, _launch: u32) -> io::Result<Launched> {
        let (kill, killed) = oneshot::channel::<Exit>();
        let mut kill = Some(kill);
        Ok(Launched {
            since: Instant::now(),
            pid: None,
            exit: Box::pin(async { killed.await.unwrap_or(Exit::Signal(9)) }),
            kill: Box::new(move || drop(kill.take())),
        })
    }
}

/// Polls from a thread of this process and gives the milliseconds until each poll was noticed.
///
/// # Errors
/// When there is no port to be had.
pub(super) async fn measure() -> Result<Vec<f64>> {
    let failed = || Error::file("listen on", "127.0.0.1");
    let mut samples = Vec::new();
    for _ in 0..SAMPLES {
        let (observer, mut events) = Observer::channel();
        let sandbox =
            Sandbox::start(Function::new("overhead"), 0, observer, Nobody).await.map_err(failed())?;
        sandbox.warm_up();
        let address = sandbox.address();
        // It has its connection until the poll was seen.
        let poll = tokio::task::spawn_blocking(move || -> io::Result<(Instant, TcpStream)> {
            let before = Instant::now();
            let mut stream = TcpStream::connect(address)?;
            stream.write_all(POLL)?;
            Ok((before, stream))
        });
        let (before, _stream) =
            poll.await.map_err(io::Error::other).and_then(|polled| polled).map_err(failed())?;
        while let Some(event) = events.recv().await {
            if let Phase::FirstPoll { .. } = event.phase {
                samples.push(event.at.saturating_duration_since(before).as_secs_f64() * 1e3);
                break;
            }
        }
        sandbox.shut_down().await;
    }
    Ok(samples)
}

#[cfg(test)]
#[tokio::test]
async fn polls_are_noticed_after_they_were_made() {
    let samples = measure().await.expect("ports");
    assert_eq!(samples.len(), SAMPLES);
    assert!(samples.iter().all(|ms| *ms > 0.0 && *ms < 10_000.0), "{samples:?}");
}
