//! # kedge-keeper: the jobs that keep a market running, and the service around them
//!
//! A keeper looks at the exchange, decides, and sends. The three are apart:
//!
//! * [`kedge_state::World`] is what is on chain, decoded into the model's own structs;
//! * a job in [`jobs`] turns a world into [`kedge_sender::Plan`]s. It is a pure function: no clock, no network. Each formula
//!   it needs (margin, auction price, what a fill would do) is a call of the model, and a plan that the model refuses
//!   is never made ([`trial`]);
//! * [`job_runner`] hands plans to [`kedge_sender`], which sends them and follows them until they landed;
//! * [`runner`] is the loop over jobs, the same for the keeper's program and for the demo.
//!
//! [`service`] is all of it as a process with a [`config`], logs, metrics and health over HTTP. Beside the jobs stands
//! [`kedge_audit`], which believes none of it and adds everything up from raw accounts.
#![deny(missing_docs)]

pub mod config;
pub mod explain;
pub mod job_runner;
pub mod jobs;
pub mod publishers;
pub mod runner;
pub mod second_price;
pub mod service;
#[cfg(test)]
mod testing;
pub mod trial;
