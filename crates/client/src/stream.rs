//! One subscription over a WebSocket of its own: watched, so that its silence is a loss, and bounded, so that what it sends
//! never fills the memory.
//!
//! A TCP connection whose other end is gone stands for minutes, and JSON-RPC beside it says nothing about it. So a stream is
//! judged by itself: it is pinged every second and asked for slots, and a connection on which nothing comes for
//! [`SILENCE`], or on which slots came and have stopped for [`SLOT_SILENCE`], is lost.
//!
//! What comes waits for its reader, up to [`WAITING`] updates and [`WAITING_BYTES`] of them. One more, and everything that
//! waits is dropped for a single [`Update::Lost`], and the connection with it: who sends more than can be read is polled
//! instead.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::Update;

/// A connection on which nothing comes for this long is lost: pings are answered every second.
pub const SILENCE: Duration = Duration::from_secs(4);
/// A connection that told of slots and has not for this long is lost: what answers the pings has lost its node.
pub const SLOT_SILENCE: Duration = Duration::from_secs(8);
/// Updates that may wait for their reader.
pub const WAITING: usize = 16_384;
/// Bytes of the messages whose updates may wait for their reader.
pub const WAITING_BYTES: usize = 32 << 20;
/// Largest message that is taken, bytes: the exchange's largest account takes 20,000.
pub const MESSAGE_BYTES: usize = 1 << 20;

/// Longest wait for a connection with its handshakes, and for the answer to a subscription.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(5));
/// Time between two pings.
const PING_EVERY: Duration = Duration::from_secs(1);
/// Shortest and longest pause between two attempts to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// A connection that stood for this long was a good one: the next attempt comes at once.
const GOOD: Duration = Duration::from_secs(4);

/// What is asked of the endpoint, and how its notices are read.
pub(crate) struct Wanted<T> {
    /// Its name without `Subscribe`.
    pub(crate) operation: &'static str,
    /// Its parameters.
    pub(crate) params: Value,
    /// Reads a notice; nothing for one that is not as it should be.
    pub(crate) read: fn(Value) -> Option<T>,
}

/// Updates on their way from the connection to the reader.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    ready: Notify,
}

#[derive(Debug)]
struct Waiting<T> {
    updates: VecDeque<(Update<T>, usize)>,
    bytes: usize,
    ended: bool,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Arc<Self> {
        let waiting = Waiting { updates: VecDeque::new(), bytes: 0, ended: false };
        Arc::new(Self { waiting: Mutex::new(waiting), ready: Notify::new() })
    }

    fn locked(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next update, as soon as there is one. May be dropped at any time without losing one.
    pub(crate) async fn next(&self) -> Option<Update<T>> {
        loop {
            {
                let mut waiting = self.locked();
                if let Some((update, bytes)) = waiting.updates.pop_front() {
                    waiting.bytes -= bytes;
                    return Some(update);
                }
                if waiting.ended {
                    return None;
                }
            }
            self.ready.notified().await;
        }
    }

    /// Appends an update that came in a message of so many bytes. One too many takes everything that waits with it; then
    /// the reader is told of a loss, and `false` is returned.
    fn push(&self, update: Update<T>, bytes: usize) -> bool {
        let mut waiting = self.locked();
        let fits = waiting.updates.len() < WAITING && waiting.bytes + bytes <= WAITING_BYTES;
        if fits {
            waiting.updates.push_back((update, bytes));
            waiting.bytes += bytes;
        } else {
            waiting.updates.clear();
            waiting.updates.shrink_to(WAITING / 16);
            waiting.updates.push_back((Update::Lost, 0));
            waiting.bytes = 0;
        }
        drop(waiting);
        self.ready.notify_one();
        fits
    }
}

/// Tells the reader that nothing comes any more, when the task ends.
struct Ending<T>(Arc<Queue<T>>);

impl<T> Drop for Ending<T> {
    fn drop(&mut self) {
        self.0.locked().ended = true;
        self.0.ready.notify_one();
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects, listens, and connects again when that ends, with growing pauses while connections do not stand.
pub(crate) async fn follow<T>(url: String, wanted: Wanted<T>, queue: Arc<Queue<T>>) {
    let _ending = Ending(Arc::clone(&queue));
    let mut pause = PAUSES.0;
    loop {
        let started = Instant::now();
        if let Some(socket) = connect(&url).await {
            let connection = Connection::new(&wanted, &queue);
            connection.listen(socket).await;
        }
        if started.elapsed() >= GOOD {
            pause = PAUSES.0;
        }
        sleep(pause).await;
        pause = pause.saturating_mul(2).min(PAUSES.1);
    }
}

async fn connect(url: &str) -> Option<Socket> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES))
        .max_frame_size(Some(MESSAGE_BYTES))
        .read_buffer_size(64 << 10);
    let connected = timeout(PATIENCE.0, connect_async_with_config(url, Some(config), true)).await;
    connected.ok()?.ok().map(|(socket, _)| socket)
}

/// A connection while it stands.
struct Connection<'s, T> {
    wanted: &'s Wanted<T>,
    queue: &'s Queue<T>,
    /// Whether the subscription was confirmed.
    stands: bool,
    started: Instant,
    /// When something came.
    heard: Instant,
    /// When a slot came; `None` for an endpoint that tells of none.
    slot: Option<Instant>,
}

/// Numbers of the two requests of a connection.
const NOTICES: u64 = 1;
const SLOTS: u64 = 2;

impl<'s, T> Connection<'s, T> {
    fn new(wanted: &'s Wanted<T>, queue: &'s Queue<T>) -> Self {
        let now = Instant::now();
        Self { wanted, queue, stands: false, started: now, heard: now, slot: None }
    }

    /// Subscribes and passes on what comes, until the connection is lost.
    async fn listen(mut self, mut socket: Socket) {
        let operation = format!("{}Subscribe", self.wanted.operation);
        let asked = [(NOTICES, operation.as_str(), self.wanted.params.clone()), (SLOTS, "slotSubscribe", json!([]))];
        for (id, method, params) in asked {
            let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
            if !send(&mut socket, Message::Text(request.into())).await {
                return;
            }
        }
        let mut beat = interval(PING_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let goes_on = tokio::select! {
                _ = beat.tick() => self.is_alive() && send(&mut socket, Message::Ping(Bytes::new())).await,
                message = socket.next() => match message {
                    Some(Ok(message)) => self.take(message),
                    // Closed, broken, or larger than what is taken.
                    _ => false,
                },
            };
            if !goes_on {
                break;
            }
        }
        if self.stands {
            let _ = self.queue.push(Update::Lost, 0);
        }
    }

    fn is_alive(&self) -> bool {
        let confirmed = self.stands || self.started.elapsed() < PATIENCE.1;
        let slots = self.slot.is_none_or(|slot| slot.elapsed() < SLOT_SILENCE);
        confirmed && slots && self.heard.elapsed() < SILENCE
    }

    /// Whether to go on after a message.
    fn take(&mut self, message: Message) -> bool {
        self.heard = Instant::now();
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return false,
            _ => return true,
        };
        let Ok(mut message) = serde_json::from_str::<Value>(&text) else { return false };
        if let Some(id) = message["id"].as_u64() {
            let confirmed = message.get("error").is_none();
            if id == NOTICES && confirmed && !self.stands {
                self.stands = true;
                return self.queue.push(Update::Connected, 0);
            }
            // An endpoint without slots is judged by its answers to pings alone.
            return id != NOTICES || confirmed;
        }
        let Some(operation) = message["method"].as_str().and_then(|method| method.strip_suffix("Notification")) else {
            return true;
        };
        if operation == "slot" {
            self.slot = Some(self.heard);
            return true;
        }
        if operation != self.wanted.operation || !self.stands {
            return true;
        }
        match message.pointer_mut("/params/result").map(Value::take).and_then(self.wanted.read) {
            Some(change) => self.queue.push(Update::Change(change), text.len()),
            None => true,
        }
    }
}

/// Sends; whether that went well, and in time.
async fn send(socket: &mut Socket, message: Message) -> bool {
    matches!(timeout(SILENCE, socket.send(message)).await, Ok(Ok(())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(queue: &Queue<u64>) -> (usize, usize) {
        let waiting = queue.locked();
        (waiting.updates.len(), waiting.bytes)
    }

    #[tokio::test]
    async fn one_update_too_many_is_a_loss_of_all_that_wait() {
        let queue = Queue::new();
        for number in 0..WAITING as u64 {
            assert!(queue.push(Update::Change(number), 10));
        }
        assert_eq!(waiting(&queue), (WAITING, WAITING * 10));
        assert!(!queue.push(Update::Change(7), 10));
        assert_eq!(waiting(&queue), (1, 0));
        assert!(queue.push(Update::Change(8), 10));
        assert!(matches!(queue.next().await, Some(Update::Lost)));
        assert!(matches!(queue.next().await, Some(Update::Change(8))));
        assert_eq!(waiting(&queue), (0, 0));
    }

    #[tokio::test]
    async fn bytes_are_bounded_too() {
        let queue = Queue::new();
        let fit = WAITING_BYTES / MESSAGE_BYTES;
        for number in 0..fit as u64 {
            assert!(queue.push(Update::Change(number), MESSAGE_BYTES));
        }
        assert!(!queue.push(Update::Change(0), 1));
        assert!(matches!(queue.next().await, Some(Update::Lost)));
    }

    #[tokio::test]
    async fn a_task_that_ends_ends_its_reader() {
        let queue = Queue::<u64>::new();
        drop(Ending(Arc::clone(&queue)));
        assert!(queue.next().await.is_none());
    }
}
