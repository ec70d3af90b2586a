//! Orders that their owners cannot back: takers pass them over, and anybody may end them.

mod common;

use common::check::check;
use common::{BOOK, DOLLAR, ONE, World, ioc, limit, waiting};
use kedge_model::Error;
use kedge_model::account::market::MarketStatus;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::action::{CRANK_FEE, PlaceAndTake};
use kedge_model::event::{CancelReason, EventKind, EventSink};
use kedge_model::quantity::{Amount, Price, Size};

const MAKER: usize = 2;
const CRANK: usize = 6;

/// A maker with 250 who offers at 2,000 what is worth 2,095.
fn unbacked() -> (World, u32) {
    let mut world = World::funded(8, 250);
    world.deposit(4, 0, 100_000 * DOLLAR).unwrap();
    let order = world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    world.drive(BOOK, 2_095 * DOLLAR);
    (world, order)
}

#[test]
fn an_order_that_its_owner_cannot_back_is_ended_for_the_cranks_fee() {
    let (mut world, order) = unbacked();
    // Only when it is named: looking at every order is what nobody pays for.
    assert_eq!(world.expire(BOOK, MAKER, &[], Some(CRANK)).unwrap_err(), Error::NothingExpired);
    let report = world.expire(BOOK, MAKER, &[order], Some(CRANK)).unwrap();
    assert_eq!((report.removed, report.reward), (1, CRANK_FEE));
    assert!(world.accounts[MAKER].find(order).is_none());
    let claim = |account: usize| world.accounts[account].position(BOOK).quote.0;
    assert_eq!((claim(MAKER), claim(CRANK)), (-10_000, 10_000));
    check(&mut world);
}

#[test]
fn the_record_of_an_order_that_is_ended_says_why() {
    struct Reasons(Vec<u8>);
    impl EventSink for Reasons {
        fn record(&mut self, kind: EventKind, bytes: &[u8]) {
            if kind == EventKind::OrderCancelled {
                self.0.push(*bytes.last().unwrap());
            }
        }
    }
    let (mut world, order) = unbacked();
    let mut seen = Reasons(Vec::new());
    let mut context = kedge_model::action::Context {
        exchange: &world.exchange,
        board: &world.board,
        market: &mut world.markets[BOOK],
        clock: world.clock,
        sink: &mut seen,
    };
    let expire = kedge_model::action::ExpireOrders { ids: &[order] };
    let _ = expire.execute(&mut context, &mut world.accounts[MAKER].borrow(), None).unwrap();
    assert_eq!(seen.0, [CancelReason::Margin as u8]);
}

#[test]
fn no_keeper_ends_an_order_that_its_owner_can_back_or_that_nobody_can_judge() {
    let refused = |world: &World, order: u32| {
        let mut world = world.clone();
        assert_eq!(world.expire(BOOK, MAKER, &[order], Some(CRANK)).unwrap_err(), Error::NothingExpired);
    };
    let (world, order) = unbacked();
    // Money came in.
    let mut topped_up = world.clone();
    topped_up.deposit(MAKER, 0, 10 * DOLLAR).unwrap();
    refused(&topped_up, order);
    // A price is too old to open risk on.
    let mut stale = world.clone();
    stale.wait(11);
    refused(&stale, order);
    // One that waits, and one that only closes.
    let mut other = world.clone();
    other.deposit(MAKER, 0, 1_000 * DOLLAR).unwrap();
    let stop = other.place(MAKER, waiting(BOOK, OrderKind::StopMarket, Side::Short, ONE, 1_990 * DOLLAR)).unwrap();
    refused(&other, stop);
    other.place(4, limit(BOOK, Side::Long, ONE / 10, 2_095 * DOLLAR)).unwrap();
    let _ = other.take(MAKER, ioc(BOOK, Side::Short, ONE / 10, 2_095 * DOLLAR), &[4]).unwrap();
    let closing = OrderParams { flags: flags::REDUCE_ONLY, ..limit(BOOK, Side::Long, ONE / 10, 2_099 * DOLLAR) };
    let closing = other.place(MAKER, closing).unwrap();
    let head = &mut other.accounts[MAKER].head;
    let left = Amount(head.balance(0).0 - 5 * DOLLAR);
    head.debit(0, left).unwrap();
    (other.vaults[0], other.banks[0].deposits.0) = (other.vaults[0] - left.0, other.banks[0].deposits.0 - left.0);
    refused(&other, closing);
    // A market that is about to end leaves it to the settlement.
    let mut expired = world.clone();
    expired.markets[BOOK].status = MarketStatus::Settlement as u8;
    refused(&expired, order);
}

#[test]
fn a_takers_order_that_its_owner_cannot_back_is_ended_too() {
    let (mut world, _) = unbacked();
    world.place(4, limit(BOOK, Side::Long, 5 * ONE, 2_000 * DOLLAR)).unwrap();
    let taking = OrderParams { kind: OrderKind::Market as u8, ..limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR) };
    let order = world.place(1, taking).unwrap();
    let head = &mut world.accounts[1].head;
    head.debit(0, Amount(150 * DOLLAR)).unwrap();
    (world.vaults[0], world.banks[0].deposits.0) =
        (world.vaults[0] - 150 * DOLLAR, world.banks[0].deposits.0 - 150 * DOLLAR);
    world.wait(6);
    let _ = world.refresh(BOOK, 2_095 * DOLLAR).unwrap();
    assert_eq!(world.fill(BOOK, 1, order, None, &[4]).unwrap_err(), Error::InsufficientMargin);
    assert_eq!(world.expire(BOOK, 1, &[order], Some(CRANK)).unwrap().removed, 1);
    check(&mut world);
}

#[test]
fn of_two_orders_of_a_maker_the_one_that_it_can_back_trades() {
    let mut world = World::funded(8, 10_000);
    for account in [0, 4] {
        world.deposit(account, 0, 100_000 * DOLLAR).unwrap();
    }
    let cheap = world.place(MAKER, limit(BOOK, Side::Short, 5 * ONE, 1_905 * DOLLAR)).unwrap();
    world.place(MAKER, limit(BOOK, Side::Short, 40 * ONE, 2_000 * DOLLAR)).unwrap();
    let head = &mut world.accounts[MAKER].head;
    head.debit(0, Amount(3_000 * DOLLAR)).unwrap();
    (world.vaults[0], world.banks[0].deposits.0) =
        (world.vaults[0] - 3_000 * DOLLAR, world.banks[0].deposits.0 - 3_000 * DOLLAR);
    // 45 need 6,750 at 7.5 %: 7,000 are enough, but not when five go at 95 below the oracle.
    let taken = world.take(0, ioc(BOOK, Side::Long, 50 * ONE, 2_010 * DOLLAR), &[MAKER, 4]).unwrap().matched;
    assert_eq!((taken.size, taken.unbacked, taken.passed_over), (Size(40 * ONE), 1, 1));
    assert_eq!(world.accounts[MAKER].position(BOOK).base.size(), Size(40 * ONE));
    assert_eq!(world.accounts[MAKER].position(BOOK).open_asks, Size(5 * ONE));
    assert!(world.accounts[MAKER].find(cheap).is_some());
    check(&mut world);
}

#[test]
fn of_two_orders_that_cancel_each_other_only_one_is_asked_margin_for() {
    let mut world = World::funded(8, 10_000);
    // Two bids of which the one takes from the other what it fills.
    let first = world.place(MAKER, limit(BOOK, Side::Long, 20 * ONE, 1_990 * DOLLAR)).unwrap();
    let kind = OrderKind::StopLimit as u8;
    let second =
        OrderParams { kind, trigger_price: Price(2_010 * DOLLAR), ..limit(BOOK, Side::Long, 20 * ONE, 1_995 * DOLLAR) };
    let second = OrderParams { link: first, flags: flags::LEG, ..second };
    let second = world.place(MAKER, second).unwrap();
    world.drive(BOOK, 2_015 * DOLLAR);
    let _ = world.trigger(BOOK, MAKER, second, None).unwrap();
    world.drive(BOOK, 2_000 * DOLLAR);
    assert_eq!(world.accounts[MAKER].position(BOOK).open_bids, Size(40 * ONE));
    let head = &mut world.accounts[MAKER].head;
    head.debit(0, Amount(6_000 * DOLLAR)).unwrap();
    (world.vaults[0], world.banks[0].deposits.0) =
        (world.vaults[0] - 6_000 * DOLLAR, world.banks[0].deposits.0 - 6_000 * DOLLAR);
    // 4,000 carry twenty (3,000 at 7.5 %), not forty.
    world.deposit(0, 0, 100_000 * DOLLAR).unwrap();
    let taken = world.take(0, ioc(BOOK, Side::Short, 20 * ONE, 1_980 * DOLLAR), &[MAKER]).unwrap().matched;
    assert_eq!((taken.size, taken.passed_over), (Size(20 * ONE), 0));
    assert_eq!(world.accounts[MAKER].head.open_orders, 0);
    check(&mut world);
}

#[test]
fn a_fill_brings_its_minimum_or_says_so_whoever_was_passed_over() {
    let (mut world, _) = unbacked();
    world.place(4, limit(BOOK, Side::Short, ONE, 2_001 * DOLLAR)).unwrap();
    world.deposit(0, 0, 100_000 * DOLLAR).unwrap();
    let order = ioc(BOOK, Side::Long, 2 * ONE, 2_002 * DOLLAR);
    let refs = world.refs(BOOK, 0, &[MAKER, 4]);
    let take = |world: &mut World, least: u64| {
        world.on_market(BOOK, &[0, MAKER, 4], |context, _, accounts| {
            let (taker, makers) = accounts.split_first_mut().unwrap();
            PlaceAndTake { order, min_fill: Size(least), makers: &refs }.execute(context, taker, makers)
        })
    };
    assert_eq!(take(&mut world, 2 * ONE).unwrap_err(), Error::FillTooSmall);
    assert_eq!(take(&mut world, ONE).unwrap().matched.size, Size(ONE));
    check(&mut world);
}
