//! The bank's clock: expiry, stale prices, funding, epochs.

use kedge_bank_tests::{Chain, Person, world};
use kedge_interface::address;
use kedge_interface::instruction::UpdateFunding;
use kedge_model::Error;
use kedge_model::account::order::{OrderParams, Side};
use kedge_model::quantity::{Base, Quote};
use kedge_tests::User;
use kedge_tests::market::{DOLLAR, ONE, SOL};
use kedge_tests::orders::{ioc, limit};
use kedge_tests::verbs::refused;
use solana_clock::Clock;

/// A selling maker, two buying takers with these order parameters, and a keeper with a keypair.
async fn stage(terms: OrderParams) -> (Chain, Person, User, [(User, u32); 2]) {
    let mut world = world(1);
    let maker = world.rich(10_000);
    let takers = [(); 2].map(|()| world.rich(10_000));
    let keeper = Person::new(&mut world, 1, 10_000);
    world.place(maker, limit(SOL, Side::Short, 2 * ONE, 150 * DOLLAR)).expect("the maker rests");
    let takers = takers.map(|taker| {
        let expires_at = match terms.expires_at {
            0 => 0,
            seconds => u32::try_from(world.time()).expect("before 2106") + seconds,
        };
        (taker, world.place(taker, OrderParams { expires_at, ..terms }).expect("the taker is placed"))
    });
    (Chain::start(world).await, keeper, maker, takers)
}

#[tokio::test]
async fn an_order_trades_until_the_second_before_it_expires() {
    let terms = OrderParams { expires_at: 5, ..limit(SOL, Side::Long, ONE, 150 * DOLLAR) };
    let (mut chain, keeper, maker, [(early, first), (late, second)]) = stage(terms).await;
    chain.pass_ms(4_000).await;
    let fill = chain.world.filling(keeper.user, early, first, true, &[maker]);
    chain.send(&[fill.into()], &[&keeper.key]).await.expect("a second is left");
    assert_eq!(chain.world.position(early, SOL).base, Base(1_000_000_000));

    chain.pass_ms(1_000).await;
    let fill = chain.world.filling(keeper.user, late, second, true, &[maker]);
    chain.send(&[fill.into()], &[&keeper.key]).await.expect("it is removed");
    assert_eq!(chain.world.position(late, SOL).base, Base::ZERO);
    assert_eq!(chain.world.sub(&late.sub).head.open_orders, 0);
    assert_eq!(chain.world.sub(&maker.sub).head.open_orders, 1, "the maker still offers the rest");
}

#[tokio::test]
async fn a_price_serves_for_thirty_seconds_and_no_longer() {
    let (mut chain, keeper, ..) = stage(limit(SOL, Side::Long, ONE, 150 * DOLLAR)).await;
    let bid = |chain: &Chain| chain.world.placing(keeper.user, &[limit(SOL, Side::Long, ONE, 149 * DOLLAR)]).into();
    chain.pass_ms(30_000).await;
    let instruction = bid(&chain);
    chain.send(&[instruction], &[&keeper.key]).await.expect("the price is 30 s old");
    chain.pass_ms(1_000).await;
    let instruction = bid(&chain);
    refused(chain.send(&[instruction], &[&keeper.key]).await, Error::StaleRow);
    chain.refresh().await;
    let instruction = bid(&chain);
    chain.send(&[instruction], &[&keeper.key]).await.expect("it is fresh again");
    assert_eq!(chain.world.sub(&keeper.user.sub).head.open_orders, 2);
}

#[tokio::test]
async fn funding_is_due_once_in_each_hour_of_the_clock() {
    let (mut chain, keeper, ..) = stage(limit(SOL, Side::Long, ONE, 150 * DOLLAR)).await;
    let buy = chain.world.taking(keeper.user, ioc(SOL, Side::Long, 10 * ONE, 152 * DOLLAR), 10 * ONE, &[]);
    chain.send(&[buy.into()], &[&keeper.key]).await.expect("somebody is long");
    let update = || [UpdateFunding { market: address::market(SOL) }.into()];
    // The market was listed at the full hour.
    let listed = chain.world.market(SOL).funding_time;
    assert_eq!((listed, listed % 3_600), (chain.world.time(), 0));
    for millis in [0, 1_000, 1_800_000, 1_798_000] {
        if millis > 0 {
            chain.pass_ms(millis).await;
        }
        chain.refresh().await;
        refused(chain.send(&update(), &[]).await, Error::FundingNotDue);
    }
    chain.pass_ms(1_000).await;
    chain.refresh().await;
    chain.send(&update(), &[]).await.expect("the hour is over");
    let market = chain.world.market(SOL);
    assert_eq!(market.funding_time, listed + 3_600);
    // A long position puts the vAMM's prices above the oracle: longs pay.
    assert!(market.funding_rate > 0, "{}", market.funding_rate);
    assert!(chain.world.board().market(SOL).expect("listed").funding_long.0 > 0);
    refused(chain.send(&update(), &[]).await, Error::FundingNotDue);

    // Half an hour late, then in time half an hour later: the clock's full hour counts.
    for (millis, due) in [(5_400_000, true), (1_799_000, false), (1_000, true)] {
        chain.pass_ms(millis).await;
        chain.refresh().await;
        let result = chain.send(&update(), &[]).await;
        assert_eq!(result.is_ok(), due, "{result:?}");
    }
}

#[tokio::test]
async fn the_end_of_an_epoch_changes_nothing() {
    let (mut chain, keeper, maker, [(first, id), (second, other)]) =
        stage(limit(SOL, Side::Long, ONE, 150 * DOLLAR)).await;
    let schedule = chain.context.genesis_config().epoch_schedule.clone();
    let epoch = schedule.get_epoch(chain.world.slot);
    let last = schedule.get_last_slot_in_epoch(epoch);
    chain.pass_slots(last - chain.world.slot).await;
    chain.refresh().await;
    let fill = chain.world.filling(keeper.user, first, id, true, &[maker]);
    chain.send(&[fill.into()], &[&keeper.key]).await.expect("in the last slot");

    // Rent, rewards and stakes of a new epoch touch no account of the exchange.
    chain.pass_slots(1).await;
    let clock: Clock = chain.client().get_sysvar().await.expect("the clock");
    assert_eq!((clock.slot, clock.epoch), (last + 1, epoch + 1));
    chain.assert_same("across the epochs").await;
    let fill = chain.world.filling(keeper.user, second, other, true, &[maker]);
    chain.send(&[fill.into()], &[&keeper.key]).await.expect("in the first slot");
    assert_eq!(chain.world.sub(&maker.sub).head.open_orders, 0);
    assert_ne!(chain.world.position(keeper.user, SOL).quote, Quote::ZERO, "two rewards");

    // Three epochs later the price is stale, and the exchange works on with a new one.
    let later = schedule.get_first_slot_in_epoch(epoch + 4);
    chain.pass_slots(later - chain.world.slot).await;
    chain.assert_same("across three epochs").await;
    chain.refresh().await;
    let buy = chain.world.taking(keeper.user, ioc(SOL, Side::Long, ONE, 152 * DOLLAR), ONE, &[]);
    chain.send(&[buy.into()], &[&keeper.key]).await.expect("in a later epoch");
}
