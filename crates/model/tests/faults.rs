//! What each mended fault did: the attack succeeds on the old rule, and does not on the rule as it is.

mod common;

#[path = "faults/funding.rs"]
mod funding;
#[path = "faults/matching.rs"]
mod matching;
#[path = "faults/prices.rs"]
mod prices;
#[path = "faults/vamm.rs"]
mod vamm;
