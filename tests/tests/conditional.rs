//! Orders that wait, come in slices or belong together, on the real program.

use kedge_interface::event::Event;
use kedge_interface::instruction::{ExpireOrders, TriggerOrder};
use kedge_model::Error;
use kedge_model::account::order::{Order, OrderKind, OrderParams, Side, flags};
use kedge_model::action::{CRANK_FEE, TRAIL_FEE};
use kedge_model::event::{CancelReason, CrankKind, CrankRecord};
use kedge_model::quantity::{Price, Size};
use kedge_tests::market::{DOLLAR, ONE, SOL};
use kedge_tests::orders::{ioc, leg, limit, twap, waiting};
use kedge_tests::verbs::refused;
use kedge_tests::world::User;
use kedge_tests::{Done, World};

/// A user with 2 SOL, a maker and a keeper.
fn start() -> (World, [User; 3]) {
    let mut world = World::start();
    let users = [(); 3].map(|()| world.rich(10_000));
    world.take(users[0], ioc(SOL, Side::Long, 2 * ONE, 152 * DOLLAR), &[]).expect("a position");
    (world, users)
}

fn order(world: &World, user: User, id: u32) -> Option<Order> {
    world.sub(&user.sub).open_orders().find(|(_, order)| order.id == id).map(|(_, order)| *order)
}

fn crank(done: &Done) -> CrankRecord {
    let found = done.events().into_iter().find_map(|event| match event {
        Event::Crank(record) => Some(record),
        _ => None,
    });
    found.expect("a service leaves a record")
}

#[test]
fn a_stop_is_triggered_filled_and_paid_for() {
    let (mut world, [owner, _, keeper]) = start();
    let stop = OrderParams {
        flags: flags::REDUCE_ONLY,
        ..waiting(SOL, OrderKind::StopMarket, Side::Short, 2 * ONE, 146 * DOLLAR)
    };
    let id = world.place(owner, stop).expect("it waits");
    let triggering = world.triggering(keeper, owner, id);
    refused(world.run(triggering.clone()), Error::TriggerNotReached);
    refused(world.fill(keeper, owner, id, &[]), Error::OrderWaiting);
    world.move_price(SOL, 146 * DOLLAR);
    let (paid, got) = (world.position(owner, SOL).quote.0, world.position(keeper, SOL).quote.0);
    let done = world.run(triggering).expect("the trigger is reached");
    let fee = i64::try_from(CRANK_FEE.0).expect("a cent");
    assert_eq!(world.position(owner, SOL).quote.0, paid - fee);
    assert_eq!(world.position(keeper, SOL).quote.0, got + fee);
    let record = crank(&done);
    assert_eq!((record.kind, record.order_id, record.reward), (CrankKind::Trigger as u8, id, CRANK_FEE));
    assert_eq!((record.price, record.auction_start), (Price(146 * DOLLAR), Price(146 * DOLLAR)));
    world.pass_slots(14);
    world.tick();
    world.fill(keeper, owner, id, &[]).expect("the vAMM takes it");
    assert!(world.position(owner, SOL).base.is_zero());
}

#[test]
fn anybody_may_trigger_for_nothing() {
    let (mut world, [owner, stranger, _]) = start();
    let id = world.place(owner, waiting(SOL, OrderKind::StopLimit, Side::Long, ONE, 151 * DOLLAR)).expect("it waits");
    world.move_price(SOL, 151 * DOLLAR);
    let triggering = TriggerOrder { crank: Vec::new(), ..world.triggering(stranger, owner, id) };
    let done = world.run(triggering).expect("the trigger is reached");
    let record = crank(&done);
    assert_eq!((record.reward.0, record.crank.authority), (0, [0; 32]));
    assert!(order(&world, owner, id).is_some_and(|order| order.is_resting(world.slot)));
}

#[test]
fn a_bracket_grows_shrinks_and_ends_with_its_entry() {
    let (mut world, [maker, owner, keeper]) = start();
    let entry = limit(SOL, Side::Long, 4 * ONE, 148 * DOLLAR);
    let stop = leg(waiting(SOL, OrderKind::StopMarket, Side::Short, 0, 140 * DOLLAR));
    let profit = leg(waiting(SOL, OrderKind::TakeProfitLimit, Side::Short, 0, 151 * DOLLAR));
    world.place_all(owner, &[entry, stop, profit]).expect("a bracket");
    world.move_price(SOL, 148 * DOLLAR);
    world.take(maker, ioc(SOL, Side::Short, 3 * ONE, 148 * DOLLAR), &[owner]).expect("a part of the entry");
    assert_eq!(order(&world, owner, 2).expect("the stop").size, Size(3 * ONE));
    world.move_price(SOL, 151 * DOLLAR);
    let triggering = world.triggering(keeper, owner, 3);
    world.run(triggering).expect("the profit is there");
    world.take(maker, ioc(SOL, Side::Long, ONE, 151 * DOLLAR), &[owner]).expect("a part of the profit");
    assert_eq!(order(&world, owner, 2).expect("the stop").size, Size(2 * ONE));
    world.cancel(owner, 1).expect("the rest of the entry goes");
    let done = world.take(maker, ioc(SOL, Side::Long, 2 * ONE, 151 * DOLLAR), &[owner]).expect("the rest");
    let ended = |event: &Event| match event {
        Event::OrderCancelled(record) => Some((record.order_id, record.reason)),
        _ => None,
    };
    let ended: Vec<(u32, u8)> = done.events().iter().filter_map(ended).collect();
    assert_eq!(ended, [(2, CancelReason::Linked as u8)]);
    assert_eq!(world.sub(&owner.sub).head.open_orders, 0);
    assert!(world.position(owner, SOL).base.is_zero());
}

#[test]
fn cancelling_an_entry_cancels_all_its_legs() {
    let (mut world, [_, owner, _]) = start();
    let entry = limit(SOL, Side::Long, 4 * ONE, 140 * DOLLAR);
    let stop = leg(waiting(SOL, OrderKind::StopMarket, Side::Short, 0, 130 * DOLLAR));
    world.place_all(owner, &[entry, stop, stop, stop, stop]).expect("a bracket with four legs");
    let done = world.cancel(owner, 1).expect("it is cancelled");
    assert_eq!(done.events().iter().filter(|event| matches!(event, Event::OrderCancelled(_))).count(), 5);
    assert_eq!(world.sub(&owner.sub).head.open_orders, 0);
}

#[test]
fn a_trailing_stop_and_a_twap_are_served_step_by_step() {
    let (mut world, [owner, _, keeper]) = start();
    let trail = OrderParams {
        flags: flags::REDUCE_ONLY,
        extent: 10_000,
        ..waiting(SOL, OrderKind::TrailingStop, Side::Short, 2 * ONE, 0)
    };
    let trail = world.place(owner, trail).expect("it waits");
    let trailing = world.trailing(keeper, owner, trail);
    refused(world.run(trailing.clone()), Error::TrailTooSmall);
    world.move_price(SOL, 153 * DOLLAR);
    let record = crank(&world.run(trailing).expect("it moves"));
    assert_eq!((record.level, record.reward), (151_470_000, TRAIL_FEE));

    let sliced = world.place(owner, twap(SOL, Side::Long, 2 * ONE, 100_000, 20)).expect("the first slice is out");
    let slicing = world.slicing(keeper, owner, sliced);
    refused(world.run(slicing.clone()), Error::SliceNotDue);
    world.pass_ms(20_000);
    world.tick();
    let record = crank(&world.run(slicing).expect("it is due"));
    assert_eq!((record.level, record.reward), (2 * ONE, CRANK_FEE));
}

#[test]
fn as_many_dead_orders_are_returned_as_there_are() {
    let (mut world, [_, owner, keeper]) = start();
    let expires_at = u32::try_from(world.time() + 4).expect("before 2106");
    let entry = OrderParams { expires_at, ..limit(SOL, Side::Long, ONE, 140 * DOLLAR) };
    let stop = leg(waiting(SOL, OrderKind::StopMarket, Side::Short, 0, 130 * DOLLAR));
    for _ in 0..3 {
        world.place_all(owner, &[entry, stop, stop, stop, stop]).expect("a bracket with four legs");
    }
    refused(world.run(world.expiring(keeper, owner, SOL, &[])), Error::NothingExpired);
    world.pass_ms(5_000);
    let ids: Vec<u32> = (0..13).collect();
    refused(world.run(world.expiring(keeper, owner, SOL, &ids)), Error::InvalidOrder);
    let done = world.run(ExpireOrders { ids: vec![], ..world.expiring(keeper, owner, SOL, &[]) }).expect("all go");
    assert_eq!(crank(&done).reward.0, 3 * CRANK_FEE.0);
    assert_eq!(world.sub(&owner.sub).head.open_orders, 0);
}
