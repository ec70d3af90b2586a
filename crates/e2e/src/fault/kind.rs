//! The faults by name.

use clap::ValueEnum;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fault {
    /// Each keeper is killed (SIGKILL) and started again.
    Kill,
    /// The validator is killed and started from its ledger.
    Restart,
    /// Every WebSocket is cut, and new ones are refused.
    Socket,
    /// Every WebSocket stays open and nothing passes it, as behind a firewall that lost the connection.
    HalfOpen,
    /// JSON-RPC takes requests and never answers.
    Silent,
    /// JSON-RPC answers as it did before.
    Stale,
    /// JSON-RPC answers 429 to three requests of four.
    Limited,
    /// JSON-RPC closes every connection.
    Gone,
    /// Every keeper runs twice, with the same wallets.
    Twins,
    /// Every keeper runs twice and shares a lease over NATS: one works, the other takes over.
    Standby,
    /// Keepers whose clocks are five minutes off, either way.
    Skew,
    /// A fall of 30 % in a minute, with many accounts; on a chain of its own.
    Crash,
}

/// Its name on the command line.
pub(crate) fn name(fault: Fault) -> String {
    fault.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}
