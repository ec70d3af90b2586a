//! Resting orders that cross: the call after a halt, and two at a time in normal times.

mod common;

use common::check::check;
use common::{BOOK, BTC, DOLLAR, ONE, World, ioc, limit, with};
use kedge_model::account::board::Session;
use kedge_model::account::exchange::operation;
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::error::Error;
use kedge_model::quantity::{Base, Price, Size};
use kedge_model::time::Seconds;
use proptest::prelude::*;

/// One account of each owner.
const OWNERS: [usize; 6] = [0, 2, 4, 6, 8, 10];
/// Where the price leaps to.
const LEAPT: u64 = 2_120;

fn second(world: &mut World, dollars: u64) {
    world.wait(1);
    let _ = world.refresh(BOOK, dollars * DOLLAR).unwrap();
    let _ = world.refresh_bank(0, DOLLAR).unwrap();
}

fn session(world: &World) -> Session {
    world.board.markets[BOOK].session(&world.clock)
}

fn quiet() -> World {
    let mut world = World::funded(12, 1_000_000);
    for _ in 0..3 {
        second(&mut world, 2_000);
    }
    world
}

/// The price leaps, and the market is reserved for another 20 seconds.
fn leap(world: &mut World) {
    for _ in 0..12 {
        second(world, LEAPT);
    }
    assert_eq!(session(world), Session::Reserved);
}

fn until_called(world: &mut World) {
    while session(world) == Session::Reserved {
        second(world, LEAPT);
    }
    assert_eq!(session(world), Session::Calling);
}

fn order(side: Side, size: u64, dollars: u64) -> OrderParams {
    limit(BOOK, side, size, dollars * DOLLAR)
}

fn post_only(side: Side, size: u64, dollars: u64) -> OrderParams {
    with(flags::POST_ONLY, order(side, size, dollars))
}

fn base(world: &World, account: usize) -> i64 {
    world.accounts[account].position(BOOK).base.0
}

#[test]
fn after_a_halt_crossed_orders_trade_at_the_rows_price_best_first() {
    let mut world = quiet();
    // A bid and two asks of before the leap; the asks are far too low now.
    world.place(0, order(Side::Long, 2 * ONE, 2_140)).unwrap();
    world.place(2, order(Side::Short, ONE, 2_090)).unwrap();
    world.place(4, order(Side::Short, 3 * ONE, 2_095)).unwrap();
    leap(&mut world);
    assert_eq!(world.uncross(BOOK, &OWNERS), Err(Error::MarketReserved));
    // More competes in the half minute: what would have gone at 2,090 goes at 2,120.
    world.place(6, post_only(Side::Long, ONE, 2_150)).unwrap();
    world.place(8, post_only(Side::Long, ONE, 2_119)).unwrap();
    until_called(&mut world);
    assert_eq!(world.take(10, ioc(BOOK, Side::Long, ONE, 2_200 * DOLLAR), &[2]).map(drop), Err(Error::MarketReserved));
    let before: Vec<i64> = OWNERS.map(|account| world.equity(account) as i64).to_vec();
    let report = world.uncross(BOOK, &[4, 0, 2, 8, 6]).unwrap();
    assert_eq!((report.size, report.quote.0, report.trades), (Size(3 * ONE), 3 * LEAPT * DOLLAR, 2));
    let bases = OWNERS.map(|account| base(&world, account) / ONE as i64);
    assert_eq!(bases, [2, -1, -2, 1, 0, 0], "the best of both sides, and nobody at 2,119");
    // The bid at 2,140 is older than both asks, which are the takers; the one that is post-only pays and gets nothing.
    let fee = |quote: u64| (quote * DOLLAR / 1_000) as i64;
    let after: Vec<i64> = OWNERS.map(|account| world.equity(account) as i64).to_vec();
    let changes: Vec<i64> = before.iter().zip(&after).map(|(before, after)| after - before).collect();
    assert_eq!(changes[3], 0, "at the row's price, without a fee: {changes:?}");
    assert_eq!(changes[1] + changes[2], -fee(2 * LEAPT), "{changes:?}");
    assert_eq!(changes[0], 2 * LEAPT as i64 * DOLLAR as i64 / 5_000, "the rebate");
    assert_eq!(world.uncross(BOOK, &OWNERS), Err(Error::NothingToFill));
    check(&mut world);
}

#[test]
fn attack_a_call_at_a_better_price_than_the_rows_of_now() {
    // There is no price to hand in; what can be chosen is when. The last price of the reserved state is refused...
    let mut world = quiet();
    world.place(0, order(Side::Long, ONE, 2_140)).unwrap();
    world.place(2, order(Side::Short, ONE, 2_090)).unwrap();
    leap(&mut world);
    while world.clock.unix_time < i64::from(world.board.markets[BOOK].halted_at) + 29 {
        second(&mut world, LEAPT);
    }
    world.wait(1);
    assert_eq!((session(&world), world.uncross(BOOK, &[0, 2])), (Session::Calling, Err(Error::PriceBeforeCall)));
    // ... so is one that somebody brings late, and one that has aged.
    let (clock, seen) = (world.clock, world.clock.unix_time - 1);
    let late = kedge_model::account::board::OraclePrice {
        price: Price(2_100 * DOLLAR),
        confidence: Price(DOLLAR),
        publish_time: seen,
        publish_slot: clock.slot,
    };
    let micros = world.board.slot_time();
    let _ = world.board.markets[BOOK].refresh(&[late; 2], &clock, micros).unwrap();
    assert_eq!(world.uncross(BOOK, &[0, 2]), Err(Error::PriceBeforeCall));
    let _ = world.refresh(BOOK, LEAPT * DOLLAR).unwrap();
    let mut aged = world.clone();
    aged.wait(4);
    assert_eq!((session(&aged), aged.uncross(BOOK, &[0, 2])), (Session::Calling, Err(Error::PriceNotLive)));
    assert_eq!(world.uncross(BOOK, &[0, 2]).map(|report| report.quote.0), Ok(LEAPT * DOLLAR));
    check(&mut world);
}

#[test]
fn in_normal_times_two_that_cross_trade_at_the_older_ones_price() {
    let mut world = quiet();
    world.place(0, post_only(Side::Short, ONE, 1_990)).unwrap();
    world.place(2, post_only(Side::Long, 2 * ONE, 2_010)).unwrap();
    let before = (world.markets[BOOK], world.accounts[0].head.total_fees, world.accounts[2].head.total_fees);
    let report = world.uncross(BOOK, &[2, 0]).unwrap();
    assert_eq!((report.size, report.quote.0), (Size(ONE), 1_990 * DOLLAR));
    let after = world.markets[BOOK];
    // Neither has taken: no fee, and nothing that a wash trade would be good for.
    assert_eq!((world.accounts[0].head.total_fees, world.accounts[2].head.total_fees), (before.1, before.2));
    assert_eq!((after.fees, after.volume), (before.0.fees, before.0.volume));
    assert_eq!((after.last_price, after.last_fill_price), (before.0.last_price, before.0.last_fill_price));
    // A newer one that is not post-only takes: it pays, the older one gets, and the trade counts.
    world.place(4, order(Side::Short, ONE, 2_000)).unwrap();
    let report = world.uncross(BOOK, &[2, 4]).unwrap();
    assert_eq!((report.size, report.quote.0), (Size(ONE), 2_010 * DOLLAR));
    assert_eq!(world.accounts[4].head.total_fees.0, 2_010_000);
    assert_eq!(world.accounts[2].head.total_fees.0, -402_000);
    assert_eq!((world.markets[BOOK].last_fill_price, world.markets[BOOK].volume), (Price(2_010 * DOLLAR), ONE));
    check(&mut world);
}

#[test]
fn one_owner_never_trades_with_himself_and_one_that_cannot_stands_aside() {
    let mut world = quiet();
    world.place(0, post_only(Side::Short, ONE, 1_990)).unwrap();
    world.place(1, post_only(Side::Long, ONE, 2_010)).unwrap();
    assert_eq!(world.uncross(BOOK, &[0, 1]), Err(Error::NothingToFill));
    // The best bid is too large for what its owner may hold; the next one trades.
    world.place(2, order(Side::Long, 2 * ONE, 2_005)).unwrap();
    world.place(4, order(Side::Long, ONE / 2, 2_004)).unwrap();
    world.markets[BOOK].max_position = Size(ONE * 3 / 4);
    let kept = world.accounts[2].head;
    let report = world.uncross(BOOK, &[0, 2, 4]).unwrap();
    assert_eq!((report.size, base(&world, 4)), (Size(ONE / 2), ONE as i64 / 2));
    assert_eq!(world.accounts[2].head, kept, "all of its own is as before");
    // Nor does the older one change that cannot.
    world.place(6, order(Side::Short, ONE / 2, 1_990)).unwrap();
    world.place(8, order(Side::Long, ONE / 2, 2_000)).unwrap();
    world.markets[BOOK].max_position = Size(ONE * 2 / 5);
    let kept = (world.accounts[6].head, world.accounts[8].head);
    assert_eq!(world.uncross(BOOK, &[6, 8]), Err(Error::NothingToFill));
    assert_eq!((world.accounts[6].head, world.accounts[8].head), kept);
    world.markets[BOOK].max_position = Size(ONE * 100);
    check(&mut world);
}

/// A pause that has ended is no pause, here as in a fill: its switch stays in the word until it is set anew.
#[test]
fn a_pause_of_the_vamm_that_has_ended_sends_nobody_past_it() {
    let mut world = World::funded(6, 1_000_000);
    world.place(0, limit(BTC, Side::Short, ONE / 10, 60_500 * DOLLAR)).unwrap();
    world.place(2, limit(BTC, Side::Long, ONE / 10, 60_600 * DOLLAR)).unwrap();
    world.tick();
    let (admin, clock) = (world.exchange.admin, world.clock);
    world.exchange.set_paused(&admin, operation::FILL_AMM, Seconds::HOUR, &clock).unwrap();
    let paused = world.clone().uncross(BTC, &[0, 2]).unwrap();
    assert_eq!(paused.trades, 1, "without the vAMM they trade with each other");
    world.wait(Seconds::HOUR.0);
    world.tick();
    assert_eq!(world.uncross(BTC, &[0, 2]), Err(Error::NothingToFill), "the vAMM serves the newer one better");
}

#[test]
fn what_takes_goes_to_the_vamm_where_that_is_better() {
    let mut world = World::funded(6, 1_000_000);
    world.tick();
    world.place(0, limit(BTC, Side::Short, ONE / 10, 61_500 * DOLLAR)).unwrap();
    world.place(2, limit(BTC, Side::Long, ONE / 10, 61_600 * DOLLAR)).unwrap();
    assert_eq!(world.uncross(BTC, &[0, 2]), Err(Error::NothingToFill), "the vAMM sells at some 60,060");
    world.place(4, with(flags::POST_ONLY, limit(BTC, Side::Short, ONE / 10, 61_400 * DOLLAR))).unwrap();
    // Here the newer one only makes.
    let report = world.uncross(BTC, &[2, 4]).unwrap();
    assert_eq!(report.quote.0, 6_160 * DOLLAR);
    check(&mut world);
}

#[test]
fn a_part_that_an_order_shows_trades_and_goes_behind() {
    let mut world = quiet();
    let parts = OrderParams { extent: 1_000, ..order(Side::Short, 3 * ONE, 1_990) };
    let step = world.markets[BOOK].step.0;
    world.place(0, parts).unwrap();
    world.place(2, post_only(Side::Long, 3 * ONE, 2_010)).unwrap();
    let seq = world.accounts[0].open().next().unwrap().seq;
    let report = world.uncross(BOOK, &[0, 2]).unwrap();
    assert_eq!(report.size, Size(1_000 * step));
    assert!(world.accounts[0].open().next().unwrap().seq > seq);
    check(&mut world);
}

/// What somebody places: by whom, on which side, how many tenths, how many dollars above 2,060, and whether after the leap.
fn asks() -> impl Strategy<Value = Vec<(usize, bool, u64, u64, bool)>> {
    prop::collection::vec((0..OWNERS.len(), any::<bool>(), 1u64..50, 0u64..120, any::<bool>()), 2..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever rests: all of a call trades at one price that no order's limit is worse than, as much is bought as sold, of
    /// each side the best and at one price the oldest first, until one side is used up, and every ledger is exact.
    #[test]
    fn a_call_is_one_price_in_priority_and_to_the_end(asks in asks()) {
        let mut world = quiet();
        let mut late = Vec::new();
        for (owner, buys, tenths, above, after) in asks {
            let side = if buys { Side::Long } else { Side::Short };
            let params = order(side, tenths * ONE / 10, 2_060 + above);
            if after { late.push((owner, with(flags::POST_ONLY, params))) } else { let _ = world.place(OWNERS[owner], params); }
        }
        leap(&mut world);
        for (owner, params) in late {
            let _ = world.place(OWNERS[owner], params);
        }
        until_called(&mut world);
        let price = world.oracle(BOOK);
        let before: Vec<_> = OWNERS.iter().flat_map(|&at| world.accounts[at].open().map(move |order| (at, *order)).collect::<Vec<_>>()).collect();
        let equity: i128 = OWNERS.iter().map(|&at| world.equity(at)).sum();
        let fees = world.markets[BOOK].fees.0;
        let report = world.uncross(BOOK, &OWNERS);
        check(&mut world);
        let filled = |at: usize, id: u32, size: Size| world.accounts[at].find(id).map_or(size.0, |order| order.filled.0);
        let owners = |side: Side| {
            let mut all: Vec<_> = before.iter().filter(|(_, order)| order.side() == side && side.accepts(order.price(), price)).collect();
            all.sort_by_key(|(_, order)| (if side == Side::Long { u64::MAX - order.price().0 } else { order.price().0 }, order.seq));
            all
        };
        // One owner's two sides stand aside for each other: then priority is among the others.
        let own = owners(Side::Long).iter().any(|(at, _)| owners(Side::Short).iter().any(|(other, _)| at == other));
        let mut sums = Vec::new();
        let mut left = Vec::new();
        for side in [Side::Long, Side::Short] {
            let mut used_up = false;
            let (mut sum, mut rest) = (0, 0);
            for (at, order) in owners(side) {
                let got = filled(*at, order.id, order.size);
                prop_assert!(own || got == 0 || !used_up, "{side:?} out of turn");
                used_up |= got < order.size.0;
                sum += got;
                rest += order.size.0 - got;
            }
            sums.push(sum);
            left.push(rest);
        }
        for (at, order) in &before {
            if !order.side().accepts(order.price(), price) {
                prop_assert_eq!(filled(*at, order.id, order.size), order.filled.0, "worse than its limit");
            }
        }
        prop_assert_eq!(sums[0], sums[1]);
        prop_assert!(own || left[0] == 0 || left[1] == 0);
        match report {
            Ok(report) => {
                prop_assert_eq!(report.size.0, sums[0]);
                let exact = u128::from(sums[0]) * u128::from(price.0) / u128::from(ONE);
                prop_assert!(u128::from(report.quote.0).abs_diff(exact) <= u128::from(report.trades));
            }
            Err(error) => prop_assert_eq!((error, sums[0]), (Error::NothingToFill, 0)),
        }
        // At the row's price a trade moves no equity but the fees.
        let now: i128 = OWNERS.iter().map(|&at| world.equity(at)).sum();
        prop_assert_eq!(equity - now, i128::from(world.markets[BOOK].fees.0) - i128::from(fees));
        prop_assert_eq!(OWNERS.iter().map(|&at| world.accounts[at].position(BOOK).base).map(|base: Base| base.0).sum::<i64>(), 0);
    }
}
