//! The HTTP server.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::answers::answer;
use super::{Chain, Lie};

/// Bytes of one write.
const PIECE: usize = 64 * 1024;
/// Bytes to which a bomb decompresses.
const UNPACKED: usize = 4_000_000_000;
/// Bytes of an answer of millions of small values: just below a usual limit on bytes.
const SMALL: usize = 7_900_000;
const LARGE: usize = 63_000_000;

struct State {
    lie: Option<Lie>,
    /// Slot at which the lie began.
    frozen: u64,
    asked: BTreeMap<String, u64>,
}

/// An endpoint. Dropping it stops it.
pub struct Server {
    url: String,
    chain: Chain,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on a free port of loopback, honest at first. It serves on the runtime that starts it.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(chain: &Chain) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State { lie: None, frozen: 0, asked: BTreeMap::new() }));
        let (shared, truth) = (Arc::clone(&state), chain.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, chain) = (Arc::clone(&shared), truth.clone());
                tokio::spawn(async move {
                    // An error means that the client hung up.
                    let _ = converse(stream, &chain, &state).await;
                });
            }
        });
        Self { url, chain: chain.clone(), state, task }
    }

    /// As [`Self::start`], lying from the start.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn lying(chain: &Chain, lie: Lie) -> Self {
        let server = Self::start(chain).await;
        server.set(Some(lie));
        server
    }

    /// URL of the server.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Switches to a lie, or to the truth for `None`.
    pub fn set(&self, lie: Option<Lie>) {
        let mut state = locked(&self.state);
        (state.lie, state.frozen) = (lie, self.chain.slot());
    }

    /// Number of requests for a method.
    #[must_use]
    pub fn asked(&self, method: &str) -> u64 {
        locked(&self.state).asked.get(method).copied().unwrap_or(0)
    }

    /// Number of requests for all methods.
    #[must_use]
    pub fn questions(&self) -> u64 {
        locked(&self.state).asked.values().sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(mut stream: TcpStream, chain: &Chain, state: &Mutex<State>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    while let Some(asked) = question(&mut stream, &mut bytes).await? {
        let (lie, frozen) = {
            let mut state = locked(state);
            let method = asked["method"].as_str().unwrap_or_default().to_owned();
            *state.asked.entry(method).or_default() += 1;
            (state.lie, state.frozen)
        };
        match lie {
            Some(Lie::Silent) => return std::future::pending().await,
            Some(Lie::SlowDrip) => return drip(&mut stream).await,
            Some(Lie::Endless) => return endless(&mut stream).await,
            Some(Lie::GzipBomb) => return bomb(&mut stream).await,
            Some(Lie::ManyValues) => {
                let all = asked["method"] == "getProgramAccounts";
                let (value, bytes) = if all { (r#"{"a":0},"#, LARGE) } else { ("[],", SMALL) };
                many(&mut stream, value, bytes).await?;
            }
            Some(Lie::LongMessage) => {
                let error = json!({ "code": -32_000, "message": "x".repeat(4_000_000) });
                say(&mut stream, "200 OK", whole(&asked, Err(error))).await?;
            }
            Some(Lie::Redirects) => {
                say(&mut stream, "307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/", String::new()).await?;
            }
            Some(Lie::RefusesAll) => {
                let error = json!({ "code": -32_602, "message": "no" });
                say(&mut stream, "200 OK", whole(&asked, Err(error))).await?;
            }
            _ => say(&mut stream, "200 OK", whole(&asked, answer(chain, lie, frozen, &asked))).await?,
        }
    }
    Ok(())
}

/// The next request of a connection; `None` at its end. `bytes` were read already.
pub(super) async fn question(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<Option<Value>> {
    loop {
        let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let end = text.find("\r\n\r\n").zip(length).map(|(head, length): (usize, usize)| (head + 4, head + 4 + length));
        if let Some((start, end)) = end.filter(|(_, end)| bytes.len() >= *end) {
            let asked = serde_json::from_slice(&bytes[start..end]).unwrap_or(Value::Null);
            bytes.drain(..end);
            return Ok(Some(asked));
        }
        if stream.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    }
}

pub(super) fn whole(asked: &Value, answer: Result<Value, Value>) -> String {
    let id = &asked["id"];
    let said = match answer {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
    };
    said.to_string()
}

pub(super) async fn say(stream: &mut TcpStream, status: &str, body: String) -> std::io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all((head + &body).as_bytes()).await
}

/// Sends a list that repeats one small value.
async fn many(stream: &mut TcpStream, value: &str, bytes: usize) -> std::io::Result<()> {
    let (start, end) = (r#"{"jsonrpc":"2.0","id":1,"result":["#, "0]}");
    let piece = value.repeat(PIECE / value.len());
    let pieces = bytes / piece.len();
    let length = start.len() + pieces * piece.len() + end.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all((head + start).as_bytes()).await?;
    for _ in 0..pieces {
        stream.write_all(piece.as_bytes()).await?;
    }
    stream.write_all(end.as_bytes()).await
}

/// Sends one byte a second, without an end.
async fn drip(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n").await?;
    loop {
        stream.write_all(b" ").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Sends a text without an end.
async fn endless(stream: &mut TcpStream) -> std::io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"jsonrpc\":\"2.0\",\"result\":\"")
        .await?;
    let piece = vec![b'x'; PIECE];
    loop {
        stream.write_all(&piece).await?;
    }
}

/// Sends spaces, compressed a thousand to one.
async fn bomb(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n").await?;
    let (mut packer, piece) = (GzEncoder::new(Vec::new(), Compression::best()), vec![b' '; 1_000_000]);
    let mut packed = Vec::new();
    // From the second piece on the compressor's state repeats, so that its bytes can be sent again.
    for _ in 0..2 {
        packer.write_all(&piece)?;
        packer.flush()?;
        packed = std::mem::take(packer.get_mut());
        stream.write_all(&packed).await?;
    }
    for _ in 2..UNPACKED / piece.len() {
        stream.write_all(&packed).await?;
    }
    stream.flush().await
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
