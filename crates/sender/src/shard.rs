//! Copies that share the work without speaking to each other.
//!
//! Every subject has one owner among the copies, by a hash of what it is about: market, account, order. A copy leaves what
//! is not its own alone, until the subject has been due for longer than a grace: then its owner is dead or slow, and
//! everybody else may act. Two copies that act on the same subject do no harm, since the program makes every action
//! idempotent: the second one fails and costs a fee. Nothing has to be agreed on but the number of copies, and a copy with
//! a wrong number costs fees and nothing else.

use std::collections::HashMap;

use solana_pubkey::Pubkey;

use crate::{Call, Plan, Subject, Trade};

/// A subject that was not due for this many slots has been dealt with; when it is due again, its grace begins anew.
const FORGOTTEN_AFTER: u64 = 8;

/// One copy's share.
#[derive(Clone, Debug)]
pub struct Shard {
    index: u32,
    count: u32,
    grace: u64,
    /// Others' subjects: since when they are due, and when they last were.
    due: HashMap<Subject, (u64, u64)>,
    /// Slot at which those that were dealt with were last forgotten.
    swept: u64,
    /// How often that was.
    #[cfg(test)]
    sweeps: usize,
}

impl Shard {
    /// Copy `index` of `count`, counted from 0, which acts for another after `grace` slots.
    #[must_use]
    pub fn new(index: u32, count: u32, grace: u64) -> Self {
        Self {
            index,
            count: count.max(1),
            grace,
            due: HashMap::new(),
            swept: 0,
            #[cfg(test)]
            sweeps: 0,
        }
    }

    /// The part of a plan that this copy does now; `None` when it is for others.
    #[must_use]
    pub fn own(&mut self, plan: &Plan, slot: u64) -> Option<Plan> {
        if plan.purpose().is_some_and(is_own_trade) {
            return Some(plan.clone());
        }
        if !plan.is_packed() {
            return self.is_mine(plan.subject(), slot).then(|| plan.clone());
        }
        let calls: Vec<_> = plan.calls.iter().filter(|call| self.is_mine(call.subject(), slot)).cloned().collect();
        (!calls.is_empty()).then(|| Plan { refresh: plan.refresh.clone(), calls })
    }

    /// Whether this copy acts on a subject that is due at a slot.
    pub fn is_mine(&mut self, subject: Subject, slot: u64) -> bool {
        if owner(&subject, self.count) == self.index {
            return true;
        }
        let (since, last) = self.due.entry(subject).or_insert((slot, slot));
        if slot.saturating_sub(*last) > FORGOTTEN_AFTER {
            *since = slot;
        }
        *last = slot;
        let over = slot.saturating_sub(*since) > self.grace;
        // Once a slot: with as many subjects due at once, a sweep at each of them would cost their square.
        if self.due.len() > 4_096 && self.swept != slot {
            self.swept = slot;
            #[cfg(test)]
            {
                self.sweeps += 1;
            }
            self.due.retain(|_, (_, last)| slot.saturating_sub(*last) <= FORGOTTEN_AFTER);
        }
        over
    }
}

/// Whether a call trades for the keeper's own account: each copy of a maker has its own.
fn is_own_trade(call: &Call) -> bool {
    matches!(call.verb().trade, Trade::Order | Trade::Withdrawal)
}

/// Which of `count` copies a subject belongs to. The same on every machine and in every version that knows the subject.
#[must_use]
pub fn owner(subject: &Subject, count: u32) -> u32 {
    let mut hash = Hash::default();
    match subject {
        Subject::Board => hash.number(0),
        Subject::Order(kind, account, id) => {
            // All that is done about an order is done by one copy, so the kind does not count.
            let _ = kind;
            hash.number(1);
            hash.account(account);
            hash.number(u64::from(*id));
        }
        // As an order without an id.
        Subject::Account(_, account) => {
            hash.number(1);
            hash.account(account);
            hash.number(0);
        }
        Subject::Market(kind, market) => {
            hash.number(2);
            hash.bytes(kind.as_bytes());
            hash.number(u64::from(*market));
        }
        Subject::Position(account, market) | Subject::Orders(account, market) => {
            hash.number(3);
            hash.account(account);
            hash.number(u64::from(*market));
        }
    }
    u32::try_from(hash.finish() % u64::from(count.max(1))).unwrap_or(0)
}

/// FNV-1a, finished as SplitMix64 does.
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    fn account(&mut self, account: &Pubkey) {
        self.bytes(account.as_ref());
    }

    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subjects() -> Vec<Subject> {
        let account = |index: u16| Pubkey::new_from_array([(index % 251) as u8; 32]);
        let mut all = vec![Subject::Board];
        for index in 0..3_000u16 {
            all.push(Subject::Order("fill_order", account(index), u32::from(index)));
            all.push(Subject::Position(account(index), index % 24));
        }
        all.extend((0..24).map(|market| Subject::Market("update_funding", market)));
        all
    }

    #[test]
    fn every_subject_has_one_owner_and_the_shares_are_even() {
        for count in [1, 2, 3, 7] {
            let mut copies: Vec<Shard> = (0..count).map(|index| Shard::new(index, count, 20)).collect();
            let mut shares = vec![0usize; count as usize];
            let all = subjects();
            for subject in &all {
                let owners: Vec<usize> =
                    (0..copies.len()).filter(|copy| copies[*copy].is_mine(*subject, 100)).collect();
                assert_eq!(owners.len(), 1, "{subject:?}");
                shares[owners[0]] += 1;
            }
            let even = all.len() / count as usize;
            assert!(shares.iter().all(|share| share.abs_diff(even) < even / 8 + 1), "{shares:?}");
        }
    }

    #[test]
    fn what_is_done_about_an_order_is_done_by_one() {
        let account = Pubkey::new_from_array([9; 32]);
        for id in 0..100 {
            let owners =
                ["fill_order", "trigger_order", "cancel"].map(|kind| owner(&Subject::Order(kind, account, id), 5));
            assert!(owners.iter().all(|one| *one == owners[0]));
        }
        // The hash is part of what copies of different versions agree on.
        let first = subjects().iter().take(8).map(|subject| owner(subject, 100)).collect::<Vec<_>>();
        assert_eq!(first, FIRST);
    }

    /// Owners of the first subjects among a hundred.
    const FIRST: [u32; 8] = [83, 70, 45, 85, 89, 54, 59, 34];

    #[test]
    fn another_acts_after_the_grace_and_not_before() {
        let subject = subjects().into_iter().find(|subject| owner(subject, 2) == 1).unwrap();
        let mut copy = Shard::new(0, 2, 20);
        for slot in (100..=120).step_by(4) {
            assert!(!copy.is_mine(subject, slot), "{slot}");
        }
        assert!(copy.is_mine(subject, 121));
        // The owner has done it; when it is due again the grace is too.
        assert!(!copy.is_mine(subject, 140));
        assert!(!copy.is_mine(subject, 147));
    }

    #[test]
    fn a_packed_plan_is_split_by_owner() {
        let taker = Pubkey::new_from_array([1; 32]);
        let fill = |order_id| Call::fill(0, taker, (order_id, 0), None, &[], &[]);
        let plan = Plan { refresh: vec![0], calls: (0..40).map(fill).collect() };
        let parts: Vec<Plan> = (0..2).filter_map(|index| Shard::new(index, 2, 20).own(&plan, 5)).collect();
        assert_eq!(parts.iter().map(|part| part.calls.len()).sum::<usize>(), 40);
        assert!(parts.len() == 2 && parts.iter().all(|part| part.refresh == [0] && part.calls.len() > 10));
    }

    #[test]
    fn a_look_costs_in_proportion_to_what_is_due() {
        let subject = |index: u32| {
            let mut bytes = [1; 32];
            bytes[..4].copy_from_slice(&index.to_le_bytes());
            Subject::Order("fill_order", Pubkey::new_from_array(bytes), 1)
        };
        let (mut shard, subjects) = (Shard::new(0, 2, 20), (0..32_000).map(subject).collect::<Vec<_>>());
        for slot in 100..110 {
            let mine = subjects.iter().filter(|subject| shard.is_mine(**subject, slot)).count();
            assert!(mine.abs_diff(16_000) < 1_000, "{mine}");
        }
        // Each goes over all that is known: one for each subject would cost their square.
        assert_eq!(shard.sweeps, 10);
        let mut shard = Shard::new(0, 2, 20);
        for slot in 0..40 {
            for index in 0..8_000 {
                let _ = shard.is_mine(subject(slot as u32 * 8_000 + index), slot);
            }
        }
        assert!(shard.due.len() < 8_000 * 11, "what is dealt with is forgotten: {}", shard.due.len());
    }
}
