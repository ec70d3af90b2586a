//! What each mended fault did: the attack succeeds on the old rule, and does not on the rule as it is.

mod common;

#[path = "faults/arithmetic.rs"]
mod arithmetic;
#[path = "faults/debts.rs"]
mod debts;
#[path = "faults/defaults.rs"]
mod defaults;
#[path = "faults/exits.rs"]
mod exits;
#[path = "faults/expiry.rs"]
mod expiry;
#[path = "faults/funding.rs"]
mod funding;
#[path = "faults/halts.rs"]
mod halts;
#[path = "faults/last_hour.rs"]
mod last_hour;
#[path = "faults/matching.rs"]
mod matching;
#[path = "faults/pairs.rs"]
mod pairs;
#[path = "faults/prices.rs"]
mod prices;
#[path = "faults/vamm.rs"]
mod vamm;
