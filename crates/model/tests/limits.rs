//! The largest position and the rows' own rules, at the bound and beside it.

mod common;

use common::{BTC, DOLLAR, ONE, World, limit, waiting};
use kedge_model::account::board::{BankRow, MarketRow};
use kedge_model::account::order::{OrderKind, OrderParams, Side};
use kedge_model::action::{ModifyParams, change};
use kedge_model::error::Error;
use kedge_model::event::{Batch, EventKind, EventSink};
use kedge_model::quantity::{Ppm, Size};
use kedge_model::rule::risk::max_order_size;
use kedge_model::time::{Slot, SlotTime};

const STEP: u64 = 100_000;

fn world() -> World {
    let mut world = World::funded(2, 50_000_000);
    world.markets[BTC].max_position = Size(2 * ONE);
    world
}

#[test]
fn orders_lead_to_the_largest_position_and_no_further() {
    let mut world = world();
    let buy = |size| limit(BTC, Side::Long, size, 50_000 * DOLLAR);
    let sell = |size| limit(BTC, Side::Short, size, 70_000 * DOLLAR);
    assert_eq!(world.place(0, buy(2 * ONE + STEP)), Err(Error::PositionTooLarge));
    let id = world.place(0, buy(ONE)).unwrap();
    let resize = |world: &mut World, size| {
        let params = ModifyParams { order_id: id, changes: change::SIZE, size: Size(size), ..ModifyParams::default() };
        world.modify(BTC, 0, params).map(drop)
    };
    assert_eq!(resize(&mut world, 2 * ONE + STEP), Err(Error::PositionTooLarge));
    assert_eq!(resize(&mut world, 2 * ONE), Ok(()));
    assert_eq!(world.place(0, buy(10 * STEP)), Err(Error::PositionTooLarge));
    world.place(0, sell(2 * ONE)).unwrap();
    assert_eq!(world.place(0, sell(10 * STEP)), Err(Error::PositionTooLarge));
    let twap =
        |size| OrderParams { kind: OrderKind::Twap as u8, extent: 1_000, link: 60, ..limit(BTC, Side::Short, size, 0) };
    assert_eq!(world.place(0, twap(ONE)), Err(Error::PositionTooLarge));
    // What makes the worst case no larger is allowed beyond a limit that was lowered.
    world.markets[BTC].max_position = Size(ONE);
    assert_eq!(resize(&mut world, 2 * ONE - STEP), Ok(()));
    world.place(0, buy(10 * STEP)).unwrap_err();
    let mut other = self::world();
    other.place(0, buy(2 * ONE)).unwrap();
    other.markets[BTC].max_position = Size(ONE);
    other.place(0, sell(ONE)).unwrap();
    other.place(0, twap(ONE)).unwrap();
    other.place(0, sell(10 * STEP)).unwrap_err();
}

#[test]
fn the_largest_order_is_the_largest_that_can_be_placed() {
    let world = world();
    let most = |change: fn(&mut World)| {
        let mut world = world.clone();
        change(&mut world);
        let market = &world.markets[BTC];
        max_order_size(&world.accounts[0].head, &world.board, market, Side::Long, &world.clock).unwrap()
    };
    assert_eq!(most(|_| ()), Size(2 * ONE));
    assert_eq!(most(|w| w.markets[BTC].max_position = Size(10 * STEP)), Size(10 * STEP), "the smallest order");
    assert_eq!(most(|w| w.markets[BTC].max_position = Size(10 * STEP - 1)), Size(0));
    assert_eq!(most(|w| w.markets[BTC].max_position = Size(12 * STEP + 7)), Size(12 * STEP), "whole steps");
}

#[test]
fn rows_of_markets_and_banks_keep_their_ratios_in_order() {
    let world = World::new(0);
    let market = |change: fn(&mut MarketRow)| {
        let mut row = world.board.markets[BTC];
        change(&mut row);
        row.invariant()
    };
    assert_eq!(market(|r| (r.maintenance_margin, r.initial_margin) = (Ppm(1), Ppm(2))), Ok(()));
    assert_eq!(market(|r| (r.maintenance_margin, r.initial_margin) = (Ppm(999_999), Ppm(1_000_000))), Ok(()));
    let broken: [fn(&mut MarketRow); 4] = [
        |r| r.maintenance_margin = Ppm(0),
        |r| r.maintenance_margin = r.initial_margin,
        |r| r.initial_margin = Ppm(1_000_001),
        |r| r.price.max_age = 0,
    ];
    broken.iter().for_each(|change| assert_eq!(market(*change), Err(Error::InvariantBroken)));
    let bank = |change: fn(&mut BankRow)| {
        let mut row = world.board.banks[1];
        change(&mut row);
        row.invariant()
    };
    assert_eq!(bank(|r| (r.initial_weight, r.maintenance_weight) = (Ppm(1_000_000), Ppm(1_000_000))), Ok(()));
    assert_eq!(bank(|r| r.decimals = 12), Ok(()));
    let broken: [fn(&mut BankRow); 4] = [
        |r| r.initial_weight = Ppm(r.maintenance_weight.0 + 1),
        |r| r.maintenance_weight = Ppm(1_000_001),
        |r| r.decimals = 13,
        |r| r.price.max_age = 0,
    ];
    broken.iter().for_each(|change| assert_eq!(bank(*change), Err(Error::InvariantBroken)));
}

#[test]
fn only_listed_rows_are_found() {
    let mut board = World::new(0).board;
    assert!(board.market_mut(2).is_ok() && board.bank_mut(2).is_ok() && board.market(2).is_ok());
    for index in [3, u16::MAX] {
        assert_eq!(board.market(index).err(), Some(Error::RowNotListed));
        assert_eq!(board.market_mut(index).err(), Some(Error::RowNotListed));
        assert_eq!((board.bank(index).err(), board.bank_mut(index).err()), {
            (Some(Error::RowNotListed), Some(Error::RowNotListed))
        });
    }
}

#[test]
fn a_slot_is_measured_over_a_minute_and_not_backwards() {
    let mut world = World::new(0);
    let board = &mut world.board;
    let start = world.clock;
    (board.anchor_time, board.anchor_slot, board.slot_micros) = (start.unix_time, start.at(), SlotTime::DEFAULT);
    let mut measure = |seconds: i64, slots: i64| {
        let slot = start.slot.saturating_add_signed(slots);
        board.measure_slot_time(&kedge_model::clock::Clock { slot, unix_time: start.unix_time + seconds }).unwrap();
        (board.slot_micros.0, board.anchor_time - start.unix_time, board.anchor_slot == Slot(slot))
    };
    assert_eq!(measure(59, 100), (400_000, 0, false), "no minute yet");
    assert_eq!(measure(60, 120), (450_000, 60, true), "half of 400 and half of 500 ms");
    assert_eq!(measure(60, 120), (450_000, 60, true), "the anchor itself");
    assert_eq!(measure(59, 120), (450_000, 59, true), "a clock that went back begins anew");
    assert_eq!(measure(59 + 60, 119), (450_000, 119, true), "and slots that did");
    assert_eq!(measure(119 + 60, 119 + 120), (475_000, 179, true));
}

#[test]
fn a_batch_knows_whether_money_moved() {
    let moves = |kinds: &[EventKind]| {
        let mut buffer = [0; 512];
        let mut batch = Batch::new(&mut buffer, 0);
        kinds.iter().for_each(|kind| batch.record(*kind, &[1]));
        (batch.is_empty(), batch.moves_money())
    };
    let plain = [
        EventKind::OrderPlaced,
        EventKind::OrderCancelled,
        EventKind::OrderModified,
        EventKind::AmmUpdate,
        EventKind::Crank,
    ];
    assert_eq!((moves(&[]), moves(&plain)), ((true, false), (false, false)));
    assert_eq!((moves(&[EventKind::Fill]), moves(&[EventKind::Fill, plain[0]])), ((false, true), (false, true)));
}

#[test]
fn terms_of_orders_may_be_at_their_bounds() {
    let mut world = World::funded(2, 50_000_000);
    let buy = |size| limit(BTC, Side::Long, size, 50_000 * DOLLAR);
    let id = world.place(0, buy(ONE)).unwrap();
    let resize = |world: &mut World, size| {
        let params = ModifyParams { order_id: id, changes: change::SIZE, size: Size(size), ..ModifyParams::default() };
        world.modify(BTC, 0, params).map(drop)
    };
    assert_eq!((resize(&mut world, 9 * STEP), resize(&mut world, 10 * STEP)), (Err(Error::OrderTooSmall), Ok(())));
    let stop = |size| waiting(BTC, OrderKind::StopMarket, Side::Long, size, 70_000 * DOLLAR);
    assert_eq!(world.place(0, stop(9 * STEP)), Err(Error::OrderTooSmall));
    world.place(0, stop(10 * STEP)).unwrap();
    let trailing = |extent| OrderParams { kind: OrderKind::TrailingStop as u8, extent, ..stop(10 * STEP) };
    for (extent, good) in [(99, false), (100, true), (200_000, true), (200_001, false)] {
        assert_eq!(world.place(0, trailing(extent)).is_ok(), good, "{extent}");
    }
    // Slices of so many steps, seconds between them, and how many they are.
    let twap = |extent: u32, link, slices: u64| OrderParams {
        kind: OrderKind::Twap as u8,
        extent,
        link,
        ..limit(BTC, Side::Long, STEP * u64::from(extent) * slices, 0)
    };
    for (extent, link, slices, good) in [
        (9, 60, 5, false),
        (10, 60, 5, true),
        (10, 9, 5, false),
        (10, 10, 5, true),
        (10, 86_400, 2, true),
        (10, 86_401, 2, false),
        (10, 60, 1, false),
        (10, 10, 1_000, true),
        (10, 10, 1_001, false),
    ] {
        assert_eq!(world.place(0, twap(extent, link, slices)).is_ok(), good, "{extent} {link} {slices}");
    }
    assert_eq!((world.leverage(0, BTC, 1_000_000).is_ok(), world.leverage(0, BTC, 1_000_001).is_ok()), (true, false));
}
