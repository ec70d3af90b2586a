//! Endpoints as tests need them: hostile, broken, half gone. Nothing that is shipped depends on this crate.
#![deny(missing_docs)]

pub mod socket;
