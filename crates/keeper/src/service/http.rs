//! Metrics and health over HTTP.
//!
//! On a thread of its own, so that it answers while everything else is at work, and with a bounded number of connections,
//! each with a bounded time: whoever holds one open and says nothing, or does not read, costs one of them until somebody
//! else wants it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use kedge_sender::alarm::Alarms;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::service::metrics::Metrics;

/// Connections at once; the oldest makes room for another.
const MOST: usize = 64;
/// How long a request may take to come, and a whole connection with its answer.
const REQUEST: Duration = Duration::from_secs(5);
const CONNECTION: Duration = Duration::from_secs(10);
/// Longest head of a request, bytes.
const HEAD: usize = 16 * 1024;
/// Pause after a connection that could not be taken: no file is left for it.
const BREATH: Duration = Duration::from_millis(50);

/// Whether the process can be relied on.
#[derive(Debug)]
pub(super) struct Health {
    /// Slots by which the mirror is behind; `u64::MAX` before the first look and after the order to stop.
    age: AtomicU64,
    most: u64,
    alarms: Alarms,
}

impl Health {
    /// Not ready; ready from an age of at most `most` slots on, while no alarm stands.
    pub(super) fn new(most: u64, alarms: Alarms) -> Arc<Self> {
        Arc::new(Self { age: AtomicU64::new(u64::MAX), most, alarms })
    }

    /// The mirror's age now.
    pub(super) fn set_age(&self, slots: u64) {
        self.age.store(slots, Ordering::Relaxed);
    }

    /// Why what is seen cannot be relied on, `None` while it can.
    pub(super) fn set_blind(&self, why: Option<String>) {
        match why {
            Some(why) => self.alarms.raise("blind", why),
            None => self.alarms.end("blind"),
        }
    }

    /// Status and text of `/readyz`.
    fn ready(&self) -> (u16, String) {
        let alarms: Vec<String> = self.alarms.standing().into_iter().map(|(_, reason)| reason).collect();
        match self.age.load(Ordering::Relaxed) {
            _ if !alarms.is_empty() => {
                (503, format!("not ready: {}\n", kedge_client::shown::discreet(&alarms.join("; "))))
            }
            u64::MAX => (503, "not ready: no mirror\n".into()),
            age if age > self.most => (503, format!("not ready: the mirror is {age} slots old, over {}\n", self.most)),
            age => (200, format!("ready: the mirror is {age} slots old\n")),
        }
    }
}

/// The server. Dropping it ends it, whoever is connected.
pub(super) struct Http {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Http {
    /// Listens; tells where.
    ///
    /// # Errors
    /// An address that is none, or is taken.
    pub(super) fn start(listen: &str, metrics: Arc<Metrics>, health: Arc<Health>) -> Result<(Self, SocketAddr)> {
        let named = || format!("http.listen {listen}");
        let listener = TcpListener::bind(listen).map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => anyhow::anyhow!(
                "{}: the address is in use, by another copy perhaps: each copy needs its own, such as \
                 KEDGE_KEEPER__HTTP__LISTEN=127.0.0.1:9465, or none (an empty text)",
                named()
            ),
            _ => anyhow::Error::new(error).context(named()),
        })?;
        listener.set_nonblocking(true).with_context(named)?;
        let address = listener.local_addr().with_context(named)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("http".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, metrics, health) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok((Self { stop: Some(stop), thread: Some(thread) }, address))
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, metrics: Arc<Metrics>, health: Arc<Health>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    // Dropped with this future: whoever is connected then is cut off.
    let mut connections = JoinSet::new();
    let mut oldest: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    sleep(BREATH).await;
                    continue;
                };
                oldest.retain(|connection| !connection.is_finished());
                while oldest.len() >= MOST {
                    oldest.pop_front().into_iter().for_each(|connection| connection.abort());
                }
                let (metrics, health) = (Arc::clone(&metrics), Arc::clone(&health));
                oldest.push_back(connections.spawn(converse(stream, metrics, health)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One request and its answer.
async fn converse(stream: TcpStream, metrics: Arc<Metrics>, health: Arc<Health>) {
    let service = service_fn(|request: Request<Incoming>| {
        let answer = respond(&request, &metrics, &health);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(REQUEST).keep_alive(false).max_buf_size(HEAD);
    // Whoever hung up does not want it.
    let _ = timeout(CONNECTION, builder.serve_connection(TokioIo::new(stream), service)).await;
}

fn respond(request: &Request<Incoming>, metrics: &Metrics, health: &Health) -> Response<Full<Bytes>> {
    let asks = matches!(*request.method(), Method::GET | Method::HEAD);
    let (status, kind, body) = match asks {
        true => answer(request.uri().path(), metrics, health),
        false => (405, TEXT, "only GET and HEAD\n".into()),
    };
    let response = Response::builder().status(status).header(CONTENT_TYPE, kind);
    let response = if asks { response } else { response.header(ALLOW, "GET, HEAD") };
    response.body(Full::new(Bytes::from(body))).unwrap_or_default()
}

const TEXT: &str = "text/plain; charset=utf-8";

fn answer(path: &str, metrics: &Metrics, health: &Health) -> (u16, &'static str, String) {
    match path {
        "/metrics" => (200, "application/openmetrics-text; version=1.0.0; charset=utf-8", metrics.text()),
        "/healthz" => (200, TEXT, "alive\n".into()),
        "/readyz" => {
            let (status, said) = health.ready();
            (status, TEXT, said)
        }
        _ => (404, TEXT, "there are /metrics, /healthz and /readyz\n".into()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::Instant;

    use super::*;

    #[test]
    fn ready_is_what_has_a_young_mirror() {
        let (metrics, health) = (Metrics::new(), Health::new(10, Alarms::default()));
        let status = |path| answer(path, &metrics, &health).0;
        assert_eq!([status("/healthz"), status("/readyz"), status("/metrics"), status("/")], [200, 503, 200, 404]);
        health.set_age(10);
        assert_eq!(status("/readyz"), 200);
        health.set_age(11);
        assert_eq!(status("/readyz"), 503);
        health.set_age(0);
        health.set_blind(Some("the stream is down".into()));
        assert_eq!(answer("/readyz", &metrics, &health).2, "not ready: the stream is down\n");
        health.set_blind(None);
        health.alarms.raise("blockhash", "an endpoint tells of a blockhash that cannot be");
        assert_eq!(status("/readyz"), 503);
        health.alarms.end("blockhash");
        assert_eq!(status("/readyz"), 200);
    }

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut said = Vec::new();
        // One that is refused before it was read is reset when it has its answer.
        let _ = stream.read_to_end(&mut said);
        String::from_utf8(said).unwrap()
    }

    fn threads() -> usize {
        std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
    }

    /// Whoever does not read, and whoever never ends a request, hold up neither others nor the end.
    #[test]
    fn slow_clients_hold_up_nobody() {
        let metrics = Metrics::new();
        // An answer that is larger than any socket's buffer.
        for number in 0..40_000 {
            metrics.failed("filler", &format!("Error{number:0>120}"));
        }
        let (http, address) = Http::start("127.0.0.1:0", metrics, Health::new(10, Alarms::default())).unwrap();
        let before = threads();
        let deaf: Vec<TcpStream> = (0..2)
            .map(|_| {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: keeper\r\n\r\n").unwrap();
                stream
            })
            .collect();
        let halves: Vec<TcpStream> = (0..600)
            .filter_map(|_| {
                let mut stream = TcpStream::connect(address).ok()?;
                stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: kee").ok()?;
                Some(stream)
            })
            .collect();
        for _ in 0..5 {
            let asked = Instant::now();
            let said = ask(address, "GET /healthz HTTP/1.1\r\nHost: keeper\r\n\r\n");
            assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with("\r\n\r\nalive\n"), "{said}");
            assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
        }
        assert!(threads() <= before + 4, "{} threads were {before}", threads());
        let stopping = Instant::now();
        drop(http);
        assert!(stopping.elapsed() < Duration::from_secs(3), "{:?}", stopping.elapsed());
        drop((deaf, halves));
    }

    #[test]
    fn an_address_in_use_names_the_way_out() {
        let start = |listen: &str| Http::start(listen, Metrics::new(), Health::new(10, Alarms::default()));
        let (_first, address) = start("127.0.0.1:0").unwrap();
        let said = format!("{:#}", start(&address.to_string()).err().unwrap());
        assert!(said.starts_with(&format!("http.listen {address}: the address is in use")), "{said}");
        assert!(said.contains("each copy needs its own") && said.contains("KEDGE_KEEPER__HTTP__LISTEN="), "{said}");
    }

    #[test]
    fn only_questions_are_answered() {
        let (_http, address) = Http::start("127.0.0.1:0", Metrics::new(), Health::new(10, Alarms::default())).unwrap();
        let said = ask(address, "POST /healthz HTTP/1.1\r\nHost: keeper\r\nContent-Length: 0\r\n\r\n");
        assert!(said.starts_with("HTTP/1.1 405 ") && said.to_lowercase().contains("allow: get, head"), "{said}");
        let said = ask(address, "HEAD /readyz?verbose HTTP/1.1\r\nHost: keeper\r\n\r\n");
        assert!(said.starts_with("HTTP/1.1 503 ") && said.ends_with("\r\n\r\n"), "{said}");
        let long = format!("GET /healthz HTTP/1.1\r\nHost: keeper\r\nX: {}\r\n\r\n", "x".repeat(HEAD + 1));
        let said = ask(address, &long);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 431 "), "{said}");
    }
}
