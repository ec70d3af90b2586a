//! # kedge-hostile: endpoints that lie
//!
//! For tests only. Every client, the command line and every keeper run against them, and for each lie it is asserted what
//! it may cost.
#![deny(missing_docs)]

pub mod rpc;
