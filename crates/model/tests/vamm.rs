//! Properties of the vAMM: no free money, never on the wrong side of the oracle, budgets kept.

mod common;

use common::amm::{amm, at, row, side, trade};
use common::{BTC, DOLLAR, ONE, World, ioc};
use kedge_model::account::order::Side;
use kedge_model::action::PoolKind;
use kedge_model::amm::{Amm, Curve, ScaleBounds, affordable_scale, k_cost};
use kedge_model::num::{Rounding, mul_div};
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_round_trip_with_the_vamm_never_wins(
        amm in amm(), first in side(), part in 1u64..10_000, in_pieces in 1u64..5, out_pieces in 1u64..5,
    ) {
        let size = (amm.base_reserve.0 / 40_000 * part).max(in_pieces.max(out_pieces));
        let mut amm = amm;
        let paid = trade(&mut amm, first, size, in_pieces) + trade(&mut amm, first.opposite(), size, out_pieces);
        prop_assert!(paid >= 0, "the taker won {}", -paid);
    }

    #[test]
    fn a_round_trip_that_moves_the_peg_in_between_never_wins(
        amm in amm(), first in side(), part in 1u64..10_000, budget in 0u32..1_000_000, capital in 0i64..1 << 50,
    ) {
        let mut amm = Amm { update_budget: Ppm(budget), margin: Ppm(100_000), ..amm };
        amm.endow(Amount(capital.unsigned_abs())).unwrap();
        let oracle = amm.curve().mid().unwrap();
        let size = (amm.base_reserve.0 / 40_000 * part).max(1);
        let _ = amm.update(&row(oracle), &at(1));
        let equity = amm.equity(oracle).unwrap();
        let mut paid = trade(&mut amm, first, size, 1);
        let _ = amm.update(&row(oracle), &at(2));
        paid += trade(&mut amm, first.opposite(), size, 1);
        prop_assert!(paid >= 0, "the taker won {}", -paid);
        prop_assert!(amm.equity(oracle).unwrap() >= equity, "the vAMM lost at an oracle that did not move");
    }

    #[test]
    fn the_vamm_never_trades_on_the_wrong_side_of_the_oracle(amm in amm(), side in side(), part in 1u64..10_000) {
        // Whatever the peg is, the last update saw an oracle.
        let oracle = if amm.update_price.is_zero() { amm.curve().mid().unwrap() } else { amm.update_price };
        let amm = Amm { update_price: oracle, ..amm };
        let size = (amm.base_reserve.0 / 40_000 * part).max(1);
        let fill = amm.quote(side, Size(size), None, Size(1), &row(oracle)).unwrap().unwrap();
        let rounding = if side == Side::Long { Rounding::Up } else { Rounding::Down };
        let fair = fill.size.value(oracle, rounding).unwrap();
        let sound = if side == Side::Long { fill.quote >= fair } else { fill.quote <= fair };
        prop_assert!(sound, "{:?} against {fair:?}", fill.quote);
    }

    /// The bound of docs/math/amm.md, "What it can lose": all that is traded at one price while another is the true one.
    #[test]
    fn between_two_prices_it_loses_its_room_times_the_move_less_the_spread(
        start in amm(), capital in 0u64..1 << 50, away in -40_000i64..40_000,
        trades in prop::collection::vec((side(), 1u64..=100), 1..12),
    ) {
        let mut amm = Amm { margin: Ppm(100_000), ..start };
        amm.endow(Amount(capital)).unwrap();
        let price = amm.curve().mid().unwrap();
        prop_assume!(price.0 > 1_000_000);
        let truth = Price((i128::from(price.0) * i128::from(1_000_000 + away) / 1_000_000).try_into().unwrap());
        let _ = amm.update(&row(price), &at(1));
        let (held, worth) = (amm.base.size().0, amm.equity(truth).unwrap().0);
        let mut fills = 0i128;
        for (side, part) in trades {
            let most = amm.capacity(side, price, Size(1)).unwrap().0;
            if let Some(fill) = amm.quote(side, Size(most / 100 * part), None, Size(1), &row(price)).unwrap() {
                amm.book(side, &fill).unwrap();
                fills += 1;
            }
        }
        let lost = i128::from(worth - amm.equity(truth).unwrap().0);
        // size = equity / margin / price, as its capital carries it; equity at the row's price has only grown meanwhile.
        let equity = i128::from(amm.equity(price).unwrap().0.max(0));
        let carried = equity * 10 * i128::from(ONE) / i128::from(price.0);
        let room = i128::from(held) + carried.min(i128::from(amm.inventory_limit.0)).max(0);
        let half = i128::from(price.0) * i128::from(amm.base_spread.0 / 2) / 1_000_000;
        let move_by = i128::from(price.0.abs_diff(truth.0)) - half;
        let most = if move_by <= 0 { 0 } else { room * move_by / i128::from(ONE) + room / i128::from(ONE) };
        prop_assert!(lost <= most + 2 * fills + 3, "{lost} of {most}");
    }

    #[test]
    fn a_limited_quote_stays_inside_its_limit_and_the_curve_returns_to_where_it_was(
        amm in amm(), side in side(), offset in 1u64..60_000, part in 1u64..10_000,
    ) {
        let touch = amm.touch(side).unwrap();
        let shift = Ppm(u32::try_from(offset).unwrap());
        let limit = match side {
            Side::Long => touch.raised(shift, Rounding::Down).unwrap(),
            Side::Short => touch.lowered(shift, Rounding::Up).unwrap(),
        };
        let wanted = Size((amm.base_reserve.0 / 40_000 * part).max(1));
        if let Some(fill) = amm.quote(side, wanted, Some(limit), Size(1), &row(touch)).unwrap() {
            prop_assert!(fill.size <= wanted);
            let bound = fill.size.value(limit, if side == Side::Long { Rounding::Up } else { Rounding::Down }).unwrap();
            let inside = if side == Side::Long { fill.quote <= bound } else { fill.quote >= bound };
            prop_assert!(inside, "{:?} outside {bound:?}", fill.quote);
            let back = fill.curve.trade(side.opposite(), fill.size).unwrap().curve;
            prop_assert_eq!(back.base, amm.base_reserve);
            prop_assert_eq!(back.quote, amm.curve().quote_at(amm.base_reserve).unwrap());
        }
    }

    #[test]
    fn the_affordable_depth_costs_no_more_than_its_budget_and_one_more_would(
        sqrt_k in 1_000_000_000_000u64..1 << 60, peg in 1_000u64..1 << 30, part in -900i64..900,
        budget in -1_000_000_000i64..1_000_000_000,
    ) {
        let curve = Curve { base: Size(sqrt_k), quote: Size(sqrt_k), sqrt_k: Size(sqrt_k), peg: Price(peg) };
        let net = Base(i64::try_from(sqrt_k / 50_000).unwrap() * part);
        let bounds = ScaleBounds { low: Ppm(978_000), high: Ppm(1_001_000) };
        let scale = affordable_scale(&curve, net, Quote(budget), &bounds).unwrap();
        prop_assert!(bounds.low <= scale && scale <= bounds.high);
        let cost = |scale: Ppm| {
            let deep = mul_div(sqrt_k, u64::from(scale.0), 1_000_000, Rounding::Down).unwrap();
            k_cost(&curve, &curve.with_sqrt_k(Size(deep)).unwrap(), net).unwrap().0
        };
        // The rounded curve may differ from the exact formula by its reserves' units.
        let slack = i64::try_from(peg / 1_000 + sqrt_k / 1_000_000_000 * peg / 500_000_000 + 4).unwrap();
        if scale > bounds.low {
            prop_assert!(cost(scale) <= budget + slack, "{} > {budget}", cost(scale));
        }
        if scale < bounds.high {
            prop_assert!(cost(Ppm(scale.0 + 1)) >= budget - slack, "{} < {budget}", cost(Ppm(scale.0 + 1)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever trades and refreshes as he likes within one slot, and ends with nothing open, has won nothing.
    #[test]
    fn nobody_wins_by_what_refreshes_bring_within_a_slot(
        steps in prop::collection::vec((0u8..3, 1u64..40_000, -150i64..150), 2..14), inventory in -20_000i64..20_000,
    ) {
        let mut world = World::funded(6, 10_000_000);
        for tier in &mut world.exchange.fees {
            (tier.taker, tier.maker_rebate) = (Ppm(0), Ppm(0));
        }
        (world.markets[BTC].amm.base_spread, world.markets[BTC].amm.inventory_spread) = (Ppm(0), Ppm(0));
        let go = |world: &mut World, account: usize, side: Side, size: u64| {
            let limit = if side == Side::Long { 62_500 } else { 57_500 };
            world.take(account, ioc(BTC, side, size, limit * DOLLAR), &[]).map_or(0, |report| report.matched.size.0)
        };
        if inventory.abs() > 100 {
            let side = if inventory > 0 { Side::Long } else { Side::Short };
            go(&mut world, 4, side, inventory.unsigned_abs() * 100_000);
        }
        world.tick();
        let before = world.equity(0);
        let mut ahead = 0;
        for (what, size, away) in steps {
            match what {
                0 => _ = go(&mut world, 0, Side::Long, size * 100_000),
                1 => _ = go(&mut world, 0, Side::Short, size * 100_000),
                _ => {
                    ahead += 1;
                    let price = u64::try_from((10_000 + away) * 6).unwrap() * DOLLAR;
                    world.refresh_ahead(BTC, price, ahead);
                }
            }
        }
        let open = world.accounts[0].position(BTC).base;
        if !open.is_zero() {
            let _ = go(&mut world, 0, Side::closing(open), open.size().0);
        }
        prop_assume!(world.accounts[0].position(BTC).base.is_zero());
        prop_assert!(world.equity(0) <= before, "won {}", world.equity(0) - before);
        common::check::check(&mut world);
    }

    /// Through the whole exchange, fees off: what is left is the vAMM's own rule.
    #[test]
    fn a_round_trip_through_the_exchange_never_wins(
        first in side(), sizes in prop::collection::vec(1u64..90_000, 1..6), spread: bool, inventory in -50_000i64..50_000, ticks in 0usize..3,
    ) {
        let mut world = World::new(4);
        for account in 0..4 {
            world.deposit(account, 0, 10_000_000 * DOLLAR).unwrap();
        }
        world.fund_pool(BTC, PoolKind::Amm, 2_000_000 * DOLLAR).unwrap();
        for tier in &mut world.exchange.fees {
            (tier.taker, tier.maker_rebate) = (Ppm(0), Ppm(0));
        }
        if !spread {
            (world.markets[BTC].amm.base_spread, world.markets[BTC].amm.inventory_spread) = (Ppm(0), Ppm(0));
        }
        let go = |world: &mut World, account: usize, side: Side, size: u64| {
            let limit = if side == Side::Long { 63_000 } else { 57_000 };
            world.take(account, ioc(BTC, side, size / 100_000 * 100_000, limit * DOLLAR), &[]).map_or(Size(0), |r| r.matched.size)
        };
        if inventory.abs() > 100 {
            let side = if inventory > 0 { Side::Long } else { Side::Short };
            go(&mut world, 3, side, inventory.unsigned_abs() * 100_000);
        }
        let before = world.equity(0);
        let mut open = 0;
        for size in sizes {
            open += go(&mut world, 0, first, size * 100_000).0;
            for _ in 0..ticks {
                world.tick();
            }
        }
        let mut rounds = 0;
        while open > 0 && rounds < 40 {
            let closed = go(&mut world, 0, first.opposite(), open).0;
            prop_assume!(closed > 0);
            open -= closed;
            rounds += 1;
        }
        prop_assert!(world.accounts[0].position(BTC).base.is_zero());
        prop_assert!(world.equity(0) <= before, "won {}", world.equity(0) - before);
        common::check::check(&mut world);
    }
}

#[test]
fn without_inventory_depth_is_free_and_brings_nothing() {
    let curve = Curve { base: Size(ONE), quote: Size(ONE), sqrt_k: Size(ONE), peg: Price(DOLLAR) };
    let bounds = ScaleBounds { low: Ppm(978_000), high: Ppm(1_001_000) };
    let scale = |budget| affordable_scale(&curve, Base::ZERO, Quote(budget), &bounds).unwrap();
    assert_eq!((scale(0), scale(-1)), (bounds.high, bounds.low));
}
