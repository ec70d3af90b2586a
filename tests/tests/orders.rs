//! Placing and cancelling orders.

use kedge_interface::event::Event;
use kedge_interface::instruction::{GrowOrders, Instruction};
use kedge_model::Error;
use kedge_model::account::client_id::{MAX_SECONDS, timed};
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::event::CancelReason;
use kedge_model::quantity::{Price, Size};
use kedge_tests::World;
use kedge_tests::market::{BTC, DOLLAR, ETH, ONE, SOL, USDC, market_params};
use kedge_tests::orders::{auction, ioc, limit, market, post_only};
use kedge_tests::verbs::refused;

/// A buy of one SOL a dollar below the oracle.
fn bid() -> OrderParams {
    limit(SOL, Side::Long, ONE, 149 * DOLLAR)
}

#[test]
fn a_limit_order_rests_with_everything_that_was_asked_for() {
    let mut world = World::start();
    let user = world.rich(10_000);
    let expires_at = u32::try_from(world.time() + 60).expect("before 2106");
    let done = world.place_all(user, &[OrderParams { client_id: 7, expires_at, ..bid() }]).expect("placed");
    let data = world.sub(&user.sub);
    let order = data.orders[0];
    assert_eq!((order.id, order.client_id, order.price(), order.size), (1, 7, Price(149 * DOLLAR), Size(ONE)));
    assert_eq!((order.activation_slot, order.expires_at, order.seq), (world.slot, expires_at, 1));
    assert_eq!((data.head.open_orders, data.head.next_order_id), (1, 2));
    let position = world.position(user, SOL);
    assert_eq!((position.open_bids, position.open_asks, position.open_orders), (Size(ONE), Size(0), 1));
    let [Event::OrderPlaced(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!(record.order, order);
    let header = done.batches[0].header;
    assert_eq!((header.market, header.seq, header.slot), (SOL, world.market(SOL).next_event_seq, world.slot));
    assert_eq!(header.signer, user.authority.to_bytes());
}

#[test]
fn several_orders_are_placed_all_or_none() {
    let mut world = World::start();
    let user = world.rich(10_000);
    let good = bid();
    refused(world.place_all(user, &[good, good, OrderParams { size: Size(1), ..good }]), Error::OrderTooSmall);
    assert_eq!(world.sub(&user.sub).head.open_orders, 0);
    world.place_all(user, &[good; 16]).expect("sixteen");
    assert_eq!(world.sub(&user.sub).head.open_orders, 16);
    refused(world.place(user, good), Error::NoOrderSlot);
    refused(world.place_all(user, &[]), Error::InvalidOrder);
    refused(world.place_all(user, &[good; 17]), Error::InvalidOrder);
}

#[test]
fn malformed_orders_are_refused() {
    let mut world = World::start();
    let user = world.rich(10_000);
    let step = world.market(SOL).step.0;
    let now = u32::try_from(world.time()).expect("before 2106");
    let cases: &[(&str, OrderParams, Error)] = &[
        ("side", OrderParams { side: 2, ..bid() }, Error::InvalidOrder),
        ("kind", OrderParams { kind: 2, ..bid() }, Error::InvalidOrder),
        ("flags", OrderParams { flags: 8, ..bid() }, Error::InvalidOrder),
        ("padding", OrderParams { padding: [1; 2], ..bid() }, Error::InvalidOrder),
        ("no size", OrderParams { size: Size(0), ..bid() }, Error::InvalidOrder),
        ("no price", OrderParams { price: Price(0), ..bid() }, Error::InvalidOrder),
        ("taking at once", ioc(SOL, Side::Long, ONE, 149 * DOLLAR), Error::InvalidOrder),
        (
            "a market order that only makes",
            OrderParams { flags: flags::POST_ONLY, ..market(SOL, Side::Long, ONE, 0) },
            Error::InvalidOrder,
        ),
        (
            "an auction that only makes",
            OrderParams {
                flags: flags::POST_ONLY,
                auction_ms: 1_000,
                auction_start: Price(148 * DOLLAR),
                auction_end: Price(149 * DOLLAR),
                ..bid()
            },
            Error::InvalidOrder,
        ),
        ("backward", auction(SOL, Side::Long, ONE, 151 * DOLLAR, 150 * DOLLAR), Error::InvalidOrder),
        (
            "past the limit",
            OrderParams { price: Price(150 * DOLLAR), ..auction(SOL, Side::Long, ONE, 149 * DOLLAR, 151 * DOLLAR) },
            Error::InvalidOrder,
        ),
        ("too short", OrderParams { auction_ms: 399, ..market(SOL, Side::Long, ONE, 0) }, Error::InvalidOrder),
        ("too long", OrderParams { auction_ms: 60_001, ..market(SOL, Side::Long, ONE, 0) }, Error::InvalidOrder),
        ("dust", OrderParams { size: Size(step * 99), ..bid() }, Error::OrderTooSmall),
        ("step", OrderParams { size: Size(ONE + 1), ..bid() }, Error::NotStepMultiple),
        ("tick", OrderParams { price: Price(149 * DOLLAR + 1), ..bid() }, Error::NotTickMultiple),
        ("late", OrderParams { expires_at: now, ..bid() }, Error::OrderExpired),
        ("crossing", post_only(SOL, Side::Long, ONE, 151 * DOLLAR), Error::PostOnlyWouldCross),
        ("reducing nothing", OrderParams { flags: flags::REDUCE_ONLY, ..bid() }, Error::ReduceOnlyWouldIncrease),
        ("too much", limit(SOL, Side::Long, 1_000 * ONE, 149 * DOLLAR), Error::InsufficientMargin),
    ];
    for (what, order, error) in cases {
        let Err(found) = world.place(user, *order) else { panic!("{what}: it was placed") };
        let expected = kedge_tests::Refusal::from(*error);
        assert_eq!(found.refusal, expected, "{what}: {found:?}");
    }
}

#[test]
fn a_client_id_is_good_for_one_order_whatever_became_of_it() {
    let mut world = World::start();
    let (user, keeper) = (world.rich(10_000), world.rich(100));
    let named = |client_id: u64| OrderParams { client_id, ..bid() };
    let again = |world: &mut World, id: u64| {
        refused(world.place(user, named(id)), Error::DuplicateClientId);
        let taking = OrderParams { client_id: id, ..ioc(SOL, Side::Long, ONE, 149 * DOLLAR) };
        refused(world.take(user, taking, &[]), Error::DuplicateClientId);
    };
    // Two in one instruction, and two instructions in one transaction: nothing of either stands.
    refused(world.place_all(user, &[named(9), named(9)]), Error::DuplicateClientId);
    let placing: Instruction = world.placing(user, &[named(9)]).into();
    let twice = world.run_all(&[placing.clone(), placing]).expect_err("refused");
    assert_eq!(twice.refusal, Error::DuplicateClientId.into());
    assert_eq!(world.sub(&user.sub).open_orders().count(), 0);

    // Open, then cancelled.
    let id = world.place(user, named(9)).expect("placed");
    again(&mut world, 9);
    world.cancel(user, id).expect("cancelled");
    again(&mut world, 9);
    // Filled at once.
    let filled = OrderParams { client_id: 10, ..ioc(SOL, Side::Long, ONE, 160 * DOLLAR) };
    world.refresh_everything();
    world.take(user, filled, &[]).expect("the vAMM sells");
    assert_eq!(world.position(user, SOL).base.0, ONE as i64, "it was filled");
    again(&mut world, 10);
    // Expired, and removed by a keeper.
    let expires_at = u32::try_from(world.time() + 5).expect("before 2106");
    world.place(user, OrderParams { expires_at, ..named(11) }).expect("placed");
    world.pass_ms(10_000);
    world.refresh_everything();
    world.run(world.expiring(keeper, user, SOL, &[])).expect("removed");
    again(&mut world, 11);
    // Placed through a signed message.
    let signer = world.signing_delegate(user);
    let (front, place) = world.signed(user, &signer, 1, &[named(9)]);
    let refusal = world.run_all(&[front, place.into()]).expect_err("refused").refusal;
    assert_eq!(refusal, Error::DuplicateClientId.into());
    world.place(user, named(12)).expect("another id");
}

#[test]
fn a_timed_client_id_is_known_for_as_long_as_it_is_good() {
    let mut world = World::start();
    let user = world.user_with_orders(4);
    world.deposit(user, USDC, 10_000 * DOLLAR).expect("money");
    let now = |world: &World| u32::try_from(world.time()).expect("before 2106");
    let until = now(&world) + 20;
    let named = |own: u16| OrderParams { client_id: timed(until, own), ..bid() };
    for own in 0..4 {
        let id = world.place(user, named(own)).expect("placed");
        world.cancel(user, id).expect("cancelled");
    }
    refused(world.place(user, named(0)), Error::DuplicateClientId);
    refused(world.place(user, named(4)), Error::ClientIdsHeld);
    refused(world.place(user, bid()), Error::ClientIdsHeld);
    let (payer, sub_account) = (user.authority, user.sub);
    world.run(GrowOrders { payer, sub_account, capacity: 8 }).expect("more room");
    world.place(user, named(4)).expect("there is room again");
    world.pass_ms(25_000);
    world.refresh_everything();
    refused(world.place(user, named(5)), Error::ClientIdExpired);
    let far = timed(now(&world) + MAX_SECONDS + 1, 0);
    refused(world.place(user, OrderParams { client_id: far, ..bid() }), Error::ClientIdTooFar);
    world.place(user, bid()).expect("the slots are free");
}

#[test]
fn orders_belong_to_their_market() {
    let mut world = World::start();
    let user = world.rich(10_000);
    refused(world.place_all(user, &[bid(), limit(BTC, Side::Long, ONE, 59_000 * DOLLAR)]), Error::WrongMarket);
}

#[test]
fn sixteen_positions_are_all() {
    let mut world = World::with_markets(17);
    let user = world.user_with_orders(20);
    world.deposit(user, USDC, 100_000 * DOLLAR).expect("money");
    for index in 0..16 {
        let price = kedge_tests::market::first_price(index);
        let size = market_params(index).min_order.0;
        let tick = market_params(index).tick.0;
        world.place(user, limit(index, Side::Long, size, price / 100 * 99 / tick * tick)).expect("a slot");
    }
    let size = market_params(16).min_order.0;
    refused(world.place(user, limit(16, Side::Long, size, 9 * DOLLAR)), Error::NoPositionSlot);
    world.cancel_all(user, ETH).expect("cancelled");
    world.place(user, limit(16, Side::Long, size, 9 * DOLLAR)).expect("the slot is free again");
}

#[test]
fn a_market_order_gets_an_auction_from_the_oracle() {
    let mut world = World::start();
    let user = world.rich(10_000);
    world.place(user, market(SOL, Side::Long, ONE, 0)).expect("placed");
    let order = world.sub(&user.sub).orders[0];
    assert_eq!((order.auction_start, order.auction_end), (Price(150 * DOLLAR), Price(150_750_000)));
    // Five seconds at 400 ms, rounded up.
    assert_eq!((order.price(), order.auction_slots), (Price(150_750_000), 13));
}

#[test]
fn stale_prices_open_no_risk_and_cancelling_needs_none() {
    let mut world = World::start();
    let user = world.rich(10_000);
    let id = world.place(user, bid()).expect("placed");
    world.pass_ms(31_000);
    refused(world.place(user, bid()), Error::StaleRow);
    refused(world.place(user, market(SOL, Side::Long, ONE, 0)), Error::StaleRow);
    world.cancel(user, id).expect("cancelling needs no price");
}

#[test]
fn cancelling_frees_slot_exposure_and_position() {
    let mut world = World::start();
    let user = world.rich(10_000);
    let id = world.place(user, bid()).expect("placed");
    let done = world.cancel(user, id).expect("cancelled");
    let [Event::OrderCancelled(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.order_id, record.reason), (id, CancelReason::Requested as u8));
    let data = world.sub(&user.sub);
    assert_eq!(data.head.open_orders, 0);
    assert!(data.head.positions.iter().all(|position| !position.is_used()));
    refused(world.cancel(user, id), Error::OrderNotFound);
}

#[test]
fn cancelling_all_takes_one_market_or_every_one() {
    let mut world = World::start();
    let user = world.rich(10_000);
    world.place_all(user, &[bid(), bid()]).expect("two");
    world.place(user, limit(ETH, Side::Short, ONE / 10, 2_600 * DOLLAR)).expect("another market");
    let done = world.cancel_all(user, SOL).expect("one market");
    assert_eq!(done.events().len(), 2);
    assert_eq!(world.sub(&user.sub).head.open_orders, 1);
    world.cancel_all(user, u16::MAX).expect("all markets");
    assert_eq!(world.sub(&user.sub).head.open_orders, 0);
    let done = world.cancel_all(user, u16::MAX).expect("nothing is fine");
    assert!(done.events().is_empty());
}

#[test]
fn a_position_has_its_largest_size() {
    let mut world = World::bare().set_up(0);
    let mut params = market_params(SOL);
    params.max_position = Size(2 * ONE);
    world.list_market(&params, 150 * DOLLAR);
    world.tick();
    world.open_market(SOL);
    let user = world.rich(10_000);
    refused(world.place(user, limit(SOL, Side::Long, 3 * ONE, 149 * DOLLAR)), Error::PositionTooLarge);
    world.place(user, limit(SOL, Side::Long, 2 * ONE, 149 * DOLLAR)).expect("at the limit");
    refused(world.place(user, bid()), Error::PositionTooLarge);
    world.place(user, limit(SOL, Side::Short, 2 * ONE, 151 * DOLLAR)).expect("the other side is no more");
}
