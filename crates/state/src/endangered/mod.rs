//! The accounts that a price tick endangers: an index of safe bounds, so that a tick costs in proportion to the
//! accounts whose bounds it passes and not to all of them.
//!
//! An account is either *idle* (no pocket can be liquidated at any price), *bounded* (no pocket can be liquidated while
//! every price that it depends on stays inside its bounds), or *watched* (judged after every tick). The index never
//! says that a pocket may be liquidated: only the model's margin on the current board says so ([`cause`]), and it is
//! computed for watched accounts only. A bound that is too tight costs time; one that is too wide would hide an
//! account, hence the proof.
//!
//! # Proof of the bounds
//!
//! Maintenance margin for a liquidation values row `i` at one price `p_i`, the mark
//! ([`PriceRow::liquidation_price`](kedge_model::account::board::PriceRow::liquidation_price), and before an expiry what
//! [`MarketRow::settles_at`](kedge_model::account::board::MarketRow::settles_at) makes of it): averages and the jump limit enter
//! only through it, strict prices and confidence do not enter at all. The ratio of a position depends on sizes and not on
//! prices. Without rounding, collateral less requirement is therefore linear in the marks:
//!
//! ```text
//! L(p) = claims + funding + sum of e_i * p_i,   e_i = base - ratio * |worst case base|   for a market,
//!                                               e_i = tokens * weight                    for a bank
//! ```
//!
//! The model rounds against the account: a position loses less than one unit each on its value, its funding, its
//! liability and its requirement, and a balance on its value and its weighting. So `L - s <= free <= L` with `s` four
//! units a position and two a balance. Let `B = free - s` at the marks of the last look. An eighth of `B` is kept for
//! funding, the rest is `R`. With `W` the sum of `|e_i| * p_i` and `d = R / W`, a mark that moves against the account
//! (down for `e_i > 0`, up for `e_i < 0`) by at most `d * p_i` takes at most `d * |e_i| * p_i` from `L`; all together take
//! at most `d * W = R`, moves in favour take nothing, and `free >= 0` still holds. Hence one bound a row suffices, on
//! the side that hurts.
//!
//! Funding is no matter of time but of the board's cumulative indices. The funding clock adds, at each tick, the largest
//! move of any index over a reference price `r_i` that never changes. While it advances by `t`, a position pays at most
//! `|base| * r_i * t`; so an account is safe until the clock has advanced by `B / 8` over the sum of these notionals.
//! Nothing needs to be assumed about caps or when funding is updated.
//!
//! Ratios, weights, decimals and listings are compared at each tick; a row that changes in them, or whose mark cannot be
//! told, releases every account that depends on it. Halts only ever forbid a liquidation, and a row that is too old counts at
//! what is best for the account ([`liquidation_margin`](kedge_model::rule::margin::liquidation_margin)): tokens and base at twice
//! its price, what is owed at nothing, without a requirement. That is no less than at its mark, unless the mark is more than
//! twice the price, as it can be in a jump or before an expiry: such a row has no mark. So bounds are found as if every row
//! served, and the judgement on the board as it stands has the last word. An account whose margin cannot
//! be computed is watched. The weights above are computed in floating point with a relative error below 1e-13; `d` is
//! taken 1e-9 smaller.

mod bounds;
mod cause;
mod funding_clock;
mod ladder;
mod marks;
mod roll;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use kedge_model::account::board::{MAX_MARKETS, PriceBoard};
use kedge_model::account::sub_account::SubAccount;
use kedge_model::clock::Clock;

pub use cause::{Case, Cause, cause, is_default, is_short, pockets, scan, shortfall};

pub use roll::Roll;

use bounds::{Outlook, Side, Trigger};
use funding_clock::FundingClock;
use ladder::{Entry, Ladder};
use marks::{Marks, ROWS};

/// The index. Accounts go by numbers that the caller hands out, densely from zero.
#[derive(Clone, Debug)]
pub struct Endangered {
    marks: Marks,
    funding: FundingClock,
    falls: Vec<Ladder>,
    rises: Vec<Ladder>,
    expiries: Ladder,
    /// Number of judgements of each account; a judgement voids all entries of earlier ones.
    generations: Vec<u32>,
    watched: BTreeSet<u32>,
    triggers: Vec<Trigger>,
}

/// Cost of a tick.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Accounts whose margin was computed.
    pub looked_at: usize,
    /// Accounts that are watched now.
    pub watched: usize,
}

impl Endangered {
    /// An index without accounts, at the prices of a board.
    #[must_use]
    pub fn new(board: &PriceBoard) -> Self {
        let mut funding = FundingClock::default();
        let marks = Marks::of(board);
        funding.observe(&marks);
        Self {
            marks,
            funding,
            falls: vec![Ladder::default(); ROWS],
            rises: vec![Ladder::default(); MAX_MARKETS],
            expiries: Ladder::default(),
            generations: Vec::new(),
            watched: BTreeSet::new(),
            triggers: Vec::new(),
        }
    }

    /// Adds an account, or judges it again after any change of it.
    pub fn update(&mut self, number: u32, account: &SubAccount) {
        let needed = number as usize + 1;
        if self.generations.len() < needed {
            self.generations.resize(needed, 0);
        }
        self.look(number, Some(account));
    }

    /// Removes an account.
    pub fn remove(&mut self, number: u32) {
        if (number as usize) < self.generations.len() {
            self.look(number, None);
        }
    }

    /// Brings the index to the prices of a board: judges again the accounts whose bounds were passed, and the watched
    /// ones. `account` finds an account by its number, as it was at the last [`Self::update`] or with that update still
    /// to come.
    pub fn tick<'a>(&mut self, board: &PriceBoard, account: impl Fn(u32) -> Option<&'a SubAccount>) -> Tick {
        let before = std::mem::replace(&mut self.marks, Marks::of(board));
        self.funding.observe(&self.marks);
        let mut due: Vec<u32> = self.watched.iter().copied().collect();
        for row in 0..ROWS {
            let changed = before.terms(row) != self.marks.terms(row);
            let mark = self.marks.mark(row);
            // Keys of rising prices are complemented: every ladder gives out its highest keys first.
            let (fall, rise) = if changed || mark == 0 { (0, 0) } else { (mark, !mark) };
            self.falls[row].take_above(fall, changed, &mut self.generations, &mut due);
            if let Some(ladder) = self.rises.get_mut(row) {
                ladder.take_above(rise, changed, &mut self.generations, &mut due);
            }
        }
        self.expiries.take_above(!self.funding.reading(), false, &mut self.generations, &mut due);
        // In the order of memory.
        due.sort_unstable();
        for &number in &due {
            self.look(number, account(number));
        }
        Tick { looked_at: due.len(), watched: self.watched.len() }
    }

    /// Numbers of the accounts with a pocket that may be liquidated or in default, ascending.
    pub fn watched(&self) -> impl Iterator<Item = u32> {
        self.watched.iter().copied()
    }

    /// The pockets to liquidate or to settle as defaults, by the model's judgement on the board of the last
    /// [`Self::tick`].
    #[must_use]
    pub fn cases<'a>(
        &self,
        board: &PriceBoard,
        clock: &Clock,
        account: impl Fn(u32) -> Option<&'a SubAccount>,
    ) -> Vec<Case> {
        let known = self.watched().filter_map(|number| Some((number, account(number)?)));
        known.flat_map(|(number, account)| cause::cases(number, account, board, clock)).collect()
    }

    /// Bytes that the index holds on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let ladders = self.falls.iter().chain(&self.rises).chain(std::iter::once(&self.expiries));
        // A set of numbers takes about twice their size and its nodes' heads.
        ladders.map(Ladder::bytes).sum::<usize>()
            + self.generations.capacity() * size_of::<u32>()
            + self.watched.len() * 12
            + self.triggers.capacity() * size_of::<Trigger>()
            + size_of::<PriceBoard>()
    }

    /// Judges an account: idle, bounded or watched.
    fn look(&mut self, number: u32, account: Option<&SubAccount>) {
        let generation = &mut self.generations[number as usize];
        *generation = generation.wrapping_add(1);
        let generation = *generation;
        let mut triggers = std::mem::take(&mut self.triggers);
        triggers.clear();
        let outlook = account
            .map_or(Outlook::Idle, |account| bounds::outlook(account, &self.marks, &self.funding, &mut triggers));
        if outlook == Outlook::Watched {
            self.watched.insert(number);
        } else {
            self.watched.remove(&number);
        }
        if let Outlook::Bounded { expiry } = outlook {
            for trigger in &triggers {
                let (ladder, key) = match trigger.side {
                    Side::Fall => (&mut self.falls[trigger.row], trigger.bound),
                    Side::Rise => (&mut self.rises[trigger.row], !trigger.bound),
                };
                ladder.push(Entry { key, number, generation }, &self.generations);
            }
            self.expiries.push(Entry { key: !expiry, number, generation }, &self.generations);
        }
        self.triggers = triggers;
    }
}
