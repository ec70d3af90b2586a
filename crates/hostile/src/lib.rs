//! # kedge-hostile: endpoints that lie, flood, fall silent or forget
//!
//! For tests only: no shipped crate depends on this one. Client, command line and keepers run against these endpoints,
//! and the tests assert the most that each lie may cost.
#![deny(missing_docs, clippy::missing_errors_doc)]

pub mod answer;
pub mod mistakes;
pub mod rpc;
pub mod secrets;
pub mod socket;
