//! Which blockhash is signed with, and which heights are believed.
//!
//! Height moves with the clock: what an endpoint says is held against what was believed before and the time since. A
//! blockhash that would serve longer than the 150 blocks of the chain is refused. One that is older than the known one is
//! an endpoint that lags, for a few seconds; after that the chain was set back, and it is taken.

use std::time::{Duration, Instant, SystemTime};

use kedge_client::Blockhash;

/// Blocks for which a blockhash serves.
pub(super) const VALID: u64 = 150;
/// Blocks by which two endpoints may differ.
const SLACK: u64 = 32;
/// Time for which older blockhashes only are an endpoint that lags.
const LAG: Duration = Duration::from_secs(5);
/// Time for which heights of before are believed of a chain that was set back.
const SUMMIT_FOR: Duration = Duration::from_secs(600);
/// Age of a blockhash with which nothing is signed any more.
const TOO_OLD: Duration = Duration::from_secs(30);
/// Age of the newest blockhash that is an alarm.
const STANDS_STILL: Duration = Duration::from_secs(8);

/// What is thought of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// A newer blockhash: it is used from now on.
    Newer,
    /// The one that is known, or one that is a little older.
    Known,
    /// Older ones only for some time: the chain was set back. It is used from now on.
    SetBack,
    /// It would serve longer than any can.
    Impossible,
}

/// A height that was believed, and when.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    height: u64,
    at: Instant,
    /// By the wall clock, which goes on while the machine sleeps.
    wall: SystemTime,
}

impl Anchor {
    fn now(height: u64, at: Instant) -> Self {
        Self { height, at, wall: SystemTime::now() }
    }

    /// Highest block that the chain can have reached since.
    fn reach(&self, fastest: Duration, now: Instant) -> u64 {
        let slept = SystemTime::now().duration_since(self.wall).unwrap_or_default();
        let passed = now.saturating_duration_since(self.at).max(slept).as_millis();
        let blocks = passed / fastest.as_millis().max(1);
        self.height.saturating_add(u64::try_from(blocks).unwrap_or(u64::MAX)).saturating_add(SLACK)
    }
}

/// The blockhash in use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blockhashes {
    known: Blockhash,
    /// When it was first told of.
    since: Instant,
    /// The height that it was believed at.
    anchor: Anchor,
    /// The last one before the chain was set back: when that was a lie, it goes on from there.
    summit: Option<Anchor>,
    /// Since when only older ones are told of.
    behind: Option<Instant>,
    /// The shortest time of a block.
    fastest: Duration,
}

impl Blockhashes {
    /// Begins with a first one and the height of the chain; `None` when they do not fit together.
    pub(super) fn new(first: Blockhash, height: u64, fastest: Duration, now: Instant) -> Option<Self> {
        // No chain has more blocks than slots.
        let bounded = first.last_valid.saturating_sub(VALID) <= first.slot.saturating_add(SLACK)
            && height <= first.slot.saturating_add(SLACK);
        let fits = first.last_valid <= height.saturating_add(VALID + SLACK);
        let anchor = Anchor::now(height, now);
        (bounded && fits).then_some(Self { known: first, since: now, anchor, summit: None, behind: None, fastest })
    }

    /// The one to sign with; `None` when it is too old to land.
    pub(super) fn latest(&self, now: Instant) -> Option<Blockhash> {
        (now.saturating_duration_since(self.since) < TOO_OLD).then_some(self.known)
    }

    /// Whether no newer one has come for too long.
    pub(super) fn stands_still(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= STANDS_STILL
    }

    /// Whether the chain can be this high.
    pub(super) fn is_possible(&self, height: u64, now: Instant) -> bool {
        let summit = self.summit.filter(|summit| now.saturating_duration_since(summit.at) < SUMMIT_FOR);
        [Some(self.anchor), summit].into_iter().flatten().any(|anchor| height <= anchor.reach(self.fastest, now))
    }

    /// Hears of a blockhash.
    pub(super) fn hear(&mut self, told: Blockhash, now: Instant) -> Judged {
        let height = told.last_valid.saturating_sub(VALID);
        if !self.is_possible(height, now) || height > told.slot.saturating_add(SLACK) {
            return Judged::Impossible;
        }
        if told.last_valid > self.known.last_valid {
            self.take(told, height, now);
            return Judged::Newer;
        }
        if told.hash == self.known.hash || told.last_valid == self.known.last_valid {
            self.behind = None;
            return Judged::Known;
        }
        let since = *self.behind.get_or_insert(now);
        if now.saturating_duration_since(since) < LAG {
            return Judged::Known;
        }
        self.summit = Some(self.anchor);
        self.take(told, height, now);
        Judged::SetBack
    }

    fn take(&mut self, told: Blockhash, height: u64, now: Instant) {
        (self.known, self.since, self.behind) = (told, now, None);
        self.anchor = Anchor::now(height, now);
    }
}

#[cfg(test)]
mod tests {
    use solana_hash::Hash;

    use super::*;

    const FASTEST: Duration = Duration::from_millis(40);

    fn at(height: u64, number: u8) -> Blockhash {
        Blockhash { hash: Hash::new_from_array([number; 32]), last_valid: height + VALID, slot: height + 1_000 }
    }

    fn start() -> (Blockhashes, Instant) {
        let now = Instant::now();
        (Blockhashes::new(at(5_000, 1), 5_000, FASTEST, now).unwrap(), now)
    }

    #[test]
    fn a_blockhash_that_never_ends_is_refused_and_the_next_is_taken() {
        let (mut known, now) = start();
        let forever = Blockhash { last_valid: u64::MAX, ..at(0, 9) };
        assert_eq!(known.hear(forever, now), Judged::Impossible);
        assert_eq!(known.hear(Blockhash { slot: u64::MAX, ..forever }, now), Judged::Impossible);
        let later = now + Duration::from_secs(1);
        assert_eq!(known.hear(at(5_002, 2), later), Judged::Newer);
        assert_eq!(known.latest(later).unwrap().hash, Hash::new_from_array([2; 32]));
        // 25 blocks a second and 32 are the most that a chain can make.
        assert_eq!(known.hear(at(5_100, 3), later + Duration::from_secs(1)), Judged::Impossible);
        assert_eq!(known.hear(at(5_050, 3), later + Duration::from_secs(1)), Judged::Newer);
        assert!(Blockhashes::new(forever, 5_000, FASTEST, now).is_none());
        assert!(Blockhashes::new(at(5_000, 1), 4_000, FASTEST, now).is_none());
        assert!(Blockhashes::new(at(5_000, 1), u64::MAX, FASTEST, now).is_none());
    }

    #[test]
    fn a_chain_that_was_set_back_is_followed_after_a_few_seconds() {
        let (mut known, now) = start();
        assert_eq!(known.hear(at(100, 2), now), Judged::Known, "an endpoint that lags");
        assert_eq!(known.hear(at(101, 3), now + Duration::from_secs(4)), Judged::Known);
        assert_eq!(known.hear(at(5_001, 4), now + Duration::from_secs(4)), Judged::Newer);
        assert_eq!(known.hear(at(102, 5), now + Duration::from_secs(6)), Judged::Known, "it starts anew");
        let later = now + Duration::from_secs(11);
        assert_eq!(known.hear(at(103, 6), later), Judged::SetBack);
        assert_eq!(known.hear(at(104, 7), later), Judged::Newer);
        assert!(known.is_possible(120, later) && !known.is_possible(6_000, later));
        // It was a lie: the chain goes on where it was.
        assert_eq!(known.hear(at(5_020, 8), later), Judged::Newer);
    }

    #[test]
    fn what_is_too_old_signs_nothing() {
        let (known, now) = start();
        assert!(known.latest(now + Duration::from_secs(29)).is_some() && !known.stands_still(now));
        assert!(known.stands_still(now + Duration::from_secs(8)));
        assert!(known.latest(now + Duration::from_secs(30)).is_none());
    }
}
