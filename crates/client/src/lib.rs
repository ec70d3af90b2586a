//! # kedge-client: transactions to and data from a Kedge cluster
//!
//! * [`Client`]: accounts of the exchange, decoded, over any Solana RPC endpoint.
//! * [`Client::subscribe`]: account changes as they happen, with reconnection.
//! * [`Sender`]: instructions to a confirmed transaction, or to an error that says what to do.
//! * [`outcome`]: what became of a transaction, and what proves it.
//! * [`prices`]: which rows of the board a transaction needs, and the instruction that refreshes them.
//! * [`history`]: what a past transaction did.
//! * [`book`]: resting orders, best first.
//! * [`secret`]: texts that cannot be shown.
//! * [`shown`]: what of endpoints and of strangers' texts may be shown.
//! * [`sharers`]: whom a fill brings so that referrer and builder get their shares.
//! * [`signed`]: orders signed off the chain.
//!
//! It stands directly on the RPC and pubsub clients: the framework's own client adds account types and a request
//! builder for structs that it generates, and the exchange's structs are the model's.
#![deny(missing_docs)]

pub mod book;
mod client;
mod decimal;
mod error;
pub mod failover;
mod fetch;
pub mod history;
pub mod http;
pub mod outcome;
pub mod prices;
pub mod secret;
mod send;
pub mod sharers;
pub mod shown;
pub mod signed;
mod snapshot;
pub mod stream;
mod subscribe;

pub use client::{Client, SharedSigner, ws_url};
pub use decimal::decimal;
pub use error::{FetchError, Refused, SendError};
pub use fetch::{Found, read_clock};
pub use outcome::{Landed, Outcome};
pub use secret::Secret;
pub use send::{ComputeLimit, PriorityFee, SendConfig, Sender, Signed, lookup_table, recent_price};
pub use snapshot::{At, Blockhash, Read, SubAccounts, plain};
pub use subscribe::{AccountChange, Content, LogChange, Subscription, Update};
