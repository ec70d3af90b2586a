//! Values that were reckoned from the wrong base.

use crate::common::steps::Case;
use kedge_model::fault::{Fault, with};
use kedge_model::quantity::{Amount, Quote};

const SHORT: Case = Case {
    maintenance: 50_000,
    buffer: 5_000,
    fee: 5_000,
    fee_small: 10_000,
    insurance_fee: 10_000,
    small_position: 5_000_000_000,
    step: 100_000,
    min_order: 100_000,
    wanted: u64::MAX,
    base: -1_333_300_000,
    price: 64_155_291_200,
    tokens: 89_771_479_747,
    quote: 0,
};

#[test]
fn a_fee_on_the_takeovers_quote_leaves_a_short_below_the_buffer() {
    let old = with(Fault::InsuranceFeeOfQuote, || SHORT.run().unwrap());
    assert_eq!(old.report.insurance_fee, Amount(118_442_536));
    assert!(old.shortage_left(&SHORT) > 0);
    let new = SHORT.run().unwrap();
    assert_eq!(new.report.insurance_fee, Amount(117_853_269));
    assert_eq!(new.shortage_left(&SHORT), 0);
}

#[test]
fn a_fee_on_the_takeovers_quote_makes_a_healthy_short_poorer() {
    let case = Case {
        maintenance: 160_000,
        buffer: 40_000,
        fee: 90_000,
        fee_small: 90_000,
        insurance_fee: 69_000,
        small_position: 0,
        base: -416_600_000,
        price: 72_329_917_660,
        tokens: 34_948_125_125,
        ..SHORT
    };
    let free = || {
        let done = case.run().unwrap();
        (done.before.free().unwrap(), done.after.free().unwrap())
    };
    let (before, after) = with(Fault::InsuranceFeeOfQuote, free);
    assert_eq!(before, Quote(-5_741_565));
    assert!(after < Quote(-22_900_000), "{after:?}");
    let (before, after) = free();
    assert!(after >= before, "{before:?} {after:?}");
}
