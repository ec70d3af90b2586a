//! Takes over positions that do not meet their margin, settles defaults, and gets rid of what it took over.

use kedge_model::action::Liquidate;
use kedge_model::market::Market;
use kedge_model::num::{BASE, Rounding, floor_to, mul_div};
use kedge_model::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::pocket::Pocket;
use kedge_model::position::Position;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Size};
use solana_pubkey::Pubkey;

use super::Job;
use crate::core::endangered::shortfall;
use crate::rehearsal::Rehearsal;
use crate::{Account, Plan, Work, World};

/// A liquidator with an account of its own.
#[derive(Clone, Copy, Debug)]
pub struct Liquidator {
    /// Its sub-account.
    pub account: Pubkey,
    /// Largest value of its position in one market, quote units.
    pub max_value: Amount,
    /// How much worse than the oracle a take-over may be: in a jump the exchange's price lags the oracle.
    pub tolerance: Ppm,
    /// Largest value of one unwinding order, quote units.
    pub unwind_value: Amount,
}

impl Job for Liquidator {
    fn name(&self) -> &'static str {
        "liquidator"
    }

    /// Defaults first, then take-overs, the pocket with the largest shortfall first, then unwinding.
    fn decide(&self, world: &World) -> Vec<Plan> {
        let rehearsal = Rehearsal::refreshed(world);
        let mut defaults = Vec::new();
        let mut sick: Vec<(i64, &Pubkey, &Account, Pocket)> = Vec::new();
        for (address, account) in world.endangered() {
            if *address == self.account {
                continue;
            }
            for pocket in account.pockets() {
                if let Some(plan) = self.default(&rehearsal, address, account, pocket) {
                    defaults.push(plan);
                } else if let Some(free) = shortfall(&account.head, pocket, &world.fresh, &rehearsal.clock) {
                    sick.push((free, address, account, pocket));
                }
            }
        }
        sick.sort_by_key(|(free, ..)| *free);
        let mut plans = defaults;
        let take_over = |(_, address, account, pocket)| self.take_over(world, &rehearsal, address, account, pocket);
        plans.extend(sick.into_iter().filter_map(take_over));
        plans.extend(world.markets.iter().filter_map(|market| self.unwind(world, market)));
        plans
    }
}

impl Liquidator {
    /// Settles the debt of a pocket that has nothing else: what is left of its tokens pays first.
    fn default(&self, rehearsal: &Rehearsal<'_>, address: &Pubkey, account: &Account, pocket: Pocket) -> Option<Plan> {
        let positions = || account.positions_in(pocket);
        if positions().any(|position| position.open_orders != 0 || !position.base.is_zero()) {
            return None;
        }
        let debtor = positions().find(|position| position.quote.0 < 0)?;
        let tokens = match pocket {
            Pocket::Cross => account.head.balances.iter().any(|balance| balance.used == 1),
            Pocket::Isolated(_) => !debtor.isolated.is_zero(),
        };
        let work = if tokens {
            let _ = rehearsal.settle(debtor.market, address).ok()?;
            Work::SettlePnl { market: debtor.market, account: *address }
        } else {
            let _ = rehearsal.bankruptcy(debtor.market, address).ok()?;
            Work::SettleBankruptcy { market: debtor.market, account: *address }
        };
        Some(Plan::of(work))
    }

    /// Takes over from the pocket's position that frees most margin and that the limits allow.
    fn take_over(
        &self,
        world: &World,
        rehearsal: &Rehearsal<'_>,
        address: &Pubkey,
        account: &Account,
        pocket: Pocket,
    ) -> Option<Plan> {
        let mut positions: Vec<&Position> =
            account.positions_in(pocket).filter(|position| !position.base.is_zero()).collect();
        positions.sort_by_key(|position| {
            std::cmp::Reverse(
                position.base.size().value(world.oracle(position.market), Rounding::Down).unwrap_or_default(),
            )
        });
        positions.into_iter().find_map(|position| {
            let market = world.markets.get(usize::from(position.market))?;
            let oracle = world.oracle(position.market);
            let max_size = self.room(world, market, position.base, oracle)?;
            let limit_price = match Side::closing(position.base) {
                // The liquidator buys from a long, sells to a short.
                Side::Short => oracle.raised(self.tolerance, Rounding::Down).ok()?,
                Side::Long => oracle.lowered(self.tolerance, Rounding::Up).ok()?,
            };
            let action = Liquidate { max_size, limit_price };
            let _ = rehearsal.liquidate(market.index, address, &self.account, action).ok()?;
            let rows = world.markets_of(address).into_iter().chain(world.markets_of(&self.account));
            let work = Work::Liquidate {
                market: market.index,
                account: *address,
                liquidator: self.account,
                max_size,
                limit_price,
            };
            Some(Plan::of(work).after_refresh(world.outdated(rows)))
        })
    }

    /// Base that the liquidator may take with the sign of `wanted`, in steps; `None` for nothing.
    fn room(&self, world: &World, market: &Market, wanted: Base, oracle: Price) -> Option<Size> {
        let limit = mul_div(self.max_value.0, BASE, oracle.usable().ok()?.0, Rounding::Down).ok()?;
        let own = world.accounts.get(&self.account)?.base(market.index);
        let limit = i64::try_from(limit.min(market.max_position.0)).ok()?;
        let room = if wanted.0 > 0 { limit.checked_sub(own.0)? } else { limit.checked_add(own.0)? };
        let room = floor_to(u64::try_from(room).ok()?, market.step.0);
        (room > 0).then_some(Size(room))
    }

    /// A reduce-only market order for a part of what is held, one at a time.
    fn unwind(&self, world: &World, market: &Market) -> Option<Plan> {
        let account = world.accounts.get(&self.account)?;
        let base = account.base(market.index);
        if base.is_zero() || account.orders_in(market.index).next().is_some() {
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
        let rehearsal = Rehearsal::refreshed(world);
        let _ = rehearsal.place(market.index, &self.account, &[order], false).ok()?;
        let work = Work::Place { market: market.index, account: self.account, orders: vec![order] };
        Some(Plan::of(work).after_refresh(world.outdated([market.index])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::endangered::Roll;
    use crate::jobs::stage::Stage;

    fn liquidator(account: Pubkey) -> Liquidator {
        Liquidator {
            account,
            max_value: Amount(1_000_000_000_000),
            tolerance: Ppm(0),
            unwind_value: Amount(1_000_000_000),
        }
    }

    /// A buyer of 10 SOL at 200 with 250 of collateral: maintenance is 5 %.
    fn scene() -> (Stage, Pubkey, Pubkey) {
        let mut stage = Stage::new();
        let (buyer, seller) = (stage.trader(250_000_000), stage.trader(10_000_000_000));
        let own = stage.trader(100_000_000_000);
        stage.trade(buyer, seller, 10_000_000_000, 200_000_000);
        stage.advance(2, 10);
        (stage, buyer, own)
    }

    #[test]
    fn leaves_the_healthy_alone() {
        let (mut stage, _, own) = scene();
        stage.publish(0, 190_000_000);
        assert_eq!(liquidator(own).decide(&stage.world()), []);
    }

    #[test]
    fn takes_over_at_a_discount_and_within_its_limit() {
        let (mut stage, buyer, own) = scene();
        stage.publish(0, 183_000_000);
        let one = Liquidator { max_value: Amount(183_000_000), ..liquidator(own) };
        let plans = one.decide(&stage.world());
        let expected = Work::Liquidate {
            market: 0,
            account: buyer,
            liquidator: own,
            max_size: Size(1_000_000_000),
            limit_price: Price(183_000_000),
        };
        assert_eq!(plans, [Plan::of(expected).after_refresh(vec![0])]);
        stage.run(&plans[0]);
        assert_eq!(stage.world().accounts[&own].base(0), Base(1_000_000_000));
        assert!(
            one.decide(&stage.world()).iter().all(|plan| plan.name() != "liquidate"),
            "the limit is reached: it unwinds only"
        );
    }

    #[test]
    fn a_roll_changes_what_is_looked_at_and_not_what_is_decided() {
        let (mut stage, buyer, own) = scene();
        let mut roll = Roll::of(&mut stage.world());
        let mut plans = 0;
        for price in [195_000_000, 187_000_000, 183_000_000, 170_000_000, 195_000_000] {
            stage.publish(0, price);
            let all = stage.world();
            let mut some = all.clone();
            let _ = roll.follow(&mut some, &[]);
            assert!(some.endangered().all(|(address, _)| *address == buyer) && all.endangered().count() == 3);
            let decided = liquidator(own).decide(&some);
            assert_eq!(decided, liquidator(own).decide(&all), "at {price}");
            plans += decided.len();
        }
        assert_eq!(plans, 2);
    }

    /// Runs the liquidator at 170 until it only unwinds.
    fn clean_up(stage: &mut Stage, job: &Liquidator) -> Vec<&'static str> {
        stage.publish(0, 170_000_000);
        let mut seen = Vec::new();
        for _ in 0..12 {
            let plans = job.decide(&stage.world());
            let Some(plan) = plans.into_iter().find(|plan| plan.name() != "place_orders") else {
                break;
            };
            seen.push(plan.name());
            stage.run(&plan);
            stage.advance(1, 1);
            stage.publish(0, 170_000_000);
        }
        seen
    }

    #[test]
    fn an_isolated_position_is_liquidated_and_written_off_alone() {
        let mut stage = Stage::new();
        let (buyer, seller) = (stage.trader(10_000_000_000), stage.trader(10_000_000_000));
        let own = stage.trader(100_000_000_000);
        stage.isolate(buyer, 250_000_000);
        stage.trade(buyer, seller, 10_000_000_000, 200_000_000);
        stage.advance(2, 10);
        stage.publish(0, 190_000_000);
        assert_eq!(liquidator(own).decide(&stage.world()), []);
        let seen = clean_up(&mut stage, &liquidator(own));
        assert!(seen.contains(&"liquidate") && seen.ends_with(&["settle_pnl", "settle_bankruptcy"]), "{seen:?}");
        let head = &stage.world().accounts[&buyer].head;
        assert_eq!((head.balance(0), head.status), (Amount(9_750_000_000), 0));
        assert!(head.position(0).is_err());
    }

    #[test]
    fn a_default_is_settled_after_the_rest_of_the_balance() {
        let (mut stage, buyer, own) = scene();
        let seen = clean_up(&mut stage, &liquidator(own));
        let world = stage.world();
        assert!(seen.ends_with(&["settle_pnl", "settle_bankruptcy"]), "{seen:?}");
        assert!(world.accounts[&buyer].head.is_empty());
        assert!(world.accounts[&own].base(0).0 > 0);
    }
}
