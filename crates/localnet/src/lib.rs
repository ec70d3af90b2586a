//! An embedded Solana chain for `make demo` and the end-to-end tests.
//!
//! [`Localnet::start`] brings up a chain inside this process: real JSON-RPC and WebSocket servers on loopback, the
//! SPL Token and Associated Token Account programs, and any program deployed from its SBPF bytecode. Clients cannot
//! tell it from a validator; nothing is written to disk and dropping the handle frees the ports.
//!
//! # Market time
//! A replay of recorded prices runs faster than the wall clock. The chain therefore keeps two paces: **slots** follow
//! the wall clock ([`LocalnetConfig::slot_time`]), so that blockhashes, confirmations and freshness measured in
//! slots behave as on a cluster, while **`Clock::unix_timestamp`** follows a [`MarketClock`] that can be set
//! ([`Localnet::set_time`]) and run at any rate ([`Localnet::set_time_rate`]). At a rate of 60 one wall second is one
//! minute of market, and hourly funding falls due every wall minute.

#![deny(missing_docs, clippy::missing_errors_doc)]

mod accounts;
mod chain;
mod clock;
mod config;
mod error;
mod face;
mod history;
mod journal;
mod localnet;
mod ports;
mod program;
mod slots;
mod tokens;

pub use clock::MarketClock;
pub use config::LocalnetConfig;
pub use error::{Error, Result};
pub use localnet::Localnet;
