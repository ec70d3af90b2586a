//! # kedge-sender: plans become transactions that land
//!
//! * [`Plan`]: [`Call`]s of the program that go together; [`build`] fills in what a job does not know;
//! * [`RequestSender`]: signs, sends and follows [`Request`]s until they have landed or cannot land any more, within what
//!   may be spent;
//! * [`bundle_relay`]: another way to the leader than an RPC endpoint;
//! * [`lease`] and [`shard`]: how copies share the work; [`alarm`]: what an operator must know at once.
#![deny(missing_docs)]

pub mod alarm;
pub mod build;
pub mod bundle_relay;
pub mod call;
pub mod lease;
pub mod plan;
mod sender;
pub mod shard;

pub use call::{Call, Service, Subject, Trade};
pub use plan::{MakerOrder, Plan};
pub use sender::{
    Bidding, Compute, Failure, Permit, Purse, Receipt, Request, RequestSender, Reserved, SIGNATURE, Sending, Strategy,
    lamports,
};
