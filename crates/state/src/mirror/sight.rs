//! Whether a mirror can be relied on.

use crate::World;

/// Why a mirror cannot be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Blind {
    /// The source is still connecting for the first time.
    #[error("the stream of changes does not stand yet: all accounts are polled")]
    Unconnected,
    /// The source is down, or came back a moment ago.
    #[error("the stream of changes is down: all accounts are polled")]
    Down,
    /// At least half of the source's last events were older than the mirror, or impossible.
    #[error("the stream of changes tells what is outdated or cannot be: its accounts are read one by one")]
    Late,
    /// The accounts that the endpoint shows do not add up to a market's own figures, however often they are read.
    #[error("the accounts that are shown do not add up to market {0}: some are missing")]
    Unbalanced(u16),
    /// The endpoint shows no account at all of an exchange that owes its users.
    #[error("no account is shown, though the exchange owes its users")]
    Empty,
}

/// The last 64 events, the latest in the lowest bit: one for a rejected event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    useless: u64,
    seen: u32,
    /// Whether an event was rejected since the last turn.
    fresh: bool,
}

/// Fewest events that are judged.
const LEAST: u32 = 16;
/// Most events that are judged.
const MOST: u32 = u64::BITS;

impl Record {
    pub(super) fn note(&mut self, useful: bool) {
        self.useless = (self.useless << 1) | u64::from(!useful);
        self.seen = (self.seen + 1).min(MOST);
        self.fresh |= !useful;
    }

    /// Whether at least half of the events were rejected.
    pub(super) fn is_useless(&self) -> bool {
        self.seen >= LEAST && 2 * self.useless.count_ones() >= self.seen
    }

    /// Clears the record when no event was rejected since the last turn: on a quiet exchange nothing else would.
    pub(super) fn turn(&mut self) {
        if !std::mem::take(&mut self.fresh) {
            *self = Self::default();
        }
    }
}

/// Whether a world is impossible: without accounts, though users own something in its markets or banks.
pub(crate) fn is_incredible(world: &World) -> bool {
    let held = |market: &kedge_model::account::market::Market| {
        !market.long_interest.is_zero() || !market.short_interest.is_zero() || market.users_quote.0 != 0
    };
    let owed = |bank: &kedge_model::account::bank::Bank| !bank.deposits.is_zero();
    world.accounts.is_empty() && (world.markets.iter().any(held) || world.banks.iter().any(owed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_last_notices_decide_and_a_quiet_time_forgets() {
        let mut record = Record::default();
        (0..LEAST - 1).for_each(|_| record.note(false));
        assert!(!record.is_useless(), "too few to judge");
        record.note(false);
        assert!(record.is_useless());
        record.turn();
        assert!(record.is_useless(), "some came in this turn");
        record.turn();
        assert!(!record.is_useless());
        // Every stream has a few rejected events among many.
        (0..200).for_each(|number| record.note(number % 5 > 0));
        assert!(!record.is_useless());
        (0..32).for_each(|_| record.note(false));
        assert!(record.is_useless());
        (0..40).for_each(|_| record.note(true));
        assert!(!record.is_useless());
    }
}
