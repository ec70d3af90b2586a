//! What each mended fault did: the attack succeeds on the old rule, and does not on the rule as it is.

#[path = "common/mod.rs"]
mod common;

#[path = "faults/arithmetic.rs"]
mod arithmetic;
