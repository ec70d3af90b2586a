//! Who must be looked at now: an account is asked for its margin only once prices have moved far enough to endanger it.
//!
//! An account that has free margin `f` over positions worth `v` cannot fall below maintenance before the prices that it holds
//! have moved by `f / (v + f)`, with something for the requirement, which moves too. How far they can have moved since it was
//! asked is bounded from above by a distance that only grows: within a stretch that a price never leaves by more than
//! [`STRETCH`], by the furthest that it went, and from stretch to stretch by the sum of these. Accounts of one market go by
//! that market's distance, others by that of the worst market.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use kedge_model::account::pocket::Pocket;
use kedge_model::rule::margin::{self, Margin};
use solana_pubkey::Pubkey;

use crate::coins::COINS;
use crate::venue::Venue;

/// By how much more than its value a position can move the free margin: its requirement is at most this part of it.
const REQUIREMENT: f64 = 1.25;

/// A price further than this from where its stretch began begins another.
const STRETCH: f64 = 0.001;
/// One distance a market, and one for accounts of several.
const DISTANCES: usize = COINS.len() + 1;

/// How far a price can have gone.
#[derive(Clone, Copy, Debug, Default)]
struct Distance {
    /// Price at which the stretch began.
    from: f64,
    /// Distance of the stretches before, and of this one's furthest price and charge.
    before: f64,
    furthest: f64,
}

impl Distance {
    /// Notes a price, and a charge of funding in parts of it.
    fn note(&mut self, price: f64, charged: f64) {
        if self.from == 0.0 {
            self.from = price;
        }
        self.before += charged;
        self.furthest = self.furthest.max((price - self.from).abs() / price.min(self.from));
        if self.furthest > STRETCH {
            *self = Self { from: price, before: self.before + self.furthest, furthest: 0.0 };
        }
    }

    fn gone(&self) -> f64 {
        self.before + self.furthest
    }
}

/// Accounts by the distance at which each is looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// Distance as bits, which order as positive numbers do, and the account.
    due: [BinaryHeap<Reverse<(u64, u32)>>; DISTANCES],
    distances: [Distance; COINS.len()],
    /// Distance in the worst market, the sum over all calls.
    worst: f64,
    indices: [[i64; 2]; COINS.len()],
}

impl Watch {
    /// Adds what prices and funding have moved since the last call.
    pub(crate) fn advance(&mut self, venue: &Venue) {
        let mut worst = 0.0f64;
        for (index, distance) in self.distances.iter_mut().enumerate() {
            let Ok(row) = venue.board().market(index as u16) else { continue };
            let price = row.price.liquidation_price().map_or(0.0, |price| price.0 as f64);
            let funding = [row.funding_long.0, row.funding_short.0];
            let charged =
                funding.iter().zip(self.indices[index]).map(|(now, then)| (now - then).abs()).max().unwrap_or(0);
            let before = distance.gone();
            // An index counts billionths of a dollar a coin, a price millionths.
            distance.note(price, charged as f64 / 1e3 / price);
            worst = worst.max(distance.gone() - before);
            self.indices[index] = funding;
        }
        self.worst += worst;
    }

    fn gone(&self, at: usize) -> f64 {
        self.distances.get(at).map_or(self.worst, Distance::gone)
    }

    /// The accounts to be looked at now.
    pub(crate) fn due(&mut self) -> Vec<u32> {
        let mut due = Vec::new();
        for at in 0..DISTANCES {
            let gone = self.gone(at);
            while let Some(Reverse((when, index))) = self.due[at].peek().copied() {
                if f64::from_bits(when) > gone {
                    break;
                }
                self.due[at].pop();
                due.push(index);
            }
        }
        due
    }

    /// Looks at an account again when prices can have used up its free margin. `markets` are those that it may hold.
    pub(crate) fn later(&mut self, index: u32, margin: &Margin, markets: &[f64; COINS.len()]) {
        if margin.liability.is_zero() {
            return;
        }
        let mut held = (0..COINS.len()).filter(|market| markets[*market] != 0.0);
        let at = match (held.next(), held.next()) {
            (Some(one), None) => one,
            _ => COINS.len(),
        };
        let free = margin.free().map_or(0.0, |free| free.0 as f64).max(0.0);
        let share = free / (margin.liability.0 as f64 * REQUIREMENT + free);
        // A price may cross its stretch from one end to the other without going further than it went before.
        let when = self.gone(at) + (share - 2.0 * STRETCH).max(0.0);
        self.due[at].push(Reverse((when.to_bits(), index)));
    }
}

/// Maintenance margin of an account's cross pocket, as a liquidation asks for it; `None` while a price forbids it.
pub(crate) fn maintenance(venue: &Venue, account: &Pubkey) -> Option<Margin> {
    margin::liquidation_margin(&venue.account(account).head, Pocket::Cross, venue.board(), &venue.clock).ok()
}
