//! What a library can do inside a Node host: each route does one thing and says what came of it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::net::ToSocketAddrs;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use trap_runtime::axum::{Router, extract::Query, routing::get};

trap_runtime::library!(run);

/// How many threads there are in each case that takes several.
const THREADS: u32 = 8;

fn run() -> Result<(), trap_runtime::Error> {
    if env::var_os("INSIDE_PANICS").is_some() {
        panic!("as it was told");
    }
    // More workers than a router needs: every one of them is a thread of the host.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build();
    runtime.expect("the host lets a library start threads").block_on(trap_runtime::serve(router()))
}

fn router() -> Router {
    Router::new()
        .route("/files", get(files))
        .route("/command", get(command))
        .route("/threads", get(threads))
        .route("/timers", get(timers))
        .route("/tcp", get(tcp))
        .route("/dns", get(dns))
        .route("/tokio", get(workers))
        .route("/panic", get(panics))
}

/// `realpath` and `stat` in the versions that Rust's library expects: older ones fail, or fill in less.
async fn files() -> String {
    let canonical = fs::canonicalize("/proc/self/../self/exe");
    // Of the path itself: an emulator has an executable of its own.
    let metadata =
        canonical.as_ref().map_err(|error| std::io::Error::other(error.to_string())).and_then(fs::metadata);
    let times = metadata.as_ref().is_ok_and(|metadata| metadata.modified().is_ok());
    let metadata = metadata.map(|metadata| metadata.len());
    format!("{} {} times {times}", told(canonical.map(|path| path.display().to_string())), told(metadata))
}

/// A child of the host, with the host's streams, environment and folder.
async fn command() -> String {
    let output = Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]).output();
    let output = output.map(|output| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        format!("{} {} {:?}", text(&output.stdout), text(&output.stderr), output.status.code())
    });
    let inherited = Command::new("sh").args(["-c", "echo from a child of the library"]).status();
    let by_tokio = tokio::process::Command::new("sh").args(["-c", "exit 4"]).status().await;
    let code = |status: std::io::Result<std::process::ExitStatus>| {
        told(status.map(|status| status.code().unwrap_or(-1)))
    };
    format!("{} {} {}", told(output), code(inherited), code(by_tokio))
}

/// Says when it is dropped, which is when its thread ends.
struct Dropped(u32);

static DROPPED: AtomicU32 = AtomicU32::new(0);

impl Drop for Dropped {
    fn drop(&mut self) {
        DROPPED.fetch_add(self.0, Ordering::SeqCst);
    }
}

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
    static LIST: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    static OWN: Dropped = const { Dropped(1) };
}

/// Each thread has variables of its own, and destroys them when it ends.
async fn threads() -> String {
    let before = DROPPED.load(Ordering::SeqCst);
    let threads: Vec<_> = (1..=THREADS)
        .map(|number| {
            thread::spawn(move || {
                OWN.with(|own| COUNT.set(COUNT.get() + own.0));
                LIST.with_borrow_mut(|list| list.extend((0..number).map(|item| item * number)));
                LIST.with_borrow(|list| list.len() as u32) + COUNT.get()
            })
        })
        .collect();
    let sum: u32 = threads.into_iter().map(|thread| thread.join().expect("it does not panic")).sum();
    format!("sum {sum} dropped {} here {}", DROPPED.load(Ordering::SeqCst) - before, COUNT.get())
}

/// Time passes while others sleep, and a limit ends what takes longer.
async fn timers() -> String {
    let began = Instant::now();
    let sleeps: Vec<_> =
        (0..20).map(|_| tokio::spawn(tokio::time::sleep(Duration::from_millis(50)))).collect();
    for sleep in sleeps {
        sleep.await.expect("it does not panic");
    }
    let slept = began.elapsed() >= Duration::from_millis(50);
    let limited =
        tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>()).await.is_err();
    format!("slept {slept} limited {limited}")
}

/// Connects to the address in the query, which sends back what it is sent.
async fn tcp(Query(query): Query<Vec<(String, String)>>) -> String {
    let address =
        query.into_iter().find(|(name, _)| name == "address").map(|(_, address)| address).unwrap_or_default();
    let echo = async {
        let mut stream = tokio::net::TcpStream::connect(address).await?;
        stream.write_all(b"from inside").await?;
        stream.shutdown().await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        std::io::Result::Ok(text)
    };
    told(echo.await)
}

/// The C library's resolver, which loads libraries of its own: a name it knows, and one that nobody has.
async fn dns() -> String {
    let looked_up = |name: &str| {
        (name, 80)
            .to_socket_addrs()
            .map(|found| found.map(|address| address.ip().to_string()).collect::<BTreeSet<_>>())
    };
    let found = looked_up("localhost").map(|found| found.contains("127.0.0.1") || found.contains("::1"));
    let by_tokio = tokio::net::lookup_host("localhost:80").await.map(|mut found| found.next().is_some());
    format!("{} {} unknown {}", told(found), told(by_tokio), looked_up("no-such-name.invalid").is_err())
}

/// Work that goes on at the same time on several threads of tokio's, and on those for blocking work.
async fn workers() -> String {
    let barrier = std::sync::Arc::new(std::sync::Barrier::new(3));
    let meet = |_| {
        let barrier = std::sync::Arc::clone(&barrier);
        // Each waits for the others: on fewer threads than three nobody would go on.
        tokio::task::spawn_blocking(move || {
            barrier.wait();
            format!("{:?}", thread::current().id())
        })
    };
    let mut ids = BTreeSet::new();
    for met in (0..3).map(meet).collect::<Vec<_>>() {
        ids.insert(met.await.expect("it does not panic"));
    }
    let sums: Vec<_> = (0..100_u64).map(|number| tokio::spawn(async move { number * number })).collect();
    let mut sum = 0;
    for part in sums {
        sum += part.await.expect("it does not panic");
    }
    format!("threads {} sum {sum}", ids.len())
}

async fn panics() -> String {
    panic!("in a handler")
}

fn told<T: std::fmt::Display>(result: std::io::Result<T>) -> String {
    result.map_or_else(|error| format!("error: {error}"), |value| value.to_string())
}
