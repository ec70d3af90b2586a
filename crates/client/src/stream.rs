//! One subscription over a WebSocket of its own, with a watched connection and a bounded queue.
//!
//! A TCP connection whose other end is gone looks alive for minutes. A stream therefore watches itself: it pings every
//! second and subscribes to slots. A connection without any message for [`SILENCE`], or whose slots have stopped for
//! [`SLOT_SILENCE`], is lost.
//!
//! Updates wait for their reader, up to [`WAITING`] of them and [`WAITING_BYTES`]. One more, and all waiting updates
//! are replaced by a single [`Update::Lost`] and the connection is closed: an endpoint that sends more than can be read
//! is polled instead.

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

/// A connection without any message for this long is lost; pings are answered every second.
pub const SILENCE: Duration = Duration::from_secs(4);
/// A connection whose slots have stopped for this long is lost: its server still answers pings, but has lost its node.
pub const SLOT_SILENCE: Duration = Duration::from_secs(8);
/// Updates that may wait for their reader.
pub const WAITING: usize = 16_384;
/// Bytes of the messages whose updates may wait for their reader.
pub const WAITING_BYTES: usize = 32 << 20;
/// Largest message in bytes. The exchange's largest account takes 20,000.
pub const MESSAGE_BYTES: usize = 1 << 20;

/// Longest wait for a connection with its handshakes, and for the answer to a subscription.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(5));
/// Time between two pings.
const PING_EVERY: Duration = Duration::from_secs(1);
/// Shortest and longest pause between two attempts to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// After a connection that stood for this long the next attempt comes at once.
const GOOD: Duration = Duration::from_secs(4);

/// A subscription: its request, and the reader of its notices.
pub(crate) struct SubscriptionRequest<T> {
    /// Name of the method without `Subscribe`.
    pub(crate) operation: &'static str,
    /// Parameters of the request.
    pub(crate) params: Value,
    /// Reads a notice; `None` for one of another form.
    pub(crate) read: fn(Value) -> Option<T>,
}

/// Updates between the connection and the reader.
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

    /// Waits for the next update. Cancellation-safe.
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

    /// Appends an update from a message of `bytes` bytes. On overflow all waiting updates give way to one `Lost`, and
    /// `false` is returned.
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

/// Ends the queue when the task ends.
struct Ending<T>(Arc<Queue<T>>);

impl<T> Drop for Ending<T> {
    fn drop(&mut self) {
        self.0.locked().ended = true;
        self.0.ready.notify_one();
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects, listens and reconnects, with growing pauses while connections do not last.
pub(crate) async fn follow<T>(url: String, wanted: SubscriptionRequest<T>, queue: Arc<Queue<T>>) {
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

/// State of a connection while it stands.
struct Connection<'s, T> {
    wanted: &'s SubscriptionRequest<T>,
    queue: &'s Queue<T>,
    /// Whether the endpoint confirmed the subscription.
    stands: bool,
    started: Instant,
    /// Time of the last message.
    heard: Instant,
    /// Time of the last slot; `None` for an endpoint that reports no slots.
    slot: Option<Instant>,
}

/// Ids of the two requests of a connection.
const NOTICES: u64 = 1;
const SLOTS: u64 = 2;

impl<'s, T> Connection<'s, T> {
    fn new(wanted: &'s SubscriptionRequest<T>, queue: &'s Queue<T>) -> Self {
        let now = Instant::now();
        Self { wanted, queue, stands: false, started: now, heard: now, slot: None }
    }

    /// Subscribes and passes updates on until the connection is lost.
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
                    // Closed, broken, or larger than [`MESSAGE_BYTES`].
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

    /// Handles a message; `false` when the connection must end.
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
            // An endpoint without slots is watched by its pings alone.
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

/// Sends a message; `false` for a failure or a timeout.
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
