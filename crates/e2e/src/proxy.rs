//! A proxy between keepers and validator that can fail: a relay for WebSocket, and one for JSON-RPC that can be silent,
//! refuse, lag or be gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longest time for which a connection that passes nothing is kept.
const FORGOTTEN: Duration = Duration::from_secs(120);

/// State of the JSON-RPC relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rpc {
    /// Passes everything.
    Fine,
    /// Takes requests and never answers.
    Silent,
    /// Answers 429 to three requests of four.
    Limited,
    /// Answers each request as it did the first time in this state; transactions are passed on.
    Stale,
    /// Closes every connection.
    Gone,
}

/// State of the WebSocket relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Passes everything.
    Passes,
    /// Every connection is cut, and new ones are refused.
    Cut,
    /// Connections stay, and nothing passes in either direction.
    Swallows,
}

/// Both relays. Dropping them closes them.
pub(crate) struct Proxy {
    rpc: watch::Sender<Rpc>,
    socket: watch::Sender<Wire>,
    port: u16,
    tasks: Vec<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on `port` for JSON-RPC and on the next for WebSocket; both go to `target` and the port after it.
    pub(crate) async fn start(port: u16, target: u16) -> Result<Self> {
        let (rpc, rpc_state) = watch::channel(Rpc::Fine);
        let (socket, socket_state) = watch::channel(Wire::Passes);
        let http = TcpListener::bind(("127.0.0.1", port)).await.context("a port of the relay is taken")?;
        let ws = TcpListener::bind(("127.0.0.1", port + 1)).await.context("a port of the relay is taken")?;
        let url = format!("http://127.0.0.1:{target}");
        let tasks = vec![tokio::spawn(serve(http, url, rpc_state)), tokio::spawn(relay(ws, target + 1, socket_state))];
        Ok(Self { rpc, socket, port, tasks })
    }

    /// The JSON-RPC endpoint; WebSocket is on the next port.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sets the state of JSON-RPC.
    pub(crate) fn set_rpc(&self, state: Rpc) {
        self.rpc.send_replace(state);
    }

    /// Sets the state of the WebSocket.
    pub(crate) fn set_socket(&self, wire: Wire) {
        self.socket.send_replace(wire);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn relay(listener: TcpListener, target: u16, wire: watch::Receiver<Wire>) {
    while let Ok((mut near, _)) = listener.accept().await {
        let mut wire = wire.clone();
        tokio::spawn(async move {
            if *wire.borrow_and_update() == Wire::Cut {
                return;
            }
            let Ok(mut far) = TcpStream::connect(("127.0.0.1", target)).await else { return };
            let passes = tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => true,
                _ = wire.wait_for(|wire| *wire != Wire::Passes) => false,
            };
            if !passes {
                // Nothing passes a swallowed connection ever again; both ends stay open until it is cut.
                let _ = timeout(FORGOTTEN, wire.wait_for(|wire| *wire == Wire::Cut)).await;
            }
        });
    }
}

/// The first answer to each request in a state.
type Memory = Arc<Mutex<HashMap<String, Value>>>;

async fn serve(listener: TcpListener, url: String, state: watch::Receiver<Rpc>) {
    let client = reqwest::Client::new();
    let memory = Memory::default();
    let count = Arc::new(std::sync::atomic::AtomicU64::new(0));
    while let Ok((stream, _)) = listener.accept().await {
        let relay = Relay {
            client: client.clone(),
            url: url.clone(),
            state: state.clone(),
            memory: Arc::clone(&memory),
            count: Arc::clone(&count),
        };
        tokio::spawn(async move {
            // Some states end a connection in the middle of a request, so an error here is expected.
            let _ = relay.connection(stream).await;
        });
    }
}

/// One connection of JSON-RPC.
struct Relay {
    client: reqwest::Client,
    url: String,
    state: watch::Receiver<Rpc>,
    memory: Memory,
    count: Arc<std::sync::atomic::AtomicU64>,
}

impl Relay {
    async fn connection(mut self, mut stream: TcpStream) -> Result<()> {
        let mut buffer = Vec::new();
        while let Some(body) = request(&mut stream, &mut buffer).await? {
            let state = *self.state.borrow_and_update();
            match state {
                Rpc::Fine => {
                    self.memory.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    let answer = self.forward(body).await?;
                    respond(&mut stream, "200 OK", &answer).await?;
                }
                Rpc::Gone => return Ok(()),
                Rpc::Silent => {
                    // Holds the connection until the state changes, then drops it.
                    let _ = self.state.wait_for(|state| *state != Rpc::Silent).await;
                    return Ok(());
                }
                Rpc::Limited => {
                    let turn = self.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if turn.is_multiple_of(4) {
                        let answer = self.forward(body).await?;
                        respond(&mut stream, "200 OK", &answer).await?;
                    } else {
                        let refusal = br#"{"jsonrpc":"2.0","error":{"code":429,"message":"Too many requests"},"id":1}"#;
                        respond(&mut stream, "429 Too Many Requests\r\nRetry-After: 1", refusal).await?;
                    }
                }
                Rpc::Stale => {
                    let answer = self.stale(body).await?;
                    respond(&mut stream, "200 OK", &answer).await?;
                }
            }
        }
        Ok(())
    }

    async fn forward(&self, body: Vec<u8>) -> Result<Vec<u8>> {
        let request = self.client.post(&self.url).header("content-type", "application/json").body(body);
        let answer = request.timeout(Duration::from_secs(60)).send().await?;
        Ok(answer.bytes().await?.to_vec())
    }

    async fn stale(&self, body: Vec<u8>) -> Result<Vec<u8>> {
        let mut asked: Value = serde_json::from_slice(&body)?;
        let id = asked["id"].take();
        if asked["method"] == "sendTransaction" {
            return self.forward(body).await;
        }
        let key = asked.to_string();
        let known = self.memory.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let mut answer = match known {
            Some(answer) => answer,
            None => {
                let fresh: Value = serde_json::from_slice(&self.forward(body).await?)?;
                self.memory.lock().unwrap_or_else(PoisonError::into_inner).insert(key, fresh.clone());
                fresh
            }
        };
        answer["id"] = id;
        Ok(answer.to_string().into_bytes())
    }
}

/// Body of the next request; `None` at the end of the connection. `buffer` keeps bytes of the request after it.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Option<Vec<u8>>> {
    let head = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(buffer.get(..head).unwrap_or_default()).to_ascii_lowercase();
    let length: usize = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .context("a request without a length")?
        .trim()
        .parse()?;
    while buffer.len() < head + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let rest = buffer.split_off(head + length);
    let body = buffer.split_off(head);
    *buffer = rest;
    Ok(Some(body))
}

async fn respond(stream: &mut TcpStream, status: &str, body: &[u8]) -> Result<()> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    Ok(())
}
