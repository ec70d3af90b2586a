//! # kedge-engine: the whole exchange in memory
//!
//! * [`State`] and [`Overlay`]: accounts of the program, and the tokens and price accounts that it reads.
//! * [`apply`]: one instruction, as the program carries it out, or its refusal, which changes nothing.
//! * [`Report`]: what the instruction did, as the model reports it.
//!
//! The engine believes the instruction about its signers: signatures are the runtime's.
#![deny(missing_docs)]

mod apply;
mod report;
mod store;

pub use apply::{Moment, apply};
pub use kedge_abi::error::{Outcome as Result, Refusal};
pub use report::Report;
pub use store::{Accounts, Changes, Kind, Overlay, State};
