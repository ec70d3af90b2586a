//! Takes over positions that do not meet their margin, and gets rid of what it took over.
//!
//! The program has a take-over at a discount to the oracle, by whoever has the margin for it, and a step against makers and
//! vAMM, which needs nothing and earns a part of the discount: what is done where no take-over is possible. What a
//! liquidator does with a position is its own affair, and [`Mode`] says when:
//!
//! * `Hold` takes over within its limits and unwinds in small orders afterwards: it earns the whole discount and carries
//!   the market's risk meanwhile;
//! * `Flip` takes over and sells to makers and the vAMM in the same transaction, or does nothing: it earns what is left of
//!   the discount after the taker fee and the spread, and never holds anything;
//! * `Best` flips what can be flipped and takes over the rest within its limits.

mod fill;
mod flip;
mod limits;
#[cfg(test)]
pub(crate) mod tests;

use kedge_model::account::market::Market;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::account::position::Position;
use kedge_model::num::{BASE, Rounding, floor_to, mul_div};
use kedge_model::quantity::{Amount, Ppm, Price, Size};
use kedge_model::rule::liquidation;
use kedge_model::time::Millis;
use kedge_sender::{Call, Plan};
use kedge_state::World;
use solana_pubkey::Pubkey;

use super::short::{Short, short_pockets};
use super::{Attention, Job};
use crate::trial::Trial;
use limits::Inventory;

/// Sizes that are tried when the whole does not fit the margin: each the half of the one before.
const HALVES: u32 = 4;

/// What becomes of a position that is taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It is held, and unwound in small orders.
    #[default]
    Hold,
    /// It is sold in the same transaction, at a profit, or left to others.
    Flip,
    /// Sold where that leaves a profit, else held.
    Best,
}

/// A liquidator with an account of its own.
#[derive(Clone, Copy, Debug)]
pub struct Liquidator {
    /// Its sub-account.
    pub account: Pubkey,
    /// What becomes of what it takes over.
    pub mode: Mode,
    /// Largest value of its position in one market, quote units.
    pub max_value: Amount,
    /// Largest value of all its positions together, quote units.
    pub max_total: Amount,
    /// Share of its collateral that a take-over must leave free of initial margin.
    pub headroom: Ppm,
    /// How much worse than the oracle (before an expiry: than what will be settled) a take-over may be: in a jump the
    /// exchange's price lags the oracle.
    pub tolerance: Ppm,
    /// Least profit of a flip over what it takes over, fees paid.
    pub min_profit: Ppm,
    /// Largest value of one unwinding order, quote units.
    pub unwind_value: Amount,
}

impl Job for Liquidator {
    fn name(&self) -> &'static str {
        "liquidator"
    }

    /// Take-overs, the pocket with the largest shortfall first, then unwinding.
    fn decide(&self, world: &World) -> Vec<Plan> {
        self.decide_within(world, &Attention::all())
    }

    fn decide_within(&self, world: &World, attention: &Attention<'_>) -> Vec<Plan> {
        let Some(own) = world.accounts.get(&self.account) else { return Vec::new() };
        let trial = Trial::refreshed(world);
        let short = short_pockets(world, &self.account);
        let mut inventory = Inventory::of(world, own);
        let mut plans: Vec<Plan> = Vec::new();
        for case in attention.turn(short.len(), world.clock.slot).map(|place| &short[place]) {
            if attention.is_full(plans.len()) {
                break;
            }
            if !case.is_free(attention) {
                continue;
            }
            if !attention.spend() {
                break;
            }
            plans.extend(self.take_over(world, &trial, &mut inventory, case));
        }
        plans.extend(world.markets.iter().filter_map(|market| self.unwind(world, market)));
        plans
    }
}

impl Liquidator {
    /// Takes over from the position that the exchange reduces first, as far as mode and limits allow: it takes no other.
    fn take_over(&self, world: &World, trial: &Trial<'_>, inventory: &mut Inventory, case: &Short<'_>) -> Option<Plan> {
        let first = liquidation::first(&case.account.head, case.pocket, &world.fresh, &trial.clock).ok()??;
        let position = case.account.positions_in(case.pocket).find(|position| position.market == first)?;
        let market = world.markets.get(usize::from(first))?;
        let flipped =
            (self.mode != Mode::Hold).then(|| self.flip(world, trial, case.address, position, market)).flatten();
        let taken = match self.mode {
            Mode::Flip => flipped,
            Mode::Hold | Mode::Best => {
                flipped.or_else(|| self.hold(world, trial, inventory, case.address, position, market))
            }
        };
        let taken = taken.or_else(|| self.fill(world, trial, case.address, position, market));
        taken.or_else(|| self.begin(world, trial, case, market))
    }

    /// Begins a liquidation that nobody takes at the discount of now, so that the discount grows.
    fn begin(&self, world: &World, trial: &Trial<'_>, case: &Short<'_>, market: &Market) -> Option<Plan> {
        if market.liquidation_ramp == Millis(0) || case.pocket.is_being_liquidated(&case.account.head) {
            return None;
        }
        let step = self.step(market.index, case.address, Size::ZERO, Price::ZERO);
        trial.run(&step).ok()?;
        let rows = world.markets_of(case.address).into_iter().chain([market.index]);
        Some(Plan::of(step).after_refresh(world.outdated(rows)))
    }

    /// Takes over what the limits allow, to be unwound later.
    fn hold(
        &self,
        world: &World,
        trial: &Trial<'_>,
        inventory: &mut Inventory,
        victim: &Pubkey,
        position: &Position,
        market: &Market,
    ) -> Option<Plan> {
        let limit_price = self.limit_price(position, world.worth(position.market))?;
        let mut max_size = inventory.room(self, world, market, position.base)?;
        for _ in 0..HALVES {
            let step = self.step(market.index, victim, max_size, limit_price);
            // Without the margin for all of it, perhaps for half.
            if let Ok(taken) = trial.take_over(std::slice::from_ref(&step))
                && self.has_headroom(world, trial, &taken.own)
            {
                inventory.add(market.index, taken.report.base);
                let rows = world.markets_of(victim).into_iter().chain(world.markets_of(&self.account));
                return Some(Plan::of(step).after_refresh(world.outdated(rows.chain([market.index]))));
            }
            max_size = Size(floor_to(max_size.0 / 2, market.step.0));
            if max_size.is_zero() {
                break;
            }
        }
        None
    }

    /// A step of a take-over.
    fn step(&self, market: u16, victim: &Pubkey, max_size: Size, limit_price: Price) -> Call {
        Call::liquidate(market, *victim, self.account, max_size, limit_price)
    }

    /// The worst price of a take-over: the liquidator buys from a long and sells to a short.
    fn limit_price(&self, position: &Position, worth: Price) -> Option<Price> {
        match Side::closing(position.base) {
            Side::Short => worth.raised(self.tolerance, Rounding::Down).ok(),
            Side::Long => worth.lowered(self.tolerance, Rounding::Up).ok(),
        }
    }

    /// A reduce-only market order for a part of what is held, one at a time.
    fn unwind(&self, world: &World, market: &Market) -> Option<Plan> {
        let account = world.accounts.get(&self.account)?;
        let base = account.base(market.index);
        // Shortly before an expiry it is settled at what it is worth, and sold at spot.
        let settles = market.in_last_hour(&world.clock);
        if base.is_zero() || settles || account.orders_in(market.index).next().is_some() {
            return None;
        }
        let part =
            mul_div(self.unwind_value.0, BASE, world.oracle(market.index).usable().ok()?.0, Rounding::Down).ok()?;
        let size = Size(floor_to(base.size().0.min(part.max(market.min_order.0)), market.step.0));
        if size.is_zero() {
            return None;
        }
        let order = OrderParams {
            market: market.index,
            kind: OrderKind::Market as u8,
            side: Side::closing(base) as u8,
            size,
            flags: flags::REDUCE_ONLY,
            ..OrderParams::default()
        };
        let call = Call::place(market.index, self.account, vec![order]);
        Trial::refreshed(world).run(&call).ok()?;
        Some(Plan::of(call).after_refresh(world.outdated([market.index])))
    }
}
