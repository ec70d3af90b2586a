use std::{
    net::{IpAddr, SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use crate::{Error, Result};

const ATTEMPTS: usize = 64;

/// Resolves the two ports: the configured ones, or a free pair in which the WebSocket port follows the RPC port.
pub(crate) fn choose(bind: IpAddr, rpc: Option<u16>, ws: Option<u16>) -> Result<(u16, u16)> {
    for _ in 0..ATTEMPTS {
        let rpc = match rpc {
            Some(port) => port,
            None => TcpListener::bind(SocketAddr::new(bind, 0))?.local_addr()?.port(),
        };
        let Some(ws) = ws.or_else(|| rpc.checked_add(1)) else {
            continue;
        };
        if rpc != ws && is_free(bind, rpc) && is_free(bind, ws) {
            return Ok((rpc, ws));
        }
    }
    Err(Error::Start(match rpc {
        Some(port) => format!("port {port} or the WebSocket port beside it is in use"),
        None => "no two free ports next to each other".into(),
    }))
}

/// A free port besides the given ones.
pub(crate) fn free(bind: IpAddr, but: &[u16]) -> Result<u16> {
    for _ in 0..ATTEMPTS {
        let port = TcpListener::bind(SocketAddr::new(bind, 0))?.local_addr()?.port();
        if !but.contains(&port) {
            return Ok(port);
        }
    }
    Err(Error::Start("no free port for the WebSocket behind the relay".into()))
}

/// Waits until nothing listens on `port` any more; false when `patience` ran out.
pub(crate) fn wait_free(bind: IpAddr, port: u16, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while !is_free(bind, port) {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

fn is_free(bind: IpAddr, port: u16) -> bool {
    TcpListener::bind(SocketAddr::new(bind, port)).is_ok()
}
