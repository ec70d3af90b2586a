//! Changing, replacing and cancelling orders on the built program, and what they leave in the log.

use kedge_interface::event::Event;
use kedge_interface::instruction::ReplaceOrders;
use kedge_model::Error;
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::action::{ModifyParams, OrderFilter, change};
use kedge_model::event::CancelReason;
use kedge_model::quantity::{Price, Size};
use kedge_tests::World;
use kedge_tests::market::{BTC, DOLLAR, ONE, SOL};
use kedge_tests::orders::limit;
use kedge_tests::verbs::refused;

fn bid(dollars: u64) -> OrderParams {
    limit(SOL, Side::Long, ONE, dollars * DOLLAR)
}

#[test]
fn a_change_keeps_the_id_and_is_recorded() {
    let mut world = World::start();
    let user = world.rich(10_000);
    let id = world.place(user, OrderParams { client_id: 9, ..bid(149) }).expect("placed");
    let params = ModifyParams { order_id: id, changes: change::PRICE | change::SIZE, ..ModifyParams::default() };
    let params = ModifyParams { price: Price(148 * DOLLAR), size: Size(2 * ONE), ..params };
    let done = world.modify(user, params).expect("changed");
    let [Event::OrderModified(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.order.id, record.order.client_id, record.reason), (id, 9, CancelReason::Requested as u8));
    assert_eq!((record.order.price(), record.order.size), (Price(148 * DOLLAR), Size(2 * ONE)));
    let data = world.sub(&user.sub);
    assert_eq!(data.open_orders().map(|(_, order)| *order).collect::<Vec<_>>(), [record.order]);
    assert_eq!(world.position(user, SOL).open_bids, Size(2 * ONE));
    refused(world.modify(user, ModifyParams { order_id: 77, ..params }), Error::OrderNotFound);
    refused(world.modify(user, ModifyParams { changes: 0, ..params }), Error::InvalidOrder);
}

#[test]
fn quotes_are_replaced_in_one_step_or_not_at_all() {
    let mut world = World::start();
    let user = world.rich(10_000);
    let first = world.place(user, bid(149)).expect("placed");
    let second = world.place(user, bid(148)).expect("placed");
    let ask = limit(SOL, Side::Short, ONE, 151 * DOLLAR);
    let strict = ReplaceOrders { strict: true, ..world.replacing(user, SOL, &[first, 99], &[ask]) };
    refused(world.run(strict), Error::OrderNotFound);
    assert_eq!(world.sub(&user.sub).head.open_orders, 2, "nothing was cancelled");
    let done = world.replace(user, SOL, &[first, second, 99], &[bid(147), ask]).expect("replaced");
    let kinds: Vec<bool> = done.events().iter().map(|event| matches!(event, Event::OrderCancelled(_))).collect();
    assert_eq!(kinds, [true, true, false, false]);
    assert_eq!(world.sub(&user.sub).head.open_orders, 2);
    let crossing = OrderParams { flags: flags::POST_ONLY, ..limit(SOL, Side::Short, ONE, 120 * DOLLAR) };
    refused(world.replace(user, SOL, &[], &[crossing]), Error::PostOnlyWouldCross);
    let many = vec![bid(140); 17];
    refused(world.replace(user, SOL, &[], &many), Error::InvalidOrder);
}

#[test]
fn a_filter_cancels_and_the_record_says_what_was_left() {
    let mut world = World::start();
    let user = world.rich(10_000);
    let named = OrderParams { client_id: 5, ..bid(149) };
    let id = world.place(user, named).expect("placed");
    world.place(user, limit(SOL, Side::Short, ONE, 151 * DOLLAR)).expect("placed");
    world.place(user, limit(BTC, Side::Long, ONE / 100, 50_000 * DOLLAR)).expect("placed");
    let done = world.cancel_orders(user, OrderFilter { client_id: 5, ..OrderFilter::ANY }, &[]).expect("cancelled");
    let [Event::OrderCancelled(record)] = done.events()[..] else { panic!("one record, not {:?}", done.events()) };
    assert_eq!((record.order_id, record.client_id, record.market, record.side), (id, 5, SOL, Side::Long as u8));
    assert_eq!(record.left, Size(ONE));
    let shorts = OrderFilter { side: Side::Short as u8, ..OrderFilter::ANY };
    world.cancel_orders(user, shorts, &[]).expect("cancelled");
    assert_eq!(world.sub(&user.sub).head.open_orders, 1);
    let done = world.cancel_orders(user, shorts, &[id]).expect("nothing is fine");
    assert!(done.events().is_empty());
    refused(world.cancel_orders(user, OrderFilter { side: 9, ..shorts }, &[]), Error::InvalidOrder);
}
