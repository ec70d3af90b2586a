//! Recorded prices as a path through time.

mod source;

pub use source::{Scenario, Tape};
