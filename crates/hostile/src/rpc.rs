//! A JSON-RPC endpoint over HTTP that is honest except for one lie at a time.
//!
//! [`Chain`] is the truth: slots and heights by the clock, the accounts of a small exchange, and the outcomes of
//! transactions. Any number of [`Server`]s report it, each with a [`Lie`] that can be switched while it runs.
//!
//! A [`Proxy`] stands in front of a real chain and falsifies one phase of a transaction's life, its [`Tale`].

mod answers;
mod chain;
mod exchange;
mod http;
mod lie;
mod measure;
mod proxy;
mod tale;

pub use chain::{Chain, Fate, Received};
pub use exchange::{FEEDS, NAMES, PRICES};
pub use http::Server;
pub use lie::{Cost, Lie, MEMORY_MB, table};
pub use measure::{child, most_memory_mb};
pub use proxy::Proxy;
pub use tale::Tale;
