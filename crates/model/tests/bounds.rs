//! Bounds of parameters and of what must hold of a vAMM: at the bound all is well, one beyond it is refused.

mod common;

use common::{BTC, World};
use kedge_model::amm::{Amm, MAX_CONCENTRATION, MAX_DEPTH_STEP, MAX_FACTOR, MIN_CONCENTRATION};
use kedge_model::board::MarketRow;
use kedge_model::error::Error;
use kedge_model::market::Market;
use kedge_model::num::PPM;
use kedge_model::quantity::{Base, Ppm, Price, Size};
use kedge_model::tiers;

const ALL: Ppm = Ppm(1_000_000);

/// What a bound is of, the last value inside of it, and the first outside.
type Bound<T> = (&'static str, fn(&mut T), fn(&mut T));

/// A vAMM's parameters with room on every side, for an initial margin of a tenth.
fn amm() -> Amm {
    let mut amm = World::new(0).markets[BTC].amm;
    (amm.base_spread, amm.max_spread, amm.margin) = (Ppm(1_000), Ppm(50_000), Ppm(200_000));
    amm
}

const INITIAL: Ppm = Ppm(100_000);

const OF_A_VAMM: [Bound<Amm>; 20] = [
    ("concentration", |a| a.concentration = MIN_CONCENTRATION + 1, |a| a.concentration = MIN_CONCENTRATION),
    ("concentration", |a| a.concentration = MAX_CONCENTRATION, |a| a.concentration = MAX_CONCENTRATION + 1),
    ("depth", |a| a.sqrt_k = Size(1 << 61), |a| a.sqrt_k = Size((1 << 61) + 1)),
    ("base spread", |a| a.base_spread = Ppm(49_999), |a| a.base_spread = Ppm(50_000)),
    ("largest spread", |a| a.max_spread = Ppm(99_999), |a| a.max_spread = INITIAL),
    ("inventory spread", |a| a.inventory_spread = a.max_spread, |a| a.inventory_spread = Ppm(50_001)),
    ("fill fraction", |a| a.max_fill_fraction = 1, |a| a.max_fill_fraction = 0),
    ("margin", |a| a.margin = INITIAL, |a| a.margin = Ppm(99_999)),
    ("margin", |a| a.margin = ALL, |a| a.margin = Ppm(1_000_001)),
    ("update budget", |a| a.update_budget = ALL, |a| a.update_budget = Ppm(1_000_001)),
    ("flat share", |a| a.flat_share = Ppm(500_000), |a| a.flat_share = Ppm(500_001)),
    ("inventory limit", |a| a.inventory_limit = Size(a.sqrt_k.0 - 1), |a| a.inventory_limit = a.sqrt_k),
    ("volatility factor", |a| a.volatility_factor = MAX_FACTOR, |a| a.volatility_factor = Ppm(MAX_FACTOR.0 + 1)),
    ("retreat factor", |a| a.retreat_factor = MAX_FACTOR, |a| a.retreat_factor = Ppm(MAX_FACTOR.0 + 1)),
    ("leverage spread", |a| a.leverage_spread = a.max_spread, |a| a.leverage_spread = Ppm(50_001)),
    ("revenue spread", |a| a.revenue_spread = a.max_spread, |a| a.revenue_spread = Ppm(50_001)),
    ("drawdown limit", |a| a.drawdown_limit = ALL, |a| a.drawdown_limit = Ppm(1_000_001)),
    ("share of an auction", |a| a.jit_share = ALL, |a| a.jit_share = Ppm(1_000_001)),
    ("step of the depth", |a| a.depth_step = MAX_DEPTH_STEP, |a| a.depth_step = Ppm(MAX_DEPTH_STEP.0 + 1)),
    // Without a depth there is no vAMM, and nothing of it is asked.
    ("none at all", |a| (a.sqrt_k, a.max_fill_fraction) = (Size(0), 0), |a| (a.sqrt_k, a.margin) = (Size(1), Ppm(0))),
];

#[test]
fn a_parameter_of_a_vamm_may_be_at_its_bound_and_not_beyond() {
    assert_eq!(amm().validate_parameters(INITIAL), Ok(()));
    for (what, inside, outside) in OF_A_VAMM {
        let with = |change: fn(&mut Amm)| {
            let mut amm = amm();
            change(&mut amm);
            amm.validate_parameters(INITIAL)
        };
        assert_eq!(with(inside), Ok(()), "{what}");
        assert_eq!(with(outside), Err(Error::InvalidParameter), "{what}");
    }
}

#[test]
fn a_vamm_without_a_reserve_or_a_peg_or_with_all_of_its_depth_sold_is_unsound() {
    let sound = World::new(0).markets[BTC].amm;
    assert_eq!(sound.invariant(), Ok(()));
    let size = i64::try_from(sound.sqrt_k.0).unwrap();
    let off = Amm { sqrt_k: Size(0), base_reserve: Size(0), quote_reserve: Size(0), base: Base(0), ..sound };
    for held in [Amm { base: Base(size - 1), ..sound }, Amm { base: Base(1 - size), ..sound }, off] {
        assert_eq!(held.invariant(), Ok(()));
    }
    for broken in [
        Amm { base_reserve: Size(0), ..sound },
        Amm { quote_reserve: Size(0), ..sound },
        Amm { peg: Price(0), ..sound },
        Amm { base: Base(size), ..sound },
        Amm { base: Base(-size), ..sound },
        Amm { base: Base(1), ..off },
        Amm { base_reserve: Size(1), ..off },
        Amm { quote_reserve: Size(1), ..off },
    ] {
        assert_eq!(broken.invariant(), Err(Error::InvariantBroken));
    }
}

type Listed = (Market, MarketRow);

const OF_A_MARKET: [Bound<Listed>; 16] = [
    (
        "initial margin",
        |(m, r)| geared(m, r, tier().initial_margin.0),
        |(m, r)| geared(m, r, tier().initial_margin.0 - 1),
    ),
    (
        "jump",
        |(_, r)| r.price.jump_limit = tier().jump_limit,
        |(_, r)| {
            r.price.jump_limit = Ppm(tier().jump_limit.0 + 1);
        },
    ),
    ("maintenance and initial", |(_, r)| r.maintenance_margin = Ppm(99_999), |(_, r)| r.maintenance_margin = INITIAL),
    ("least maintenance", |(m, r)| slim(m, r, 5_000), |(m, r)| slim(m, r, 4_999)),
    ("fees and funding", |(m, _)| m.insurance_fee = Ppm(34_999), |(m, _)| m.insurance_fee = Ppm(35_000)),
    (
        "fees of small ones",
        |(m, _)| m.liquidator_fee_small = Ppm(39_999),
        |(m, _)| m.liquidator_fee_small = Ppm(40_000),
    ),
    ("buffer", |(m, _)| m.liquidation_buffer = Ppm(50_000), |(m, _)| m.liquidation_buffer = Ppm(50_001)),
    ("band", |(m, _)| m.price_band = Ppm(1), |(m, _)| m.price_band = Ppm(0)),
    (
        "band",
        |(m, _)| m.price_band = tier().price_band.min(INITIAL),
        |(m, _)| {
            m.price_band = Ppm(tier().price_band.min(INITIAL).0 + 1);
        },
    ),
    ("funding", |(m, r)| wide(m, r, tier().funding_cap.0), |(m, r)| wide(m, r, tier().funding_cap.0 + 1)),
    ("step", |(m, _)| (m.step, m.min_order) = (Size(1), Size(1)), |(m, _)| m.step = Size(0)),
    ("tick", |(m, _)| m.tick = Price(1), |(m, _)| m.tick = Price(0)),
    ("smallest order", |(m, _)| m.min_order = m.step, |(m, _)| m.min_order = Size(0)),
    ("whole steps", |(m, _)| m.min_order = Size(2 * m.step.0), |(m, _)| m.min_order = Size(2 * m.step.0 + 1)),
    (
        "largest position",
        |(m, _)| m.max_position.0 = m.max_open_interest.0,
        |(m, _)| {
            m.max_position.0 = m.max_open_interest.0 + 1;
        },
    ),
    ("open interest", |(m, _)| m.max_open_interest.0 = 1 << 60, |(m, _)| m.max_open_interest.0 = (1 << 60) + 1),
];

fn tier() -> tiers::Tier {
    *tiers::of(World::new(0).markets[BTC].tier).unwrap()
}

/// A market with next to no fees, so that the least maintenance margin alone decides.
fn slim(market: &mut Market, row: &mut MarketRow, maintenance: u32) {
    (market.liquidator_fee, market.liquidator_fee_small, market.insurance_fee) = (Ppm(0), Ppm(0), Ppm(0));
    (market.funding_cap, market.liquidation_buffer) = (Ppm(0), Ppm(0));
    row.maintenance_margin = Ppm(maintenance);
}

/// A market of any initial margin.
fn geared(market: &mut Market, row: &mut MarketRow, initial: u32) {
    slim(market, row, 5_000);
    row.initial_margin = Ppm(initial);
}

/// A market whose maintenance margin carries any funding.
fn wide(market: &mut Market, row: &mut MarketRow, cap: u32) {
    row.maintenance_margin = Ppm(99_999);
    (market.liquidator_fee, market.liquidator_fee_small, market.insurance_fee) = (Ppm(0), Ppm(0), Ppm(0));
    market.funding_cap = Ppm(cap);
}

#[test]
fn a_parameter_of_a_market_may_be_at_its_bound_and_not_beyond() {
    let world = World::new(0);
    let listed = (world.markets[BTC], world.board.markets[BTC]);
    assert_eq!(listed.0.validate_parameters(&listed.1), Ok(()));
    for (what, inside, outside) in OF_A_MARKET {
        let with = |change: fn(&mut Listed)| {
            let mut listed = listed;
            // The vAMM's own bounds are another matter.
            listed.0.amm.sqrt_k = Size(0);
            change(&mut listed);
            listed.0.validate_parameters(&listed.1)
        };
        assert_eq!(with(inside), Ok(()), "{what}");
        assert_eq!(with(outside), Err(Error::InvalidParameter), "{what}");
    }
    let whole = |margin: u64| {
        let mut listed = listed;
        (listed.0.amm.sqrt_k, listed.1.initial_margin) = (Size(0), Ppm(u32::try_from(margin).unwrap()));
        listed.0.validate_parameters(&listed.1)
    };
    assert_eq!((whole(PPM), whole(PPM + 1)), (Ok(()), Err(Error::InvalidParameter)));
}
