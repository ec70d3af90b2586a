//! The vAMM's spread, the budget of its updates, its shape, its drawdown, and what it joins a maker with.

mod common;

use common::amm::{amm, at, row, side, trade};
use common::{BTC, DOLLAR, ONE, World, check::check, ioc};
use kedge_model::account::board::PriceRow;
use kedge_model::account::market::Market;
use kedge_model::account::order::Side;
use kedge_model::action::{PoolKind, UpdateAmm};
use kedge_model::amm::{Amm, AmmFill, Availability};
use kedge_model::error::Error;
use kedge_model::num::Rounding;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::time::Slot;
use proptest::prelude::*;

/// A vAMM with every term of the spread on, capital that may be too little, flow and a peak.
fn full() -> impl Strategy<Value = (Amm, PriceRow)> {
    let factors = (0u32..2_000_000, 0u32..2_000_000, 0u32..20_000, 0u32..20_000);
    let flow = (0u64..100, 0u64..100);
    let books = (0u64..60, 0u64..60, -40_000i64..40_000, 0u64..40_000);
    (amm(), factors, flow, books).prop_map(|(amm, factors, flow, (capital, peak, lag, deviation))| {
        let mid = amm.curve().mid().unwrap();
        // In parts of what the largest inventory is worth.
        let unit = (amm.inventory_limit.value(mid, Rounding::Up).unwrap().0 / 20).max(1);
        let equity = i64::try_from(unit * capital).unwrap();
        let peak = equity.max(i64::try_from(unit * peak).unwrap());
        let cash = Quote(equity).minus(amm.base.value(mid, Rounding::Down).unwrap()).unwrap();
        let floor = peak - peak / 10 * 3;
        let amm = Amm {
            quote: cash,
            margin: Ppm(100_000),
            volatility_factor: Ppm(factors.0),
            retreat_factor: Ppm(factors.1),
            leverage_spread: Ppm(factors.2),
            revenue_spread: Ppm(factors.3),
            drawdown_limit: Ppm(300_000),
            long_intensity: amm.inventory_limit.0 / 50 * flow.0,
            short_intensity: amm.inventory_limit.0 / 50 * flow.1,
            peak_equity: Quote(peak),
            floor_equity: Quote(floor),
            peak_time: 1,
            lag,
            ..amm
        };
        let moved = PriceRow { deviation: Price(mid.0 / 1_000_000 * deviation), ..row(mid) };
        (amm, moved)
    })
}

fn flow(amm: &mut Amm, side: Side) -> &mut u64 {
    match side {
        Side::Long => &mut amm.long_intensity,
        Side::Short => &mut amm.short_intensity,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_spread_never_falls_when_a_cause_grows((amm, row) in full(), side in side(), more in 1u64..1 << 30) {
        let spread = |amm: &Amm, row: &PriceRow| amm.spread(side, row).unwrap();
        let now = spread(&amm, &row);
        prop_assert!(amm.inner_spread(side).unwrap() <= now && now <= amm.max_spread);

        let restless = PriceRow { deviation: Price(row.deviation.0 + more), ..row };
        prop_assert!(spread(&amm, &restless) >= now, "volatility");
        let mut busy = amm;
        *flow(&mut busy, side) += more;
        prop_assert!(spread(&busy, &row) >= now, "flow on the side");
        let mut elsewhere = amm;
        *flow(&mut elsewhere, side.opposite()) += more;
        prop_assert!(spread(&elsewhere, &row) <= now, "flow on the other side");

        let step = i64::try_from(more % 50_000).unwrap();
        let toward = if side == Side::Long { 1 } else { -1 };
        let behind = Amm { lag: amm.lag + step * toward, ..amm };
        prop_assert!(spread(&behind, &row) >= now, "the oracle ran away from the peg");

        let value = i64::try_from(more).unwrap();
        let poorer = Amm { quote: Quote(amm.quote.0 - value), ..amm };
        prop_assert!(spread(&poorer, &row) >= now, "a loss");
        let fallen = Amm { peak_equity: Quote(amm.peak_equity.0 + value), floor_equity: Quote(amm.floor_equity.0 + value), ..amm };
        prop_assert!(spread(&fallen, &row) >= now, "a higher peak");
        // More of the same inventory, bought at the price: equity stays, and what is enlarged costs more.
        if !amm.base.is_zero() && !amm.reduces_inventory(side) {
            let larger = Base(amm.base.0 + amm.base.0.signum() * i64::try_from(more % 1_000_000).unwrap());
            let paid = larger.value(row.price, Rounding::Up).unwrap().0 - amm.base.value(row.price, Rounding::Down).unwrap().0;
            let larger = Amm { base: larger, quote: Quote(amm.quote.0 - paid), ..amm };
            prop_assert!(spread(&larger, &row) >= now, "more inventory");
        }
    }

    #[test]
    fn the_spread_has_no_jumps((amm, row) in full(), side in side()) {
        // Where a unit is less than a millionth of what it is a part of.
        prop_assume!(row.price.0 > 2_000_000 && amm.inventory_limit.value(row.price, Rounding::Down).unwrap().0 > 1 << 30);
        let spread = |amm: &Amm, row: &PriceRow| i64::from(amm.spread(side, row).unwrap().0);
        let now = spread(&amm, &row);
        let close = |other: i64, most: i64| (other - now).abs() <= most;
        // A millionth of the price moves the term by its factor, twice for the side with all of the flow.
        let ppm = Price(row.price.0 / 1_000_000);
        let restless = PriceRow { deviation: Price(row.deviation.0 + ppm.0), ..row };
        prop_assert!(close(spread(&amm, &restless), i64::from(amm.volatility_factor.0) / 250_000 + 6));
        let behind = Amm { lag: amm.lag + 1, ..amm };
        prop_assert!(close(spread(&behind, &row), i64::from(amm.retreat_factor.0) / 1_000_000 + 2));
        let mut busy = amm;
        *flow(&mut busy, side) += amm.inventory_limit.0 / 1_000_000;
        prop_assert!(close(spread(&busy, &row), 4 + now / 10_000));
        // Across no inventory at all, from either side.
        // (Without equity nothing but closing is possible, and the leverage term is what it is at most.)
        let flat = Amm { base: Base(0), quote: Quote(amm.quote.0.max(1 << 24)), ..amm };
        let now = spread(&flat, &row);
        for base in [-1, 1] {
            let least = Amm { base: Base(base), ..flat };
            prop_assert!((spread(&least, &row) - now).abs() <= 4);
        }
    }

    #[test]
    fn no_row_makes_a_quote_better_than_the_oracle((amm, row) in full(), side in side(), part in 1u64..10_000) {
        let amm = Amm { update_price: row.price, ..amm };
        let size = (amm.base_reserve.0 / 40_000 * part).max(1);
        let fill = amm.quote(side, Size(size), None, Size(1), &row).unwrap().unwrap();
        let fair = fill.size.value(row.price, if side == Side::Long { Rounding::Up } else { Rounding::Down }).unwrap();
        let sound = if side == Side::Long { fill.quote >= fair } else { fill.quote <= fair };
        prop_assert!(sound);
        let (inner, touch) = (amm.touch(side).unwrap(), amm.touch_on(side, &row).unwrap());
        prop_assert!(side.accepts(touch, inner), "{inner:?} is the better of {touch:?}");
        prop_assert!(amm.crosses(side, touch, &row).unwrap());
        let better = if side == Side::Long { Price(touch.0 - 1) } else { Price(touch.0 + 1) };
        prop_assert!(!amm.crosses(side, better, &row).unwrap());
    }

    /// What came in is in the budget, on its way there, or was spent: to the unit, whatever moves.
    #[test]
    fn updates_spend_their_budget_and_no_more(
        (start, _) in full(), share in 0u32..=1_000_000, capital in 0u64..1 << 44, step in 0u32..=22_000, shrink: bool,
        walk in prop::collection::vec((-300i64..300, 0i64..4_000, side(), 0u64..40), 1..40),
    ) {
        let mut amm = Amm { update_budget: Ppm(share), depth_step: Ppm(step), flat_share: Ppm(100_000), lag: 0, ..start };
        if shrink {
            // Room for all of the depth's range.
            amm.inventory_limit = Size(amm.sqrt_k.0 / 20);
        }
        amm.endow(Amount(capital)).unwrap();
        let (mut oracle, mut now) = (amm.curve().mid().unwrap(), 1_000);
        let (mut cost, mut gain) = (0i128, 0i128);
        for (move_by, seconds, side, part) in walk {
            oracle = Price((i128::from(oracle.0) * i128::from(10_000 + move_by) / 10_000).max(1_000).try_into().unwrap());
            now += seconds;
            let before = (amm.quote, amm.base);
            let booked = [
                amm.update(&row(oracle), &at(now)).map_or(0, |report| report.cost.0),
                amm.reshape(&row(oracle), &at(now)).unwrap().map_or(0, |report| report.cost.0),
            ];
            for amount in booked {
                (cost, gain) = (cost + i128::from(amount.max(0)), gain + i128::from((-amount).max(0)));
            }
            prop_assert_eq!(before, (amm.quote, amm.base), "an update moves no money");
            prop_assert!(amm.sqrt_k <= amm.listed_sqrt_k);
            prop_assert!(amm.sqrt_k.0 >= amm.listed_sqrt_k.0 / 4);
            let here = i128::from(amm.budget.0) + i128::from(amm.unbudgeted.0);
            prop_assert_eq!(here, i128::from(capital) + i128::from(amm.earned) + gain - cost);
            prop_assert_eq!(i128::from(amm.spent), cost);
            // Trades stay inside the inventory limit, as the capacity has it.
            let room = amm.inventory_limit.0.saturating_sub(amm.base.size().0);
            let size = if amm.reduces_inventory(side) { amm.base.size().0 } else { room };
            let _ = trade(&mut amm, side, size / 40 * part, 1);
            amm.invariant().unwrap();
        }
    }

    #[test]
    fn a_round_trip_never_wins_whatever_the_curve_does_meanwhile(
        (start, _) in full(), first in side(), part in 1u64..20, share in 0u32..=1_000_000, step in 0u32..=22_000,
        rounds in 1i64..4, capital in 0u64..1 << 44,
    ) {
        let mut amm = Amm { update_budget: Ppm(share), depth_step: Ppm(step), flat_share: Ppm(100_000), ..start };
        amm.endow(Amount(capital)).unwrap();
        let oracle = amm.curve().mid().unwrap();
        let size = (amm.inventory_limit.0 / 20 * part).max(1);
        let follow = |amm: &mut Amm, now| {
            for round in 0..rounds {
                let _ = amm.update(&row(oracle), &at(now + round));
                let _ = amm.reshape(&row(oracle), &at(now + round)).unwrap();
            }
        };
        follow(&mut amm, 1_000);
        let equity = amm.equity(oracle).unwrap();
        let mut paid = trade(&mut amm, first, size, 1);
        follow(&mut amm, 5_000);
        paid += trade(&mut amm, first.opposite(), size, 1);
        prop_assert!(paid >= 0, "the taker won {}", -paid);
        prop_assert!(amm.equity(oracle).unwrap() >= equity);
    }

    #[test]
    fn the_vamm_joins_only_where_its_own_quote_would_not_be_worse_for_the_taker(
        (amm, row) in full(), side in side(), maker in 0u64..1 << 40, wanted in 0u64..1 << 40, share in 0u32..=1_000_000,
        away in -30_000i64..30_000,
    ) {
        let amm = Amm { jit_share: Ppm(share), update_price: row.price, ..amm };
        let price = Price((i128::from(row.price.0) * i128::from(1_000_000 + away) / 1_000_000).try_into().unwrap());
        let step = Size(10);
        let size = amm.join_size(side, Size(maker), Size(wanted), price, &row, step).unwrap();
        prop_assert_eq!(size.0 % 10, 0);
        prop_assert!(u128::from(size.0) * 1_000_000 <= u128::from(maker) * u128::from(share));
        prop_assert!(size.0 <= wanted && size <= amm.base.size() && size <= amm.capacity(side, row.price, step).unwrap());
        if !size.is_zero() {
            prop_assert!(amm.reduces_inventory(side));
            let joined: AmmFill = amm.at_price(side, size, price).unwrap();
            let own = amm.quote(side, size, None, step, &row).unwrap().unwrap();
            // But for the unit that each rounds on its own.
            let sound = if side == Side::Long {
                joined.quote.0 + 1 >= own.quote.0
            } else {
                joined.quote.0 <= own.quote.0 + 1
            };
            prop_assert!(sound, "{:?} for {:?}", joined.quote, own.quote);
            let mut after = amm;
            after.book(side, &joined).unwrap();
            prop_assert!(after.equity(row.price).unwrap() >= amm.equity(row.price).unwrap());
            prop_assert_eq!(after.base.size().0, amm.base.size().0 - size.0);
        }
    }
}

/// A hundred base deep at 100, short one, with a thousand dollars.
fn small() -> Amm {
    let mut amm = Amm {
        base_reserve: Size(100 * ONE),
        quote_reserve: Size(100 * ONE),
        sqrt_k: Size(100 * ONE),
        listed_sqrt_k: Size(100 * ONE),
        peg: Price(100 * DOLLAR),
        inventory_limit: Size(10 * ONE),
        concentration: 1_414_200,
        max_spread: Ppm(50_000),
        max_fill_fraction: 1,
        margin: Ppm(100_000),
        update_budget: Ppm(500_000),
        flat_share: Ppm(50_000),
        drawdown_limit: Ppm(200_000),
        depth_step: Ppm(1_000),
        ..Amm::default()
    };
    amm.endow(Amount(1_000 * DOLLAR)).unwrap();
    let _ = amm.update(&row(Price(100 * DOLLAR)), &at(1_000));
    let fill = amm.quote(Side::Long, Size(ONE), None, Size(1), &row(Price(100 * DOLLAR))).unwrap().unwrap();
    amm.book(Side::Long, &fill).unwrap();
    amm
}

#[test]
fn a_short_budget_leaves_a_lag_and_an_hour_brings_it_on() {
    let mut amm = Amm { budget: Amount(DOLLAR), ..small() };
    let (far, mid) = (row(Price(110 * DOLLAR)), amm.curve().mid().unwrap());
    let report = amm.update(&far, &at(1_010)).unwrap();
    // Ten dollars would bring the peg there; one was left and what came in fills it slowly.
    assert!(report.cost.0 > 900_000 && report.cost.0 <= 5_000_000, "{report:?}");
    assert!(amm.lag > 0 && amm.curve().mid().unwrap() > mid && amm.curve().mid().unwrap() < far.price);
    let behind = amm.lag;
    // A second later next to nothing has come in; an hour later half of it.
    let _ = amm.update(&far, &at(1_011));
    assert!(amm.lag > behind / 2, "{} of {behind}", amm.lag);
    let _ = amm.update(&far, &at(4_700)).unwrap();
    assert_eq!((amm.lag, amm.curve().mid().unwrap().0 + 1), (0, far.price.0));
}

#[test]
fn the_depth_falls_while_the_peg_lags_and_comes_back_with_the_budget() {
    let mut amm = Amm { update_budget: Ppm(0), ..small() };
    let near = row(Price(101 * DOLLAR));
    (amm.budget, amm.unbudgeted) = (Amount(0), Amount(0));
    let far = row(Price(120 * DOLLAR));
    for second in 0..2_000 {
        let _ = amm.update(&far, &at(2_000 + second));
        if amm.reshape(&far, &at(2_000 + second)).unwrap().is_none() {
            break;
        }
    }
    assert!(amm.lag > 0);
    assert_eq!(amm.sqrt_k, Size(40 * ONE), "four times the largest inventory, which is more than a quarter");
    // Rich again: the peg first, then the depth, a tenth of a percent at a time.
    amm.update_budget = Ppm(500_000);
    amm.endow(Amount(100_000 * DOLLAR)).unwrap();
    let mut steps = 0;
    while amm.sqrt_k < amm.listed_sqrt_k {
        let _ = amm.update(&near, &at(10_000 + steps));
        let before = amm.sqrt_k;
        let report = amm.reshape(&near, &at(10_000 + steps)).unwrap().expect("there is money for it");
        assert!(report.cost.0 >= 0 && amm.sqrt_k > before && amm.sqrt_k.0 <= before.0 / 1_000 * 1_001 + 2_000);
        steps += 1;
    }
    assert_eq!(amm.sqrt_k, Size(100 * ONE));
    assert!((900..1_000).contains(&steps), "{steps} steps");
}

#[test]
fn without_inventory_the_curve_goes_back_to_its_listed_shape_for_nothing() {
    let mut amm = small();
    amm.sqrt_k = Size(90 * ONE);
    let skewed = amm.curve().with_sqrt_k(Size(90 * ONE)).unwrap();
    (amm.base_reserve, amm.quote_reserve) = (skewed.base, skewed.quote);
    let oracle = row(Price(105 * DOLLAR));
    let back = amm.quote(Side::Short, Size(ONE), None, Size(1), &oracle).unwrap().unwrap();
    amm.book(Side::Short, &back).unwrap();
    let budget = amm.budget;
    let report = amm.reshape(&oracle, &at(2_000)).unwrap().unwrap();
    assert_eq!((report.cost, amm.budget), (Quote(0), budget));
    let listed = Size(100 * ONE);
    assert_eq!((amm.base_reserve, amm.quote_reserve, amm.sqrt_k, amm.peg), (listed, listed, listed, oracle.price));
    assert_eq!(amm.reshape(&oracle, &at(2_001)).unwrap(), None, "once");
}

#[test]
fn a_loss_beyond_the_limit_stops_all_but_closing_until_it_is_made_good_or_forgotten() {
    let mut world = World::new(4);
    for account in 0..4 {
        world.deposit(account, 0, 10_000_000 * DOLLAR).unwrap();
    }
    world.fund_pool(BTC, PoolKind::Amm, 100_000 * DOLLAR).unwrap();
    let update = |world: &mut World| world.on_market(BTC, &[], |context, _, _| UpdateAmm.execute(context));
    world.drive(BTC, 60_010 * DOLLAR);
    let _ = update(&mut world).unwrap();
    let _ = world.take(0, ioc(BTC, Side::Long, 5 * ONE, 62_000 * DOLLAR), &[]).unwrap();
    // Short five at 60,000: at 67,000 some 35,000 of 100,000 are lost.
    for price in [62_000, 64_000, 65_500, 67_000] {
        world.drive(BTC, price * DOLLAR);
        let _ = update(&mut world);
    }
    let oracle = world.oracle(BTC);
    assert!(world.markets[BTC].amm.is_drawn_down(oracle).unwrap());
    let more = world.take(1, ioc(BTC, Side::Long, ONE, 70_000 * DOLLAR), &[]).unwrap();
    assert_eq!(more.matched.size, Size(0), "no larger position");
    let less = world.take(0, ioc(BTC, Side::Short, ONE, 64_000 * DOLLAR), &[]).unwrap();
    assert_eq!(less.matched.amm_size, Size(ONE), "a smaller one");

    // Capital lifts it above the floor at once.
    let mut helped = world.clone();
    helped.fund_pool(BTC, PoolKind::Amm, 60_000 * DOLLAR).unwrap();
    let more = helped.take(1, ioc(BTC, Side::Long, ONE / 10, 70_000 * DOLLAR), &[]).unwrap();
    assert_eq!(more.matched.size, Size(ONE / 10));
    check(&mut helped);

    // Else the peak is forgotten by half in a day.
    let excess = |world: &World| {
        let amm = &world.markets[BTC].amm;
        amm.peak_equity.0 - amm.equity(world.oracle(BTC)).unwrap().0
    };
    let before = excess(&world);
    for hour in 0..24 {
        world.clock.unix_time += 3_600;
        world.clock.slot += 9_000;
        world.drive(BTC, (67_000 + hour % 2) * DOLLAR);
        let _ = update(&mut world);
    }
    let left = excess(&world);
    assert!((before * 48 / 100..before * 52 / 100).contains(&left), "{left} of {before}");
    assert!(!world.markets[BTC].amm.is_drawn_down(world.oracle(BTC)).unwrap());
    let more = world.take(1, ioc(BTC, Side::Long, ONE / 10, 70_000 * DOLLAR), &[]).unwrap();
    assert_eq!(more.matched.size, Size(ONE / 10));
    check(&mut world);
}

#[test]
fn the_crank_refuses_when_nothing_would_change() {
    let mut world = World::funded(2, 1_000);
    let update = |world: &mut World| world.on_market(BTC, &[], |context, _, _| UpdateAmm.execute(context));
    world.drive(BTC, 60_500 * DOLLAR);
    let report = update(&mut world).unwrap();
    assert_eq!((report.cost, report.mid), (Quote(0), Price(60_500 * DOLLAR)));
    assert_eq!(update(&mut world).unwrap_err(), Error::AmmUpdateNotNeeded);
}

#[test]
fn an_available_step_is_available() {
    let mut world = World::funded(6, 100_000);
    let size = 1_000_000;
    let _ = world.take(4, ioc(BTC, Side::Long, size, 61_000 * DOLLAR), &[]).unwrap();
    let row = world.board.markets[BTC].price;
    // It may only close what it has.
    let amm = Amm { inventory_limit: Size(0), ..world.markets[BTC].amm };
    let available = |step| {
        let market = Market { step: Size(step), ..world.markets[BTC] };
        amm.availability(&market, &row, Side::Short, Slot(0), &world.clock, world.board.slot_time()).unwrap()
    };
    assert_eq!(available(size), Availability::Upto(Size(size)));
    assert_eq!(available(size / 2), Availability::Upto(Size(size)));
    assert_eq!(available(size + 1), Availability::No(Error::AmmNoCapacity));
}

#[test]
fn no_limit_is_met_by_rounding_where_the_oracle_is_beyond_it() {
    // The curve is far below the oracle; a unit of base is worth a fraction of a unit of quote.
    let oracle = Price(200 * DOLLAR);
    let amm = Amm { update_price: oracle, ..small() };
    let unit = |limit| amm.quote(Side::Long, Size(1), Some(Price(limit)), Size(1), &row(oracle)).unwrap();
    assert_eq!(unit(oracle.0).map(|fill| (fill.size, fill.quote)), Some((Size(1), Amount(1))));
    assert_eq!(unit(oracle.0 - 1), None);
}

#[test]
fn who_asks_for_more_than_the_reserve_gets_what_the_limit_allows() {
    let amm = small();
    let limit = Price(110 * DOLLAR);
    let quote = |size| amm.quote(Side::Long, Size(size), Some(limit), Size(1), &row(Price(100 * DOLLAR))).unwrap();
    let most = quote(50 * ONE).unwrap();
    assert!(most.size < Size(50 * ONE) && most.size.0 > ONE, "{most:?}");
    for size in [amm.base_reserve.0, amm.base_reserve.0 + 1, u64::MAX] {
        assert_eq!(quote(size), Some(most), "{size}");
    }
}

#[test]
fn a_step_of_the_depth_that_costs_nothing_is_taken() {
    let oracle = Price(100 * DOLLAR);
    let mut amm = Amm { base_reserve: Size(100 * ONE), quote_reserve: Size(100 * ONE), base: Base(0), ..small() };
    let fill = amm.quote(Side::Long, Size(5), None, Size(1), &row(oracle)).unwrap().unwrap();
    amm.book(Side::Long, &fill).unwrap();
    amm.lag = 1;
    let report = amm.reshape(&row(oracle), &at(1_001)).unwrap().expect("the peg lags");
    assert_eq!((report.sqrt_k_before, report.cost), (Size(100 * ONE), Quote(0)));
    assert_eq!(amm.sqrt_k, Size(999 * ONE / 10));
}

#[test]
fn it_joins_where_both_the_row_and_what_it_has_seen_allow_it() {
    let seen = |price| Amm { jit_share: Ppm(500_000), update_price: Price(price), slot_price: Price(price), ..small() };
    let size = |amm: Amm, side, price, oracle| {
        amm.join_size(side, Size(ONE), Size(ONE), Price(price), &row(Price(oracle)), Size(1)).unwrap().0
    };
    let [low, price, high] = [100, 101, 103].map(|dollars| dollars * DOLLAR);
    // It is short one, and buys half a base of the seller at 101 where the oracle is no lower.
    assert_eq!(size(seen(price), Side::Short, price, price), ONE / 2);
    assert_eq!(size(seen(price), Side::Short, price, low), 0, "the row is lower");
    assert_eq!(size(seen(low), Side::Short, price, price), 0, "the price that it saw is");
    assert_eq!(size(seen(low), Side::Long, high, low), 0, "it would sell more");
}
