//! What an endpoint can tell about a transaction that is not so, phase by phase.

use std::time::Duration;

/// A false tale of one phase of a transaction's life. What is not named is told as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tale {
    /// Blockhash: an old one, and the block up to which it served.
    OldBlockhash,
    /// Blockhash: one that nobody has seen, of a block that is not there yet.
    FutureBlockhash,
    /// Blockhash: one of another chain, with a block that fits.
    ForeignBlockhash,
    /// Blockhash: a good one that is said to serve for twenty more blocks; the transaction is hidden for the first seconds.
    ShortBlockhash,
    /// Send: yes, and nothing is passed on.
    Kept,
    /// Send: an error, and it is passed on.
    RefusedAndPassed,
    /// Send: it is passed on, and there is never an answer.
    PassedInSilence,
    /// Send: it is passed on twice at once.
    PassedTwice,
    /// Status: null for ever.
    NullForEver,
    /// Status and history: null for the first seconds.
    NullAtFirst,
    /// Status: landed once, then null for ever.
    LandedThenNull,
    /// Status: processed on a fork that dies; what is sent again lands.
    DeadFork,
    /// Status: the error of another transaction.
    ForeignError,
    /// Status: one without a slot.
    NoSlot,
    /// Status: landed, and nothing is passed on.
    FalseSuccess,
    /// Status and history: those of a node that lags; heights are true.
    Lagging,
    /// Height: it runs ahead; the transaction is hidden for the first seconds.
    HeightAhead,
    /// Height: it stands still; nothing is passed on.
    HeightStill,
    /// Height: it goes backwards; nothing is passed on.
    HeightBack,
    /// History: empty.
    NoHistory,
    /// Status and history: nothing was ever seen of the transaction.
    Hidden,
    /// Status and history: there is no history, as where a node keeps none.
    WithoutHistory,
    /// `getRecentPrioritizationFees` is refused.
    NoFees,
    /// `getProgramAccounts` is refused.
    NoProgramAccounts,
    /// `simulateTransaction` is refused.
    NoSimulation,
}

impl Tale {
    /// Seconds for which a transaction is hidden where it is hidden at first.
    pub const AT_FIRST: Duration = Duration::from_secs(8);
}
