//! Mended faults: what each gave away while it was there, and that it does not any more.

mod common;

#[path = "faults/debts.rs"]
mod debts;
#[path = "faults/defaults.rs"]
mod defaults;
#[path = "faults/expiry.rs"]
mod expiry;
#[path = "faults/last_hour.rs"]
mod last_hour;
#[path = "faults/pairs.rs"]
mod pairs;
