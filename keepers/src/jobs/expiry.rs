//! Returns dead orders: those past their expiry, reduce-only ones with nothing left to reduce, and of the best of each
//! book those that their owners cannot back.

use std::collections::BTreeMap;

use kedge_model::action::MAX_EXPIRED;
use kedge_model::event::CancelReason;
use kedge_model::order::Side;
use solana_pubkey::Pubkey;

use super::Job;
use crate::rehearsal::Rehearsal;
use crate::{Plan, Work, World};

/// Orders on each side of a book whose backing is looked at: what takers meet first.
const FRONT: usize = 8;

/// Returns every dead order.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExpiryKeeper {
    /// The sub-account that gets the fees; none to work for nothing.
    pub account: Option<Pubkey>,
}

impl Job for ExpiryKeeper {
    fn name(&self) -> &'static str {
        "expiry"
    }

    fn decide(&self, world: &World) -> Vec<Plan> {
        let rehearsal = Rehearsal::standing(world);
        let mut plans = Vec::new();
        for (address, account) in &world.accounts {
            let mut dead: BTreeMap<u16, Vec<u32>> = BTreeMap::new();
            // The copy is what the model looks at.
            let mut copy = account.clone();
            let copy = copy.borrow();
            for (_, order) in account.open_orders() {
                let reason = kedge_model::action::dead_order(&copy, order, &world.clock);
                if reason.is_ok_and(|reason| reason != CancelReason::None) {
                    dead.entry(order.market).or_default().push(order.id);
                }
            }
            for (market, mut ids) in dead {
                ids.truncate(MAX_EXPIRED);
                let crank = self.account.filter(|crank| crank != address);
                if rehearsal.expire(market, address, &ids, crank.as_ref()).is_ok() {
                    plans.push(Plan::of(Work::Expire { market, account: *address, ids, crank }));
                }
            }
        }
        plans.extend(self.unbacked(world));
        plans
    }
}

impl ExpiryKeeper {
    /// Ends orders at the front of the books that their owners lack the margin for. Fills pass them over, and each takes the
    /// place of one that could trade.
    fn unbacked(&self, world: &World) -> Vec<Plan> {
        let rehearsal = Rehearsal::refreshed(world);
        let mut found: BTreeMap<(u16, Pubkey), Vec<u32>> = BTreeMap::new();
        for market in &world.markets {
            let oracle = world.oracle(market.index);
            let Ok((low, high)) = market.band(oracle) else { continue };
            let (books, index) = (world.books(), market.index);
            for (side, worst) in [(Side::Long, low), (Side::Short, high)] {
                let front = books.market(index).resting(side, worst, Some(oracle), market.tick).take(FRONT);
                for resting in front {
                    let address = books.address(resting.account);
                    let account = world.accounts.get(&address);
                    let order = account.and_then(|account| account.orders.get(usize::from(resting.slot)));
                    if order.is_some_and(|order| rehearsal.is_unbacked(index, &address, order)) {
                        found.entry((index, address)).or_default().push(resting.id);
                    }
                }
            }
        }
        let plan = |((market, account), mut ids): ((u16, Pubkey), Vec<u32>)| {
            ids.truncate(MAX_EXPIRED);
            let crank = self.account.filter(|crank| *crank != account);
            let _ = rehearsal.expire(market, &account, &ids, crank.as_ref()).ok()?;
            let refresh = world.outdated(world.markets_of(&account));
            Some(Plan::of(Work::Expire { market, account, ids, crank }).after_refresh(refresh))
        };
        found.into_iter().filter_map(plan).collect()
    }
}

#[cfg(test)]
mod tests {
    use kedge_model::order::{OrderKind, OrderParams, flags};
    use kedge_model::quantity::Price;

    use super::*;
    use crate::jobs::stage::{Stage, limit};

    #[test]
    fn returns_what_has_expired_and_what_has_nothing_left_to_reduce() {
        let mut stage = Stage::new();
        let (buyer, seller) = (stage.trader(10_000_000_000), stage.trader(10_000_000_000));
        let keeper = ExpiryKeeper { account: Some(stage.trader(1_000_000)) };
        stage.trade(buyer, seller, 1_000_000_000, 200_000_000);
        let kind = OrderKind::StopMarket as u8;
        let stop = OrderParams { kind, trigger_price: Price(150_000_000), ..limit(Side::Short, 0, 1_000_000_000) };
        let stop = stage.place(buyer, OrderParams { flags: flags::REDUCE_ONLY, ..stop });
        let expires_at = u32::try_from(stage.world().clock.unix_time).unwrap() + 5;
        let resting = OrderParams { expires_at, ..limit(Side::Long, 190_000_000, 1_000_000_000) };
        let resting = stage.place(buyer, resting);
        assert_eq!(keeper.decide(&stage.world()), []);
        let expire = |ids| Plan::of(Work::Expire { market: 0, account: buyer, ids, crank: keeper.account });
        stage.advance(12, 5);
        assert_eq!(keeper.decide(&stage.world()), [expire(vec![resting])]);
        stage.run(&expire(vec![resting]));
        stage.trade(seller, buyer, 1_000_000_000, 200_000_000);
        assert_eq!(keeper.decide(&stage.world()), [expire(vec![stop])]);
    }

    #[test]
    fn ends_what_its_owner_cannot_back_any_more() {
        let mut stage = Stage::new();
        let (poor, rich) = (stage.trader(22_000_000), stage.trader(10_000_000_000));
        let keeper = ExpiryKeeper { account: Some(stage.trader(1_000_000)) };
        let bad = stage.place(poor, limit(Side::Short, 201_000_000, 1_000_000_000));
        stage.place(rich, limit(Side::Short, 202_000_000, 1_000_000_000));
        assert_eq!(keeper.decide(&stage.world()), []);
        stage.advance(2, 10);
        stage.publish(0, 209_000_000);
        let plans = keeper.decide(&stage.world());
        let [plan] = &plans[..] else { panic!("one plan, not {plans:?}") };
        let expire = Work::Expire { market: 0, account: poor, ids: vec![bad], crank: keeper.account };
        assert_eq!(plan.purpose(), Some(&expire));
        stage.run(plan);
        assert_eq!(keeper.decide(&stage.world()), []);
    }
}
