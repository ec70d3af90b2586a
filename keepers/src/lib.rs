//! # kedge-keeper: the jobs that keep a market running
//!
//! A keeper looks at the exchange, decides, and sends. The three are apart:
//!
//! * [`world::World`] mirrors what is on chain, decoded into the model's own structs;
//! * a job in [`jobs`] turns a world into [`action::Plan`]s. It is a pure function: no clock, no network. Each formula
//!   it needs (margin, auction price, what a fill would do) is a call of the model, and a plan that the model refuses
//!   is never made;
//! * [`desk`], [`compose`] and [`outbox`] turn plans into transactions, send them and follow them until they landed;
//! * [`shift`] is the loop over them, the same for the keeper's program and for the demo.
//!
//! Beside them stands [`core::audit`], which believes none of it and adds everything up from raw accounts.
#![deny(missing_docs)]

pub mod account;
pub mod action;
pub mod alarm;
pub mod compose;
pub mod core;
pub mod desk;
pub mod error;
pub mod explain;
pub mod feed;
pub mod jobs;
pub mod lease;
pub mod oracles;
pub mod outbox;
pub mod publish;
pub mod pyth;
pub mod rehearsal;
pub mod relay;
pub mod rerun;
pub mod shard;
pub mod shift;
#[cfg(test)]
mod testing;
pub mod watch;
pub mod witness;
pub mod world;

pub use account::Account;
pub use action::{MakerOrder, Plan, Service, Work};
pub use world::World;
