//! What is left of an order that took: it rests, goes, or nothing of it happens.

mod common;

use common::check::check;
use common::story::{long, long_one};
use common::{BOOK, BTC, DOLLAR, ONE, SOL, World, at_market, join, leg, limit, waiting, with};
use kedge_model::account::exchange::operation;
use kedge_model::account::market::MarketStatus;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::action::{Liquidate, MAX_EXPIRED, MakerRef, Matched, PlaceAndTake};
use kedge_model::error::Error;
use kedge_model::event::CancelReason;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Size};

const TAKER: usize = 0;
const MAKER: usize = 2;

/// Two units are offered at 2,000; what an order leaves open and holds after it has taken them.
fn taken(order: OrderParams, dollars: u64) -> Result<(Vec<Size>, i64), Error> {
    let mut world = World::funded(4, 100_000);
    if dollars < 100_000 {
        world.withdraw(TAKER, 0, (100_000 - dollars) * DOLLAR).unwrap();
    }
    world.place(MAKER, limit(BOOK, Side::Short, 2 * ONE, 2_000 * DOLLAR)).unwrap();
    let report = world.take(TAKER, order, &[MAKER])?;
    check(&mut world);
    let left = world.accounts[TAKER].open().map(|order| order.remaining().unwrap()).collect();
    assert_eq!(i64::try_from(report.matched.size.0).unwrap(), world.accounts[TAKER].position(BOOK).base.0);
    Ok((left, world.accounts[TAKER].position(BOOK).base.0))
}

#[test]
fn what_is_left_of_a_limit_order_rests_and_of_others_goes() {
    let buy = |units| limit(BOOK, Side::Long, units * ONE, 2_000 * DOLLAR);
    let (one, two) = (1_000_000_000, 2_000_000_000);
    assert_eq!(taken(buy(3), 100_000), Ok((vec![Size(ONE)], two)));
    assert_eq!(taken(buy(2), 100_000), Ok((vec![], two)));
    assert_eq!(taken(buy(1), 100_000), Ok((vec![], one)));
    assert_eq!(taken(with(flags::IMMEDIATE_OR_CANCEL, buy(3)), 100_000), Ok((vec![], two)));
    assert_eq!(taken(at_market(BOOK, Side::Long, 3 * ONE), 100_000), Ok((vec![], two)));
    assert_eq!(taken(with(flags::FILL_OR_KILL, buy(3)), 100_000), Err(Error::FillTooSmall));
    assert_eq!(taken(with(flags::FILL_OR_KILL, buy(2)), 100_000), Ok((vec![], two)));
}

#[test]
fn what_rests_needs_initial_margin_as_what_was_filled_does() {
    let buy = |units| limit(BOOK, Side::Long, units * ONE, 2_000 * DOLLAR);
    // A tenth of 6,000 is asked for three units, filled or not.
    assert_eq!(taken(buy(3), 700).map(|(left, _)| left), Ok(vec![Size(ONE)]));
    assert_eq!(taken(buy(3), 590), Err(Error::InsufficientMargin));
    assert_eq!(taken(with(flags::IMMEDIATE_OR_CANCEL, buy(2)), 450).map(|(left, _)| left), Ok(vec![]));
    assert_eq!(taken(with(flags::IMMEDIATE_OR_CANCEL, buy(2)), 390), Err(Error::InsufficientMargin));
}

#[test]
fn a_maker_without_margin_fills_nothing() {
    let mut world = World::funded(4, 100_000);
    world.place(MAKER, limit(BOOK, Side::Short, 2 * ONE, 2_000 * DOLLAR)).unwrap();
    world.accounts[MAKER].head.balances[0].amount.0 = DOLLAR;
    let order = limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR);
    let report = world.take(TAKER, with(flags::IMMEDIATE_OR_CANCEL, order), &[MAKER]);
    assert!(report.is_err() || report.is_ok_and(|report| report.matched.size == Size(0)));
    assert_eq!(world.accounts[MAKER].position(BOOK).base.0, 0);
}

#[test]
fn a_builder_gets_its_fee_of_orders_that_say_so_alone() {
    let fee = |builder: u8, bits: u16| {
        let mut world = World::funded(4, 100_000);
        (world.accounts[TAKER].head.builder, world.accounts[TAKER].head.builder_fee) = ([builder; 32], Ppm(500));
        world.place(MAKER, limit(BOOK, Side::Short, 2 * ONE, 2_000 * DOLLAR)).unwrap();
        let order = with(flags::IMMEDIATE_OR_CANCEL | bits, limit(BOOK, Side::Long, 2 * ONE, 2_000 * DOLLAR));
        let matched = world.take(TAKER, order, &[MAKER]).unwrap().matched;
        check(&mut world);
        matched.builder_fee
    };
    // The maker's owner is 2; half a thousandth of 4,000.
    assert_eq!(fee(2, flags::BUILDER), Amount(2 * DOLLAR));
    assert_eq!([fee(2, 0), fee(0, flags::BUILDER), fee(3, flags::BUILDER), fee(0, 0)], [Amount(0); 4]);
}

#[test]
fn a_liquidator_pays_no_more_than_its_limit() {
    let mut world = long_one(6_100);
    world.drive(BTC, 50_000 * DOLLAR);
    let step = |limit: Price| {
        let mut world = world.clone();
        world.on_market(BTC, &[0, 2], |context, _, accounts| {
            let (account, liquidator) = accounts.split_first_mut().unwrap();
            let liquidate = Liquidate { max_size: Size(u64::MAX), limit_price: limit };
            liquidate.execute(context, account, &mut liquidator[0])
        })
    };
    let price = step(Price(0)).unwrap().price;
    assert_eq!(step(price).unwrap().price, price);
    assert_eq!(step(Price(price.0 + 1)).unwrap().price, price);
    assert_eq!(step(Price(price.0 - 1)), Err(Error::LiquidationPriceWorse));
}

#[test]
fn settling_a_claim_settles_its_funding_first() {
    let mut world = World::funded(4, 100_000);
    long(&mut world, BTC, ONE);
    for _ in 0..62 {
        world.wait(59);
        world.tick();
    }
    let _ = world.fund(BTC).unwrap();
    let row = world.board.markets[BTC];
    let before = world.accounts[0].position(BTC);
    let owed = before.unsettled_funding(row.funding(before.base)).unwrap();
    assert!(owed.0 < 0, "longs pay: {owed:?}");
    let pot = world.markets[BTC].funding_pot;
    let _ = world.settle(BTC, 0).unwrap();
    let after = world.accounts[0].position(BTC);
    assert_eq!(after.funding_index, row.funding(before.base));
    assert_eq!(world.markets[BTC].funding_pot.0 - pot.0, -owed.0);
    check(&mut world);
}

#[test]
fn a_price_between_two_ticks_is_refused() {
    let mut world = World::funded(2, 100_000);
    let tick = world.markets[BOOK].tick.0;
    let at = |price| limit(BOOK, Side::Long, ONE, price);
    assert_eq!(world.place(0, at(1_500 * DOLLAR + 1)), world.place(0, at(1_500 * DOLLAR + tick - 1)));
    assert!(world.place(0, at(1_500 * DOLLAR + 1)).is_err() && world.place(0, at(1_500 * DOLLAR + tick)).is_ok());
}

#[test]
fn who_joins_an_auction_has_margin_for_it() {
    let joined = |dollars: u64| {
        let mut world = World::funded(4, 100_000);
        let id = world.place(TAKER, at_market(BTC, Side::Long, ONE)).unwrap();
        world.withdraw(MAKER, 0, (100_000 - dollars) * DOLLAR).unwrap();
        world.make(BTC, MAKER, TAKER, join(id, ONE, 1))
    };
    assert_eq!(joined(90_000), Ok(Size(ONE)));
    assert_eq!(joined(100), Err(Error::MakerInsufficientMargin));
}

/// A take with these references to orders of the maker's.
fn named(world: &mut World, order: OrderParams, refs: &[MakerRef]) -> Matched {
    let taken = world.on_market(BOOK, &[TAKER, MAKER], |context, _, accounts| {
        let (taker, makers) = accounts.split_first_mut().unwrap();
        PlaceAndTake { order, min_fill: Size(0), makers: refs }.execute(context, taker, makers)
    });
    taken.unwrap().matched
}

#[test]
fn the_id_and_not_the_slot_says_which_order_is_meant() {
    let mut world = World::funded(4, 100_000);
    let offer = |price: u64| limit(BOOK, Side::Short, ONE, price * DOLLAR);
    let [first, second] = [2_000, 2_005].map(|price| world.place(MAKER, offer(price)).unwrap());
    let refer = |order_id, slot| [MakerRef { order_id, slot, ..MakerRef::default() }];
    let buy = with(flags::IMMEDIATE_OR_CANCEL, limit(BOOK, Side::Long, ONE, 2_010 * DOLLAR));
    for slot in [0, 1, 7, 200] {
        let matched = named(&mut world.clone(), buy, &refer(second, slot));
        assert_eq!(matched.quote, Amount(2_005 * DOLLAR), "seen in slot {slot}");
        assert_eq!(named(&mut world.clone(), buy, &refer(first, slot)).quote, Amount(2_000 * DOLLAR));
        assert_eq!(named(&mut world.clone(), buy, &refer(99, slot)).size, Size(0), "an order that is gone");
        let less = OrderParams { price: Price(2_004 * DOLLAR), ..buy };
        assert_eq!(named(&mut world.clone(), less, &refer(second, slot)).size, Size(0), "beyond the limit");
    }
}

#[test]
fn each_maker_that_is_passed_over_is_told() {
    let mut world = World::funded(6, 100_000);
    for account in [4, MAKER] {
        world.place(account, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    }
    world.accounts[MAKER].head.balances[0].amount.0 = DOLLAR;
    let buy = with(flags::IMMEDIATE_OR_CANCEL, limit(BOOK, Side::Long, 2 * ONE, 2_000 * DOLLAR));
    let matched = world.take(TAKER, buy, &[4, MAKER]).unwrap().matched;
    assert_eq!((matched.size, matched.passed_over, matched.unbacked), (Size(ONE), 0b10, 1));
}

#[test]
fn referrer_and_builder_of_one_share_each_get_theirs() {
    let mut world = World::funded(4, 100_000);
    world.exchange.referee_discount = Ppm(0);
    world.exchange.referrer_share = Ppm(100_000);
    let head = &mut world.accounts[TAKER].head;
    // A tenth of the taker's thousandth, and as much of the whole.
    (head.referrer, head.builder, head.builder_fee) = ([2; 32], [2; 32], Ppm(100));
    world.place(MAKER, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let buy = with(flags::IMMEDIATE_OR_CANCEL | flags::BUILDER, limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR));
    let matched = world.take(TAKER, buy, &[MAKER]).unwrap().matched;
    assert_eq!((matched.referrer_share, matched.builder_fee), (Amount(200_000), Amount(200_000)));
    check(&mut world);
}

#[test]
fn a_fill_says_that_an_order_was_removed_only_when_it_was() {
    let mut world = World::funded(6, 100_000);
    for (account, price) in [(MAKER, 2_001), (1, 2_000)] {
        world.place(account, limit(BOOK, Side::Short, ONE, price * DOLLAR)).unwrap();
    }
    let buy = limit(BOOK, Side::Long, ONE, 2_005 * DOLLAR);
    let filled = |world: &mut World, makers: &[usize]| {
        let id = world.place(TAKER, buy).unwrap();
        let report = world.fill(BOOK, TAKER, id, None, makers).unwrap();
        (report.matched.size, report.matched.self_trades, report.removed)
    };
    assert_eq!(filled(&mut world.clone(), &[MAKER]), (Size(ONE), 0, CancelReason::None));
    // An order of its own owner stood in front and went.
    assert_eq!(filled(&mut world, &[MAKER, 1]), (Size(ONE), 1, CancelReason::None));
}

#[test]
fn a_paused_vamm_sells_and_buys_nothing() {
    for (side, price) in [(Side::Long, 61_000), (Side::Short, 59_000)] {
        let order = with(flags::IMMEDIATE_OR_CANCEL, limit(BTC, side, ONE / 10, price * DOLLAR));
        let mut world = World::funded(4, 100_000);
        assert_eq!(world.clone().take(TAKER, order, &[]).unwrap().matched.amm_size, Size(ONE / 10));
        world.pause(operation::FILL_AMM);
        assert_eq!(world.take(TAKER, order, &[]).unwrap().matched.size, Size(0), "{side:?}");
    }
}

#[test]
fn a_run_gets_no_more_of_the_vamm_the_more_makers_it_names() {
    let mut world = World::funded(4, 100_000);
    world.markets[BTC].amm.max_fill_fraction = 10_000;
    let buy = with(flags::IMMEDIATE_OR_CANCEL, limit(BTC, Side::Long, ONE, 62_000 * DOLLAR));
    let alone = world.clone().take(TAKER, buy, &[]).unwrap().matched.amm_size;
    assert!(alone > Size(0) && alone < Size(ONE / 5), "{alone:?}");
    for price in [60_500, 61_000, 61_500] {
        world.place(MAKER, limit(BTC, Side::Short, ONE / 1_000, price * DOLLAR)).unwrap();
    }
    let matched = world.take(TAKER, buy, &[MAKER]).unwrap().matched;
    assert_eq!((matched.amm_size, matched.maker_size), (alone, Size(3 * ONE / 1_000)));
    check(&mut world);
}

#[test]
fn the_peg_follows_the_oracle_before_a_fill_unless_that_is_paused() {
    let mut world = World::funded(4, 100_000);
    world.drive(BTC, 61_000 * DOLLAR);
    let peg = |paused| {
        let mut world = world.clone();
        world.pause(paused);
        let before = world.markets[BTC].amm.peg;
        let order = with(flags::IMMEDIATE_OR_CANCEL, limit(BTC, Side::Long, ONE / 10, 62_500 * DOLLAR));
        assert!(world.take(TAKER, order, &[]).unwrap().matched.amm_size > Size(0));
        world.markets[BTC].amm.peg > before
    };
    assert_eq!((peg(0), peg(operation::UPDATE_AMM)), (true, false));
}

// ---- joining

#[test]
fn only_a_running_auction_is_joined() {
    let mut world = World::funded(4, 100_000);
    let resting = world.place(TAKER, limit(BTC, Side::Long, ONE / 10, 59_500 * DOLLAR)).unwrap();
    let refused = |world: &mut World, id| world.make(BTC, MAKER, TAKER, join(id, ONE / 10, 1)).unwrap_err();
    assert_eq!(refused(&mut world, resting), Error::AuctionNotRunning);
    let expires_at = u32::try_from(world.clock.unix_time + 1).unwrap();
    let short = world.place(TAKER, OrderParams { expires_at, ..at_market(BTC, Side::Long, ONE / 10) }).unwrap();
    assert_eq!(world.clone().make(BTC, MAKER, TAKER, join(short, ONE / 10, 1)), Ok(Size(ONE / 10)));
    world.tick();
    assert!(world.accounts[TAKER].find(short).unwrap().in_auction(world.clock.slot));
    assert_eq!(refused(&mut world, short), Error::AuctionNotRunning, "it has expired");
}

#[test]
fn the_fraction_of_a_unit_in_an_auction_is_the_takers_loss() {
    for side in [Side::Long, Side::Short] {
        let mut world = World::funded(4, 100_000);
        world.markets[BTC].tick = Price(1);
        let id = world.place(TAKER, at_market(BTC, side, ONE / 10)).unwrap();
        world.clock.slot += 1;
        let order = world.accounts[TAKER].find(id).unwrap();
        let price = order.limit_price(world.clock.slot, world.oracle(BTC), Price(1)).unwrap();
        let (whole, rest) = (price.0 / 1_000, price.0 % 1_000);
        assert!(rest != 0, "{price:?}");
        let worst = if side == Side::Long { 1 } else { u64::MAX };
        let matched = world.join(BTC, MAKER, TAKER, join(id, 1_000_000, worst)).unwrap();
        assert_eq!(matched.quote, Amount(whole + u64::from(side == Side::Long)), "{side:?}");
    }
}

#[test]
fn who_joins_in_a_market_that_only_reduces_reduces() {
    // The maker is long or short one, or nothing; the taker, who is short two, buys back.
    let joined = |units: i64| {
        let mut world = World::funded(6, 100_000);
        let trade = |world: &mut World, seller: usize, buyer: usize, size: u64| {
            world.place(seller, limit(BTC, Side::Short, size, 60_000 * DOLLAR)).unwrap();
            let buy = with(flags::IMMEDIATE_OR_CANCEL, limit(BTC, Side::Long, size, 60_000 * DOLLAR));
            let _ = world.take(buyer, buy, &[seller]).unwrap();
        };
        trade(&mut world, TAKER, 4, 2 * ONE);
        match units {
            1 => trade(&mut world, 5, MAKER, ONE),
            -1 => trade(&mut world, MAKER, 5, ONE),
            _ => {}
        }
        let buy = with(flags::REDUCE_ONLY, at_market(BTC, Side::Long, 2 * ONE));
        let id = world.place(TAKER, buy).unwrap();
        world.markets[BTC].status = MarketStatus::ReduceOnly as u8;
        world.markets[BTC].reduces_until = u32::MAX;
        world.make(BTC, MAKER, TAKER, join(id, 2 * ONE, 1))
    };
    assert_eq!(joined(1), Ok(Size(ONE)), "its own size");
    assert_eq!([joined(0), joined(-1)], [Err(Error::PositionLimit); 2]);
}

// ---- what only reduces

/// An account trades one unit with another at 2,000.
fn trade(world: &mut World, seller: usize, buyer: usize) {
    world.place(seller, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)).unwrap();
    let buy = with(flags::IMMEDIATE_OR_CANCEL, limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR));
    assert_eq!(world.take(buyer, buy, &[seller]).unwrap().matched.size, Size(ONE));
}

#[test]
fn an_order_that_only_reduces_is_dead_once_its_position_has_turned() {
    for side in [Side::Short, Side::Long] {
        let mut world = World::funded(6, 100_000);
        let (into, back) = if side == Side::Short { ((4, TAKER), (TAKER, 4)) } else { ((TAKER, 4), (4, TAKER)) };
        trade(&mut world, into.0, into.1);
        let price = if side == Side::Short { 2_010 } else { 1_990 };
        let exit = world.place(TAKER, with(flags::REDUCE_ONLY, limit(BOOK, side, ONE, price * DOLLAR))).unwrap();
        assert_eq!(world.expire(BOOK, TAKER, &[], None), Err(Error::NothingExpired));
        for base in [0, if side == Side::Short { -1 } else { 1 }] {
            trade(&mut world, back.0, back.1);
            assert_eq!(world.accounts[TAKER].position(BOOK).base.0, base * 1_000_000_000);
            let meets = limit(BOOK, if side == Side::Short { Side::Long } else { Side::Short }, ONE, price * DOLLAR);
            let meets = with(flags::IMMEDIATE_OR_CANCEL, meets);
            assert_eq!(world.clone().take(MAKER, meets, &[TAKER]).unwrap().matched.size, Size(0), "{side:?} {base}");
            assert_eq!(world.clone().expire(BOOK, TAKER, &[], None).unwrap().removed, 1, "{side:?} {base}");
        }
        assert!(world.accounts[TAKER].find(exit).is_some());
    }
}

#[test]
fn legs_whose_entry_is_gone_are_dead_without_a_position() {
    let mut world = World::funded(6, 100_000);
    let entry = limit(BOOK, Side::Long, ONE, 2_000 * DOLLAR);
    let legs = [OrderKind::StopMarket, OrderKind::TakeProfitMarket].map(|kind| {
        leg(waiting(BOOK, kind, Side::Short, 0, if kind == OrderKind::StopMarket { 1_900 } else { 2_100 } * DOLLAR))
    });
    world.place_all(TAKER, &[entry, legs[0], legs[1]]).unwrap();
    let sell = with(flags::IMMEDIATE_OR_CANCEL, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR));
    let _ = world.take(4, sell, &[TAKER]).unwrap();
    assert_eq!(world.expire(BOOK, TAKER, &[], None), Err(Error::NothingExpired));
    trade(&mut world, TAKER, 4);
    assert_eq!(world.expire(BOOK, TAKER, &[], None).unwrap().removed, 2);
    check(&mut world);
}

#[test]
fn as_many_orders_are_returned_as_one_call_may() {
    let mut world = World::funded(2, 100_000);
    assert_eq!(world.expire(BOOK, 0, &[99; MAX_EXPIRED], None), Err(Error::NothingExpired));
    assert_eq!(world.expire(BOOK, 0, &[99; MAX_EXPIRED + 1], None), Err(Error::InvalidOrder));
}

#[test]
fn an_order_that_adds_to_a_position_must_be_backed_too() {
    let mut world = World::funded(6, 100_000);
    trade(&mut world, MAKER, 4);
    let order = world.place(MAKER, limit(BOOK, Side::Short, ONE / 2, 2_000 * DOLLAR)).unwrap();
    assert_eq!(world.clone().expire(BOOK, MAKER, &[order], None), Err(Error::NothingExpired));
    // Enough for what it holds, and not for half as much again.
    world.accounts[MAKER].head.balances[0].amount.0 = 120 * DOLLAR;
    assert_eq!(world.expire(BOOK, MAKER, &[order], None).unwrap().removed, 1);
}

#[test]
fn who_reduces_needs_maintenance_margin_and_no_more() {
    // Long two at 2,000: 400 would open them, 200 keep them.
    let sold = |cents: u64, order: OrderParams| {
        let mut world = World::funded(6, 100_000);
        for _ in 0..2 {
            trade(&mut world, 4, TAKER);
        }
        let spent = -world.accounts[TAKER].position(BOOK).quote.0 - 4_000_000_000;
        world.accounts[TAKER].head.balances[0].amount.0 = cents * 10_000 + spent.cast_unsigned();
        world.place(4, limit(BOOK, Side::Long, ONE / 2, order.price.0)).unwrap();
        world.take(TAKER, order, &[4]).map(|report| (report.matched.size, report.resting))
    };
    // Half of the order rests: no risk is opened by that.
    assert_eq!(sold(25_000, limit(BOOK, Side::Short, ONE, 2_000 * DOLLAR)), Ok((Size(ONE / 2), Size(ONE / 2))));
    // What a bad price costs is as much as the margin that it frees, and the fee comes on top.
    let badly = with(flags::IMMEDIATE_OR_CANCEL, limit(BOOK, Side::Short, ONE / 2, 1_900 * DOLLAR));
    assert_eq!(sold(20_010, badly), Err(Error::InsufficientMargin));
    assert_eq!(sold(20_200, badly), Ok((Size(ONE / 2), Size(0))));
}

// ---- terms

#[test]
fn an_order_without_an_expiry_lives_for_its_auction_and_half_a_minute() {
    let lives = |world: &World, id| {
        let order = world.accounts[TAKER].find(id).unwrap();
        let auction = (u64::from(order.auction_slots) * world.board.slot_time().0).div_ceil(1_000_000);
        i64::from(order.expires_at) - world.clock.unix_time - i64::try_from(auction).unwrap()
    };
    let mut world = World::funded(4, 100_000);
    let id = world.place(TAKER, at_market(BTC, Side::Long, ONE / 10)).unwrap();
    assert_eq!(lives(&world, id), 30);
    // As one that was triggered does, but for an expiry of its own.
    let stop = waiting(BTC, OrderKind::StopMarket, Side::Long, ONE / 10, 61_000 * DOLLAR);
    let now = u32::try_from(world.clock.unix_time).unwrap();
    assert_eq!(world.place(TAKER, OrderParams { expires_at: now, ..stop }), Err(Error::OrderExpired));
    let own = world.place(TAKER, OrderParams { expires_at: now + 900, ..stop }).unwrap();
    let none = world.place(TAKER, stop).unwrap();
    let expiry = |world: &World, id| world.accounts[TAKER].find(id).unwrap().expires_at;
    assert_eq!((expiry(&world, own), expiry(&world, none)), (now + 900, 0));
    world.drive(BTC, 61_000 * DOLLAR);
    for paused in [operation::PLACE, operation::FILL] {
        world.pause(paused);
        assert_eq!(world.trigger(BTC, TAKER, none, None).map(drop), Err(Error::OperationPaused), "{paused:#x}");
    }
    world.pause(0);
    for id in [own, none] {
        let _ = world.trigger(BTC, TAKER, id, None).unwrap();
    }
    assert_eq!((expiry(&world, own), lives(&world, none)), (now + 900, 30));
    check(&mut world);
}

#[test]
fn an_auction_is_as_long_as_the_exchange_allows() {
    let mut world = World::funded(2, 100_000);
    let (least, most) = (world.exchange.min_auction_ms, world.exchange.max_auction_ms);
    for (auction_ms, good) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
        let order = OrderParams { auction_ms, ..at_market(BTC, Side::Long, ONE / 10) };
        assert_eq!(world.place(0, order).is_ok(), good, "{auction_ms}");
    }
}

#[test]
fn what_an_order_has_not_it_does_not_name() {
    let mut world = World::funded(6, 100_000);
    let plain = limit(BOOK, Side::Long, ONE, 1_990 * DOLLAR);
    let stop = waiting(BOOK, OrderKind::StopMarket, Side::Long, ONE, 2_050 * DOLLAR);
    let (start, end) = (Price(1_980 * DOLLAR), Price(1_990 * DOLLAR));
    let auction = OrderParams { auction_ms: 4_000, auction_start: start, auction_end: end, ..plain };
    for good in [plain, stop, auction] {
        world.clone().place(0, good).unwrap();
    }
    for params in [
        OrderParams { flags: 1 << 14, ..plain },
        OrderParams { flags: flags::LEG, ..plain },
        OrderParams { padding: [0, 1], ..plain },
        OrderParams { link: 1, ..plain },
        OrderParams { trigger_price: end, ..plain },
        OrderParams { size: Size(0), ..plain },
        OrderParams { price: Price(0), ..plain },
        OrderParams { auction_start: Price(0), ..auction },
        OrderParams { flags: flags::POST_ONLY, ..auction },
        OrderParams { auction_start: start, ..stop },
        OrderParams { auction_end: end, ..stop },
        OrderParams { auction_ms: 4_000, ..stop },
        OrderParams { padding: [1, 0], ..stop },
        OrderParams { flags: flags::POST_ONLY, ..stop },
        OrderParams { flags: flags::TRIGGER, ..stop },
        OrderParams { flags: flags::SELF_TRADE, ..stop },
        OrderParams { price: Price(0), ..waiting(BOOK, OrderKind::StopLimit, Side::Long, ONE, 2_050 * DOLLAR) },
    ] {
        assert_eq!(world.place(0, params), Err(Error::InvalidOrder), "{params:?}");
    }
    // Nothing to reduce, on either side, and nothing on the position's own side.
    let reducing = |side| with(flags::REDUCE_ONLY, OrderParams { side: side as u8, ..plain });
    for side in [Side::Long, Side::Short] {
        assert_eq!(world.place(0, reducing(side)), Err(Error::ReduceOnlyWouldIncrease), "{side:?}");
    }
    trade(&mut world, 4, 0);
    assert_eq!(world.place(0, reducing(Side::Long)), Err(Error::ReduceOnlyWouldIncrease));
    // A part may be as small as the smallest order.
    let ice = |extent| OrderParams { extent, ..plain };
    assert_eq!((world.place(0, ice(9)), world.place(0, ice(10)).is_ok()), (Err(Error::OrderTooSmall), true));
}

#[test]
fn a_position_may_be_as_large_as_the_largest() {
    let mut world = World::funded(6, 100_000);
    world.markets[BOOK].max_position = Size(2 * ONE);
    let twap = |side, units| OrderParams {
        kind: OrderKind::Twap as u8,
        extent: 100,
        link: 10,
        ..limit(BOOK, side, units * ONE, 0)
    };
    assert_eq!(world.clone().place(MAKER, twap(Side::Short, 3)), Err(Error::PositionTooLarge));
    world.clone().place(MAKER, twap(Side::Short, 2)).unwrap();
    world.place(MAKER, limit(BOOK, Side::Short, 2 * ONE, 2_000 * DOLLAR)).unwrap();
    let buy = with(flags::IMMEDIATE_OR_CANCEL, limit(BOOK, Side::Long, 2 * ONE, 2_000 * DOLLAR));
    assert_eq!(world.take(TAKER, buy, &[MAKER]).unwrap().matched.maker_size, Size(2 * ONE));
    // What makes the worst case no larger needs neither margin to open it nor room for it.
    world.accounts[TAKER].head.balances[0].amount.0 = 300 * DOLLAR;
    assert_eq!(world.clone().place(TAKER, twap(Side::Long, 1)), Err(Error::PositionTooLarge));
    world.markets[BOOK].max_position = Size(ONE);
    world.place(TAKER, twap(Side::Short, 1)).unwrap();
}

#[test]
fn a_margin_ratio_of_ones_own_can_always_be_kept_or_lowered() {
    let mut world = World::funded(6, 100_000);
    trade(&mut world, 4, TAKER);
    world.leverage(TAKER, BOOK, 500_000).unwrap();
    world.accounts[TAKER].head.balances[0].amount.0 = 400 * DOLLAR;
    assert_eq!(world.leverage(TAKER, BOOK, 600_000), Err(Error::InsufficientMargin));
    world.leverage(TAKER, BOOK, 500_000).unwrap();
    world.leverage(TAKER, BOOK, 400_000).unwrap();
    assert_eq!(world.accounts[TAKER].position(BOOK).custom_margin, Ppm(400_000));
}

#[test]
fn what_cancelled_orders_free_is_not_taken_over() {
    let mut world = long_one(8_000);
    world.place(TAKER, limit(SOL, Side::Long, 100 * ONE, 149 * DOLLAR)).unwrap();
    for price in [57_500, 55_000] {
        world.drive(BTC, price * DOLLAR);
    }
    let report = world.liquidate(BTC, TAKER, 4, u64::MAX).unwrap();
    // Some 100 dollars of margin are missing, at some 2,500 a coin; the order alone asked for more than 700.
    assert_eq!(report.orders_cancelled, 1);
    assert!(report.base > Base(0) && report.base < Base(100_000_000), "{report:?}");
    let used = world.accounts[TAKER].head.positions.iter().filter(|position| position.is_used());
    assert_eq!(used.count(), 1, "the order's place is free");
    check(&mut world);
}
