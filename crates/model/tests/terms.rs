//! What a tier allows, what an hour of funding can cost, and how much is liquidated in a minute.

mod common;

use common::check::check;
use common::{BTC, DOLLAR, ONE, World, ioc, market_params};
use kedge_model::account::market::Market;
use kedge_model::account::order::Side;
use kedge_model::action::{ListMarket, MarketParams, THROTTLE_WINDOW_MS};
use kedge_model::error::{Error, Result};
use kedge_model::quantity::{Amount, Ppm, Price, Size};
use kedge_model::rule::funding::{MAX_PREMIUM, PERIOD};
use kedge_model::rule::risk::predicted_funding;
use kedge_model::rule::tiers::{self, TIERS};

fn list(world: &mut World, params: &MarketParams) -> Result<u16> {
    let list = ListMarket { params };
    list.execute(&mut world.exchange.clone(), &mut world.board.clone(), &mut Market::default(), world.clock)
}

#[test]
fn a_riskier_tier_demands_more_margin_and_allows_wider_terms() {
    assert_eq!(tiers::of(5).unwrap_err(), Error::InvalidParameter);
    for pair in TIERS.windows(2) {
        let [safer, riskier] = pair else { unreachable!("windows of two") };
        assert!(safer.initial_margin < riskier.initial_margin);
        assert!(safer.funding_cap <= riskier.funding_cap && safer.price_band <= riskier.price_band);
        assert!(safer.jump_limit <= riskier.jump_limit && safer.insurance_share >= riskier.insurance_share);
    }
}

#[test]
fn a_market_is_listed_inside_its_tier_alone() {
    let mut world = World::new(2);
    for (number, tier) in (0u8..).zip(&TIERS) {
        let mut good = market_params(b"NEW", Price(10 * DOLLAR), 1_000, 1_000_000, 1_000);
        (good.tier, good.initial_margin, good.funding_cap) = (number, tier.initial_margin, tier.funding_cap);
        good.maintenance_margin = Ppm(tier.initial_margin.0 - 1_000);
        good.row.jump_limit = tier.jump_limit;
        good.price_band = Ppm(tier.price_band.0.min(tier.initial_margin.0.max(50_000)));
        (good.amm.margin, good.amm.max_spread) = (tier.initial_margin, Ppm(15_000));
        (good.amm.leverage_spread, good.amm.revenue_spread) = (Ppm(0), Ppm(0));
        (good.liquidator_fee, good.liquidator_fee_small, good.insurance_fee) = (Ppm(1_000), Ppm(1_000), Ppm(1_000));
        assert_eq!(list(&mut world, &good), Ok(3), "tier {number}");
        let mut jumpy = good;
        jumpy.row.jump_limit.0 += 1;
        for bad in [
            jumpy,
            MarketParams { initial_margin: Ppm(tier.initial_margin.0 - 1), ..good },
            MarketParams { funding_cap: Ppm(tier.funding_cap.0 + 1), ..good },
            MarketParams { price_band: Ppm(tier.price_band.0 + 1), ..good },
            MarketParams { tier: 5, ..good },
        ] {
            assert_eq!(list(&mut world, &bad), Err(Error::InvalidParameter), "tier {number}");
        }
        if number > 0 {
            // What a riskier tier allows is too much for a safer one, and the other way round.
            assert_eq!(list(&mut world, &MarketParams { tier: number - 1, ..good }), Err(Error::InvalidParameter));
        }
    }
}

#[test]
fn a_default_takes_no_more_of_the_fund_than_its_tier_allows() {
    for (tier, share) in [(0u8, 100u64), (3, 50), (4, 25)] {
        let mut world = World::funded(4, 20_000);
        world.markets[BTC].tier = tier;
        let _ = world.take(0, ioc(BTC, Side::Long, ONE / 10, 61_000 * DOLLAR), &[]).unwrap();
        // An account that has lost more than it had, and nothing else.
        let loss = 30_000 * DOLLAR;
        let broke = &mut world.accounts[1].head;
        let has = broke.balance(0);
        broke.debit(0, has).unwrap();
        let position = broke.open_position(0).unwrap();
        position.quote.0 = -i64::try_from(loss).unwrap();
        (world.markets[BTC].users_quote.0, world.markets[BTC].amm.quote.0) = (
            world.markets[BTC].users_quote.0 - i64::try_from(loss).unwrap(),
            world.markets[BTC].amm.quote.0 + i64::try_from(loss).unwrap(),
        );
        world.vaults[0] -= has.0;
        world.banks[0].deposits.0 -= has.0;
        // The vAMM has given its part of the day already.
        let market = &mut world.markets[BTC];
        (market.amm_used, market.amm_day) = (Amount(1 << 60), world.clock.unix_time);
        let fund = world.markets[BTC].insurance_fund;
        let report = world.bankrupt(BTC, 1).unwrap();
        assert_eq!(report.insurance.0, fund.0 * share / 100);
        check(&mut world);
    }
}

/// A position against the vAMM, and a premium that stands.
fn pushed() -> World {
    let mut world = World::funded(4, 1_000_000);
    let _ = world.take(0, ioc(BTC, Side::Long, 9 * ONE, 62_000 * DOLLAR), &[]).unwrap();
    // Nine of an inventory of twenty, at two thousandths when it is full.
    assert_eq!(world.markets[BTC].premium_last, 900_000);
    world
}

#[test]
fn a_gap_of_many_hours_is_charged_like_one_hour() {
    let mut rates = Vec::new();
    for hours in [1, 2, 10, 100] {
        let mut world = pushed();
        world.wait(hours * PERIOD.0);
        world.tick();
        let expected = predicted_funding(&world.markets[BTC], world.board.market(0).unwrap(), &world.clock).unwrap();
        let report = world.fund(BTC).unwrap();
        assert_eq!(report.rate, expected, "what was predicted");
        let cap = i64::from(world.markets[BTC].funding_cap.0) * 1_000;
        assert!(report.rate > 0 && report.rate <= cap);
        let charged = report.deltas.long.0;
        let most = i64::try_from(world.oracle(BTC).0 / 1_000).unwrap() * cap / 1_000;
        assert!(charged <= most, "{charged} of at most {most}");
        rates.push(report.rate);
        // Nothing is left over for the next hour.
        assert_eq!((world.markets[BTC].premium_sum, world.markets[BTC].premium_seconds), (0, 0));
        assert_eq!(world.fund(BTC).unwrap_err(), Error::FundingNotDue);
        check(&mut world);
    }
    assert!(rates.windows(2).all(|pair| pair[0] == pair[1]), "{rates:?}");
}

#[test]
fn the_premium_in_force_at_the_beginning_of_a_gap_weighs_one_hour_of_it() {
    // Fifty minutes of a small premium, then a large one that nobody looks at for a day.
    let mut world = pushed();
    world.wait(3_000);
    world.tick();
    let (small, large) = (world.markets[BTC].premium_last, MAX_PREMIUM);
    world.markets[BTC].sample_premium(Price(60_000 * DOLLAR), world.clock.unix_time).unwrap();
    world.markets[BTC].premium_last = large;
    world.wait(24 * PERIOD.0);
    world.tick();
    let covered = world.markets[BTC].premium_seconds;
    let rate = world.fund(BTC).unwrap().rate;
    let weight = i64::try_from(PERIOD.0).unwrap();
    let before = i64::try_from(covered).unwrap();
    let average = (small * before + large * weight) / (before + weight);
    let expected = kedge_model::rule::funding::hourly_rate(average, world.markets[BTC].funding_cap).unwrap();
    assert!((rate - expected).abs() <= 1, "{rate} and not {expected}");
    assert!(average < large * 6 / 10, "the day did not drown the hour before it");
}

#[test]
fn premiums_count_for_as_long_as_they_were_in_force() {
    // The same two premiums, seen three times or three hundred times in the same hour.
    let rate = |samples: u64| {
        let mut world = pushed();
        for _ in 0..samples {
            world.wait(PERIOD.0 / samples);
            world.tick();
            let (now, oracle) = (world.clock.unix_time, world.oracle(BTC));
            world.markets[BTC].sample_premium(oracle, now).unwrap();
        }
        world.wait(60);
        world.tick();
        world.fund(BTC).unwrap().rate
    };
    assert_eq!(rate(3), rate(300));
}

const LIQUIDATOR: usize = 5;

/// Three longs of which the third is almost bankrupt, after a fall that makes all of them liquidatable.
fn fallen(budget: u64) -> World {
    let mut world = World::new(6);
    for (account, dollars) in [(0, 7_000), (1, 7_000), (2, 7_000), (4, 1_000_000), (5, 1_000_000)] {
        world.deposit(account, 0, dollars * DOLLAR).unwrap();
    }
    // Of two owners: what is taken from one account of an owner holds back no other of hers.
    world.accounts[1].head.authority = [77; 32];
    for account in 0..3 {
        world.place(4, common::limit(BTC, Side::Short, ONE, 60_000 * DOLLAR)).unwrap();
        let _ = world.take(account, ioc(BTC, Side::Long, ONE, 60_000 * DOLLAR), &[4]).unwrap();
    }
    for price in [58_500, 57_000, 55_800] {
        world.drive(BTC, price * DOLLAR);
    }
    world.accounts[2].head.debit(0, Amount(1_700 * DOLLAR)).unwrap();
    (world.vaults[0], world.banks[0].deposits.0) =
        (world.vaults[0] - 1_700 * DOLLAR, world.banks[0].deposits.0 - 1_700 * DOLLAR);
    world.markets[BTC].liquidation_budget = Amount(budget * DOLLAR);
    world
}

#[test]
fn a_minute_liquidates_what_its_budget_allows_and_those_near_bankruptcy() {
    let mut world = fallen(1_000);
    let first = world.liquidate(BTC, 0, LIQUIDATOR, u64::MAX).unwrap();
    assert!(first.quote.magnitude() > Amount(1_000 * DOLLAR), "one step may be larger than the budget");
    assert_eq!(world.markets[BTC].liquidated, first.quote.magnitude());
    let before = world.accounts[1].clone();
    assert_eq!(world.liquidate(BTC, 1, LIQUIDATOR, u64::MAX).unwrap_err(), Error::LiquidationThrottled);
    assert_eq!(world.accounts[1].head.positions, before.head.positions, "it waits");
    let urgent = world.liquidate(BTC, 2, LIQUIDATOR, u64::MAX).unwrap();
    assert!(urgent.base.size() > Size(0));
    assert_eq!(
        world.markets[BTC].liquidated,
        first.quote.magnitude().plus(urgent.quote.magnitude()).unwrap(),
        "it counts"
    );
    check(&mut world);

    // A slot before the window is over it still waits; then it goes on.
    let slots = THROTTLE_WINDOW_MS.slots_up(world.board.slot_time()).unwrap().0;
    let (slot, time) = (world.clock.slot, world.clock.unix_time);
    world.tick();
    world.clock.slot = slot + slots - 1;
    assert_eq!(world.liquidate(BTC, 1, LIQUIDATOR, u64::MAX).unwrap_err(), Error::LiquidationThrottled);
    world.clock.slot = slot + slots;
    world.clock.unix_time = time + 1;
    let second = world.liquidate(BTC, 1, LIQUIDATOR, u64::MAX).unwrap();
    assert_eq!(world.markets[BTC].liquidated, second.quote.magnitude());
    check(&mut world);
}

#[test]
fn without_a_budget_nobody_waits() {
    let mut world = fallen(0);
    for account in 0..3 {
        let _ = world.liquidate(BTC, account, LIQUIDATOR, u64::MAX).unwrap();
    }
    assert_eq!(world.markets[BTC].liquidated, Amount(0));
    check(&mut world);
}

/// Lists a market with a vAMM at a price, and opens one without a vAMM on a row at that price: what both say.
fn scaled(price: u64, change: impl Fn(&mut MarketParams)) -> Result<()> {
    let mut params = market_params(b"NEW", Price(price), 1_000, ONE, (price / 10_000).max(1));
    change(&mut params);
    let mut world = World::new(2);
    let listed = list(&mut world, &params).map(drop);
    let mut world = World::new(2);
    let new = world.markets.len();
    params.amm.sqrt_k = Size(0);
    world.list_market(&params);
    let _ = world.refresh(new, price).unwrap();
    assert_eq!(world.open_market(new), listed, "at {price}");
    listed
}

#[test]
fn a_tick_is_a_thousandth_of_the_price_at_most_and_the_band_spans_ten() {
    let tick = |price: u64, tick: u64, band: u32| {
        scaled(price, |params| (params.tick, params.price_band) = (Price(tick), Ppm(band)))
    };
    assert_eq!(tick(150 * DOLLAR, 150_000, 50_000), Ok(()));
    assert_eq!(tick(150 * DOLLAR - 1, 150_000, 50_000), Err(Error::TickOutOfRange));
    assert_eq!(tick(9, 1, 50_000), Err(Error::TickOutOfRange), "a tick of 11 %, a band of nothing");
    assert_eq!(tick(150 * DOLLAR, 150_000, 10_000), Ok(()));
    assert_eq!(tick(150 * DOLLAR, 150_000, 9_999), Err(Error::TickOutOfRange));
    assert_eq!(tick(150 * DOLLAR, 15_000, 1_000), Ok(()));
}

#[test]
fn a_price_at_which_funding_or_a_fill_rounds_away_opens_no_market() {
    assert_eq!(scaled(8_000, |_| {}), Ok(()), "an index of a hundred an hour");
    assert_eq!(scaled(7_999, |_| {}), Err(Error::PriceOutOfRange));
    let step = |step: u64| scaled(10_000, |params| (params.step, params.min_order) = (Size(step), Size(10 * step)));
    assert_eq!(step(10_000_000), Ok(()), "a hundred quote units");
    assert_eq!(step(9_999_999), Err(Error::PriceOutOfRange));
}

#[test]
fn open_interest_is_worth_something_and_not_too_much() {
    let caps = |position: u64, interest: u64| {
        scaled(4_000 * DOLLAR, |params| {
            (params.max_position, params.max_open_interest) = (Size(position), Size(interest));
        })
    };
    assert_eq!(caps(10 * ONE, 10 * ONE), Ok(()), "the smallest order");
    assert_eq!(caps(10 * ONE - 1, 10 * ONE), Err(Error::OpenInterestOutOfRange));
    assert_eq!(caps(0, 0), Err(Error::OpenInterestOutOfRange));
    let most = (u64::MAX >> 3) / 4_000 / DOLLAR * ONE;
    assert_eq!(caps(10 * ONE, most), Ok(()));
    assert_eq!(caps(10 * ONE, most + ONE), Err(Error::OpenInterestOutOfRange));
}

#[test]
fn an_hour_of_funding_takes_no_healthy_pocket_past_bankruptcy() {
    // What a market with a maintenance margin below its funding does: four hundredths of a percent above maintenance
    // when the hour ends, and in default when it has begun.
    let mut world = World::funded(4, 2_000);
    let market = &mut world.markets[BTC];
    market.funding_cap = Ppm(40_000);
    let amm = &mut market.amm;
    (amm.base_spread, amm.inventory_spread, amm.inventory_limit) = (Ppm(30_000), Ppm(90_000), Size(ONE / 10));
    amm.max_spread = Ppm(90_000);
    (world.board.markets[BTC].maintenance_margin, world.markets[BTC].liquidation_buffer) = (Ppm(5_000), Ppm(0));
    let bought = world.take(0, ioc(BTC, Side::Long, ONE / 10, 63_000 * DOLLAR), &[]).unwrap();
    assert_eq!(bought.matched.amm_size, Size(ONE / 10));
    assert_eq!(world.markets[BTC].premium_last, 90_000_000, "nine percent");
    let spare = world.equity(0) - 6_000_000_000 * 54 / 10_000;
    world.accounts[0].head.debit(0, Amount(u64::try_from(spare).unwrap())).unwrap();
    world.wait(PERIOD.0);
    world.tick();
    assert!(world.health(0).is_met());
    let _ = world.fund(BTC).unwrap();
    assert!(world.equity(0) < 0, "1.12 % of an hour against 0.54 %: {}", world.equity(0));

    // No such market is listed: the cap and the fees of a liquidation stay below the maintenance margin.
    let params = |cap: u32, maintenance: u32| {
        let mut params = market_params(b"NEW", Price(10 * DOLLAR), 1_000, 1_000_000, 1_000);
        (params.funding_cap, params.maintenance_margin) = (Ppm(cap), Ppm(maintenance));
        (params.liquidator_fee, params.liquidator_fee_small, params.insurance_fee) = (Ppm(500), Ppm(1_000), Ppm(500));
        params
    };
    let mut world = World::new(2);
    assert_eq!(list(&mut world, &params(5_000, 6_501)), Ok(3));
    assert_eq!(list(&mut world, &params(5_000, 6_500)), Err(Error::InvalidParameter));
}
