//! Returns dead orders: those past their expiry, and reduce-only ones with nothing left to reduce.

use std::collections::BTreeMap;

use kedge_model::action::MAX_EXPIRED;
use kedge_model::event::CancelReason;
use solana_pubkey::Pubkey;

use super::Job;
use crate::rehearsal::Rehearsal;
use crate::{Plan, Work, World};

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
        plans
    }
}

#[cfg(test)]
mod tests {
    use kedge_model::order::{OrderKind, OrderParams, Side, flags};
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
}
