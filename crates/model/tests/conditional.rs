//! Orders that wait for a trigger or come in slices.

mod common;

use common::check::check;
use common::waiting::{CRANK, MAKER, OWNER, holding, quote, reducing};
use common::{BTC, DOLLAR, ONE, SOL, World, at_market, ioc, limit, waiting};
use kedge_model::account::order::{OrderKind, OrderParams, STATUS_OPEN, Side, flags};
use kedge_model::action::{CRANK_FEE, TRAIL_FEE};
use kedge_model::error::Error;
use kedge_model::event::CancelReason;
use kedge_model::quantity::{Price, Size};

#[test]
fn a_stop_waits_for_its_price_and_then_sells_through_an_auction() {
    let mut world = holding(10);
    let params = reducing(waiting(SOL, OrderKind::StopMarket, Side::Short, 10 * ONE, 145 * DOLLAR));
    let id = world.place(OWNER, params).unwrap();
    let waits = world.accounts[OWNER].find(id).unwrap();
    assert!(waits.is_waiting() && waits.seq == 0 && waits.has(flags::NO_LIMIT));
    assert_eq!(world.trigger(SOL, OWNER, id, Some(CRANK)), Err(Error::TriggerNotReached));
    assert_eq!(world.fill(SOL, OWNER, id, None, &[]), Err(Error::OrderWaiting));

    quote(&mut world, 145 * DOLLAR + 1_000);
    assert_eq!(world.trigger(SOL, OWNER, id, Some(CRANK)), Err(Error::TriggerNotReached));
    quote(&mut world, 145 * DOLLAR);
    let before = world.accounts[CRANK].position(SOL).quote.0;
    let report = world.trigger(SOL, OWNER, id, Some(CRANK)).unwrap();
    check(&mut world);
    assert_eq!((report.price, report.removed, report.reward), (Price(145 * DOLLAR), CancelReason::None, CRANK_FEE));
    assert_eq!(world.accounts[CRANK].position(SOL).quote.0 - before, i64::try_from(CRANK_FEE.0).unwrap());

    let open = world.accounts[OWNER].find(id).unwrap();
    assert_eq!((open.status, open.kind), (STATUS_OPEN, OrderKind::Market as u8));
    assert!(open.in_auction(world.clock.slot) && open.seq != 0);
    assert_eq!(open.auction_start, Price(145 * DOLLAR));
    assert!(open.auction_end < open.auction_start && open.price() == open.auction_end);
    assert_eq!(open.expires_at, 0, "what protects a position does not end by itself");
    world.wait(6);
    quote(&mut world, 145 * DOLLAR);
    let filled = world.fill(SOL, OWNER, id, None, &[]).unwrap();
    assert_eq!(filled.matched.size, Size(10 * ONE));
    assert!(world.accounts[OWNER].find(id).is_none());
    check(&mut world);
}

#[test]
fn each_kind_triggers_on_its_side_alone() {
    // Kind, side, whether a price above the trigger triggers.
    let cases = [
        (OrderKind::StopMarket, Side::Short, false),
        (OrderKind::StopMarket, Side::Long, true),
        (OrderKind::StopLimit, Side::Short, false),
        (OrderKind::StopLimit, Side::Long, true),
        (OrderKind::TakeProfitMarket, Side::Short, true),
        (OrderKind::TakeProfitMarket, Side::Long, false),
        (OrderKind::TakeProfitLimit, Side::Short, true),
        (OrderKind::TakeProfitLimit, Side::Long, false),
    ];
    for (kind, side, above) in cases {
        for up in [false, true] {
            let mut world = holding(0);
            let id = world.place(OWNER, waiting(SOL, kind, side, ONE, 150 * DOLLAR)).unwrap();
            quote(&mut world, if up { 150_001_000 } else { 149_999_000 });
            let result = world.trigger(SOL, OWNER, id, None).map(drop);
            let expected = if up == above { Ok(()) } else { Err(Error::TriggerNotReached) };
            assert_eq!(result, expected, "{kind:?} {side:?} at a price {}", if up { "above" } else { "below" });
            check(&mut world);
        }
    }
}

#[test]
fn a_price_from_before_the_order_triggers_nothing() {
    let mut world = holding(0);
    world.wait(2);
    let id = world.place(OWNER, waiting(SOL, OrderKind::StopMarket, Side::Long, ONE, 149 * DOLLAR)).unwrap();
    assert_eq!(world.trigger(SOL, OWNER, id, None).map(drop), Err(Error::TriggerNotReached));
    quote(&mut world, 150 * DOLLAR);
    let _ = world.trigger(SOL, OWNER, id, None).unwrap();
}

#[test]
fn what_waits_needs_no_margin_and_has_none_taken_away() {
    let mut world = holding(0);
    let huge = waiting(SOL, OrderKind::StopMarket, Side::Long, 600 * ONE, 151 * DOLLAR);
    let poor = world.place(OWNER, huge).unwrap();
    assert_eq!(world.accounts[OWNER].position(SOL).open_bids, Size::ZERO);
    check(&mut world);
    world.withdraw(OWNER, 0, 5_000 * DOLLAR).unwrap();
    quote(&mut world, 151 * DOLLAR);
    let report = world.trigger(SOL, OWNER, poor, Some(CRANK)).unwrap();
    assert_eq!((report.removed, report.reward), (CancelReason::Margin, CRANK_FEE));
    assert!(world.accounts[OWNER].find(poor).is_none());
    check(&mut world);
}

#[test]
fn no_fee_takes_an_account_below_its_maintenance_margin() {
    let mut world = holding(0);
    let id = world.place(OWNER, waiting(SOL, OrderKind::StopMarket, Side::Long, ONE, 151 * DOLLAR)).unwrap();
    world.withdraw(OWNER, 0, 10_000 * DOLLAR - 4_000).unwrap();
    quote(&mut world, 151 * DOLLAR);
    let report = world.trigger(SOL, OWNER, id, Some(CRANK)).unwrap();
    assert_eq!((report.removed, report.reward.0), (CancelReason::Margin, 4_000));
    check(&mut world);
    assert_eq!(world.health(OWNER).free().unwrap().0, 0);
}

#[test]
fn a_triggered_limit_order_rests_behind_what_rests_already() {
    let mut world = holding(10);
    let params = reducing(waiting(SOL, OrderKind::TakeProfitLimit, Side::Short, 10 * ONE, 152 * DOLLAR));
    let id = world.place(OWNER, params).unwrap();
    quote(&mut world, 152 * DOLLAR);
    let other = world.place(MAKER, limit(SOL, Side::Short, ONE, 152 * DOLLAR)).unwrap();
    let _ = world.trigger(SOL, OWNER, id, Some(CRANK)).unwrap();
    let (mine, theirs) = (world.accounts[OWNER].find(id).unwrap(), world.accounts[MAKER].find(other).unwrap());
    assert!(mine.seq > theirs.seq && mine.is_resting(world.clock.slot) && mine.auction_slots == 0);
    let taken = world.take(CRANK, ioc(SOL, Side::Long, 2 * ONE, 152 * DOLLAR), &[OWNER, MAKER]).unwrap();
    assert_eq!(taken.matched.maker_size, Size(2 * ONE));
    assert!(world.accounts[MAKER].find(other).is_none(), "the older one goes first");
    assert_eq!(world.accounts[OWNER].find(id).unwrap().filled, Size(ONE));
    check(&mut world);
}

#[test]
fn a_stop_that_was_not_filled_gets_another_auction_for_nothing() {
    let mut world = holding(10);
    let params = reducing(waiting(SOL, OrderKind::StopMarket, Side::Short, 10 * ONE, 145 * DOLLAR));
    let id = world.place(OWNER, params).unwrap();
    quote(&mut world, 145 * DOLLAR);
    let _ = world.trigger(SOL, OWNER, id, Some(CRANK)).unwrap();
    quote(&mut world, 143 * DOLLAR);
    assert_eq!(world.trigger(SOL, OWNER, id, Some(CRANK)), Err(Error::TriggerNotReached), "its auction runs");
    world.wait(6);
    quote(&mut world, 145 * DOLLAR);
    assert_eq!(world.trigger(SOL, OWNER, id, Some(CRANK)), Err(Error::TriggerNotReached), "it can still be filled");
    quote(&mut world, 143 * DOLLAR);
    assert_eq!(world.fill(SOL, OWNER, id, None, &[]).map(drop), Err(Error::NothingToFill), "the price ran away");
    let claim = world.accounts[CRANK].position(SOL).quote;
    let report = world.trigger(SOL, OWNER, id, Some(CRANK)).unwrap();
    assert_eq!(report.reward.0, 0);
    assert_eq!(world.accounts[CRANK].position(SOL).quote, claim);
    assert_eq!(world.accounts[OWNER].find(id).unwrap().auction_start, Price(143 * DOLLAR));
    world.wait(6);
    quote(&mut world, 143 * DOLLAR);
    assert_eq!(world.fill(SOL, OWNER, id, None, &[]).unwrap().matched.size, Size(10 * ONE));
    check(&mut world);
}

#[test]
fn a_protection_price_outlives_the_auction() {
    let mut world = holding(10);
    let mut params = reducing(waiting(SOL, OrderKind::StopMarket, Side::Short, 10 * ONE, 145 * DOLLAR));
    params.price = Price(144 * DOLLAR);
    let id = world.place(OWNER, params).unwrap();
    quote(&mut world, 145 * DOLLAR);
    let _ = world.trigger(SOL, OWNER, id, None).unwrap();
    world.wait(6);
    quote(&mut world, 143 * DOLLAR);
    assert_eq!(
        world.trigger(SOL, OWNER, id, None).map(drop),
        Err(Error::TriggerNotReached),
        "that is all it asked for"
    );
    let order = world.accounts[OWNER].find(id).unwrap();
    assert_eq!(order.price(), Price(144 * DOLLAR));
    assert!(order.auction_end >= order.price());
    assert_eq!(world.fill(SOL, OWNER, id, None, &[]).map(drop), Err(Error::NothingToFill));
    quote(&mut world, 144_500_000);
    assert_eq!(world.fill(SOL, OWNER, id, None, &[]).unwrap().matched.size, Size(10 * ONE));
}

#[test]
fn a_trailing_stop_follows_the_price_up_and_never_down() {
    let mut world = holding(10);
    let mut params = reducing(waiting(SOL, OrderKind::TrailingStop, Side::Short, 10 * ONE, 0));
    params.extent = 10_000;
    let id = world.place(OWNER, params).unwrap();
    let level = |w: &World| w.accounts[OWNER].find(id).unwrap().level().0;
    assert_eq!(level(&world), 148_500_000, "one percent below 150");
    quote(&mut world, 150_100_000);
    assert_eq!(world.trail(SOL, OWNER, id, Some(CRANK)), Err(Error::TrailTooSmall));
    quote(&mut world, 152 * DOLLAR);
    let report = world.trail(SOL, OWNER, id, Some(CRANK)).unwrap();
    assert_eq!((report.trigger_price.0, report.reward), (150_480_000, TRAIL_FEE));
    check(&mut world);
    quote(&mut world, 151 * DOLLAR);
    assert_eq!(world.trail(SOL, OWNER, id, Some(CRANK)), Err(Error::TrailTooSmall));
    assert_eq!(world.trigger(SOL, OWNER, id, Some(CRANK)), Err(Error::TriggerNotReached));
    quote(&mut world, 150_400_000);
    let _ = world.trigger(SOL, OWNER, id, Some(CRANK)).unwrap();
    assert_eq!(world.trail(SOL, OWNER, id, None), Err(Error::InvalidOrder), "it trails no longer");
    check(&mut world);
}

#[test]
fn nothing_but_a_waiting_trailing_stop_trails() {
    let mut world = holding(10);
    let stop = reducing(waiting(SOL, OrderKind::StopMarket, Side::Short, 10 * ONE, 140 * DOLLAR));
    let stop = world.place(OWNER, stop).unwrap();
    let resting = world.place(OWNER, reducing(limit(SOL, Side::Short, ONE, 170 * DOLLAR))).unwrap();
    quote(&mut world, 155 * DOLLAR);
    for id in [stop, resting] {
        let before = world.accounts[OWNER].find(id);
        assert_eq!(world.trail(SOL, OWNER, id, Some(CRANK)), Err(Error::InvalidOrder));
        assert_eq!(world.accounts[OWNER].find(id), before);
    }
}

#[test]
fn a_twap_trades_what_is_released_and_no_more() {
    let mut world = holding(0);
    let twap =
        OrderParams { kind: OrderKind::Twap as u8, extent: 100, link: 20, ..at_market(SOL, Side::Long, 3_500_000_000) };
    let id = world.place(OWNER, twap).unwrap();
    assert_eq!(world.accounts[OWNER].position(SOL).open_bids, Size(3_500_000_000), "margin counts all of it");
    let mut filled = 0;
    for (released, slice) in [(ONE, ONE), (2 * ONE, ONE), (3_500_000_000, 1_500_000_000)] {
        assert_eq!(world.accounts[OWNER].find(id).unwrap().released(), Size(released));
        assert_eq!(world.slice(SOL, OWNER, id, Some(CRANK)).map(drop), Err(Error::SliceNotDue));
        world.wait(6);
        quote(&mut world, 150 * DOLLAR);
        assert_eq!(world.fill(SOL, OWNER, id, None, &[]).unwrap().matched.size, Size(slice));
        filled += slice;
        check(&mut world);
        if filled < 3_500_000_000 {
            assert_eq!(world.fill(SOL, OWNER, id, None, &[]).map(drop), Err(Error::NothingToFill));
            world.wait(14);
            quote(&mut world, 150 * DOLLAR);
            assert_eq!(world.slice(SOL, OWNER, id, Some(CRANK)).unwrap().reward, CRANK_FEE);
            check(&mut world);
        }
    }
    assert!(world.accounts[OWNER].find(id).is_none());
    assert_eq!(world.accounts[OWNER].position(SOL).base.size(), Size(filled));
}

#[test]
fn the_last_slice_gets_more_auctions_for_nothing() {
    let mut world = holding(0);
    let twap =
        OrderParams { kind: OrderKind::Twap as u8, extent: 100, link: 20, ..at_market(SOL, Side::Long, 2 * ONE) };
    let id = world.place(OWNER, twap).unwrap();
    world.wait(20);
    quote(&mut world, 150 * DOLLAR);
    let _ = world.slice(SOL, OWNER, id, Some(CRANK)).unwrap();
    world.wait(20);
    quote(&mut world, 152 * DOLLAR);
    let report = world.slice(SOL, OWNER, id, Some(CRANK)).unwrap();
    assert_eq!((report.released, report.reward.0), (Size(2 * ONE), 0));
    assert_eq!(world.accounts[OWNER].find(id).unwrap().auction_start, Price(152 * DOLLAR));
    world.wait(6);
    quote(&mut world, 152 * DOLLAR);
    assert_eq!(world.fill(SOL, OWNER, id, None, &[]).unwrap().matched.size, Size(2 * ONE));
    check(&mut world);
}

#[test]
fn terms_outside_their_bounds_are_refused() {
    let mut world = holding(10);
    let stop = waiting(SOL, OrderKind::StopMarket, Side::Short, ONE, 145 * DOLLAR);
    let trailing = OrderParams { kind: OrderKind::TrailingStop as u8, extent: 1_000, ..stop };
    let twap = OrderParams {
        kind: OrderKind::Twap as u8,
        extent: 100,
        link: 20,
        trigger_price: Price::ZERO,
        size: Size(5 * ONE),
        ..stop
    };
    let stop_limit = waiting(SOL, OrderKind::StopLimit, Side::Short, ONE, 145 * DOLLAR);
    for (params, error) in [
        (OrderParams { trigger_price: Price::ZERO, ..stop }, Error::InvalidOrder),
        (OrderParams { trigger_price: Price(145 * DOLLAR + 1), ..stop }, Error::NotTickMultiple),
        (OrderParams { extent: 1, ..stop }, Error::InvalidOrder),
        (OrderParams { link: 1, ..stop }, Error::InvalidOrder),
        (OrderParams { auction_ms: 4_000, ..stop }, Error::InvalidOrder),
        (OrderParams { flags: flags::POST_ONLY, ..stop }, Error::InvalidOrder),
        (OrderParams { flags: flags::NO_LIMIT, ..stop }, Error::InvalidOrder),
        (OrderParams { flags: flags::TRIGGER, ..stop }, Error::InvalidOrder),
        (OrderParams { flags: flags::SELF_TRADE, ..stop }, Error::InvalidOrder),
        (OrderParams { flags: flags::OFFSET, ..stop_limit }, Error::InvalidOrder),
        (OrderParams { flags: flags::REDUCE_ONLY, side: 0, ..stop }, Error::ReduceOnlyWouldIncrease),
        (OrderParams { size: Size::ZERO, ..stop }, Error::InvalidOrder),
        (OrderParams { price: Price::ZERO, ..stop_limit }, Error::InvalidOrder),
        (OrderParams { extent: 99, ..trailing }, Error::InvalidOrder),
        (OrderParams { extent: 200_001, ..trailing }, Error::InvalidOrder),
        (OrderParams { extent: 0, ..twap }, Error::InvalidOrder),
        (OrderParams { extent: 251, ..twap }, Error::InvalidOrder),
        (OrderParams { extent: 1, size: Size(1_001 * 10_000_000), ..twap }, Error::InvalidOrder),
        (OrderParams { link: 9, ..twap }, Error::InvalidOrder),
        (OrderParams { link: 86_401, ..twap }, Error::InvalidOrder),
        (OrderParams { trigger_price: Price(145 * DOLLAR), ..twap }, Error::InvalidOrder),
        (OrderParams { flags: flags::TRIGGER_MARK, ..twap }, Error::InvalidOrder),
        (OrderParams { extent: 9, ..twap }, Error::OrderTooSmall),
        (OrderParams { kind: 8, ..stop }, Error::InvalidOrder),
        (OrderParams { flags: flags::TRIGGER_MARK, ..limit(SOL, Side::Short, ONE, 155 * DOLLAR) }, Error::InvalidOrder),
    ] {
        assert_eq!(world.place(OWNER, params).map(drop), Err(error), "{params:?}");
    }
    assert_eq!(world.take(OWNER, stop, &[]).map(drop), Err(Error::InvalidOrder), "what waits takes nothing");
    for params in [stop, trailing, twap, stop_limit] {
        let _ = world.place(OWNER, params).unwrap();
        check(&mut world);
    }
}

#[test]
fn dead_orders_are_returned_for_a_fee() {
    let mut world = holding(10);
    let later = u32::try_from(world.clock.unix_time + 5).unwrap();
    let expiring = OrderParams { expires_at: later, ..limit(SOL, Side::Long, ONE, 140 * DOLLAR) };
    let stop = reducing(waiting(SOL, OrderKind::StopMarket, Side::Short, 10 * ONE, 140 * DOLLAR));
    let first = world.place_all(OWNER, &[expiring, stop, limit(SOL, Side::Long, ONE, 141 * DOLLAR)]).unwrap();
    assert_eq!(world.expire(SOL, OWNER, &[], Some(CRANK)).map(drop), Err(Error::NothingExpired));
    world.wait(5);
    assert_eq!(world.trigger(SOL, OWNER, first, None).map(drop), Err(Error::OrderExpired));
    let report = world.expire(SOL, OWNER, &[], Some(CRANK)).unwrap();
    assert_eq!((report.removed, report.reward), (1, CRANK_FEE));
    check(&mut world);
    // The position goes, and with it what the stop was for.
    quote(&mut world, 150 * DOLLAR);
    let _ = world.take(OWNER, ioc(SOL, Side::Short, 10 * ONE, 140 * DOLLAR), &[]).unwrap();
    assert_eq!(world.expire(SOL, OWNER, &[first + 2, 99], None).map(drop), Err(Error::NothingExpired));
    let report = world.expire(SOL, OWNER, &[first + 1, first + 2, 99], Some(CRANK)).unwrap();
    assert_eq!(report.removed, 1);
    assert_eq!(world.accounts[OWNER].open().count(), 1);
    check(&mut world);
}

#[test]
fn the_last_fill_triggers_only_while_it_is_young() {
    let mut world = holding(10);
    let mut params = reducing(waiting(SOL, OrderKind::StopMarket, Side::Short, 10 * ONE, 149 * DOLLAR));
    params.flags |= flags::TRIGGER_LAST;
    world.wait(1);
    let id = world.place(OWNER, params).unwrap();
    quote(&mut world, 149 * DOLLAR);
    assert_eq!(world.trigger(SOL, OWNER, id, None).map(drop), Err(Error::TriggerNotReached), "no fill there yet");
    // What is worth less than the last price's value moves it by its part.
    let _ = world.place(MAKER, limit(SOL, Side::Long, 120 * ONE, 149_000_000)).unwrap();
    let _ = world.take(CRANK, ioc(SOL, Side::Short, ONE, 148_900_000), &[MAKER]).unwrap();
    assert_eq!(world.trigger(SOL, OWNER, id, None).map(drop), Err(Error::TriggerNotReached), "one of 116");
    let _ = world.take(CRANK, ioc(SOL, Side::Short, 116 * ONE, 148_900_000), &[MAKER]).unwrap();
    let mut late = world.clone();
    late.wait(70);
    quote(&mut late, 149 * DOLLAR);
    assert_eq!(late.trigger(SOL, OWNER, id, None).map(drop), Err(Error::LastFillTooOld));
    let _ = world.trigger(SOL, OWNER, id, None).unwrap();
    check(&mut world);
}

#[test]
fn the_mark_leaves_the_oracle_only_with_its_average() {
    let mut world = World::funded(6, 10_000);
    let oracle = world.oracle(BTC);
    assert_eq!(world.markets[BTC].trigger_mark(oracle), Ok(oracle));
    // Somebody buys the vAMM up: the mark now says more, its average does not yet.
    let _ = world.take(OWNER, ioc(BTC, Side::Long, ONE, 62_000 * DOLLAR), &[]).unwrap();
    let mark = world.markets[BTC].mark(oracle).unwrap();
    assert!(mark > oracle);
    assert_eq!(world.markets[BTC].trigger_mark(oracle), Ok(oracle), "one trade moves nothing");
    for _ in 0..10 {
        world.wait(60);
        let _ = world.refresh(BTC, oracle.0).unwrap();
        let _ = world.refresh_bank(0, DOLLAR).unwrap();
        let _ = world.take(MAKER, ioc(BTC, Side::Long, 1_000_000, 62_000 * DOLLAR), &[]).unwrap();
    }
    let moved = world.markets[BTC].trigger_mark(oracle).unwrap();
    assert!(moved > oracle && moved <= world.markets[BTC].mark(oracle).unwrap(), "{moved:?}");
}

#[test]
fn a_jump_triggers_only_as_far_as_it_counts_for_a_liquidation() {
    let mut world = holding(10);
    let stop = |trigger: u64| reducing(waiting(SOL, OrderKind::StopMarket, Side::Short, ONE, trigger * DOLLAR));
    let (near, far) = (world.place(OWNER, stop(145)).unwrap(), world.place(OWNER, stop(130)).unwrap());
    let entry = waiting(SOL, OrderKind::StopMarket, Side::Short, ONE, 145 * DOLLAR);
    let entry = world.place(OWNER, entry).unwrap();
    quote(&mut world, 120 * DOLLAR);
    assert_eq!(world.state(SOL), 2, "a jump");
    assert_eq!(world.trigger(SOL, OWNER, entry, None).map(drop), Err(Error::RowStateForbids), "it would open risk");
    assert_eq!(world.trigger(SOL, OWNER, far, None).map(drop), Err(Error::TriggerNotReached));
    let report = world.trigger(SOL, OWNER, near, None).unwrap();
    assert!(report.price > Price(140 * DOLLAR), "{report:?}");
    check(&mut world);
}
