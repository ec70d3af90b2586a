//! The exchange at work on a local chain, and its report.
//!
//! Everything is real but the chain's size: the program's SBPF bytecode, JSON-RPC and WebSocket on loopback,
//! transactions signed by wallets, recorded prices. Listing, participants and order flow are the testbed's.

pub mod args;
pub mod collector;
pub mod jobs;
pub mod log;
pub mod report;
pub mod run;
pub mod series;
pub mod serve;
pub mod spy;
pub mod steps;
pub mod summary;
pub mod table;
pub mod tally;
pub mod wallets;
