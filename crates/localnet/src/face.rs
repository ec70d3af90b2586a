//! The chain's WebSocket: surfpool's, with true slots.
//!
//! surfpool stamps every account notice with the slot at which its subscription began, so that all notices look
//! outdated after any later JSON-RPC answer. Clients therefore connect to this relay, which puts the slot of the write
//! into each account notice and passes everything else on.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use surfpool_core::surfnet::locker::SurfnetSvmLocker;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, sleep},
};
use tokio_tungstenite::{accept_async, connect_async, tungstenite::Message};

use crate::{Error, Result, journal::Journal};

/// Wait for the journal, which may note a write a little after its notice.
const JOURNAL_PATIENCE: Duration = Duration::from_millis(40);
/// Methods of account notices.
const STAMPED: [&str; 2] = ["programNotification", "accountNotification"];

/// The relay, on a thread of its own. Dropping it closes every connection and frees the port.
pub(crate) struct Face {
    stop: Option<watch::Sender<bool>>,
    thread: Option<JoinHandle<()>>,
}

/// Shared state of all connections.
struct Back {
    url: String,
    svm: SurfnetSvmLocker,
    journal: Arc<Journal>,
}

impl Face {
    /// Listens on `port` in front of surfpool's own WebSocket on `inner`.
    pub(crate) fn start(
        bind: IpAddr,
        port: u16,
        inner: u16,
        svm: SurfnetSvmLocker,
        journal: Arc<Journal>,
    ) -> Result<Self> {
        let listener = std::net::TcpListener::bind(SocketAddr::new(bind, port))?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let inner =
            if bind.is_unspecified() { SocketAddr::from(([127, 0, 0, 1], inner)) } else { (bind, inner).into() };
        let back = Arc::new(Back { url: format!("ws://{inner}"), svm, journal });
        let (stop, mut stopped) = watch::channel(false);
        let thread = thread::Builder::new().name("localnet-face".into()).spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                loop {
                    tokio::select! {
                        _ = stopped.changed() => return,
                        accepted = listener.accept() => {
                            let Ok((stream, _)) = accepted else { continue };
                            // The task ends with the runtime or with its connection.
                            tokio::spawn(connection(stream, Arc::clone(&back)));
                        }
                    }
                }
            });
        });
        let thread = thread.map_err(Error::from)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Face {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn connection(stream: TcpStream, back: Arc<Back>) {
    let _ = stream.set_nodelay(true);
    let (Ok(near), Ok((far, _))) = (accept_async(stream).await, connect_async(&back.url).await) else { return };
    let ((mut to_near, mut from_near), (mut to_far, mut from_far)) = (near.split(), far.split());
    let there = async {
        while let Some(Ok(message)) = from_near.next().await {
            // Each side answers its own pings.
            if !message.is_ping() && !message.is_pong() && to_far.send(message).await.is_err() {
                return;
            }
        }
    };
    let here = async {
        while let Some(Ok(message)) = from_far.next().await {
            let message = match message {
                Message::Text(text) => match stamped(&text, &back).await {
                    Some(stamped) => Message::Text(stamped.into()),
                    None => Message::Text(text),
                },
                Message::Ping(_) | Message::Pong(_) => continue,
                other => other,
            };
            if to_near.send(message).await.is_err() {
                return;
            }
        }
    };
    tokio::select! { () = there => {}, () = here => {} }
}

/// An account notice with the slot of its write; `None` for any other message.
async fn stamped(text: &str, back: &Back) -> Option<String> {
    if !STAMPED.iter().any(|method| text.contains(method)) {
        return None;
    }
    let mut message: Value = serde_json::from_str(text).ok()?;
    if !STAMPED.iter().any(|method| message["method"] == *method) {
        return None;
    }
    let slot = written(&message["params"]["result"]["value"], back).await;
    *message.pointer_mut("/params/result/context/slot")? = slot.into();
    Some(message.to_string())
}

/// The slot of the write behind a notice: the journal's or, for a write that it does not hold (an encoding other than
/// base64, surfpool's own cheat codes), the present slot.
async fn written(value: &Value, back: &Back) -> u64 {
    let account = if value["account"].is_object() { &value["account"] } else { value };
    if account["data"][1] == "base64"
        && let Some(data) = account["data"][0].as_str()
    {
        let lamports = account["lamports"].as_u64().unwrap_or(0);
        let deadline = Instant::now() + JOURNAL_PATIENCE;
        loop {
            if let Some(slot) = back.journal.slot(lamports, data) {
                return slot;
            }
            if Instant::now() >= deadline {
                break;
            }
            sleep(Duration::from_millis(2)).await;
        }
    }
    back.svm.0.read().await.get_latest_absolute_slot()
}
