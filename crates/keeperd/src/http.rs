//! Metrics and health over HTTP.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Result, anyhow};
use kedge_keeper::alarm::Alarms;
use tiny_http::{Header, Response, Server};

use crate::metrics::Metrics;

/// Whether the process can be relied on.
#[derive(Debug)]
pub struct Health {
    /// Slots by which the mirror is behind; `u64::MAX` before the first look and after the order to stop.
    age: AtomicU64,
    most: u64,
    alarms: Alarms,
}

impl Health {
    /// Not ready; ready from an age of at most `most` slots on, while no alarm stands.
    pub fn new(most: u64, alarms: Alarms) -> Arc<Self> {
        Arc::new(Self { age: AtomicU64::new(u64::MAX), most, alarms })
    }

    /// The mirror's age now.
    pub fn set_age(&self, slots: u64) {
        self.age.store(slots, Ordering::Relaxed);
    }

    /// Why what is seen cannot be relied on, `None` while it can.
    pub fn set_blind(&self, why: Option<String>) {
        match why {
            Some(why) => self.alarms.raise("blind", why),
            None => self.alarms.end("blind"),
        }
    }

    /// Status and text of `/readyz`.
    fn ready(&self) -> (u16, String) {
        let alarms: Vec<String> = self.alarms.standing().into_iter().map(|(_, reason)| reason).collect();
        match self.age.load(Ordering::Relaxed) {
            _ if !alarms.is_empty() => (503, format!("not ready: {}\n", alarms.join("; "))),
            u64::MAX => (503, "not ready: no mirror\n".into()),
            age if age > self.most => (503, format!("not ready: the mirror is {age} slots old, over {}\n", self.most)),
            age => (200, format!("ready: the mirror is {age} slots old\n")),
        }
    }
}

/// The server. Dropping it ends it.
pub struct Http {
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
}

impl Http {
    /// Listens; tells where.
    ///
    /// # Errors
    /// An address that is none, or is taken.
    pub fn start(listen: &str, metrics: Arc<Metrics>, health: Arc<Health>) -> Result<(Self, SocketAddr)> {
        let server = Server::http(listen).map_err(|error| anyhow!("http.listen {listen}: {error}"))?;
        let address = server.server_addr().to_ip().ok_or_else(|| anyhow!("http.listen {listen}: not an IP address"))?;
        let server = Arc::new(server);
        let requests = Arc::clone(&server);
        let thread = std::thread::Builder::new().name("http".into()).spawn(move || {
            for request in requests.incoming_requests() {
                let path = request.url().split('?').next().unwrap_or_default();
                let (status, kind, body) = answer(path, &metrics, &health);
                let response = Response::from_string(body).with_status_code(status);
                let header = Header::from_bytes(&b"Content-Type"[..], kind.as_bytes());
                let response = header.into_iter().fold(response, Response::with_header);
                // Whoever hung up does not want it.
                let _ = request.respond(response);
            }
        })?;
        Ok((Self { server, thread: Some(thread) }, address))
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(path: &str, metrics: &Metrics, health: &Health) -> (u16, &'static str, String) {
    const TEXT: &str = "text/plain; charset=utf-8";
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
}
