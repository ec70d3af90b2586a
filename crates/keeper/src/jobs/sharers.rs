//! Who else a fill has to bring, by the world that a keeper sees.

use kedge_client::sharers;
use kedge_model::account::order::Order;
use solana_pubkey::Pubkey;

use kedge_state::World;

/// Sub-accounts of the referrer and the builder of `taker` that are not `there` already ([`sharers::of`]).
pub(super) fn of(world: &World, taker: &Pubkey, order: &Order, there: &[Pubkey]) -> Vec<Pubkey> {
    let Some(account) = world.accounts.get(taker) else { return Vec::new() };
    let asked = sharers::Taker { at: taker, account: &account.head, market: order.market, flags: order.flags };
    sharers::of(|at| world.accounts.get(at).map(|account| account.head.as_ref()), asked, there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::Job;
    use crate::jobs::filler::{Filler, Patience};
    use crate::testing::RunPlan as _;
    use kedge_engine::Accounts as _;
    use kedge_interface::account::SubAccountData;
    use kedge_interface::address;
    use kedge_interface::instruction::Decoded;
    use kedge_model::account::order::{OrderParams, Side, flags};
    use kedge_model::quantity::Ppm;
    use kedge_sender::{Call, Plan};
    use kedge_state::testing::{TestExchange, limit, market_order};

    /// Moves an account to where the sub-account `id` of a person stands.
    fn belongs(exchange: &mut TestExchange, account: Pubkey, person: Pubkey, id: u16) -> Pubkey {
        let at = address::sub_account(&person, id);
        let mut moved = exchange.sub_account(account).clone();
        (moved.head.authority, moved.head.id) = (person.to_bytes(), id);
        exchange.state.accounts.remove(&account);
        exchange.state.write(at, moved);
        at
    }

    #[test]
    fn referrer_and_builder_are_brought_to_a_fill_when_they_have_a_place() {
        let mut exchange = TestExchange::new();
        let [maker, taker, one, other, third] = [(); 5].map(|()| exchange.trader(100_000_000_000));
        exchange.trade(one, other, 1_000_000_000, 200_000_000);
        exchange.advance(2, 1);
        exchange.publish(200_000_000);
        let (referrer, builder) = (Pubkey::new_unique(), Pubkey::new_unique());
        let first = belongs(&mut exchange, one, referrer, 2);
        let second = belongs(&mut exchange, other, builder, 0);
        let _ = belongs(&mut exchange, third, referrer, 0);
        exchange.change(taker, |account: &mut SubAccountData| {
            let head = &mut account.head;
            (head.referrer, head.builder, head.builder_fee) = (referrer.to_bytes(), builder.to_bytes(), Ppm(500));
        });
        exchange.place(maker, limit(Side::Short, 200_000_000, 5_000_000_000));
        let through = OrderParams { flags: flags::BUILDER, ..market_order(Side::Long, 1_000_000_000) };
        exchange.place(taker, through);
        exchange.advance(30, 10);
        exchange.publish(200_000_000);
        let plans = Filler {
            account: None,
            max_makers: 4,
            max_orders: 8,
            max_fills: 4,
            yield_slots: 0,
            patience: Patience::default(),
        }
        .decide(&exchange.world());
        let [Plan { calls, .. }] = &plans[..] else { panic!("{plans:?}") };
        let [Call { instruction: Decoded::FillOrder(fill), .. }] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!(*fill.split().1, [maker, first, second], "the referrer's account 0 has no place in the market");
        let has = |exchange: &TestExchange| {
            [first, second].map(|at| exchange.sub_account(at).head.position(0).unwrap().quote)
        };
        let before = has(&exchange);
        exchange.run_plan(&plans[0]);
        let after = has(&exchange);
        assert!(after[0] > before[0] && after[1] > before[1], "{before:?} {after:?}");
    }
}
