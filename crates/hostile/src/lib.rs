//! # kedge-hostile: endpoints that lie, flood, fall silent or forget
//!
//! For tests only: nothing that is shipped depends on this crate. Every client, the command line and every keeper run
//! against them, and for each lie it is asserted what it may cost.
#![deny(missing_docs)]

pub mod answer;
pub mod mistakes;
pub mod rpc;
pub mod secrets;
pub mod socket;
