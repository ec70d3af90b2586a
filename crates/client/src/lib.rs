//! # kedge-client: transactions to and data from a Kedge cluster
//!
//! * [`Client`]: accounts of the exchange, decoded, over any Solana RPC endpoint.
//! * [`Client::subscribe`]: account changes as they happen, with reconnection.
//! * [`Sender`]: sends instructions until their transaction is confirmed, or returns an error with a remedy.
//! * [`outcome`]: the outcome of a transaction, with its proof.
//! * [`prices`]: the rows of the board that a transaction needs, and the instruction that refreshes them.
//! * [`history`]: instructions and events of past transactions.
//! * [`book`]: resting orders, best first.
//! * [`secret`]: texts that must not be shown.
//! * [`shown`]: endpoints and foreign texts in a form that may be shown.
//! * [`sharers`]: the sub-accounts that a fill must name so that referrer and builder get their shares.
//! * [`signed`]: orders signed off the chain.
//!
//! It stands directly on the RPC and pubsub clients: the framework's own client adds account types and a request
//! builder for structs that it generates, and the exchange's structs are the model's.
#![deny(missing_docs)]

pub mod book;
mod client;
mod encoding;
mod error;
pub mod failover;
mod fetch;
pub mod history;
pub mod http;
pub mod outcome;
pub mod prices;
mod row;
pub mod secret;
mod send;
pub mod sharers;
pub mod shown;
pub mod signed;
mod snapshot;
pub mod stream;
mod subscribe;

pub use client::{Client, SharedSigner, ws_url};
pub use encoding::plain;
pub use error::{FetchError, Refused, SendError};
pub use fetch::{Found, read_clock};
pub use kedge_units::decimal::format as decimal;
pub use outcome::{Landed, Outcome};
pub use secret::Secret;
pub use send::{
    ComputeLimit, Limits, PriorityFee, SendConfig, Sender, Signed, loaded_data_limit, lookup_table, recent_price,
};
pub use snapshot::{At, Blockhash, Read, SubAccounts};
pub use subscribe::{AccountChange, Content, LogChange, Subscription, Update};
