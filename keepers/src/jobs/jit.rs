//! A maker that joins auctions once their price is better than its own.

use kedge_model::action::PlaceAndMake;
use kedge_model::market::Market;
use kedge_model::num::{PPM, Rounding, ceil_to, floor_to, mul_div};
use kedge_model::order::{Order, Side};
use kedge_model::quantity::{Base, Ppm, Price, Size};
use solana_pubkey::Pubkey;

use super::Job;
use crate::rehearsal::rehearse;
use crate::{Account, Plan, Work, World};

/// What a JIT maker is willing to do in one market.
#[derive(Clone, Copy, Debug)]
pub struct JitLimits {
    /// Market.
    pub market: u16,
    /// Largest size of one fill.
    pub max_size: Size,
    /// Largest position on either side.
    pub max_position: Size,
}

/// A maker that joins auctions.
#[derive(Clone, Debug)]
pub struct JitMaker {
    /// Its sub-account.
    pub account: Pubkey,
    /// What it wants over its fair value.
    pub edge: Ppm,
    /// How far a full position moves its fair value away from the side that would enlarge it.
    pub skew: Ppm,
    /// What it does in each market.
    pub limits: Vec<JitLimits>,
}

impl Job for JitMaker {
    fn name(&self) -> &'static str {
        "jit"
    }

    fn decide(&self, world: &World) -> Vec<Plan> {
        let Some(own) = world.accounts.get(&self.account) else { return Vec::new() };
        let now = world.clock.slot;
        let mut plans = Vec::new();
        for (taker, account) in &world.accounts {
            if account.is_same(own) {
                continue;
            }
            for (slot, order) in account.open_orders().filter(|(_, order)| order.in_auction(now)) {
                if !account.is_free(order.market, &world.fresh, &world.clock) {
                    continue;
                }
                let Some(limits) = self.limits.iter().find(|limits| limits.market == order.market) else { continue };
                let Some(market) = world.markets.get(usize::from(order.market)) else { continue };
                plans.extend(self.join(world, own, market, limits, taker, slot, order));
            }
        }
        plans
    }
}

impl JitMaker {
    #[expect(clippy::too_many_arguments, reason = "one auction in its surroundings")]
    fn join(
        &self,
        world: &World,
        own: &Account,
        market: &Market,
        limits: &JitLimits,
        taker: &Pubkey,
        slot: u8,
        order: &Order,
    ) -> Option<Plan> {
        let worst_price =
            self.worst_price(world.oracle(market.index), own.base(market.index), limits, market, order.side())?;
        let price = order.limit_price(world.clock.slot, world.oracle(market.index), market.tick).ok()?;
        if !order.side().opposite().accepts(worst_price, price) {
            return None;
        }
        let limit = i64::try_from(limits.max_position.0).ok()?;
        let size = Size(floor_to(order.remaining().ok()?.min(limits.max_size).0, market.step.0));
        if size.is_zero() {
            return None;
        }
        let action = PlaceAndMake {
            order_id: order.id,
            slot: usize::from(slot),
            size,
            worst_price,
            min_position: Base(limit.checked_neg()?),
            max_position: Base(limit),
        };
        let plan = Plan::of(Work::Make {
            market: market.index,
            maker: self.account,
            taker: *taker,
            order_id: order.id,
            slot,
            size,
            worst_price,
            min_position: action.min_position,
            max_position: action.max_position,
        });
        let rows = world.markets_of(taker).into_iter().chain(world.markets_of(&self.account));
        let run = |stage: &crate::rehearsal::Rehearsal<'_>| stage.make(market.index, &self.account, taker, action);
        rehearse(world, plan, rows.collect::<Vec<_>>(), run).ok().map(|(plan, _)| plan)
    }

    /// The worst price for a taker on `side`: fair value moved by the skew of the position and by the edge.
    fn worst_price(&self, oracle: Price, own: Base, limits: &JitLimits, market: &Market, side: Side) -> Option<Price> {
        let oracle = oracle.usable().ok()?;
        let used = mul_div(own.size().0.min(limits.max_position.0), PPM, limits.max_position.0, Rounding::Down).ok()?;
        let skew = Ppm(u32::try_from(mul_div(u64::from(self.skew.0), used, PPM, Rounding::Down).ok()?).ok()?);
        // Long: everything is worth a little less to it, on both sides.
        let fair = if own.0 >= 0 {
            oracle.lowered(skew, Rounding::Down).ok()?
        } else {
            oracle.raised(skew, Rounding::Up).ok()?
        };
        Some(match side {
            // The taker buys: it sells at no less.
            Side::Long => Price(ceil_to(fair.raised(self.edge, Rounding::Up).ok()?.0, market.tick.0).ok()?),
            Side::Short => Price(floor_to(fair.lowered(self.edge, Rounding::Down).ok()?.0, market.tick.0)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::stage::{Stage, market_order};

    fn jit(account: Pubkey) -> JitMaker {
        let limits = JitLimits { market: 0, max_size: Size(5_000_000_000), max_position: Size(8_000_000_000) };
        JitMaker { account, edge: Ppm(1_000), skew: Ppm(2_000), limits: vec![limits] }
    }

    fn slots_until_it_joins(stage: &mut Stage, job: &JitMaker) -> u64 {
        for slots in 0..20 {
            if !job.decide(&stage.world()).is_empty() {
                return slots;
            }
            stage.advance(1, 0);
        }
        panic!("never joined");
    }

    #[test]
    fn joins_once_the_price_is_better_than_fair_plus_edge() {
        let mut stage = Stage::new();
        let (maker, taker) = (stage.trader(100_000_000_000), stage.trader(10_000_000_000));
        let order = stage.place(taker, market_order(Side::Long, 6_000_000_000));
        let job = jit(maker);
        // 200.00 to 201.00 in 13 slots; it wants 200.20, which slot 3 brings.
        assert_eq!(slots_until_it_joins(&mut stage, &job), 3);
        let plans = job.decide(&stage.world());
        let [Work::Make { order_id, size, worst_price, .. }] = plans[0].works[..] else { panic!("{plans:?}") };
        assert_eq!((order_id, size, worst_price), (order, Size(5_000_000_000), Price(200_200_000)));
        stage.advance(1, 0);
        stage.run(&plans[0]);
        assert_eq!(stage.world().accounts[&maker].base(0), Base(-5_000_000_000));
    }

    #[test]
    fn a_full_position_waits_for_a_better_price_and_the_other_side_does_not() {
        let mut stage = Stage::new();
        let (maker, taker) = (stage.trader(100_000_000_000), stage.trader(10_000_000_000));
        let job = jit(maker);
        stage.trade(taker, maker, 5_000_000_000, 200_000_000);
        // Short 5 of 8: fair value is 12.5 bps higher, so it wants 200.45.
        stage.place(taker, market_order(Side::Long, 1_000_000_000));
        assert_eq!(slots_until_it_joins(&mut stage, &job), 6);
        let other = stage.trader(10_000_000_000);
        stage.place(other, market_order(Side::Short, 1_000_000_000));
        assert!(
            job.decide(&stage.world())
                .iter()
                .any(|plan| matches!(plan.works[0], Work::Make { taker, .. } if taker == other)),
            "it buys back at once"
        );
    }

    #[test]
    fn stays_inside_its_position_limit() {
        let mut stage = Stage::new();
        let (maker, taker) = (stage.trader(100_000_000_000), stage.trader(10_000_000_000));
        let job = jit(maker);
        stage.trade(taker, maker, 8_000_000_000, 200_000_000);
        stage.place(taker, market_order(Side::Long, 1_000_000_000));
        stage.advance(12, 0);
        assert_eq!(job.decide(&stage.world()), []);
    }
}
