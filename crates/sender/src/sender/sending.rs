//! How transactions are sent.

use std::time::Duration;

use super::Bidding;

/// How much compute a transaction asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compute {
    /// What its plan takes at most: costs no time.
    #[default]
    Estimated,
    /// What a simulation used, and a margin: costs a request, and finds out what the trial did not know.
    Simulated {
        /// Added to what was used, percent, beside a fixed number of units.
        margin_percent: u32,
    },
}

/// How transactions are sent.
#[derive(Clone, Copy, Debug)]
pub struct Sending {
    /// Transactions sent side by side.
    pub at_once: usize,
    /// Compute limits.
    pub compute: Compute,
    /// Priority fees.
    pub bidding: Bidding,
    /// Subjects with a transaction under way or waiting for its turn, at most.
    pub queue: usize,
    /// Lamports for fees and tips in a day, at most.
    pub lamports_a_day: u64,
    /// The shortest time of a slot: bounds the heights that are believed.
    pub fastest_slot: Duration,
    /// How long a blockhash serves at least, whatever height an endpoint tells of.
    pub life: Duration,
}

impl Sending {
    /// At most `at_once` side by side, without simulation, priority fees or a ceiling, on a chain of our own with slots of
    /// any length.
    #[must_use]
    pub fn plain(at_once: usize) -> Self {
        Self {
            at_once,
            compute: Compute::default(),
            bidding: Bidding::default(),
            queue: 4_096,
            lamports_a_day: u64::MAX,
            fastest_slot: Duration::from_millis(1),
            life: Duration::ZERO,
        }
    }
}
