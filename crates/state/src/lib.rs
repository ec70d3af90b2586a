//! # kedge-state: a copy of the exchange that follows the chain
//!
//! * [`World`]: the exchange at one moment, decoded into the model's own structs, with the prices of the oracle
//!   accounts;
//! * [`mirror`]: a world that is kept up to date change by change, and notices missed changes; [`mirror::recording`]
//!   writes all that it takes in to a file, [`replay`] rebuilds it from there;
//! * [`book`]: the order books of all markets; [`endangered`]: the accounts that a price tick may make liquidatable;
//! * [`snapshot`] reads the exchange through a client, [`subscribe`] follows it, [`Directory`] has the addresses.
//!
//! This crate neither decides nor sends.
#![deny(missing_docs)]

pub mod account;
pub mod book;
pub mod directory;
pub mod endangered;
pub mod error;
pub mod mirror;
pub mod oracles;
pub mod pyth;
pub mod replay;
pub mod snapshot;
pub mod subscribe;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod world;

pub use account::Account;
pub use directory::Directory;
pub use world::World;
