use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use solana_pubkey::Pubkey;

/// Settings of an embedded chain. The defaults suit a test: free loopback ports, mainnet's slot time, wall-clock time.
#[derive(Clone, Debug)]
pub struct LocalnetConfig {
    /// Port of the JSON-RPC server; `None` takes a free one.
    pub rpc_port: Option<u16>,
    /// Port of the WebSocket server; `None` takes the one after the RPC port, where Solana clients look for it.
    pub ws_port: Option<u16>,
    /// Address that both servers listen on.
    pub bind: IpAddr,
    /// Wall time between two slots, at least one millisecond. A blockhash is valid for 150 slots, so a short slot
    /// time leaves a person less time to approve a transaction in a wallet.
    pub slot_time: Duration,
    /// `Clock::unix_timestamp` at the first slot, in seconds; `None` is the wall clock.
    pub genesis_time: Option<i64>,
    /// Market seconds per wall second, see [`crate::MarketClock`]. Zero keeps the time still.
    pub time_rate: f64,
    /// Bytes of program log that are kept of a transaction, as on validators; `None` keeps everything.
    pub log_bytes_limit: Option<usize>,
    /// Number of transactions that `getTransaction` and signature queries find; older ones are dropped, so that a long
    /// demo does not fill the memory. Those of the last 300 slots are always kept.
    pub transaction_history: usize,
    /// Accounts that hold [`LocalnetConfig::funding_lamports`] from the start.
    pub funded: Vec<Pubkey>,
    /// Lamports of every account in [`LocalnetConfig::funded`].
    pub funding_lamports: u64,
}

impl Default for LocalnetConfig {
    fn default() -> Self {
        Self {
            rpc_port: None,
            ws_port: None,
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            slot_time: Duration::from_millis(400),
            genesis_time: None,
            time_rate: 1.0,
            log_bytes_limit: Some(10_000),
            transaction_history: 20_000,
            funded: Vec::new(),
            funding_lamports: 1_000_000_000_000,
        }
    }
}
