//! How much a liquidator may hold.

use std::collections::BTreeMap;

use kedge_model::account::board::Purpose;
use kedge_model::account::market::Market;
use kedge_model::account::pocket::Pocket;
use kedge_model::num::{BASE, PPM, Rounding, floor_to, mul_div};
use kedge_model::quantity::{Amount, Base, Size};
use kedge_model::rule::margin::{self, MarginKind};
use kedge_state::{Account, World};

use super::Liquidator;
use crate::trial::Trial;

/// What it holds, with what this tick's plans add.
pub(super) struct Inventory {
    held: BTreeMap<u16, Base>,
}

impl Inventory {
    pub(super) fn of(world: &World, own: &Account) -> Self {
        Self { held: world.markets.iter().map(|market| (market.index, own.base(market.index))).collect() }
    }

    fn value(&self, world: &World) -> u64 {
        let values = self.held.iter().map(|(market, base)| value(world, *market, *base));
        values.fold(0, u64::saturating_add)
    }

    /// A plan takes this over.
    pub(super) fn add(&mut self, market: u16, base: Base) {
        let held = self.held.entry(market).or_insert(Base::ZERO);
        held.0 = held.0.saturating_add(base.0);
    }

    /// Base that may be taken over with the sign of `wanted`, in steps: as far as the market's limit, the limit of all
    /// together and the market's own allow. What turns the position round counts both ways. `None` for nothing.
    pub(super) fn room(&self, job: &Liquidator, world: &World, market: &Market, wanted: Base) -> Option<Size> {
        let own = self.held.get(&market.index).copied().unwrap_or(Base::ZERO);
        let others = self.value(world).saturating_sub(value(world, market.index, own));
        let most = job.max_value.min(Amount(job.max_total.0.saturating_sub(others)));
        let limit = mul_div(most.0, BASE, world.oracle(market.index).usable().ok()?.0, Rounding::Down).ok()?;
        let limit = i64::try_from(limit.min(market.max_position.0)).ok()?;
        let room = if wanted.0 > 0 { limit.checked_sub(own.0)? } else { limit.checked_add(own.0)? };
        let room = floor_to(u64::try_from(room).ok()?, market.step.0);
        (room > 0).then_some(Size(room))
    }
}

fn value(world: &World, market: u16, base: Base) -> u64 {
    base.size().value(world.oracle(market), Rounding::Up).map_or(u64::MAX, |value| value.0)
}

impl Liquidator {
    /// Whether its account, as a take-over would leave it, keeps the wanted share of its collateral free.
    pub(super) fn has_headroom(&self, world: &World, trial: &Trial<'_>, after: &Account) -> bool {
        let (kind, purpose) = (MarginKind::Initial, Purpose::Liquidate);
        let Ok(margin) = margin::margin_of(&after.head, Pocket::Cross, &world.fresh, kind, purpose, &trial.clock)
        else {
            return false;
        };
        let collateral = u64::try_from(margin.collateral.0).unwrap_or(0);
        let Ok(wanted) = mul_div(collateral, self.headroom.0.into(), PPM, Rounding::Up) else { return false };
        margin.free().is_ok_and(|free| i128::from(free.0) >= i128::from(wanted))
    }
}
