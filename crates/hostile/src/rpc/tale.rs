//! Falsified phases of a transaction's life.

use std::time::Duration;

/// A tale: one phase is falsified, everything else is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tale {
    /// Blockhash: an old one, with the block up to which it was valid.
    OldBlockhash,
    /// Blockhash: an unknown one, of a future block.
    FutureBlockhash,
    /// Blockhash: one of another chain, with a block that fits.
    ForeignBlockhash,
    /// Blockhash: a good one, reported as valid for twenty more blocks; the transaction is hidden for the first
    /// seconds.
    ShortBlockhash,
    /// Send: accepted, but not passed on.
    Kept,
    /// Send: answered with an error, but passed on.
    RefusedAndPassed,
    /// Send: passed on, but never answered.
    PassedInSilence,
    /// Send: passed on twice at once.
    PassedTwice,
    /// Status: always null.
    NullForEver,
    /// Status and history: null for the first seconds.
    NullAtFirst,
    /// Status: landed once, then null for ever.
    LandedThenNull,
    /// Status: processed on a fork that dies; a repetition lands.
    DeadFork,
    /// Status: the error of another transaction.
    ForeignError,
    /// Status: without a slot.
    NoSlot,
    /// Status: landed, while nothing was passed on.
    FalseSuccess,
    /// Status and history: of a lagging node; heights are true.
    Lagging,
    /// Height: ahead of the truth; the transaction is hidden for the first seconds.
    HeightAhead,
    /// Height: standing still; nothing is passed on.
    HeightStill,
    /// Height: running backwards; nothing is passed on.
    HeightBack,
    /// History: always empty.
    NoHistory,
    /// Status and history: the transaction is always unknown.
    Hidden,
    /// Status and history: refused, as by a node without history.
    WithoutHistory,
    /// `getRecentPrioritizationFees` is refused.
    NoFees,
    /// `getProgramAccounts` is refused.
    NoProgramAccounts,
    /// `simulateTransaction` is refused.
    NoSimulation,
}

impl Tale {
    /// Time for which tales hide a transaction at first.
    pub const AT_FIRST: Duration = Duration::from_secs(8);
}
