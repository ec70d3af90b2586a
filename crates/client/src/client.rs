//! A connection to a cluster.

use std::sync::Arc;

use solana_commitment_config::CommitmentConfig;
use solana_pubkey::Pubkey;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client::rpc_client::RpcClientConfig;
use solana_signer::Signer;

use crate::failover::{Endpoints, Policy};
use crate::http::Limits;

/// A signer that several tasks share.
pub type SharedSigner = Arc<dyn Signer + Send + Sync>;

/// A connection to a cluster and the signer that pays for its transactions. A clone shares the connection.
#[derive(Clone)]
pub struct Client {
    rpc: Arc<RpcClient>,
    endpoints: Endpoints,
    ws_url: String,
    payer: SharedSigner,
}

impl Client {
    /// Connects to `url` with `confirmed` commitment and the default [`Limits`]; the pubsub endpoint is derived from it.
    ///
    /// # Panics
    /// When the system offers no TLS for the HTTP client.
    pub fn new(url: &str, payer: SharedSigner) -> Self {
        Self::with(url, CommitmentConfig::confirmed(), &ws_url(url), payer)
    }

    /// As [`Self::new`], with another commitment and pubsub endpoint.
    ///
    /// # Panics
    /// As [`Self::new`].
    pub fn with(url: &str, commitment: CommitmentConfig, ws_url: &str, payer: SharedSigner) -> Self {
        let policy = Policy { timeout: Limits::default().timeout, patient: true, ..Policy::default() };
        let endpoints = Endpoints::new(&[url.to_owned()], policy).expect("an HTTP client can be set up");
        Self::over(endpoints, commitment, ws_url, payer)
    }

    /// A client that uses several endpoints as one.
    pub fn over(endpoints: Endpoints, commitment: CommitmentConfig, ws_url: &str, payer: SharedSigner) -> Self {
        let rpc = RpcClient::new_sender(endpoints.clone(), RpcClientConfig::with_commitment(commitment));
        Self { rpc: Arc::new(rpc), endpoints, ws_url: ws_url.into(), payer }
    }

    /// The endpoints behind this client.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The RPC client, for calls that this crate does not wrap.
    pub fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    /// URL of the pubsub endpoint.
    pub fn ws_url(&self) -> &str {
        &self.ws_url
    }

    /// The signer that pays fees and rent.
    pub fn payer(&self) -> &SharedSigner {
        &self.payer
    }

    /// Address of the payer.
    pub fn payer_address(&self) -> Pubkey {
        self.payer.pubkey()
    }

    /// Commitment of queries and confirmations.
    pub fn commitment(&self) -> CommitmentConfig {
        self.rpc.commitment()
    }
}

/// The pubsub endpoint that belongs to an RPC endpoint: `ws` for `http`, and the next port where the URL names one.
#[must_use]
pub fn ws_url(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => ("wss", rest),
        Some((_, rest)) => ("ws", rest),
        None => ("ws", url),
    };
    let (host, path) = match rest.split_once('/') {
        Some((host, path)) => (host, format!("/{path}")),
        None => (rest, String::new()),
    };
    let host = match host.rsplit_once(':') {
        Some((name, port)) => match port.parse::<u16>() {
            Ok(port) => format!("{name}:{}", port.wrapping_add(1)),
            Err(_) => host.into(),
        },
        None => host.into(),
    };
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::ws_url;

    #[test]
    fn pubsub_endpoints_follow_the_convention() {
        assert_eq!(ws_url("http://127.0.0.1:8899"), "ws://127.0.0.1:8900");
        assert_eq!(ws_url("https://rpc.example.com"), "wss://rpc.example.com");
        assert_eq!(ws_url("HTTPS://rpc.example.com"), "wss://rpc.example.com");
        assert_eq!(ws_url("https://rpc.example.com/key?x=1"), "wss://rpc.example.com/key?x=1");
        assert_eq!(ws_url("http://[::1]:8899/"), "ws://[::1]:8900/");
        assert_eq!(ws_url("localhost:8899"), "ws://localhost:8900");
    }
}
