//! Faults that were found and mended: each attack succeeds on the old rule and not on the new one.

mod common;

#[path = "faults/vamm.rs"]
mod vamm;
