//! Recorded prices as a path through time.

mod candles;
mod path;
mod source;

pub use source::{Scenario, Tape};
