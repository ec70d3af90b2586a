//! # kedge-interface: how to talk to the on-chain program
//!
//! Program id, derived addresses, account decoding, one typed builder an instruction, and decoding of what comes
//! back: instructions, events and errors. No RPC and no runtime: it compiles for browsers.
//!
//! * [`address`]: derived addresses of the program and of the Pyth feeds.
//! * [`account`]: discriminators and decoding of account data at any alignment.
//! * [`instruction`]: a struct an instruction, with its accounts and arguments by name.
//! * [`event`]: records of the self-call and of the log.
//! * [`error`]: numbers to names and to what to do.
#![deny(missing_docs)]

pub mod account;
pub mod address;
pub mod error;
pub mod event;
pub mod instruction;
mod wire;

pub use address::{BOARD, EVENT_AUTHORITY, EXCHANGE, PROGRAM_ID};
pub use instruction::{Instruction, KedgeInstruction};
pub use wire::Wire;

pub(crate) use kedge_abi::discriminator;
