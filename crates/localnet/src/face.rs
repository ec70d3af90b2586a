//! The chain's WebSocket: surfpool's, with true slots.
//!
//! surfpool stamps every notice of an account with the slot in which its subscription began. What a reader makes of that
//! is wrong in the worst way: after any later answer of JSON-RPC all notices look outdated. So clients speak to a relay,
//! which puts the slot of the write into each notice as it passes; the rest passes as it is.

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

/// A write reaches its reader a little before or after the journal: so long is waited for it.
const JOURNAL_PATIENCE: Duration = Duration::from_millis(40);
/// Notices about accounts.
const STAMPED: [&str; 2] = ["programNotification", "accountNotification"];

/// The relay, on a thread of its own. Dropping it closes every connection and frees the port.
pub(crate) struct Face {
    stop: Option<watch::Sender<bool>>,
    thread: Option<JoinHandle<()>>,
}

/// What every connection needs.
struct Back {
    url: String,
    svm: SurfnetSvmLocker,
    journal: Arc<Journal>,
}

impl Face {
    /// Listens on `port` in front of surfpool's own on `inner`.
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
                            // Ends with the runtime, or with its connection.
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

/// A notice about an account with the slot of its write; nothing for another message.
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

/// The slot in which what a notice says was written: the journal's word, and the chain's slot now for what it does not
/// know (an encoding other than base64, a write by surfpool's own cheat codes).
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
