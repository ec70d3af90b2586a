//! Resting makers and JIT makers: limited inventory, and a depth that thins when the price runs.

use anyhow::Result;
use kedge_engine::Report;
use kedge_interface::instruction::user::ALL_MARKETS;
use kedge_interface::instruction::{CancelAll, Decoded, PlaceAndMake, ReplaceOrders};
use kedge_model::account::order::{OrderParams, flags};
use kedge_model::action::MakerRef;
use kedge_model::side::Side;
use solana_pubkey::Pubkey;

use crate::coins::{COIN, COINS};
use crate::population::{Member, join, limit};
use crate::random::Random;
use crate::venue::Venue;

/// Resting makers of a market.
const RESTING: usize = 4;
/// JIT makers of a market.
const JIT: usize = 3;
/// Rungs of a ladder: distance from the oracle in basis points, share of the depth.
const RUNGS: [(f64, f64); 4] = [(5.0, 0.1), (15.0, 0.2), (35.0, 0.3), (75.0, 0.4)];
/// Depth of all resting makers on a side within 75 basis points, over the open interest.
const DEPTH: f64 = 0.015;
/// Most that all resting makers, and all JIT makers, hold on a side, over the open interest.
const INVENTORY: f64 = 0.04;
/// A move within a minute at which half of the depth is gone: 0.5 %.
const HALF_GONE: f64 = 0.005;
/// Steps after which a ladder is quoted anew, and a move that does not wait for that.
const QUOTE_STEPS: u64 = 5;
const QUOTE_MOVE: f64 = 0.001;
/// What a JIT maker wants below the oracle when it is flat, and beside that when it is full, in parts.
const JIT_EDGE: (f64, f64) = (0.000_5, 0.006);

/// A maker of one market.
#[derive(Clone, Debug)]
struct Maker {
    member: Member,
    /// Ids of its resting orders, bids and asks.
    orders: [Vec<u32>; 2],
}

/// The makers of a market.
#[derive(Clone, Debug)]
pub(crate) struct Makers {
    market: usize,
    resting: Vec<Maker>,
    jit: Vec<Member>,
    /// Most that one maker holds, coins.
    inventory: f64,
    /// Depth of one maker on a side, coins.
    depth: f64,
    /// The price and the step of the last quotes.
    quoted: (f64, u64),
}

impl Makers {
    /// Creates the makers of a market with an open interest in coins, each funded with half of its largest inventory.
    pub(crate) fn join(venue: &mut Venue, market: usize, interest: f64, random: &mut Random) -> Result<Self> {
        let mut members = |count: usize, venue: &mut Venue| -> Result<Vec<Member>> {
            let dollars = interest * INVENTORY / count as f64 * venue.prices[market] / 2.0;
            (0..count).map(|_| join(venue, Pubkey::new_from_array(random.bytes()), dollars, 8)).collect()
        };
        let resting = members(RESTING, venue)?;
        let jit = members(JIT, venue)?;
        Ok(Self {
            market,
            resting: resting.into_iter().map(|member| Maker { member, orders: [Vec::new(), Vec::new()] }).collect(),
            jit,
            inventory: interest * INVENTORY,
            depth: interest * DEPTH / RESTING as f64,
            quoted: (0.0, 0),
        })
    }

    /// What is left of the calm depth after a move within a minute.
    fn thinned(moved: f64) -> f64 {
        let strain = moved / HALF_GONE;
        1.0 / (1.0 + strain * strain)
    }

    /// Quotes anew, when it is time: around the oracle, less on the side on which inventory is full, less and further away
    /// after a move of `moved` within a minute.
    pub(crate) fn quote(&mut self, venue: &mut Venue, step: u64, moved: f64) {
        let price = venue.prices[self.market];
        let far = (price / self.quoted.0 - 1.0).abs() > QUOTE_MOVE;
        if step < self.quoted.1 + QUOTE_STEPS && !far {
            return;
        }
        self.quoted = (price, step);
        let (coin, depth) = (&COINS[self.market], self.depth * Self::thinned(moved));
        let most = self.inventory / RESTING as f64;
        for maker in &mut self.resting {
            let held = venue.base(&maker.member.account, self.market) as f64 / COIN / most;
            let mut orders = Vec::new();
            for side in [Side::Long, Side::Short] {
                let sign = if side == Side::Long { -1.0 } else { 1.0 };
                let room = (1.0 + sign * held).clamp(0.0, 1.0);
                for (distance, share) in RUNGS {
                    let size = coin.in_steps(depth * share * room);
                    // The side that frees inventory stands nearer.
                    let nearer = 1.0 - (sign * held).clamp(0.0, 0.8);
                    let away = distance / 1e4 * nearer + moved / 4.0;
                    if size.0 >= coin.min_order {
                        let at = coin.on_tick(price * (1.0 + sign * away));
                        orders.push(OrderParams {
                            flags: flags::POST_ONLY | flags::SLIDE,
                            ..limit(self.market, side, at, size)
                        });
                    }
                }
            }
            replace(venue, self.market, maker, orders);
        }
    }

    /// Resting orders that a taker on a side may meet, and the accounts that they are of.
    pub(crate) fn met_by(&self, side: Side) -> (Vec<MakerRef>, Vec<Pubkey>) {
        let at = usize::from(side == Side::Long);
        let refs = (0u8..).zip(&self.resting).flat_map(|(account, maker)| {
            maker.orders[at].iter().map(move |id| MakerRef { order_id: *id, account, ..MakerRef::default() })
        });
        (refs.collect(), self.resting.iter().map(|maker| maker.member.account).collect())
    }

    /// JIT makers bid for an order whose auction runs; the filled value at the oracle and what the taker lost against it,
    /// dollars.
    pub(crate) fn join_auction(
        &self,
        venue: &mut Venue,
        taker: &Pubkey,
        order_id: u32,
        side: Side,
        moved: f64,
    ) -> (f64, f64) {
        let (price, most) = (venue.prices[self.market], self.inventory / JIT as f64);
        let sign = if side == Side::Short { 1.0 } else { -1.0 };
        let mut filled = (0.0, 0.0);
        for member in &self.jit {
            let held = sign * venue.base(&member.account, self.market) as f64 / COIN / most;
            if held >= 1.0 {
                continue;
            }
            let edge = JIT_EDGE.0 + JIT_EDGE.1 * held.max(0.0) + moved / 4.0;
            let limit = (most * COIN) as i64;
            let make = PlaceAndMake {
                signer: member.authority,
                market: venue.markets[self.market],
                maker: member.account,
                taker: *taker,
                order_id,
                slot: 0,
                size: COINS[self.market].in_steps(most / 4.0 * Self::thinned(moved)).0,
                worst_price: (price * (1.0 - sign * edge) * 1e6) as u64,
                min_position: -limit,
                max_position: limit,
                sharers: Vec::new(),
            };
            if let Ok(Report::Make(matched)) = venue.run(&Decoded::PlaceAndMake(make)) {
                let value = matched.size.0 as f64 / COIN * price;
                filled = (filled.0 + value, filled.1 + sign * (value - matched.quote.0 as f64 / 1e6));
            }
        }
        filled
    }
}

/// Puts a maker's orders in place of its old ones.
fn replace(venue: &mut Venue, market: usize, maker: &mut Maker, orders: Vec<OrderParams>) {
    let cancel: Vec<u32> = maker.orders.iter().flatten().copied().collect();
    if orders.is_empty() && cancel.is_empty() {
        return;
    }
    let sides: Vec<usize> = orders.iter().map(|order| usize::from(order.side == Side::Short as u8)).collect();
    let Member { authority, account } = maker.member;
    let (market, strict) = (venue.markets[market], false);
    let replace = ReplaceOrders { signer: authority, market, sub_account: account, cancel, orders, strict };
    maker.orders = [Vec::new(), Vec::new()];
    if let Ok(Report::Replace(report)) = venue.run(&Decoded::ReplaceOrders(replace)) {
        for (id, side) in (report.first_id..).zip(sides) {
            maker.orders[side].push(id);
        }
    } else {
        // No order may stand at a price that has gone.
        let _ =
            venue.run(&Decoded::CancelAll(CancelAll { signer: authority, sub_account: account, market: ALL_MARKETS }));
    }
}
