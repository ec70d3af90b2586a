//! One's own orders: nobody trades with himself, and who yields.

mod common;

use common::check::check;
use common::{BOOK, DOLLAR, ONE, World, limit, with};
use kedge_model::Error;
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::action::{MakerRef, PlaceAndTake};
use kedge_model::event::CancelReason;
use kedge_model::quantity::{Base, Size};

fn base(world: &World, account: usize) -> Base {
    world.accounts[account].position(BOOK).base
}

/// Sub-accounts 0 and 1 are one owner's; 2 is somebody else, who offers behind.
fn facing() -> World {
    let mut world = World::funded(6, 100_000);
    world.place(1, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    world.place(0, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    world.place(2, limit(BOOK, Side::Short, 5 * ONE, 2_001 * DOLLAR)).unwrap();
    world
}

fn buy(bits: u16, size: u64) -> OrderParams {
    with(bits, limit(BOOK, Side::Long, size, 2_005 * DOLLAR))
}

#[test]
fn by_default_the_own_maker_order_goes() {
    let mut world = facing();
    let taken = world.take(0, buy(0, 2 * ONE), &[1, 2]).unwrap();
    assert_eq!((taken.matched.size, taken.matched.self_trades), (Size(2 * ONE), 2));
    assert_eq!(taken.matched.quote.0, 4_002 * DOLLAR, "all of it from somebody else");
    assert_eq!(world.accounts[0].head.open_orders + world.accounts[1].head.open_orders, 0);
    assert_eq!(base(&world, 1), Base::ZERO);
    check(&mut world);
}

#[test]
fn cancelling_the_taker_keeps_the_makers() {
    let mut world = facing();
    world.place(4, limit(BOOK, Side::Short, ONE, 1_999 * DOLLAR)).unwrap();
    let taken = world.take(0, buy(flags::SELF_CANCEL_TAKER, 3 * ONE), &[1, 2, 4]).unwrap();
    assert_eq!((taken.matched.size, taken.resting), (Size(ONE), Size::ZERO), "only what came before");
    assert_eq!((world.accounts[0].head.open_orders, world.accounts[1].head.open_orders), (1, 1));
    // By a keeper, too: the order ends, and says why.
    let id = world.place(0, buy(flags::SELF_CANCEL_TAKER, 3 * ONE)).unwrap();
    let report = world.fill(BOOK, 0, id, Some(3), &[1, 2]).unwrap();
    assert_eq!((report.matched.size, report.removed), (Size::ZERO, CancelReason::SelfTrade));
    assert!(world.accounts[0].find(id).is_none());
    check(&mut world);
}

#[test]
fn decrementing_shrinks_both_and_charges_nobody() {
    let mut world = facing();
    let equity = world.equity(0) + world.equity(1);
    let taken = world.take(0, buy(flags::SELF_DECREMENT, 3 * ONE), &[1, 2]).unwrap();
    assert_eq!((taken.matched.size, taken.matched.self_trades), (Size(ONE), 2));
    assert_eq!(world.accounts[0].head.open_orders + world.accounts[1].head.open_orders, 0);
    // The last third was bought for 2,001 with a fee of 10 bps.
    assert_eq!(equity - world.equity(0) - world.equity(1), i128::from(DOLLAR + 2_001_000));
    check(&mut world);

    let mut world = facing();
    let taken = world.take(0, buy(flags::SELF_DECREMENT, ONE / 2), &[1, 2]).unwrap();
    assert_eq!((taken.matched.size, taken.resting), (Size::ZERO, Size::ZERO));
    assert_eq!(world.accounts[1].open().next().unwrap().remaining(), Ok(Size(ONE / 2)), "the older one shrinks");
    assert_eq!(world.accounts[0].open().next().unwrap().remaining(), Ok(Size(ONE)));
    check(&mut world);
}

#[test]
fn what_one_owner_nets_against_itself_kills_fill_or_kill() {
    let mut world = facing();
    for bits in [flags::SELF_CANCEL_TAKER, flags::SELF_DECREMENT] {
        let all = world.take(0, buy(flags::FILL_OR_KILL | bits, 3 * ONE), &[1, 2]);
        assert_eq!(all.unwrap_err(), Error::FillTooSmall);
    }
    let both = buy(flags::SELF_CANCEL_TAKER | flags::SELF_DECREMENT, ONE);
    assert_eq!(world.take(0, both, &[1, 2]).unwrap_err(), Error::InvalidOrder);
}

#[test]
fn own_orders_that_nobody_names_are_passed_over() {
    let mut world = facing();
    let refs = world.maker_refs(BOOK, &[2]);
    let taken = world.on_market(BOOK, &[0, 2], |context, _, accounts| {
        let (taker, makers) = accounts.split_first_mut().unwrap();
        let order = buy(flags::IMMEDIATE_OR_CANCEL, ONE);
        PlaceAndTake { order, min_fill: Size(ONE), makers: &refs }.execute(context, taker, makers)
    });
    assert_eq!(taken.unwrap().matched.self_trades, 0);
    assert_eq!(world.accounts[0].head.open_orders, 1);
}

#[test]
fn a_keeper_resolves_two_resting_orders_of_one_owner() {
    let mut world = World::funded(6, 100_000);
    world.place(1, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let younger = world.place(0, limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR)).unwrap();
    let report = world.fill(BOOK, 0, younger, Some(3), &[1]).unwrap();
    assert_eq!((report.matched.size, report.removed), (Size::ZERO, CancelReason::None));
    assert_eq!(world.accounts[1].head.open_orders, 0, "the older is the maker, and goes");
    assert!(world.accounts[0].find(younger).is_some());
    assert_eq!(world.accounts[3].position(BOOK).quote.0, 0, "nobody pays for it");
    check(&mut world);
}

#[test]
fn a_reference_to_nobody_is_refused() {
    let mut world = facing();
    let refs = [MakerRef { order_id: 1, account: 7, ..MakerRef::default() }];
    let taken = world.on_market(BOOK, &[0, 2], |context, _, accounts| {
        let (taker, makers) = accounts.split_first_mut().unwrap();
        PlaceAndTake { order: buy(0, ONE), min_fill: Size::ZERO, makers: &refs }.execute(context, taker, makers)
    });
    assert_eq!(taken.unwrap_err(), Error::TooManyMakers);
}
