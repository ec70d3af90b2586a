//! Takers' decisions as orders that the exchange accepts.

use kedge_keeper::jobs::filler::best_makers;
use kedge_keeper::trial::try_plan;
use kedge_model::account::board::Purpose;
use kedge_model::account::market::Market;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::account::pocket::Pocket;
use kedge_model::num::{ceil_to, floor_to};
use kedge_model::quantity::{Price, Size};
use kedge_model::rule::margin::{self, MarginKind};
use kedge_sender::{Call, Plan};

use super::View;

/// Most makers that a taker's `place_and_take` passes.
const MAKERS: usize = 4;

/// How an order trades.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// Through an auction.
    Auction,
    /// At once, at most this far from the oracle, a part of the price.
    Now(f64),
    /// Rests this far from the oracle on its own side, a part of the price, for some seconds.
    Rest(f64, i64),
}

impl View<'_> {
    /// Equity in dollars: balance and unrealised profit.
    pub fn equity(&self) -> f64 {
        let margin = margin::margin_of(
            &self.account.head,
            Pocket::Cross,
            &self.world.fresh,
            MarginKind::Maintenance,
            Purpose::Liquidate,
            &self.world.clock,
        );
        margin.map_or(0.0, |margin| margin.collateral.0 as f64 / 1e6)
    }

    /// Largest new position in a market that the free initial margin carries, dollars.
    pub fn room(&self, market: u16) -> f64 {
        let margin = margin::margin_of(
            &self.account.head,
            Pocket::Cross,
            &self.world.fresh,
            MarginKind::Initial,
            Purpose::IncreaseRisk,
            &self.world.clock,
        );
        let free = margin.and_then(|margin| margin.free()).map_or(0.0, |free| free.0 as f64 / 1e6);
        let ratio = self.world.fresh.market(market).map_or(1.0, |row| f64::from(row.initial_margin.0) / 1e6);
        (free / ratio).max(0.0)
    }

    /// Signed value of the position in a market, dollars.
    pub fn exposure(&self, market: u16) -> f64 {
        self.account.base(market).0 as f64 / 1e9 * self.world.oracle(market).0 as f64 / 1e6
    }

    /// Whether the account has an open order in a market.
    pub fn is_waiting(&self, market: u16) -> bool {
        self.account.orders_in(market).next().is_some()
    }

    /// Buys or sells for some dollars; `None` when the exchange would refuse.
    pub fn trade(&self, market: u16, side: Side, dollars: f64, how: How) -> Option<Plan> {
        self.plan(market, side, dollars, how, 0)
    }

    /// Closes a part of the position, 0 to 1.
    pub fn close(&self, market: u16, part: f64, how: How) -> Option<Plan> {
        let base = self.account.base(market);
        if base.is_zero() {
            return None;
        }
        self.plan(market, Side::closing(base), self.exposure(market).abs() * part, how, flags::REDUCE_ONLY)
    }

    fn plan(&self, index: u16, side: Side, dollars: f64, how: How, flags: u16) -> Option<Plan> {
        let market = self.world.markets.get(usize::from(index))?;
        let oracle = self.world.oracle(index).usable().ok()?;
        let mut size = floor_to((dollars * 1e15 / oracle.0 as f64) as u64, market.step.0);
        if flags & kedge_model::account::order::flags::REDUCE_ONLY != 0 {
            // Closes all of it when only a remainder below the smallest order would be left.
            let held = self.account.base(index).size().0;
            size = if held.saturating_sub(size) < market.min_order.0 { held } else { size };
        } else if size < market.min_order.0 {
            return None;
        }
        let order = OrderParams {
            market: index,
            side: side as u8,
            size: Size(size),
            flags,
            kind: OrderKind::Market as u8,
            ..OrderParams::default()
        };
        let rows = self.world.markets_of(self.address).into_iter().chain([index]).collect::<Vec<_>>();
        match how {
            How::Auction => self.place(index, order, rows),
            How::Rest(distance, seconds) => {
                let price = at(oracle, market, side, -distance)?;
                let expires_at = u32::try_from(self.world.clock.unix_time + seconds).ok()?;
                let order = OrderParams { kind: OrderKind::Limit as u8, price, expires_at, ..order };
                self.place(index, order, rows)
            }
            How::Now(distance) => {
                let price = at(oracle, market, side, distance)?;
                let order = OrderParams {
                    kind: OrderKind::Limit as u8,
                    price,
                    flags: flags | kedge_model::account::order::flags::IMMEDIATE_OR_CANCEL,
                    ..order
                };
                let makers = best_makers(self.world, index, side, price, self.address, MAKERS);
                let call = Call::take(index, *self.address, order, market.step, &makers);
                try_plan(self.world, Plan::of(call), rows).ok()
            }
        }
    }

    fn place(&self, market: u16, order: OrderParams, rows: Vec<u16>) -> Option<Plan> {
        let call = Call::place(market, *self.address, vec![order]);
        try_plan(self.world, Plan::of(call), rows).ok()
    }
}

/// A price at a distance from the oracle, worse for the side when it is positive, on the tick.
fn at(oracle: Price, market: &Market, side: Side, distance: f64) -> Option<Price> {
    let signed = match side {
        Side::Long => 1.0 + distance,
        Side::Short => 1.0 - distance,
    };
    let price = (oracle.0 as f64 * signed) as u64;
    let on_tick = match side {
        Side::Long => floor_to(price, market.tick.0),
        Side::Short => ceil_to(price, market.tick.0).ok()?,
    };
    (on_tick > 0).then_some(Price(on_tick))
}
