//! Exact values of formulas at their edges, computed independently of the crate.

mod common;

use common::steps::Case;
use kedge_model::account::board::size_premium_ratio;
use kedge_model::account::order::Side;
use kedge_model::num::Rounding;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use kedge_model::rule::auction;
use kedge_model::rule::liquidation;
use kedge_model::rule::weights;
use kedge_model::time::Millis;
use serde_json::Value;

fn number(row: &Value, part: &str, name: &str) -> i128 {
    let value = &row[part][name];
    value.as_u64().map(i128::from).or(value.as_i64().map(i128::from)).unwrap_or_else(|| panic!("{row}: {name}"))
}

fn case(row: &Value) -> Case {
    let u = |name| u64::try_from(number(row, "inputs", name)).unwrap();
    let p = |name| u32::try_from(u(name)).unwrap();
    let i = |name| i64::try_from(number(row, "inputs", name)).unwrap();
    Case {
        maintenance: p("maintenance"),
        buffer: p("buffer"),
        fee: p("liquidator_fee"),
        fee_small: p("liquidator_fee_small"),
        insurance_fee: p("insurance_fee"),
        small_position: u("small_position"),
        step: u("step"),
        min_order: u("min_order"),
        wanted: u("wanted"),
        base: i("base"),
        price: u("price"),
        tokens: u("tokens"),
        quote: i("quote"),
    }
}

/// `crates/model/vectors/liquidation.json`, each row by the pure formulas and by the action.
#[test]
fn every_liquidation_step_is_the_independent_one_to_the_unit() {
    let file: Value = serde_json::from_str(include_str!("../vectors/liquidation.json")).unwrap();
    let (mut compared, mut skipped) = (0, 0);
    for row in file["steps"].as_array().unwrap() {
        if !row["skipped"].is_null() {
            skipped += 1;
            continue;
        }
        let case = case(row);
        let wanted = |name| number(row, "expected", name);
        let (base, price) = (Base(case.base), Price(case.price));
        let shortage = Amount(u64::try_from(wanted("shortage")).unwrap());
        let fee = Ppm(u32::try_from(wanted("fee_ppm")).unwrap());
        let ratio = Ppm(case.maintenance + case.buffer);
        let value = base.size().value(price, Rounding::Down).unwrap();
        let insurance = liquidation::insurance_fee(shortage, value, ratio, fee, Ppm(case.insurance_fee)).unwrap();
        assert_eq!(i128::from(insurance.0), wanted("insurance_ppm"), "{row}");
        let cover = |shortage, rounding| {
            let size = liquidation::base_to_cover(shortage, ratio, fee, insurance, price, rounding).unwrap();
            i128::from(size.0)
        };
        assert_eq!(cover(shortage, Rounding::Down), wanted("base_to_cover"), "{row}");
        let more = shortage.plus(liquidation::ROUNDING_UNITS).unwrap();
        assert_eq!(cover(more, Rounding::Up), wanted("base_needed"), "{row}");

        let done = case.run().unwrap();
        let report = done.report;
        let found = [
            ("collateral", i128::from(done.before.collateral.0)),
            ("requirement", i128::from(done.before.requirement.0)),
            ("liability", i128::from(done.before.liability.0)),
            ("base_taken", i128::from(report.base.0.unsigned_abs())),
            ("takeover_price", i128::from(report.price.0)),
            ("quote", i128::from(report.quote.0)),
            ("insurance_paid", i128::from(report.insurance_fee.0)),
            ("shortage_left", i128::from(done.shortage_left(&case))),
            ("equity_left", i128::from(done.after.collateral.0)),
        ];
        for (name, value) in found {
            assert_eq!(value, wanted(name), "{name} of {row}");
        }
        compared += 1;
    }
    assert_eq!((compared, skipped), (97, 1));
}

/// The same file, kind discount: the share, and the price at which a liquidator buys and sells.
#[test]
fn every_discount_by_time_is_the_independent_one_to_the_unit() {
    let file: Value = serde_json::from_str(include_str!("../vectors/liquidation.json")).unwrap();
    let rows = file["discounts"].as_array().unwrap();
    for row in rows {
        let input = |name| u64::try_from(number(row, "inputs", name)).unwrap();
        let share = |name| Ppm(u32::try_from(input(name)).unwrap());
        let (elapsed, ramp) = (Millis(input("elapsed_ms")), Millis(input("duration_ms")));
        let discount = liquidation::discount(share("start"), share("end"), elapsed, ramp).unwrap();
        assert_eq!(i128::from(discount.0), number(row, "expected", "discount"), "{row}");
        for (base, name) in [(1, "buys_at"), (-1, "sells_at")] {
            let price = liquidation::takeover_price(Base(base), Price(input("price")), discount).unwrap();
            assert_eq!(i128::from(price.0), number(row, "expected", name), "{name} of {row}");
        }
    }
    assert_eq!(rows.len(), 19);
}

/// With the widest fees that a listing accepts, a share of the take-over's quote took 17 dollars from a healthy short.
#[test]
fn a_step_never_lowers_free_margin() {
    let case = Case {
        maintenance: 160_000,
        buffer: 40_000,
        fee: 90_000,
        fee_small: 90_000,
        insurance_fee: 69_000,
        small_position: 0,
        step: 100_000,
        min_order: 100_000,
        wanted: u64::MAX,
        base: -416_600_000,
        price: 72_329_917_660,
        tokens: 34_948_125_125,
        quote: 0,
    };
    let done = case.run().unwrap();
    assert_eq!(done.before.free(), Ok(Quote(-5_741_565)));
    assert!(done.after.free().unwrap() >= done.before.free().unwrap(), "{:?}", done.after.free());
}

#[test]
fn who_has_nothing_beyond_the_shortage_pays_no_insurance_fee_at_prices_of_a_few_units() {
    // 7 units of value a base and 20 % of it missing: two divisions rounded down saw none of it missing.
    let (ratio, fee, most) = (Ppm(55_000), Ppm(5_000), Ppm(10_000));
    let fee_of =
        |shortage, value| liquidation::insurance_fee(Amount(shortage), Amount(value), ratio, fee, most).unwrap();
    assert_eq!(fee_of(1, 7), Ppm(0));
    assert_eq!(fee_of(350_001, 7_000_000), Ppm(0));
    assert_eq!(fee_of(349_993, 7_000_000), Ppm(0));
    assert_eq!(fee_of(349_986, 7_000_000), Ppm(1));
    assert_eq!(fee_of(0, 7), Ppm(10_000));
    assert_eq!(fee_of(0, 0), Ppm(0));
}

#[test]
fn a_derived_auction_ends_inside_a_band_of_its_width() {
    let derive = |side, oracle, limit| auction::derive(side, Price(oracle), Price(limit), Ppm(50_000)).unwrap();
    assert_eq!(derive(Side::Short, 100_000_001, 0), (Price(100_000_001), Price(95_000_001)));
    assert_eq!(derive(Side::Long, 100_000_001, 0), (Price(100_000_001), Price(105_000_001)));
    // The mirror: with the limit on the good side of the oracle, the start lies no further from it than the width.
    assert_eq!(derive(Side::Short, 100_000_000, 100_000_001), (Price(105_000_001), Price(100_000_001)));
    assert_eq!(derive(Side::Long, 100_000_001, 100_000_000), (Price(95_000_000), Price(100_000_000)));
    assert_eq!(derive(Side::Long, 100_000_002, 100_000_001), (Price(95_000_001), Price(100_000_001)));
}

#[test]
fn weights_follow_the_size_up_to_the_largest() {
    let asset = |size, factor| weights::asset_weight(Ppm(1_000_000), Size(size), factor).unwrap().0;
    let liability = |size| weights::liability_weight(Ppm(1_100_000), Size(size), 1_000).unwrap().0;
    const FOUR: u64 = 4_000_000_000_000_000_000;
    assert_eq!([asset(FOUR, 1_000), asset(u64::MAX, 1_000), asset(u64::MAX, u32::MAX)], [17_121, 8_039, 0]);
    assert_eq!(liability(FOUR), 64_125_553);
    // On both sides of where ten times the size stops fitting in 64 bits.
    assert_eq!([1_844_674_407_370_955_161, 1_844_674_407_370_955_162].map(|size| asset(size, 1_000)), [25_028, 25_028]);
    let premium = |ratio, size, premium| size_premium_ratio(Ppm(ratio), Size(size), premium).unwrap().0;
    assert_eq!(premium(100_000, FOUR, 5), 396_227);
    assert_eq!(premium(100_000, u64::MAX, 5), 759_093);
    // The root that binds has more than 32 bits.
    assert_eq!([premium(300_000, FOUR, 1), premium(300_000, u64::MAX, 1)], [303_245, 375_818]);
    assert_eq!(premium(1_000_000, u64::MAX, 1), 1_000_000);
}
