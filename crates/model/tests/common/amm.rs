//! A vAMM in any state, and a row to quote on.

use kedge_model::account::board::PriceRow;
use kedge_model::account::order::Side;
use kedge_model::amm::{Amm, Curve};
use kedge_model::clock::Clock;
use kedge_model::quantity::{Base, Ppm, Price, Size};
use proptest::prelude::*;

pub(crate) fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Long), Just(Side::Short)]
}

/// A quiet row at a price.
pub(crate) fn row(price: Price) -> PriceRow {
    PriceRow { price, twap_5m: price, twap_1h: price, ..PriceRow::default() }
}

pub(crate) fn at(seconds: i64) -> Clock {
    Clock { slot: u64::try_from(seconds).unwrap(), unix_time: seconds }
}

/// A vAMM in any state that trading can bring it to: depth, peg, spreads from zero, inventory, a lagging oracle.
pub(crate) fn amm() -> impl Strategy<Value = Amm> {
    let shape = (1_000_000_000u64..1 << 50, 1_000u64..1 << 37, 1_000_001u32..=1_414_200);
    let spreads = (0u32..5_000, 0u32..20_000, any::<bool>());
    (shape, spreads, -900i64..900, -300i64..300).prop_map(
        |((sqrt_k, peg, concentration), (base_spread, inventory_spread, seen), inventory, lag)| {
            let curve = Curve { base: Size(sqrt_k), quote: Size(sqrt_k), sqrt_k: Size(sqrt_k), peg: Price(peg) };
            let limit = sqrt_k / 50;
            let size = Size(limit / 1_000 * inventory.unsigned_abs());
            // The inventory came from trades on the curve.
            let side = if inventory > 0 { Side::Short } else { Side::Long };
            let moved = curve.trade(side, size).unwrap().curve;
            let mid = i128::from(moved.mid().unwrap().0);
            let oracle = u64::try_from(mid * i128::from(10_000 + lag) / 10_000).unwrap();
            Amm {
                base_reserve: moved.base,
                quote_reserve: moved.quote,
                sqrt_k: moved.sqrt_k,
                peg: moved.peg,
                base: Base(i64::try_from(size.0).unwrap() * inventory.signum()),
                inventory_limit: Size(limit),
                concentration,
                base_spread: Ppm(base_spread),
                max_spread: Ppm(50_000),
                inventory_spread: Ppm(inventory_spread),
                max_fill_fraction: 1,
                update_price: Price(if seen { oracle } else { 0 }),
                listed_sqrt_k: moved.sqrt_k,
                ..Amm::default()
            }
        },
    )
}

/// Trades a size in pieces; the quote that the taker paid (positive) or got (negative).
pub(crate) fn trade(amm: &mut Amm, side: Side, size: u64, pieces: u64) -> i128 {
    let mut total = 0i128;
    for piece in 0..pieces {
        let part = size / pieces + u64::from(piece < size % pieces);
        if let Some(fill) = amm.quote(side, Size(part), None, Size(1), &row(amm.curve().mid().unwrap())).unwrap() {
            amm.book(side, &fill).unwrap();
            total += i128::from(fill.quote.0) * if side == Side::Long { 1 } else { -1 };
        }
    }
    total
}
