//! Halts that end by themselves: what begins one, what it stops and what not, how it opens, how often it may be.

mod common;

use common::check::check;
use common::{BOOK, BTC, DOLLAR, ONE, World, at_market, ioc, join, limit, waiting, with};
use kedge_model::account::board::{
    CALL_LASTS, HALT_LASTS, HALTS_AN_HOUR, OPENING_BANDS, OPENING_STEP, PriceBoard, RESERVED_FOR, RowState, Session,
};
use kedge_model::account::order::{OrderKind, Side, flags};
use kedge_model::action::HaltRow;
use kedge_model::error::Error;
use kedge_model::quantity::Price;
use proptest::prelude::*;

const MAKER: usize = 2;
const FILLER: usize = 4;

fn session(world: &World, market: usize) -> Session {
    world.board.markets[market].session(&world.clock)
}

fn halted_at(world: &World, market: usize) -> u32 {
    world.board.markets[market].halted_at
}

/// A second later, the row at a price of both sources, in dollars.
fn second(world: &mut World, market: usize, dollars: u64) {
    world.wait(1);
    let _ = world.refresh(market, dollars * DOLLAR).unwrap();
    let _ = world.refresh_bank(0, DOLLAR).unwrap();
}

/// Makers alone at 2,000; the price has fallen by 6 % in two seconds.
fn fallen() -> World {
    let mut world = World::funded(6, 100_000);
    for _ in 0..40 {
        second(&mut world, BOOK, 2_000);
    }
    second(&mut world, BOOK, 1_880);
    assert_eq!(session(&world, BOOK), Session::Open, "one tick never halts");
    second(&mut world, BOOK, 1_880);
    assert_eq!(session(&world, BOOK), Session::Reserved);
    world
}

#[test]
fn a_halt_begins_ends_and_opens_by_the_clock_alone() {
    let mut world = fallen();
    let began = world.clock.unix_time;
    let row = world.board.markets[BOOK];
    assert_eq!(u32::try_from(began), Ok(row.halted_at));
    let (reserved, whole) = (began + 35, began + 65);
    assert_eq!(row.halt_ends(&world.clock), Some((reserved, whole)));
    for (seconds, wanted) in [
        (0, Session::Reserved),
        (29, Session::Reserved),
        (30, Session::Calling),
        (34, Session::Calling),
        (35, Session::Opening(OPENING_BANDS[0])),
        (44, Session::Opening(OPENING_BANDS[0])),
        (45, Session::Opening(OPENING_BANDS[1])),
        (55, Session::Opening(OPENING_BANDS[2])),
        (64, Session::Opening(OPENING_BANDS[2])),
        (65, Session::Open),
    ] {
        world.clock.unix_time = began + seconds;
        assert_eq!(session(&world, BOOK), wanted, "{seconds} s");
    }
    assert_eq!(row.halt_ends(&world.clock), None);
    assert_eq!((RESERVED_FOR.0, CALL_LASTS.0, OPENING_STEP.0, HALT_LASTS.0), (30, 5, 10, 65));
    // A clock that is set back halts no longer than it is set back by.
    world.clock.unix_time = began - 5;
    assert_eq!(session(&world, BOOK), Session::Reserved);
}

#[test]
fn a_reserved_market_fills_nothing_and_begins_no_auction() {
    let mut world = World::funded(6, 100_000);
    world.place(MAKER, with(flags::POST_ONLY, limit(BOOK, Side::Short, ONE, 1_890 * DOLLAR))).unwrap();
    let auction = world.place(0, at_market(BOOK, Side::Long, ONE)).unwrap();
    let resting = world.place(0, limit(BOOK, Side::Long, ONE, 2_100 * DOLLAR)).unwrap();
    let stop = waiting(BOOK, OrderKind::StopMarket, Side::Short, ONE, 1_900 * DOLLAR);
    let stop = world.place(MAKER, stop).unwrap();
    for price in [2_000, 1_880, 1_880] {
        second(&mut world, BOOK, price);
    }
    assert_eq!(session(&world, BOOK), Session::Reserved);
    let refused = Err(Error::MarketReserved);
    assert_eq!(world.join(BOOK, FILLER, 0, join(auction, ONE, 1_500 * DOLLAR)).map(drop), refused);
    // The price is good again, so that nothing but the halt refuses.
    for _ in 0..8 {
        second(&mut world, BOOK, 1_880);
    }
    assert_eq!(world.state(BOOK), RowState::Normal as u8);
    assert_eq!(world.fill(BOOK, 0, resting, Some(FILLER), &[MAKER]).map(drop), refused);
    assert_eq!(world.take(FILLER, ioc(BOOK, Side::Long, ONE, 2_000 * DOLLAR), &[MAKER]).map(drop), refused);
    assert_eq!(world.place(FILLER, at_market(BOOK, Side::Long, ONE)).map(drop), refused);
    assert_eq!(world.place(FILLER, limit(BOOK, Side::Long, ONE, 1_800 * DOLLAR)).map(drop), refused);
    assert_eq!(world.trigger(BOOK, MAKER, stop, Some(FILLER)).map(drop), refused);
    check(&mut world);
    // Half a minute after its beginning everything of it goes on.
    while matches!(session(&world, BOOK), Session::Reserved | Session::Calling) {
        second(&mut world, BOOK, 1_880);
    }
    assert!(!world.fill(BOOK, 0, resting, Some(FILLER), &[MAKER]).unwrap().matched.size.is_zero());
    world.place(FILLER, limit(BOOK, Side::Long, ONE, 1_800 * DOLLAR)).unwrap();
    let _ = world.trigger(BOOK, MAKER, stop, Some(FILLER)).unwrap();
    check(&mut world);
}

#[test]
fn cancels_post_only_orders_tokens_and_take_overs_go_on_while_reserved() {
    let mut world = common::story::long_one(6_100);
    let order = world.place(2, limit(BTC, Side::Long, ONE / 100, 50_000 * DOLLAR)).unwrap();
    world.drive(BTC, 56_500 * DOLLAR);
    assert_eq!(session(&world, BTC), Session::Reserved);
    common::waiting::cancel(&mut world, 2, order);
    world.place(2, with(flags::POST_ONLY, limit(BTC, Side::Long, ONE / 100, 50_000 * DOLLAR))).unwrap();
    world.deposit(2, 0, 100_000 * DOLLAR).unwrap();
    world.withdraw(2, 0, DOLLAR).unwrap();
    let _ = world.settle(BTC, 0).unwrap();
    let step = world.liquidate(BTC, 0, 2, ONE / 100).unwrap();
    assert!(!step.recovered && step.base.0 != 0);
    check(&mut world);
}

#[test]
fn the_band_opens_in_steps_and_is_never_wider_than_the_markets_own() {
    let mut world = fallen();
    let began = world.clock.unix_time;
    let price = 1_880u64;
    while world.state(BOOK) != RowState::Normal as u8 {
        second(&mut world, BOOK, price);
    }
    let asks = [1, 2, 4, 5].map(|percent| price * DOLLAR * (100 + percent) / 100);
    for (account, ask) in asks.iter().enumerate() {
        let ask = with(flags::POST_ONLY, limit(BOOK, Side::Short, ONE, ask.next_multiple_of(DOLLAR / 100)));
        world.place(2 + account, ask).unwrap();
    }
    // At each step one more of the asks is inside; the full band of the market reaches the last.
    for (seconds, reached) in [(35, 0), (45, 1), (55, 2), (65, 3)] {
        while world.clock.unix_time < began + seconds {
            second(&mut world, BOOK, price);
        }
        let full = world.markets[BOOK].price_band;
        let row = world.board.markets[BOOK];
        let (low, high) = world.markets[BOOK].trading_band(&row, &world.clock).unwrap();
        let (widest_low, widest_high) = world.markets[BOOK].band(Price(price * DOLLAR)).unwrap();
        assert!(low >= widest_low && high <= widest_high);
        if seconds == 65 {
            assert_eq!((low, high), (widest_low, widest_high));
        }
        for (index, ask) in asks.iter().enumerate() {
            let inside = Price(ask.next_multiple_of(DOLLAR / 100)) <= high;
            assert_eq!(inside, index <= reached, "{seconds} s, {full:?}");
            let mut probe = world.clone();
            let filled = probe.take(0, ioc(BOOK, Side::Long, ONE, 3_000 * DOLLAR), &[2 + index]);
            assert_eq!(filled.is_ok_and(|report| !report.matched.size.is_zero()), inside, "{seconds} s, {index}");
        }
    }
    // A market whose own band is narrower than a step keeps it.
    world.clock.unix_time = began + 55;
    world.markets[BOOK].price_band = kedge_model::quantity::Ppm(15_000);
    let row = world.board.markets[BOOK];
    assert_eq!(world.markets[BOOK].trading_band(&row, &world.clock), world.markets[BOOK].band(row.price.price));
}

#[test]
fn attack_one_tick_one_source_or_one_price_told_twice_halts_nothing() {
    // One print of a quorum, and back.
    let mut world = World::funded(4, 100_000);
    for _ in 0..5 {
        second(&mut world, BTC, 60_000);
    }
    for price in [50_000, 60_000, 70_000, 60_000] {
        second(&mut world, BTC, price);
        second(&mut world, BTC, 60_000);
    }
    // The same price as often as one likes: no newer one, no second tick.
    second(&mut world, BTC, 50_000);
    for _ in 0..10 {
        assert!(!world.refresh(BTC, 50_000 * DOLLAR).unwrap().updated);
    }
    second(&mut world, BTC, 60_000);
    // One source of two that have to agree: the row does not take it.
    for _ in 0..10 {
        world.wait(1);
        let _ = world.refresh_from(BTC, 50_000 * DOLLAR, 1).unwrap();
        assert_eq!(world.oracle(BTC), Price(60_000 * DOLLAR));
    }
    assert_eq!(halted_at(&world, BTC), 0);
    // Nor where it has come to be the only one that lives.
    world.lose_a_source(BTC, 60_000 * DOLLAR);
    for price in [60_000, 50_000, 50_000, 50_000] {
        world.wait(1);
        assert!(world.refresh_from(BTC, price * DOLLAR, 1).unwrap().updated);
    }
    assert_eq!((world.oracle(BTC), halted_at(&world, BTC)), (Price(50_000 * DOLLAR), 0));
}

#[test]
fn attack_trades_far_from_the_oracle_halt_nothing() {
    let mut world = World::funded(4, 1_000_000);
    for round in 0..30u64 {
        second(&mut world, BOOK, 2_000);
        let price = if round % 2 == 0 { 1_905 } else { 2_095 } * DOLLAR;
        world.place(MAKER, limit(BOOK, Side::Short, ONE, price)).unwrap();
        let _ = world.take(0, ioc(BOOK, Side::Long, ONE, 2_095 * DOLLAR), &[MAKER]).unwrap();
    }
    assert_eq!(halted_at(&world, BOOK), 0, "only the oracle's price moves a row");
}

#[test]
fn attack_a_row_that_never_rests_is_halted_four_times_an_hour() {
    let mut world = World::funded(2, 100_000);
    let mut halts: Vec<i64> = Vec::new();
    let mut high = false;
    for step in 0..4_000u64 {
        // Every eight minutes a tenth up or down: the row is quiet enough again for each to be a leap.
        high ^= step % 160 == 0;
        world.wait(3);
        let _ = world.refresh(BOOK, if high { 2_200 } else { 2_000 } * DOLLAR).unwrap();
        let at = i64::from(halted_at(&world, BOOK));
        if at != 0 && halts.last() != Some(&at) {
            halts.push(at);
        }
    }
    assert!(halts.len() >= 8, "{halts:?}");
    for five in halts.windows(HALTS_AN_HOUR + 1) {
        assert!(five[HALTS_AN_HOUR] - five[0] >= 3_600, "{halts:?}");
    }
    for two in halts.windows(2) {
        assert!(two[1] - two[0] >= 30, "a reserved row is not reserved anew: {halts:?}");
    }
    // Most of any hour the market trades.
    assert!(HALTS_AN_HOUR as u64 * RESERVED_FOR.0 <= 120);
}

#[test]
fn a_slow_move_and_one_that_the_row_is_used_to_halt_nothing() {
    // 6 % in three minutes.
    let mut world = World::funded(2, 100_000);
    for part in 0..=90u64 {
        world.wait(2);
        let _ = world.refresh(BOOK, 2_000 * DOLLAR - 120 * DOLLAR * part / 90).unwrap();
    }
    assert_eq!(halted_at(&world, BOOK), 0);
    // A row that goes up and down by 2 % every few seconds deviates by some 1 %: 6 % is less than eight times that.
    let mut world = World::funded(2, 100_000);
    for step in 0..600u64 {
        let price = if step / 3 % 2 == 0 { 1_970 } else { 2_030 };
        second(&mut world, BOOK, price);
    }
    let row = world.board.markets[BOOK];
    let deviation = row.price.deviation.0;
    assert!(8 * deviation > 140 * DOLLAR, "{deviation}");
    assert!(row.move_limit > 700, "{}", row.move_limit);
    for _ in 0..3 {
        second(&mut world, BOOK, 2_120);
    }
    assert_eq!(halted_at(&world, BOOK), 0);
}

#[test]
fn a_gap_is_no_move_and_a_frozen_or_halted_row_stays_as_it_is() {
    let mut world = World::funded(2, 100_000);
    second(&mut world, BOOK, 2_000);
    world.wait(61);
    for _ in 0..5 {
        second(&mut world, BOOK, 1_500);
    }
    assert_eq!(halted_at(&world, BOOK), 0, "nobody knows how long it took");
    // A pauser's halt is another: it neither begins nor ends this one.
    let halt = HaltRow { kind: 0, index: World::index(BOOK), halted: true, length: kedge_model::time::Seconds::HOUR };
    let clock = world.clock;
    halt.execute(&mut world.exchange, &mut world.board, &clock).unwrap();
    assert_eq!(session(&world, BOOK), Session::Open);
    let halt = HaltRow { halted: false, ..halt };
    halt.execute(&mut world.exchange, &mut world.board, &clock).unwrap();
    world.board.markets[BOOK].freeze(Price(1_500 * DOLLAR));
    let frozen = world.board.markets[BOOK];
    second(&mut world, BOOK, 2_000);
    second(&mut world, BOOK, 2_000);
    assert_eq!(world.board.markets[BOOK], frozen);
}

#[test]
fn the_board_still_fits_one_creation() {
    assert_eq!(size_of::<PriceBoard>(), 10_048);
    assert!(size_of::<PriceBoard>() + 8 <= 10_240);
}

/// The rule as the page states it, over the whole history of prices instead of two of them.
struct Truth {
    seen: Vec<(i64, u64)>,
}

impl Truth {
    /// Whether a price at a time lies more than the least limit from one of so many seconds before.
    fn moved(&self, at: i64, price: u64, seconds: i64) -> bool {
        self.seen.iter().filter(|(then, _)| at - then <= seconds).any(|(_, then)| price.abs_diff(*then) * 20 > *then)
    }

    /// Whether it is more than twice every price of the two minutes before, the last so many left out.
    fn leapt(&self, at: i64, price: u64, left_out: usize) -> bool {
        let before = &self.seen[..self.seen.len().saturating_sub(left_out)];
        !before.is_empty() && before.iter().filter(|(then, _)| at - then <= 120).all(|(_, then)| price > 2 * then)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever the prices and their times: no halt without a move of 5 % within a minute that another price confirms within half of one, no
    /// more than four in an hour, a halt for every move that is larger than any limit, and an end by the clock.
    #[test]
    fn no_halt_without_a_move_and_no_great_move_without_a_halt(
        steps in prop::collection::vec((1u64..70, prop_oneof![6 => 98u64..103, 1 => 85u64..118, 1 => Just(230u64), 1 => Just(43u64)]), 2..300),
    ) {
        let mut world = World::funded(1, 1);
        let mut truth = Truth { seen: vec![(world.clock.unix_time, world.oracle(BOOK).0)] };
        let (mut before, mut leapt_before, mut full_before) = (false, false, false);
        let mut halts: Vec<i64> = Vec::new();
        for (seconds, percent) in steps {
            world.wait(seconds);
            let at = world.clock.unix_time;
            let price = (world.oracle(BOOK).0 * percent / 100).clamp(DOLLAR, 1 << 50);
            let (moved, leapt) = (truth.moved(at, price, 60), seconds <= 30 && truth.leapt(at, price, 0));
            let confirmed = leapt_before && seconds <= 30 && truth.leapt(at, price, 1);
            let was = halted_at(&world, BOOK);
            let full = halts.len() >= HALTS_AN_HOUR && at - halts[halts.len() - HALTS_AN_HOUR] < 3_660;
            prop_assert!(world.refresh(BOOK, price).unwrap().updated);
            truth.seen.push((at, price));
            if halted_at(&world, BOOK) != was {
                prop_assert!(before && seconds <= 30 && truth.moved(at, price, 90), "{at}");
                halts.push(at);
            } else if confirmed && !full && !full_before {
                prop_assert!(halts.last().is_some_and(|last| at - last <= 65), "a leap at {at} halts nothing");
            }
            let row = world.board.markets[BOOK];
            prop_assert!((500..=10_000).contains(&row.move_limit) && row.moves <= 1);
            (before, leapt_before, full_before) = (moved, leapt, full);
            let mut later = world.clock;
            later.unix_time += 65;
            prop_assert_eq!(row.session(&later), Session::Open);
        }
        for five in halts.windows(HALTS_AN_HOUR + 1) {
            prop_assert!(five[HALTS_AN_HOUR] - five[0] >= 3_600);
        }
    }
}
