//! WebSockets that misbehave: a server, a relay that rewrites another server's messages, and a TCP relay whose
//! connections stand without passing anything.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, connect_async};

/// Behaviour of a server towards its clients.
#[derive(Clone, Debug)]
pub enum Manner {
    /// The server accepts connections and never answers the handshake.
    Deaf,
    /// The server reads everything and answers nothing: it confirms no subscription and answers no ping.
    Mute,
    /// The server confirms subscriptions, answers pings and reports slots for this time; then it only answers pings.
    Stalled(Duration),
    /// The server confirms subscriptions and sends this text as fast as the connection takes it.
    Flood(String),
    /// The server confirms subscriptions, reports slots, and sends each of these texts once.
    Tells(Vec<String>),
}

/// A WebSocket server for Solana's subscriptions with a fixed behaviour. Dropping it stops it.
pub struct Socket {
    address: SocketAddr,
    connections: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Socket {
    /// Listens on a free port of loopback.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, manner.clone()));
            }
        });
        Self { address, connections, task }
    }

    /// URL of the server, `ws://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Number of connections so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A notice of a subscription in the server's form.
#[must_use]
pub fn notice(operation: &str, result: &Value) -> String {
    let method = format!("{operation}Notification");
    json!({ "jsonrpc": "2.0", "method": method, "params": { "result": result, "subscription": 1 } }).to_string()
}

/// A notice of `programSubscribe` about an account with these bytes, in base64.
#[must_use]
pub fn account_notice(slot: u64, address: &str, owner: &str, base64: &str) -> String {
    let account = json!({
        "lamports": 1, "data": [base64, "base64"], "owner": owner, "executable": false, "rentEpoch": 0, "space": 0,
    });
    notice("program", &json!({ "context": { "slot": slot }, "value": { "pubkey": address, "account": account } }))
}

async fn serve(mut stream: TcpStream, manner: Manner) {
    if matches!(manner, Manner::Deaf) {
        // Reads until the client hangs up.
        let mut part = [0; 1024];
        while stream.read(&mut part).await.is_ok_and(|read| read > 0) {}
        return;
    }
    let Ok(mut socket) = accept_async(stream).await else { return };
    if matches!(manner, Manner::Mute) {
        // A WebSocket whose messages are not read answers no ping.
        std::future::pending::<()>().await;
    }
    let started = Instant::now();
    let mut slots = interval(Duration::from_millis(200));
    let (mut slot, mut confirmed) = (1_000u64, false);
    let mut texts = match &manner {
        Manner::Tells(texts) => texts.clone().into_iter(),
        _ => Vec::new().into_iter(),
    };
    loop {
        let said = tokio::select! {
            biased;
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let asked: Value = serde_json::from_str(&text).unwrap_or_default();
                    confirmed |= asked["method"] == "programSubscribe";
                    json!({ "jsonrpc": "2.0", "id": asked["id"], "result": 1 }).to_string()
                }
                Some(Ok(_)) => continue,
                _ => return,
            },
            _ = slots.tick() => {
                if matches!(manner, Manner::Stalled(time) if started.elapsed() >= time) {
                    continue;
                }
                slot += 1;
                let next = if confirmed { texts.next() } else { None };
                next.unwrap_or_else(|| notice("slot", &json!({ "slot": slot, "parent": slot - 1, "root": slot - 32 })))
            }
            () = std::future::ready(()), if confirmed && matches!(manner, Manner::Flood(_)) => match &manner {
                Manner::Flood(text) => text.clone(),
                _ => continue,
            },
        };
        if socket.send(Message::Text(said.into())).await.is_err() {
            return;
        }
    }
}

/// Changes a message of the server.
pub type Rewrite = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// A relay in front of a WebSocket server that rewrites its messages. Dropping it refuses new connections.
pub struct Relay {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Relay {
    /// Listens in front of `target`, a `ws://` URL.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(target: &str, rewrite: Rewrite) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let target = target.to_owned();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(relay(stream, target.clone(), Arc::clone(&rewrite)));
            }
        });
        Self { address, task }
    }

    /// URL of the relay, `ws://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(stream: TcpStream, target: String, rewrite: Rewrite) {
    let (Ok(near), Ok((far, _))) = (accept_async(stream).await, connect_async(target).await) else { return };
    let ((mut to_near, mut from_near), (mut to_far, mut from_far)) = (near.split(), far.split());
    let there = async {
        while let Some(Ok(message)) = from_near.next().await {
            let _ = to_far.send(message).await;
        }
    };
    let back = async {
        while let Some(Ok(message)) = from_far.next().await {
            let message = match message {
                Message::Text(text) => {
                    let mut value: Value = serde_json::from_str(&text).unwrap_or_default();
                    rewrite(&mut value);
                    Message::Text(value.to_string().into())
                }
                other => other,
            };
            let _ = to_near.send(message).await;
        }
    };
    tokio::select! { () = there => {}, () = back => {} }
}

/// A TCP relay whose connections pass everything for a while and then nothing, in neither direction, without closing:
/// the picture of a firewall that forgets a connection, or of a host that lost power. Dropping it refuses new
/// connections.
pub struct HalfOpen {
    address: SocketAddr,
    connections: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl HalfOpen {
    /// Listens in front of `target`; each connection passes bytes for `passes`.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(target: SocketAddr, passes: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(target).await else { return };
                    let until = Instant::now() + passes;
                    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
                    // Both directions keep their sockets open until both have ended.
                    let _ = tokio::join!(pass(from_near, to_far, until), pass(from_far, to_near, until));
                });
            }
        });
        Self { address, connections, task }
    }

    /// Address of the relay.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Number of connections so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for HalfOpen {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Passes bytes on until a moment, and discards them afterwards. The sockets are returned open.
async fn pass<R, W>(mut from: R, mut to: W, until: Instant) -> (R, W)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut part = vec![0; 16 << 10];
    loop {
        let read = from.read(&mut part).await.unwrap_or(0);
        if read == 0 {
            if Instant::now() < until {
                let _ = to.shutdown().await;
                return (from, to);
            }
            // A later close is not passed on within the time of any test.
            sleep_until(Instant::now() + Duration::from_secs(600)).await;
            return (from, to);
        }
        if Instant::now() < until {
            let Some(part) = part.get(..read) else { return (from, to) };
            if to.write_all(part).await.is_err() {
                return (from, to);
            }
        }
    }
}
