//! What the vAMM and orders at a distance from the oracle trade at.

use crate::common::check::check;
use crate::common::{BOOK, BTC, DOLLAR, ONE, SOL, World, at_market, ioc, join, limit, waiting, with};
use kedge_model::Error;
use kedge_model::account::exchange::operation;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::action::UpdateAmm;
use kedge_model::fault::{Fault, with as planted};
use kedge_model::quantity::{Price, Size};
use kedge_model::rule::trigger::LAST_PRICE_VALUE;

/// The one who knows, one who quotes, somebody else, and one more of the first's own.
const TAKER: usize = 0;
const OWN: usize = 1;
const MAKER: usize = 2;
const OTHER: usize = 4;

/// A rich world in which nobody pays fees: what is gained is gained from the price alone.
fn free() -> World {
    let mut world = World::funded(6, 1_000_000);
    for tier in &mut world.exchange.fees {
        (tier.taker.0, tier.maker_rebate.0) = (0, 0);
    }
    world
}

/// What an account has gained, in dollars at the prices of now.
fn gain(world: &World, account: usize) -> i128 {
    (world.equity(account) - 1_000_000_000_000) / 1_000_000
}

fn buys(world: &mut World, market: usize, size: u64, limit: u64, makers: &[usize]) -> u64 {
    world.take(TAKER, ioc(market, Side::Long, size, limit * DOLLAR), makers).unwrap().matched.size.0
}

fn sells(world: &mut World, market: usize, size: u64, limit: u64, makers: &[usize]) -> u64 {
    world.take(TAKER, ioc(market, Side::Short, size, limit * DOLLAR), makers).unwrap().matched.size.0
}

#[test]
fn a_nearly_flat_vamm_trades_at_no_price_from_before_the_order() {
    // The vAMM holds one smallest order. The price has risen by 3 %, and the row does not say so yet: somebody buys at the
    // old price, and sells at the new one when a refresh has brought it.
    let attack = || {
        let mut world = free();
        let smallest = world.markets[BTC].min_order.0;
        let _ = world.take(OTHER, ioc(BTC, Side::Short, smallest, 59_000 * DOLLAR), &[]).unwrap();
        world.wait(1);
        let bought = buys(&mut world, BTC, 5 * ONE, 63_000, &[]);
        world.clock.slot += 1;
        let _ = world.refresh(BTC, 61_800 * DOLLAR).unwrap();
        if bought > 0 {
            let _ = sells(&mut world, BTC, bought, 59_000, &[]);
        }
        check(&mut world);
        (bought, gain(&world, TAKER))
    };
    let (bought, won) = planted(Fault::FlatTakesStalePrice, attack);
    assert!(bought > 4 * ONE && won > 4_000, "{bought} bought, {won} won");
    assert_eq!(attack(), (0, 0));
}

/// Orders that begin to trade when their owner wants them to: each is placed, made ready, and active before the last
/// refresh. Returns the order's id.
type Ripening = (&'static str, fn(&mut World) -> u32);

const RIPENING: [Ripening; 5] = [
    ("an auction's start", |world| {
        let order = OrderParams {
            auction_start: Price(100_000),
            auction_end: Price(63_000 * DOLLAR),
            auction_ms: 60_000,
            ..limit(BTC, Side::Long, 5 * ONE, 63_000 * DOLLAR)
        };
        let id = world.place(TAKER, order).unwrap();
        // From a tenth of a dollar it reaches the vAMM's offer 143 slots later: after the nine seconds that come.
        for _ in 0..61 {
            world.tick();
        }
        id
    }),
    ("an expiry far away", |world| {
        let expires_at = u32::try_from(world.clock.unix_time + 3_600).unwrap();
        let id = world.place(TAKER, OrderParams { expires_at, ..at_market(BTC, Side::Long, 5 * ONE) }).unwrap();
        for _ in 0..60 {
            world.tick();
        }
        id
    }),
    ("a limit behind an auction that nobody reaches", |world| {
        let order = OrderParams {
            auction_start: Price(57_000 * DOLLAR),
            auction_end: Price(57_000 * DOLLAR),
            auction_ms: 4_000,
            ..limit(BTC, Side::Long, 5 * ONE, 63_000 * DOLLAR)
        };
        let id = world.place(TAKER, order).unwrap();
        for _ in 0..2 {
            world.tick();
        }
        id
    }),
    ("a triggered leg", |world| {
        let stop = waiting(BTC, OrderKind::StopMarket, Side::Long, 5 * ONE, 60_000 * DOLLAR);
        let id = world.place(TAKER, stop).unwrap();
        let _ = world.trigger(BTC, TAKER, id, None).unwrap();
        for _ in 0..10 {
            world.tick();
        }
        id
    }),
    ("a slice", |world| {
        let steps = u32::try_from(5 * ONE / world.markets[BTC].step.0).unwrap();
        let twap = OrderParams {
            kind: OrderKind::Twap as u8,
            extent: steps,
            link: 10,
            ..limit(BTC, Side::Long, 10 * ONE, 63_000 * DOLLAR)
        };
        let id = world.place(TAKER, twap).unwrap();
        for _ in 0..30 {
            world.tick();
        }
        id
    }),
];

#[test]
fn no_order_chooses_the_moment_at_which_it_meets_an_old_price() {
    for (what, ripening) in RIPENING {
        // The last refresh is nine seconds ago, the price has risen by 1.5 % since.
        let attack = || {
            let mut world = free();
            let id = ripening(&mut world);
            world.wait(9);
            let filled = world.fill(BTC, TAKER, id, None, &[]).map(|report| report.matched.amm_size.0);
            let _ = world.refresh(BTC, 60_900 * DOLLAR).unwrap();
            check(&mut world);
            (filled, gain(&world, TAKER), world, id)
        };
        let (filled, won, ..) = planted(Fault::OldRowAtFill, attack);
        assert!(filled.is_ok_and(|size| size > 2 * ONE) && won > 1_500, "{what}: {filled:?}, {won} won");
        let (filled, won, mut world, id) = attack();
        assert_eq!((filled, won), (Err(Error::NothingToFill), 0), "{what}");
        // At the price of now it is filled as ever: the order is no worse off than it has a right to be.
        if world.accounts[TAKER].find(id).unwrap().price() >= Price(61_200 * DOLLAR) {
            let filled = world.fill(BTC, TAKER, id, None, &[]).unwrap();
            assert!(filled.matched.amm_size > Size(2 * ONE), "{what}");
            assert!(gain(&world, TAKER) <= 0, "{what}: {}", gain(&world, TAKER));
        }
    }
}

#[test]
fn a_join_of_the_vamm_needs_a_live_price_too() {
    // The vAMM is short; the taker sells to a friend in an auction at what the row said nine seconds ago, and the vAMM
    // joins though the price has fallen by 1.5 %.
    let attack = || {
        let mut world = free();
        let _ = world.take(OTHER, ioc(BTC, Side::Long, 4 * ONE, 63_000 * DOLLAR), &[]).unwrap();
        world.exchange.default_auction_ms = 20_000;
        let id = world.place(TAKER, at_market(BTC, Side::Short, 4 * ONE)).unwrap();
        for _ in 0..11 {
            world.tick();
        }
        world.wait(9);
        let joined = world.join(BTC, MAKER, TAKER, join(id, 2 * ONE, 1 << 50)).unwrap().amm_size.0;
        let _ = world.refresh(BTC, 59_100 * DOLLAR).unwrap();
        check(&mut world);
        joined
    };
    assert_eq!(planted(Fault::OldRowAtFill, attack), ONE);
    assert_eq!(attack(), 0);
}

#[test]
fn an_unreachable_start_is_moved_to_where_a_market_can_be() {
    let starts = || {
        let mut world = free();
        let mut placed = |side: Side, start: u64, end: u64, price: u64| {
            let params = OrderParams {
                auction_start: Price(start),
                auction_end: Price(end * DOLLAR),
                auction_ms: 60_000,
                ..limit(BTC, side, ONE, price * DOLLAR)
            };
            let id = world.place(TAKER, params).unwrap();
            world.accounts[TAKER].find(id).unwrap().auction_start.0 / DOLLAR
        };
        [
            placed(Side::Long, 100_000, 63_000, 63_000),
            placed(Side::Short, 10_000_000 * DOLLAR, 57_000, 57_000),
            // At its end where that is nearer, and where it is when a market may come there.
            placed(Side::Long, 100_000, 58_000, 63_000),
            placed(Side::Long, 59_800 * DOLLAR, 63_000, 63_000),
        ]
    };
    assert_eq!(planted(Fault::OldRowAtFill, starts), [0, 10_000_000, 0, 59_800]);
    // Half a percent from the oracle, where a derived auction of a calm market ends.
    assert_eq!(starts(), [59_700, 60_300, 58_000, 59_800]);
}

#[test]
fn an_order_around_the_oracle_is_not_taken_on_both_sides_of_a_refresh() {
    let attack = |ahead: bool| {
        let mut world = free();
        for side in [Side::Long, Side::Short] {
            let offset = if side == Side::Long { -2i64 } else { 2 } * 1_000_000;
            let quote = limit(BOOK, side, 100 * ONE, offset.cast_unsigned());
            let _ = world.place(MAKER, with(flags::OFFSET, quote)).unwrap();
        }
        world.wait(1);
        if ahead {
            // Who keeps back two updates that are newer than the chain's clock has both in one slot.
            let _ = world.refresh(BOOK, 2_000 * DOLLAR).unwrap();
        }
        let bought = buys(&mut world, BOOK, 100 * ONE, 2_050, &[MAKER]);
        world.refresh_ahead(BOOK, 2_020 * DOLLAR, 1);
        if bought > 0 {
            let _ = sells(&mut world, BOOK, bought, 1_950, &[MAKER]);
        }
        check(&mut world);
        (bought, gain(&world, MAKER), gain(&world, TAKER))
    };
    for ahead in [false, true] {
        let (bought, lost, won) = planted(Fault::OffsetMakerTakenTwice, || attack(ahead));
        assert_eq!((bought, lost, won), (100 * ONE, -1_600, 1_600));
    }
    assert_eq!(attack(false), (0, 0, 0), "a price from before the order");
    // The bid is two below the lower of both prices, and the round trip costs the taker what the maker asks for it.
    assert_eq!(attack(true), (100 * ONE, 400, -400));
}

#[test]
fn an_order_around_the_oracle_takes_at_a_live_price_alone() {
    let mut world = free();
    let ask = world.place(OTHER, limit(BOOK, Side::Short, ONE, 2_001 * DOLLAR)).unwrap();
    let offset = 2_000_000i64.cast_unsigned();
    let bid = world.place(MAKER, with(flags::OFFSET, limit(BOOK, Side::Long, ONE, offset))).unwrap();
    world.wait(5);
    assert_eq!(world.fill(BOOK, MAKER, bid, None, &[OTHER]).unwrap_err(), Error::PriceNotLive);
    let take = with(flags::OFFSET | flags::IMMEDIATE_OR_CANCEL, limit(BOOK, Side::Long, ONE, offset));
    assert_eq!(world.take(TAKER, take, &[OTHER]).unwrap_err(), Error::PriceNotLive);
    let _ = world.refresh(BOOK, 2_000 * DOLLAR).unwrap();
    let filled = world.fill(BOOK, MAKER, bid, None, &[OTHER]).unwrap();
    assert_eq!((filled.matched.size, world.accounts[OTHER].find(ask)), (Size(ONE), None));
    check(&mut world);
}

#[test]
fn the_vamm_sells_nothing_back_across_a_refresh_of_the_same_slot() {
    // At once, with two prices that were kept back; and with orders that were placed before, at a live price of the
    // slot before.
    let at_once = || {
        let mut world = free();
        world.wait(1);
        let _ = world.refresh(BTC, 60_000 * DOLLAR).unwrap();
        let bought = buys(&mut world, BTC, 4 * ONE, 63_000, &[]);
        world.refresh_ahead(BTC, 61_200 * DOLLAR, 1);
        let _ = sells(&mut world, BTC, bought, 58_000, &[]);
        check(&mut world);
        (bought, gain(&world, TAKER))
    };
    let placed = || {
        let mut world = free();
        let buy = world.place(TAKER, limit(BTC, Side::Long, 4 * ONE, 63_000 * DOLLAR)).unwrap();
        let sell = world.place(OWN, limit(BTC, Side::Short, 4 * ONE, 58_000 * DOLLAR)).unwrap();
        world.tick();
        world.clock.slot += 2;
        let bought = world.fill(BTC, TAKER, buy, None, &[]).unwrap().matched.amm_size.0;
        world.refresh_ahead(BTC, 61_200 * DOLLAR, 1);
        let _ = world.fill(BTC, OWN, sell, None, &[]).unwrap();
        check(&mut world);
        (bought, gain(&world, TAKER) + gain(&world, OWN))
    };
    for attack in [at_once, placed] {
        let (bought, won) = planted(Fault::BothPricesOfOneSlot, attack);
        assert!(bought == 4 * ONE && won > 1_500, "{won} won");
        let (bought, won) = attack();
        assert!(bought == 4 * ONE && won < -200, "the spread of both ways, not {won}");
    }
}

#[test]
fn a_pause_of_the_vamms_updates_makes_nobody_poorer() {
    let attack = || {
        let mut world = free();
        world.pause(operation::UPDATE_AMM);
        world.drive(BTC, 62_400 * DOLLAR);
        let before = world.markets[BTC].amm_equity(world.oracle(BTC)).unwrap().0;
        let bought = buys(&mut world, BTC, 8 * ONE, 65_000, &[]);
        let lost = (before - world.markets[BTC].amm_equity(world.oracle(BTC)).unwrap().0) / 1_000_000;
        check(&mut world);
        (bought, lost, gain(&world, TAKER))
    };
    let (bought, lost, won) = planted(Fault::PausedUpdateStillTrades, attack);
    assert!(bought > 4 * ONE && lost > 4_000 && won > 4_000, "{bought} bought, {lost} lost");
    let (bought, lost, won) = attack();
    assert!(bought > 4 * ONE, "it goes on trading, around the oracle");
    assert!(lost < 0 && won < 0, "{lost} lost");
}

/// Sells a size of SOL to oneself at 143 in an auction that ends there, though SOL is worth 150.
fn print(world: &mut World, size: u64) {
    let order = OrderParams {
        auction_start: Price(150 * DOLLAR),
        auction_end: Price(143 * DOLLAR),
        auction_ms: 400,
        ..limit(SOL, Side::Short, size, 143 * DOLLAR)
    };
    let id = world.place(TAKER, order).unwrap();
    world.clock.slot += 1;
    assert_eq!(world.make(SOL, MAKER, TAKER, join(id, size, 1 << 40)).unwrap(), Size(size));
}

#[test]
fn six_cents_set_off_nobodys_stop() {
    let attack = |pieces: u64, size: u64| {
        let mut world = World::funded(6, 1_000_000);
        let _ = world.take(OTHER, ioc(SOL, Side::Long, 10 * ONE, 160 * DOLLAR), &[]).unwrap();
        let stop = waiting(SOL, OrderKind::StopMarket, Side::Short, 10 * ONE, 145 * DOLLAR);
        let id = world.place(OTHER, with(flags::REDUCE_ONLY | flags::TRIGGER_LAST, stop)).unwrap();
        world.tick();
        let before = world.equity(TAKER) + world.equity(MAKER);
        for _ in 0..pieces {
            print(&mut world, size);
        }
        let cost = before - world.equity(TAKER) - world.equity(MAKER);
        let set_off = world.trigger(SOL, OTHER, id, None).map(|report| report.price);
        check(&mut world);
        (set_off, cost)
    };
    let smallest = ONE / 10;
    let (set_off, cost) = planted(Fault::SmallestFillTriggers, || attack(1, smallest));
    assert!(set_off == Ok(Price(143 * DOLLAR)) && cost < 60_000, "for {cost} units");
    assert_eq!(attack(1, smallest).0, Err(Error::TriggerNotReached));
    // Cut into pieces it takes as much: some 22,000 dollars against oneself from 150 to 145, at 143, and their fees.
    assert_eq!(attack(10, 10 * ONE).0, Err(Error::TriggerNotReached));
    let (set_off, cost) = attack(22, 10 * ONE);
    assert!(set_off.is_ok() && cost > 20 * 1_000_000, "for {cost} units");
    // At once it takes the whole value.
    let whole = (LAST_PRICE_VALUE / 143 / 10_000_000 + 1) * 10_000_000_000;
    assert_eq!(attack(1, whole).0, Ok(Price(143 * DOLLAR)));
    assert!(attack(1, ONE * 20).0.is_err());
}

#[test]
fn the_depth_takes_one_step_a_slot() {
    let attack = || {
        let mut world = free();
        let _ = world.take(OTHER, ioc(BTC, Side::Long, 5 * ONE, 63_000 * DOLLAR), &[]).unwrap();
        let amm = &mut world.markets[BTC].amm;
        (amm.update_budget.0, amm.budget.0) = (0, 0);
        world.drive(BTC, 62_400 * DOLLAR);
        let before = world.markets[BTC].amm.sqrt_k.0;
        let mut calls = 0;
        let mut call = |world: &mut World| {
            for _ in 0..300 {
                calls += u64::from(world.on_market(BTC, &[], |context, _, _| UpdateAmm.execute(context)).is_ok());
            }
        };
        call(&mut world);
        let after = world.markets[BTC].amm.sqrt_k.0;
        world.clock.slot += 1;
        call(&mut world);
        check(&mut world);
        // In hundredths of a percent of what it was.
        (after * 10_000 / before, world.markets[BTC].amm.sqrt_k.0 * 10_000 / before)
    };
    let (one, _) = planted(Fault::DepthStepsAtEveryCall, attack);
    assert!(one < 7_500, "{one} of 10,000 are left after one slot");
    assert_eq!(attack(), (9_990, 9_980));
}
