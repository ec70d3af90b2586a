//! Two transactions in one block on the same market.

use kedge_bank_tests::{Chain, Person, world};
use kedge_interface::instruction::Instruction;
use kedge_model::Error;
use kedge_model::account::order::Side;
use kedge_model::quantity::Base;
use kedge_tests::Refusal;
use kedge_tests::market::{DOLLAR, ONE, SOL};
use kedge_tests::orders::{ioc, limit};
use solana_pubkey::Pubkey;
use solana_transaction_error::TransactionError;

/// Sends both transactions at once; returns their results.
async fn race(chain: &mut Chain, who: [&Person; 2], what: [Instruction; 2]) -> [Result<(), Refusal>; 2] {
    let slot = chain.world.slot;
    let [first, second] = what;
    let one = chain.transaction(&[first], &[&who[0].key], &[]).await;
    let two = chain.transaction(&[second], &[&who[1].key], &[]).await;
    let signatures = [one.signatures[0], two.signatures[0]];
    let mut keys: Vec<Pubkey> = one.message.static_account_keys().to_vec();
    keys.extend(two.message.static_account_keys());
    let (client, other) = (chain.client(), chain.client());
    let (one, two) = tokio::join!(client.process_transaction(one), other.process_transaction(two));
    for signature in signatures {
        let status = chain.client().get_transaction_status(signature).await.expect("the bank answers");
        assert_eq!(status.expect("it was processed").slot, slot, "both are in one block");
    }
    chain.follow(&keys).await;
    [one, two]
        .map(|result| result.map_err(|error| error.unwrap()).map_err(|error: TransactionError| Refusal::from(error)))
}

#[tokio::test]
async fn of_two_who_want_the_same_order_one_gets_it_and_the_other_is_refused() {
    let mut world = world(1);
    let maker = world.rich(10_000);
    world.place(maker, limit(SOL, Side::Short, ONE, 150 * DOLLAR)).expect("the maker rests");
    let people = [Person::new(&mut world, 1, 10_000), Person::new(&mut world, 2, 10_000)];
    let mut chain = Chain::start(world).await;
    let seq = chain.world.market(SOL).next_event_seq;
    let takes = [0, 1].map(|at: usize| {
        let order = ioc(SOL, Side::Long, ONE, 150 * DOLLAR);
        Instruction::from(chain.world.taking(people[at].user, order, ONE, &[maker]))
    });
    let ended = race(&mut chain, [&people[0], &people[1]], takes).await;
    let winner = ended.iter().position(Result::is_ok).expect("one of them gets it");
    assert_eq!(ended[1 - winner], Err(Error::FillTooSmall.into()));
    let base = |at: usize| chain.world.position(people[at].user, SOL).base;
    assert_eq!((base(winner), base(1 - winner)), (Base(1_000_000_000), Base::ZERO));
    assert_eq!(chain.world.sub(&people[1 - winner].user.sub).head.open_orders, 0);
    assert_eq!(chain.world.sub(&maker.sub).head.open_orders, 0);
    assert_eq!(chain.world.market(SOL).next_event_seq, seq + 1, "the refused one leaves no gap");

    // The block's result holds when the next one follows.
    chain.pass_slots(1).await;
    chain.assert_same("in the next block").await;
}

#[tokio::test]
async fn two_trades_with_the_vamm_in_one_block_both_land_at_prices_that_follow_one_another() {
    let mut world = world(1);
    let people = [Person::new(&mut world, 1, 100_000), Person::new(&mut world, 2, 100_000)];
    let mut chain = Chain::start(world).await;
    let before = chain.world.market(SOL);
    let takes = [0, 1].map(|at: usize| {
        let order = ioc(SOL, Side::Long, 20 * ONE, 155 * DOLLAR);
        Instruction::from(chain.world.taking(people[at].user, order, 20 * ONE, &[]))
    });
    let ended = race(&mut chain, [&people[0], &people[1]], takes).await;
    assert_eq!(ended, [Ok(()), Ok(())]);
    let market = chain.world.market(SOL);
    assert_eq!(market.next_event_seq, before.next_event_seq + 2);
    assert_eq!(market.long_interest.0, before.long_interest.0 + 40 * ONE);
    let mut entries = people.iter().map(|person| chain.world.position(person.user, SOL).entry.0).collect::<Vec<_>>();
    entries.sort_unstable();
    assert!(entries[0] < entries[1], "the second pays more for the same: {entries:?}");
}
