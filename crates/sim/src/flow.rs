//! Who trades against a crash: shorts that take their profit, and arbitrage of the vAMM toward the oracle.

use anyhow::Result;
use kedge_interface::instruction::{Decoded, PlaceAndTake};
use kedge_model::account::order::{OrderParams, flags};
use kedge_model::quantity::Size;
use kedge_model::side::Side;
use solana_pubkey::Pubkey;

use crate::coins::{COIN, COINS};
use crate::makers::Makers;
use crate::population::{Member, Trader, join, limit};
use crate::random::Random;
use crate::venue::Venue;

/// One trader in so many thinks of taking its profit, each step.
const THINKS: usize = 10_000;
/// Profit over a short's entry from which it is taken.
const PROFIT: f64 = 0.03;
/// What a short that takes its profit pays above the oracle at most.
const HASTE: f64 = 0.003;
/// Largest position of arbitrage over the open interest.
const INVENTORY: f64 = 0.01;
/// Distance of the venue's price from the oracle from which arbitrage trades.
const GAP: f64 = 0.003;
/// How much of the distance fades each step, without trades.
const FADES: f64 = 0.05;

/// Shorts that take their profit buy back from makers' asks and the vAMM.
pub(crate) fn take_profits(
    venue: &mut Venue,
    traders: &[Trader],
    makers: &[Makers],
    start: &[f64; COINS.len()],
    random: &mut Random,
) {
    for _ in 0..traders.len().div_ceil(THINKS) {
        let trader = traders[random.below(traders.len())];
        for market in 0..COINS.len() {
            let profit = 1.0 - venue.prices[market] / start[market];
            if trader.wants[market] >= 0.0 || profit < PROFIT {
                continue;
            }
            let base = venue.base(&trader.member.account, market);
            if base < 0 {
                let at = venue.prices[market] * (1.0 + HASTE);
                buy(venue, trader.member, &makers[market], market, at, Size(base.unsigned_abs()), flags::REDUCE_ONLY);
            }
        }
    }
}

/// An arbitrageur of one market, hedged elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Arbitrage {
    market: usize,
    member: Member,
    /// Largest position, coins.
    most: f64,
    /// How far below the oracle the venue trades, a running mean in parts.
    gap: f64,
}

impl Arbitrage {
    /// Joins a market with an open interest in coins, funded with its largest position.
    pub(crate) fn join(venue: &mut Venue, market: usize, interest: f64, random: &mut Random) -> Result<Self> {
        let most = interest * INVENTORY;
        let member = join(venue, Pubkey::new_from_array(random.bytes()), most * venue.prices[market], 4)?;
        Ok(Self { market, member, most, gap: 0.0 })
    }

    /// Hears of a liquidator's sale (positive value) or purchase in its market and what it lost, dollars.
    pub(crate) fn hear(&mut self, side: Side, value: f64, loss: f64) {
        let sign = if side == Side::Short { 1.0 } else { -1.0 };
        self.gap += (sign * loss / value - self.gap) / 4.0;
    }

    /// Buys on the venue while that trades below the oracle, at up to half of the way back: from makers' asks and from what
    /// the vAMM was sold.
    pub(crate) fn act(&mut self, venue: &mut Venue, makers: &Makers) {
        let held = venue.base(&self.member.account, self.market) as f64 / COIN;
        if self.gap > GAP && held < self.most {
            let size = COINS[self.market].in_steps((self.most - held).min(self.most / 20.0));
            let at = venue.prices[self.market] * (1.0 + self.gap / 2.0);
            buy(venue, self.member, makers, self.market, at, size, 0);
        }
        self.gap *= 1.0 - FADES;
    }
}

/// Buys at once up to a price, if the exchange lets it.
fn buy(venue: &mut Venue, member: Member, makers: &Makers, market: usize, at: f64, size: Size, more: u16) {
    let (refs, maker_accounts) = makers.met_by(Side::Long);
    let at = COINS[market].on_tick(at);
    let order = OrderParams { flags: flags::IMMEDIATE_OR_CANCEL | more, ..limit(market, Side::Long, at, size) };
    let (signer, sub_account) = (member.authority, member.account);
    let take = PlaceAndTake {
        signer,
        market: venue.markets[market],
        sub_account,
        order,
        min_fill: 0,
        makers: refs,
        maker_accounts,
    };
    // A refusal (a row in Jump, nothing to reduce) leaves everything as it was: the next step asks again.
    let _ = venue.run(&Decoded::PlaceAndTake(take));
}
