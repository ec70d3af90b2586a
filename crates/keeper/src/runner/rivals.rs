//! Job runners of one wallet do not race each other: an order that two jobs may serve, such as an expired one that a filler and
//! whoever returns expired orders both find, is left to the one that sent first. Where job runners of several wallets share a
//! runner they take turns: they see the same world at the same instant, as no two operators do, and would all send at once.

use std::collections::HashMap;

use solana_pubkey::Pubkey;

use kedge_interface::instruction::Decoded;
use kedge_sender::Plan;

/// Slots for which an order is left to the job runner that sent for it: until that has landed, and is seen.
const LEFT: u64 = 4;

/// Orders that are being served: whose, and its id; by which wallet's job runner, and since which slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Rivals {
    served: HashMap<(Pubkey, u32), (Pubkey, usize, u64)>,
    /// Whether job runners of different wallets take turns too.
    pub turns: bool,
}

impl Rivals {
    /// Whether another job runner is serving an order that a plan is for.
    pub(super) fn hold(&self, wallet: Pubkey, job_runner: usize, plan: &Plan) -> bool {
        let other = |(whose, by): (Pubkey, usize)| by != job_runner && (self.turns || whose == wallet);
        orders(plan).any(|order| self.served.get(&order).is_some_and(|(whose, by, _)| other((*whose, *by))))
    }

    /// A job runner has sent a plan.
    pub(super) fn note(&mut self, wallet: Pubkey, job_runner: usize, plan: &Plan, slot: u64) {
        self.served.extend(orders(plan).map(|order| (order, (wallet, job_runner, slot))));
    }

    /// Forgets what was sent long ago, or on a chain that was set back.
    pub(super) fn forget(&mut self, slot: u64) {
        self.served.retain(|_, (_, _, since)| *since <= slot && since.saturating_add(LEFT) >= slot);
    }
}

/// The orders that a plan fills, in whole or in part, or ends. Who sets one off does not race who fills it.
fn orders(plan: &Plan) -> impl Iterator<Item = (Pubkey, u32)> {
    plan.calls.iter().flat_map(|call| {
        let (account, ids) = match &call.instruction {
            Decoded::FillOrder(fill) => (fill.taker, vec![fill.order_id]),
            Decoded::PlaceAndMake(make) => (make.taker, vec![make.order_id]),
            Decoded::ExpireOrders(expire) => (expire.sub_account, expire.ids.clone()),
            _ => (Pubkey::default(), Vec::new()),
        };
        ids.into_iter().map(move |id| (account, id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_sender::Call;

    #[test]
    fn an_order_is_left_to_the_desk_that_sent_first() {
        let [wallet, stranger, account] = [1, 2, 3].map(|byte| Pubkey::new_from_array([byte; 32]));
        let fill = Plan::of(Call::fill(0, account, (7, 0), None, &[], &[]));
        let expire = |ids| Plan::of(Call::expire(0, account, ids, None));
        let mut rivals = Rivals::default();
        assert!(!rivals.hold(wallet, 8, &expire(vec![6, 7])));
        rivals.note(wallet, 3, &fill, 100);
        assert!(rivals.hold(wallet, 8, &expire(vec![6, 7])));
        assert!(!rivals.hold(wallet, 8, &expire(vec![6])), "another order");
        assert!(!rivals.hold(wallet, 3, &fill), "the same job_runner");
        assert!(!rivals.hold(stranger, 8, &expire(vec![7])), "somebody else's wallet");
        rivals.turns = true;
        assert!(rivals.hold(stranger, 8, &expire(vec![7])), "whose turn it is not");
        rivals.forget(104);
        assert!(rivals.hold(wallet, 8, &expire(vec![7])));
        rivals.forget(105);
        assert!(!rivals.hold(wallet, 8, &expire(vec![7])));
        rivals.note(wallet, 3, &fill, 100);
        rivals.forget(50);
        assert!(!rivals.hold(wallet, 8, &expire(vec![7])), "a chain that was set back");
    }
}
