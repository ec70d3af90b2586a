//! Liquidators with limited capital: they take over at a discount, and sell on the venue what they took.

use anyhow::Result;
use kedge_engine::Report;
use kedge_interface::instruction::{CancelAll, Decoded, FillOrder, Liquidate, PlaceOrders};
use kedge_model::account::board::Purpose;
use kedge_model::account::order::{OrderKind, OrderParams, flags};
use kedge_model::account::pocket::Pocket;
use kedge_model::action::LiquidationReport;
use kedge_model::quantity::Size;
use kedge_model::rule::margin::{self, MarginKind};
use kedge_model::side::Side;
use solana_pubkey::Pubkey;

use crate::coins::{COIN, COINS, Parameters};
use crate::makers::Makers;
use crate::population::{Member, join, limit};
use crate::random::Random;
use crate::venue::Venue;

/// Liquidators.
const COUNT: usize = 6;
/// Part of the free margin that a take-over may use.
const USED: f64 = 0.8;
/// Length of an auction for what was taken, milliseconds: two steps.
const AUCTION_MS: u32 = 4_000;
/// Steps from one auction to the next.
const CYCLE: u64 = 3;
/// The most that one auction sells, over the market's open interest.
const SLICE: f64 = 0.002;
/// A liquidator sells down to the oracle less this many times its discount: it gives up what it earned, and as much again,
/// before it keeps a position through a crash.
const PATIENCE: f64 = 2.0;

/// A liquidator.
#[derive(Clone, Debug)]
struct Liquidator {
    member: Member,
    /// Dollars of maintenance-free margin that it may still use in this step.
    room: f64,
    /// Its order in each market, and the step at which it was placed.
    orders: [Option<(u32, u64)>; COINS.len()],
}

/// All liquidators.
#[derive(Clone, Debug)]
pub(crate) struct Liquidators {
    members: Vec<Liquidator>,
    next: usize,
    discount: f64,
    slices: [f64; COINS.len()],
}

/// A sale or purchase of a liquidator in a market: value at the oracle, what it lost against that, dollars, and the side.
pub(crate) struct Unloaded {
    pub(crate) market: usize,
    pub(crate) value: f64,
    pub(crate) loss: f64,
    pub(crate) side: Side,
}

/// What came of an attempt to liquidate.
pub(crate) enum Attempt {
    Done(LiquidationReport),
    Refused(u64),
    NoCapital,
}

impl Liquidators {
    /// Creates and funds the liquidators; `interest` is in coins.
    pub(crate) fn join(
        venue: &mut Venue,
        interest: &[f64; COINS.len()],
        tried: &Parameters,
        random: &mut Random,
    ) -> Result<Self> {
        let value: f64 = interest.iter().zip(venue.prices).map(|(coins, price)| coins * price).sum();
        let dollars = value * f64::from(tried.capital) / 1e6 / COUNT as f64;
        let member = |_| -> Result<Liquidator> {
            let member = join(venue, Pubkey::new_from_array(random.bytes()), dollars, 4)?;
            Ok(Liquidator { member, room: 0.0, orders: [None; COINS.len()] })
        };
        let members = (0..COUNT).map(member).collect::<Result<_>>()?;
        let discount = f64::from(tried.liquidator_fee) / 1e6;
        Ok(Self { members, next: 0, discount, slices: interest.map(|coins| coins * SLICE) })
    }

    /// Asks each liquidator's free margin anew.
    pub(crate) fn begin(&mut self, venue: &Venue) {
        for one in &mut self.members {
            let head = &venue.account(&one.member.account).head;
            let (kind, purpose) = (MarginKind::Initial, Purpose::Liquidate);
            let margin = margin::margin_of(head, Pocket::Cross, venue.board(), kind, purpose, &venue.clock);
            let free = margin.and_then(|margin| margin.free()).map_or(0.0, |free| free.0 as f64 / 1e6);
            one.room = (free * USED).max(0.0);
        }
    }

    /// Takes over of an account's position in a market what the exchange lets it and capital allows; the next liquidator in
    /// turn does.
    pub(crate) fn liquidate(&mut self, venue: &mut Venue, account: &Pubkey, market: usize) -> Attempt {
        let (coin, price) = (&COINS[market], venue.prices[market]);
        let ratio = f64::from(coin.initial) / 1e6;
        for _ in 0..self.members.len() {
            let at = self.next;
            self.next = (at + 1) % self.members.len();
            let one = &mut self.members[at];
            let most = coin.in_steps(one.room / ratio / price);
            if most.0 < coin.min_order {
                continue;
            }
            let step = Liquidate {
                signer: one.member.authority,
                market: venue.markets[market],
                sub_account: *account,
                liquidator: one.member.account,
                max_size: most.0,
                limit_price: 0,
            };
            return match venue.run(&Decoded::Liquidate(step)) {
                Ok(Report::Liquidation(report)) => {
                    one.room -= report.quote.0.unsigned_abs() as f64 / 1e6 * ratio;
                    Attempt::Done(report)
                }
                Ok(_) => Attempt::Refused(0),
                Err(refusal) => Attempt::Refused(refusal.code()),
            };
        }
        Attempt::NoCapital
    }

    /// Sells what was taken, by auction: makers join it, then what rests on the book and the vAMM fill it.
    pub(crate) fn unload(
        &mut self,
        venue: &mut Venue,
        makers: &[Makers],
        step: u64,
        moved: &[f64; COINS.len()],
    ) -> Vec<Unloaded> {
        let mut done = Vec::new();
        for one in &mut self.members {
            for market in 0..COINS.len() {
                let base = venue.base(&one.member.account, market);
                let side = if base > 0 { Side::Short } else { Side::Long };
                if let Some((id, placed)) = one.orders[market] {
                    let (value, loss) =
                        makers[market].join_auction(venue, &one.member.account, id, side, moved[market]);
                    let (more, lost) = fill(venue, &makers[market], one.member, id, market, side);
                    if value + more > 0.0 {
                        done.push(Unloaded { market, value: value + more, loss: loss + lost, side });
                    }
                    if step >= placed + CYCLE - 1 {
                        one.orders[market] = None;
                        let Member { authority, account } = one.member;
                        let cancel = CancelAll { signer: authority, sub_account: account, market: market as u16 };
                        let _ = venue.run(&Decoded::CancelAll(cancel));
                    }
                } else if base.unsigned_abs() >= COINS[market].min_order {
                    let slice = COINS[market].in_steps(self.slices[market]);
                    let size = Size(base.unsigned_abs()).min(slice);
                    let id = offer(venue, one.member, market, side, size, self.discount * PATIENCE);
                    one.orders[market] = id.map(|id| (id, step));
                }
            }
        }
        done
    }
}

/// Starts an auction that only reduces; the order's id, or nothing when it is refused.
fn offer(venue: &mut Venue, member: Member, market: usize, side: Side, size: Size, most_lost: f64) -> Option<u32> {
    let sign = if side == Side::Short { -1.0 } else { 1.0 };
    let worst = COINS[market].on_tick(venue.prices[market] * (1.0 + sign * most_lost));
    let order = OrderParams {
        kind: OrderKind::Market as u8,
        flags: flags::REDUCE_ONLY,
        auction_ms: AUCTION_MS,
        ..limit(market, side, worst, size)
    };
    let (market, sub_account) = (venue.markets[market], member.account);
    let place = PlaceOrders { signer: member.authority, market, sub_account, orders: vec![order] };
    match venue.run(&Decoded::PlaceOrders(place)) {
        Ok(Report::Place(placed)) => Some(placed.first_id),
        _ => None,
    }
}

/// Fills an order as a keeper does; the value at the oracle and what the order lost against it.
fn fill(venue: &mut Venue, makers: &Makers, member: Member, id: u32, market: usize, side: Side) -> (f64, f64) {
    let (refs, accounts) = makers.met_by(side);
    let at = venue.markets[market];
    let fill = FillOrder::of(member.authority, at, member.account, (id, 0), None, &accounts, refs);
    let Ok(Report::Fill(report)) = venue.run(&Decoded::FillOrder(fill)) else { return (0.0, 0.0) };
    let value = report.matched.size.0 as f64 / COIN * venue.prices[market];
    let sign = if side == Side::Short { 1.0 } else { -1.0 };
    (value, sign * (value - report.matched.quote.0 as f64 / 1e6))
}
