//! # kedge-interface: how to talk to the on-chain program
//!
//! Program id, derived addresses, account decoding, a typed builder for each instruction, and decoding of instructions,
//! events and errors. No RPC and no runtime: it compiles for browsers.
//!
//! * [`address`]: derived addresses of the program and of the Pyth feeds.
//! * [`account`]: discriminators and decoding of account data at any alignment.
//! * [`instruction`]: a struct for each instruction, with named accounts and arguments.
//! * [`pyth`]: accounts of Pyth's prices, as publishers and tests write them.
//! * [`event`]: records of self-calls and logs.
//! * [`error`]: names and remedies of error numbers.
#![deny(missing_docs, clippy::missing_errors_doc)]

pub mod account;
pub mod address;
pub mod error;
pub mod event;
pub mod instruction;
pub mod pyth;
mod wire;

pub use address::{BOARD, EVENT_AUTHORITY, EXCHANGE, PROGRAM_ID};
pub use instruction::{Instruction, KedgeInstruction};
pub use wire::Wire;

pub(crate) use kedge_abi::discriminator;
