//! The exchange at work on a local chain, and what other programs need to put it to work elsewhere: the cast, the
//! listing, the crowd, the recordings.
//!
//! Everything is real but the chain's size: the program's SBPF bytecode, JSON-RPC and WebSocket on loopback,
//! transactions signed by wallets, prices that were recorded. Everybody here could be anybody: keepers, makers and
//! takers use the client and the keeper library as an outsider would.

pub mod args;
pub mod calendar;
pub mod cast;
pub mod collector;
pub mod crowd;
pub mod listing;
pub mod log;
pub mod publisher;
pub mod random;
pub mod replay;
pub mod report;
pub mod run;
pub mod series;
pub mod serve;
pub mod spy;
pub mod staff;
pub mod stage;
pub mod steps;
pub mod summary;
pub mod table;
pub mod tally;
pub mod waits;
