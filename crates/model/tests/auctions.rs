//! Auctions: the vAMM beside a maker, and starts that are judged.

mod common;

use common::check::check;
use common::{BOOK, BTC, DOLLAR, ONE, World, at_market, ioc, join, limit, with};
use kedge_model::Error;
use kedge_model::account::order::{Order, OrderKind, OrderParams, Side, flags};
use kedge_model::action::{FillOrder, MakerRef, PlaceSigned, SignedHeader, SignedMessage};
use kedge_model::quantity::{Base, Price, Size};
use kedge_model::rule::auction::validate;

fn order(world: &World, account: usize, id: u32) -> Order {
    world.accounts[account].find(id).expect("an open order")
}

/// The vAMM is short 1 BTC, and account 0 sells 1 in an auction that has gone some way.
fn auctioned() -> (World, u32) {
    let mut world = World::funded(6, 100_000);
    let _ = world.take(4, ioc(BTC, Side::Long, ONE, 61_000 * DOLLAR), &[]).unwrap();
    let id = world.place(0, at_market(BTC, Side::Short, ONE)).unwrap();
    for _ in 0..4 {
        world.tick();
    }
    (world, id)
}

#[test]
fn the_vamm_takes_its_share_beside_a_maker_when_that_makes_it_flatter() {
    let (mut world, id) = auctioned();
    let before = world.markets[BTC].amm_equity(world.oracle(BTC)).unwrap();
    let matched = world.join(BTC, 2, 0, join(id, 2 * ONE / 5, 1 << 50)).unwrap();
    // Half of the maker's 0.4.
    assert_eq!((matched.maker_size, matched.amm_size), (Size(2 * ONE / 5), Size(ONE / 5)));
    assert_eq!(matched.size, Size(3 * ONE / 5));
    assert_eq!(world.markets[BTC].amm.base, Base(-(ONE as i64) * 4 / 5));
    assert!(world.markets[BTC].amm_equity(world.oracle(BTC)).unwrap() >= before);
    assert_eq!(order(&world, 0, id).filled, Size(3 * ONE / 5));
    check(&mut world);
    // It takes what is left at most.
    let matched = world.join(BTC, 2, 0, join(id, 3 * ONE / 10, 1 << 50)).unwrap();
    assert_eq!((matched.maker_size, matched.amm_size), (Size(3 * ONE / 10), Size(ONE / 10)));
    assert!(world.accounts[0].find(id).is_none());
    check(&mut world);
}

#[test]
fn the_vamm_stays_out_where_it_must() {
    let alone = |world: &mut World, id| {
        let matched = world.join(BTC, 2, 0, join(id, 2 * ONE / 5, 1 << 50)).unwrap();
        assert_eq!((matched.maker_size, matched.amm_size), (Size(2 * ONE / 5), Size::ZERO));
        check(world);
    };
    let (mut world, id) = auctioned();
    world.pause(kedge_model::account::exchange::operation::FILL_AMM);
    alone(&mut world, id);
    let (mut world, id) = auctioned();
    world.markets[BTC].amm.jit_share = kedge_model::quantity::Ppm::ZERO;
    alone(&mut world, id);
    // A price from before the order.
    let (mut world, _) = auctioned();
    world.wait(1);
    let id = world.place(0, at_market(BTC, Side::Short, ONE)).unwrap();
    world.wait(4);
    alone(&mut world, id);
    // One that nobody may open risk on.
    let (mut world, id) = auctioned();
    world.board.markets[BTC].price.state = kedge_model::account::board::RowState::Degraded as u8;
    assert_eq!(world.join(BTC, 2, 0, join(id, ONE / 5, 1 << 50)).unwrap_err(), Error::RowStateForbids);
    // A trade that would make its position larger, and one at a price better than its own.
    let (mut world, _) = auctioned();
    let id = world.place(0, at_market(BTC, Side::Long, ONE)).unwrap();
    for _ in 0..4 {
        world.tick();
    }
    let matched = world.join(BTC, 2, 0, join(id, ONE / 5, 1)).unwrap();
    assert_eq!(matched.amm_size, Size::ZERO);
    let id = world.place(0, at_market(BTC, Side::Short, ONE)).unwrap();
    let matched = world.join(BTC, 2, 0, join(id, ONE / 5, 1 << 50)).unwrap();
    assert_eq!(matched.amm_size, Size::ZERO, "the auction has hardly begun");
}

#[test]
fn a_flat_vamm_has_no_part_in_a_join() {
    for (side, worst) in [(Side::Long, 1), (Side::Short, 1 << 50)] {
        let mut world = World::funded(6, 100_000);
        let id = world.place(0, at_market(BTC, side, ONE)).unwrap();
        for _ in 0..4 {
            world.tick();
        }
        let seen = |world: &World| {
            let amm = &world.markets[BTC].amm;
            (amm.base, amm.update_slot, amm.update_price, amm.slot_price)
        };
        let before = seen(&world);
        let matched = world.join(BTC, 2, 0, join(id, ONE / 5, worst)).unwrap();
        assert_eq!((matched.maker_size, matched.amm_size), (Size(ONE / 5), Size::ZERO));
        assert_eq!(seen(&world), before, "nor is it held to the price of one");
        check(&mut world);
    }
}

// ---- starts that are judged

#[test]
fn a_start_beyond_the_oracle_is_improved_to_it() {
    let mut world = World::funded(6, 100_000);
    let ask = |start: u64, end: u64, limit: u64, side| OrderParams {
        auction_start: Price(start * DOLLAR),
        auction_end: Price(end * DOLLAR),
        auction_ms: 4_000,
        ..limit_at(side, limit)
    };
    fn limit_at(side: Side, price: u64) -> OrderParams {
        limit(BTC, side, ONE / 10, price * DOLLAR)
    }
    for (params, start) in [
        (ask(60_200, 60_300, 60_300, Side::Long), 60_000),
        (ask(59_900, 60_300, 60_300, Side::Long), 59_900),
        (ask(59_800, 59_700, 59_700, Side::Short), 60_000),
        (ask(60_100, 59_700, 59_700, Side::Short), 60_100),
    ] {
        for kind in [0, 1] {
            let id = world.place(0, OrderParams { kind, ..params }).unwrap();
            let placed = order(&world, 0, id);
            assert_eq!((placed.auction_start, placed.auction_end), (Price(start * DOLLAR), params.auction_end));
        }
    }
    // A limit on the good side of the oracle: from half a percent before it.
    let id = world.place(0, ask(59_000, 59_000, 59_000, Side::Long)).unwrap();
    assert_eq!(order(&world, 0, id).auction_start, Price(58_705 * DOLLAR));
    // Past the limit stays refused.
    let past = ask(60_000, 60_400, 60_300, Side::Long);
    assert_eq!(world.place(0, past).unwrap_err(), Error::InvalidOrder);
    // With a dead feed a limit order can still be placed, as it is.
    let _ = world.take(2, ioc(BTC, Side::Long, ONE / 10, 61_000 * DOLLAR), &[]).unwrap();
    world.wait(100);
    let close = with(flags::REDUCE_ONLY, ask(59_800, 59_700, 59_700, Side::Short));
    let id = world.place(2, close).unwrap();
    assert_eq!(order(&world, 2, id).auction_start, Price(59_800 * DOLLAR));
}

#[test]
fn a_derived_auction_goes_as_far_as_the_market_moves() {
    let mut world = World::funded(6, 100_000);
    let calm = world.place(0, at_market(BTC, Side::Long, ONE / 10)).unwrap();
    assert_eq!(order(&world, 0, calm).auction_end, Price(60_300 * DOLLAR));
    let row = &mut world.board.market_mut(0).unwrap().price;
    row.deviation = Price(450 * DOLLAR);
    let moving = world.place(0, at_market(BTC, Side::Long, ONE / 10)).unwrap();
    assert_eq!(order(&world, 0, moving).auction_end, Price(60_900 * DOLLAR), "twice the deviation");
    // Nothing fills beyond the band of 5 %, so no auction goes there.
    world.board.market_mut(0).unwrap().price.deviation = Price(6_000 * DOLLAR);
    let wild = world.place(0, at_market(BTC, Side::Short, ONE / 10)).unwrap();
    assert_eq!(order(&world, 0, wild).auction_end, Price(57_000 * DOLLAR));
}

// ---- orders that were signed before

/// A message of account 0 with an order, signed in a slot.
fn signed(world: &World, order: OrderParams, slot: u64) -> SignedMessage {
    let domain = kedge_model::action::DOMAIN;
    let header = SignedHeader { domain, nonce: 1, slot, max_slot: slot + 200, ..SignedHeader::default() };
    let mut buffer = [0; kedge_model::action::MAX_MESSAGE];
    let read = SignedMessage::read(SignedMessage::write(&header, &[order], &mut buffer).unwrap()).unwrap();
    assert_eq!(world.accounts[0].head.authority, [1; 32]);
    read
}

#[test]
fn a_signed_message_that_was_withheld_is_placed_with_all_of_its_auction() {
    let world = World::funded(6, 100_000);
    let own = OrderParams {
        auction_start: Price(59_900 * DOLLAR),
        auction_end: Price(60_600 * DOLLAR),
        auction_ms: 4_000,
        ..limit(BTC, Side::Long, ONE / 10, 60_600 * DOLLAR)
    };
    for (order, start, end) in [(at_market(BTC, Side::Long, ONE / 10), 60_000, 60_300), (own, 59_900, 60_600)] {
        let message = signed(&world, order, world.clock.slot);
        // A minute later, when its auction would be long over, somebody who wants to sell to it brings it.
        let mut late = world.clone();
        for _ in 0..60 {
            late.tick();
        }
        let place = PlaceSigned { message: &message, signer: [1; 32], program: [0; 32], sub_account: [0; 32] };
        let report =
            late.on_market(BTC, &[0], |context, _, accounts| place.execute(context, &mut accounts[0])).unwrap();
        let placed = self::order(&late, 0, report.first_id);
        let prices = (placed.auction_start, placed.auction_end, placed.activation_slot);
        assert_eq!(prices, (Price(start * DOLLAR), Price(end * DOLLAR), late.clock.slot));
        let least = late.join(BTC, 2, 0, join(report.first_id, ONE / 10, (start + 1) * DOLLAR));
        assert_eq!(least.unwrap_err(), Error::WorstPriceExceeded, "it pays what was best for it, and no more");
        check(&mut late);
    }
}

// ---- orders of the smallest size in front

#[test]
fn the_smallest_orders_in_front_are_traded_and_hold_up_nobody() {
    // Sixteen of them are all that one fill may name; a maker of size stands a tick behind.
    let mut world = World::funded(6, 100_000);
    let least = world.markets[BOOK].min_order.0;
    for _ in 0..16 {
        world.place(4, limit(BOOK, Side::Short, least, 2_000 * DOLLAR)).unwrap();
    }
    world.place(2, limit(BOOK, Side::Short, 50 * ONE, 2_000_010_000)).unwrap();
    let id = world.place(0, limit(BOOK, Side::Long, 20 * ONE, 2_005 * DOLLAR)).unwrap();
    let filled = |world: &World| world.accounts[0].position(BOOK).base.0.unsigned_abs();
    // Who fills chooses whom to name: past them it goes at once.
    let mut past = world.clone();
    let good = past.maker_refs(BOOK, &[2]);
    let whole = past.on_market(BOOK, &[0, 2], |context, _, accounts| {
        let (taker, makers) = accounts.split_first_mut().unwrap();
        FillOrder { order_id: id, slot: 0, makers: &good }.execute(context, taker, None, makers)
    });
    assert_eq!(whole.unwrap().matched.size, Size(20 * ONE));
    // Named in the order of the book they trade, better than the maker behind them, and the next fill goes on.
    let first = world.fill(BOOK, 0, id, None, &[4, 2]).unwrap();
    assert_eq!((first.matched.size, first.matched.fills), (Size(16 * least), 16));
    assert_eq!(world.accounts[4].open().count(), 0, "what stood in front is gone");
    let second = world.fill(BOOK, 0, id, None, &[4, 2]).unwrap();
    assert_eq!((second.matched.size, filled(&world)), (Size(20 * ONE - 16 * least), 20 * ONE));
    // More than sixteen are refused before anything is done.
    let many = [MakerRef::default(); 17];
    let refused = world.on_market(BOOK, &[0], |context, _, accounts| {
        let taken = ioc(BOOK, Side::Long, ONE, 2_005 * DOLLAR);
        let take = kedge_model::action::PlaceAndTake { order: taken, min_fill: Size::ZERO, makers: &many };
        take.execute(context, &mut accounts[0], &mut [])
    });
    assert_eq!(refused.unwrap_err(), Error::TooManyMakers);
    check(&mut world);
}

// ---- what an auction may be, and when it is over

#[test]
fn an_auction_runs_forward_between_two_prices_and_inside_the_limit() {
    let judged = |(side, start, end, limit)| validate(side, Price(start), Price(end), Price(limit));
    let (buy, sell) = (Side::Long, Side::Short);
    for good in
        [(buy, 100, 110, 0), (buy, 100, 100, 0), (buy, 100, 110, 110), (sell, 110, 100, 0), (sell, 110, 100, 100)]
    {
        assert_eq!(judged(good), Ok(()), "{good:?}");
    }
    for wrong in [
        (buy, 0, 110, 0),
        (sell, 110, 0, 0),
        (buy, 0, 0, 0),
        (buy, 110, 100, 0),
        (sell, 100, 110, 0),
        (buy, 100, 110, 109),
        (sell, 110, 100, 101),
    ] {
        assert_eq!(judged(wrong), Err(Error::InvalidOrder), "{wrong:?}");
    }
}

#[test]
fn a_maker_is_a_limit_order_that_is_active_and_past_its_auction() {
    let limit = Order { kind: OrderKind::Limit as u8, activation_slot: 10, auction_slots: 5, ..Order::default() };
    assert_eq!([9, 10, 15, 16].map(|slot| limit.is_resting(slot)), [false, false, false, true]);
    let plain = Order { auction_slots: 0, ..limit };
    assert_eq!([9, 10].map(|slot| plain.is_resting(slot)), [false, true]);
    for kind in [OrderKind::Market, OrderKind::Twap, OrderKind::StopLimit] {
        let other = |order| Order { kind: kind as u8, ..order };
        assert!(![limit, plain].iter().any(|order| other(*order).is_resting(16)), "{kind:?}");
    }
}
