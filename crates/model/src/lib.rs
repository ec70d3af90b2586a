//! # kedge-model: the exchange
//!
//! Every rule of the Kedge perpetual-futures exchange, as functions on the structs that *are* the account
//! bytes. The on-chain program, the keepers, the clients, the tests and the simulator call these same
//! functions; a formula that exists twice is a defect.
//!
//! * **Actions** ([`action`]) are structs with their inputs and an `execute`, which must be called. It
//!   returns a report of what it did: tokens, where some move, are the caller's to move.
//! * **Nothing is fetched**: the clock ([`clock::Clock`]), the prices ([`board::PriceBoard`]) and the event
//!   sink ([`event::EventSink`]) are handed in.
//! * **Quantities** are newtypes ([`quantity`]): base 1e9, price 1e6, quote 1e6, ratios in parts per million,
//!   funding indices in quote per base at 1e9. Times are too ([`time`]): slots, milliseconds and seconds do not mix.
//! * **Rounding** is always named by the caller and always against the user who would benefit.
//! * **Errors** ([`error::Error`]) are numbered, append-only, and their text says what to do.
#![no_std]
#![deny(missing_docs)]
#![deny(clippy::arithmetic_side_effects)]

#[cfg(any(test, feature = "faults"))]
extern crate std;

#[macro_use]
mod layout;
#[macro_use]
mod number;

pub mod account;
pub mod action;
pub mod amm;
pub mod clock;
pub mod error;
pub mod event;
pub mod fault;
pub mod instrument;
pub mod num;
pub mod quantity;
pub mod rule;
pub mod side;
pub mod time;

pub use error::{Error, Result};
pub use layout::{Field, Layout};
