//! The run over time, for the report's charts.

use std::collections::BTreeMap;

use kedge_model::account::market::Market;
use kedge_model::account::order::Side;
use kedge_model::num::Rounding;
use kedge_model::quantity::{Ppm, Price};
use kedge_model::rule::risk;
use kedge_state::World;
use serde::Serialize;
use solana_pubkey::Pubkey;

use kedge_testbed::participants::Role;

/// One market at one moment.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct MarketPoint {
    /// Oracle price, dollars.
    pub price: f64,
    /// The market's own price, dollars.
    pub mark: f64,
    /// Hourly funding rate that an update would charge now, percent.
    pub funding: f64,
    /// Best bid of book and vAMM, basis points from the oracle; `None` without a bid.
    pub bid_bps: Option<f64>,
    /// Best offer, likewise.
    pub ask_bps: Option<f64>,
    /// Dollars that could be sold and bought within 25 basis points of the oracle.
    pub depth: [f64; 2],
    /// Insurance fund, dollars.
    pub insurance: f64,
    /// Base of all longs, coins.
    pub long: f64,
    /// Base of all shorts, coins.
    pub short: f64,
    /// The vAMM's position, coins.
    pub amm: f64,
}

/// All markets and roles at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// Market time, Unix seconds.
    pub time: i64,
    /// Slot.
    pub slot: u64,
    /// The markets in listing order.
    pub markets: Vec<MarketPoint>,
    /// Equity by role, dollars; "vAMM", "insurance" and "fees" beside the roles.
    pub equity: BTreeMap<&'static str, f64>,
}

/// Distance from the oracle within which depth is counted.
const DEPTH_WITHIN: Ppm = Ppm(2_500);

/// Role of accounts that belong to no participant.
pub const VISITORS: &str = "visitors";

impl MarketPoint {
    /// Mark over oracle, basis points.
    #[must_use]
    pub fn premium_bps(&self) -> f64 {
        if self.price == 0.0 { 0.0 } else { (self.mark / self.price - 1.0) * 1e4 }
    }

    /// Distance of the best bid and offer, basis points.
    #[must_use]
    pub fn spread_bps(&self) -> Option<f64> {
        Some(self.ask_bps? - self.bid_bps?)
    }
}

/// The point of a world.
pub fn point(world: &World, roles: &BTreeMap<Pubkey, Role>) -> Point {
    let dollars = |quote: i64| quote as f64 / 1e6;
    let coins = |base: u64| base as f64 / 1e9;
    let price = |price: Price| price.0 as f64 / 1e6;
    let mut equity: BTreeMap<&'static str, f64> = BTreeMap::new();
    let mut add = |who: &'static str, amount: f64| *equity.entry(who).or_default() += amount;
    let mut markets = Vec::new();
    for market in &world.markets {
        let oracle = world.oracle(market.index);
        markets.push(MarketPoint {
            price: price(oracle),
            mark: price(market.mark(oracle).unwrap_or(oracle)),
            funding: next_funding(world, market),
            bid_bps: best(world, market, Side::Short),
            ask_bps: best(world, market, Side::Long),
            depth: [Side::Short, Side::Long].map(|side| depth(world, market, side)),
            insurance: market.insurance_fund.0 as f64 / 1e6,
            long: coins(market.long_interest.0),
            short: coins(market.short_interest.0),
            amm: market.amm.base.0 as f64 / 1e9,
        });
        add("vAMM", market.amm_equity(oracle).map_or(0.0, |equity| dollars(equity.0)));
        add("insurance", market.insurance_fund.0 as f64 / 1e6);
        add("fees", (market.fees.0 + market.insurance_fees.0) as f64 / 1e6);
    }
    add("fees", world.banks.first().map_or(0.0, |bank| bank.protocol.0 as f64 / 1e6));
    for (address, account) in &world.accounts {
        let role = roles.get(address).map_or(VISITORS, |role| role.name());
        let isolated: u64 = account.head.positions.iter().map(|position| position.isolated.0).sum();
        let balance = (account.head.balance(kedge_model::account::bank::Bank::QUOTE).0 + isolated) as f64 / 1e6;
        let positions = account.head.positions.iter().filter(|position| position.is_used());
        let open: f64 = positions
            .filter_map(|position| {
                let row = world.fresh.market(position.market).ok()?;
                let funding = position.unsettled_funding(row.funding(position.base)).ok()?;
                let value = position.base.value(row.price.price, Rounding::Down).ok()?;
                Some(dollars(position.quote.0 + funding.0 + value.0))
            })
            .sum();
        add(role, balance + open);
    }
    Point { time: world.clock.unix_time, slot: world.clock.slot, markets, equity }
}

/// Rate that a funding update would charge now, percent an hour.
fn next_funding(world: &World, market: &Market) -> f64 {
    let row = world.fresh.market(market.index);
    row.and_then(|row| risk::predicted_funding(market, row, &world.clock)).map_or(0.0, |rate| rate as f64 / 1e7)
}

/// The best price of book and vAMM for a taker on a side, basis points from the oracle.
fn best(world: &World, market: &Market, taker: Side) -> Option<f64> {
    let oracle = world.oracle(market.index);
    let book = world.books().market(market.index).best(taker.opposite(), Some(oracle), market.tick);
    let amm = amm_touch(world, market, taker);
    let best = match (book, amm) {
        (Some(one), Some(two)) if taker == Side::Long => one.min(two),
        (Some(one), Some(two)) => one.max(two),
        (one, two) => one.or(two)?,
    };
    (!oracle.is_zero()).then(|| (best.0 as f64 / oracle.0 as f64 - 1.0) * 1e4)
}

fn amm_touch(world: &World, market: &Market, taker: Side) -> Option<Price> {
    let row = world.fresh.market(market.index).ok()?;
    if market.amm.sqrt_k.is_zero() || market.amm.capacity(taker, row.price.price, market.step).ok()?.is_zero() {
        return None;
    }
    market.amm.touch_on(taker, &row.price).ok()
}

/// Dollars that a taker on a side could trade within [`DEPTH_WITHIN`] of the oracle: the orders of the book, and the
/// base that the vAMM's curve and limits allow in one fill.
fn depth(world: &World, market: &Market, taker: Side) -> f64 {
    let oracle = world.oracle(market.index);
    let limit = match taker {
        Side::Long => oracle.raised(DEPTH_WITHIN, Rounding::Down),
        Side::Short => oracle.lowered(DEPTH_WITHIN, Rounding::Up),
    };
    let Ok(limit) = limit else { return 0.0 };
    let book = world.books().market(market.index).depth(taker.opposite(), Some(oracle), market.tick);
    let book: u64 = book.take_while(|(price, ..)| taker.accepts(limit, *price)).map(|(_, size, _)| size).sum();
    let amm = amm_depth(world, market, taker, limit).unwrap_or(0);
    (book + amm) as f64 / 1e9 * oracle.0 as f64 / 1e6
}

fn amm_depth(world: &World, market: &Market, taker: Side, limit: Price) -> Option<u64> {
    let (touch, curve) = (amm_touch(world, market, taker)?, market.amm.curve());
    // The curve's price after a fill up to the limit: the spread stays as it is.
    let bare = limit.0 as f64 * curve.mid().ok()?.0 as f64 / touch.0 as f64;
    let size = curve.size_to_price(taker, Price(bare as u64)).ok()?;
    let capacity = market.amm.capacity(taker, world.oracle(market.index), market.step).ok()?;
    Some(size.0.min(capacity.0))
}
