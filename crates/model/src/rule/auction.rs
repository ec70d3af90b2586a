//! Dutch auctions: a taker's price moves linearly from one it would love to the worst it accepts.

use crate::account::board::PriceRow;
use crate::account::order::Order;
use crate::error::{Error, Result};
use crate::fault::{self, Fault};
use crate::num::{Checked, PPM, Rounding, ceil_to, floor_to, mul_div};
use crate::quantity::{Ppm, Price};
use crate::side::Side;
use crate::time::{Slot, Slots};

/// Distance of a derived auction's end from the oracle in a calm market.
pub const DERIVED_WIDTH: Ppm = Ppm(5_000);
/// How many times the price row's deviation the distance is in a market that moves.
pub const DERIVED_DEVIATIONS: u64 = 2;
/// Longest auction: what the order's byte holds. About slots: at 50 ms, the shortest that is believed, an auction is cut
/// at 12.75 seconds.
pub const MAX_SLOTS: Slots = Slots(255);

/// Auction price of an order at a slot, on the tick: buys round down, sells round up, in the taker's favour.
///
/// # Errors
/// [`crate::Error::Overflow`], [`crate::Error::DivisionByZero`].
pub fn price(order: &Order, slot: Slot, tick: Price) -> Result<Price> {
    // The same difference as [`Order::in_auction`] takes: on chain it is taken once.
    let elapsed = Slots(slot.0.saturating_sub(order.activation_slot));
    let duration = Slots(u64::from(order.auction_slots));
    interpolate(order.side(), order.auction_start, order.auction_end, elapsed, duration, tick)
}

/// Linear interpolation from `start` to `end` after `elapsed` of `duration`.
pub fn interpolate(
    side: Side,
    start: Price,
    end: Price,
    elapsed: Slots,
    duration: Slots,
    tick: Price,
) -> Result<Price> {
    let raw = if elapsed.0 >= duration.0 {
        end.0
    } else {
        let moved = mul_div(start.0.abs_diff(end.0), elapsed.0, duration.0, Rounding::Down)?;
        if end >= start { start.0.plus(moved)? } else { start.0.minus(moved)? }
    };
    let on_tick = match side {
        Side::Long => floor_to(raw, tick.0),
        Side::Short => ceil_to(raw, tick.0)?,
    };
    Ok(Price(on_tick.max(tick.0)))
}

/// How far a derived auction goes: half a percent, or [`DERIVED_DEVIATIONS`] times the row's deviation when that is
/// more, and never beyond the market's band, where nothing can be filled.
///
/// # Errors
/// [`crate::Error::Overflow`], [`crate::Error::DivisionByZero`].
pub fn width(row: &PriceRow, band: Ppm) -> Result<Ppm> {
    let moving = mul_div(row.deviation.0, DERIVED_DEVIATIONS.wrapping_mul(PPM), row.price.usable()?.0, Rounding::Down)?;
    let wide = moving.max(u64::from(DERIVED_WIDTH.0)).min(u64::from(band.0));
    u32::try_from(wide).map(Ppm).map_err(|_| Error::Overflow)
}

/// Start and end derived from the oracle and the order's limit (0 for none).
///
/// From the oracle to a width beyond it, or to the limit when that is nearer; when the limit lies on the taker's good
/// side of the oracle, from the same width before the limit to the limit. Rounded toward the oracle on both sides, so that
/// no end lies outside a band of the width.
/// Source: design/rules.md "Orders" and the plain derivation of the peer (vectors J1-J10).
pub fn derive(side: Side, oracle: Price, limit: Price, width: Ppm) -> Result<(Price, Price)> {
    let oracle = oracle.usable()?;
    let (beyond, before_limit): (Price, Price) = match side {
        Side::Long => (oracle.raised(width, Rounding::Down)?, limit.lowered(width, Rounding::Up)?),
        Side::Short => (oracle.lowered(width, Rounding::Up)?, limit.raised(width, Rounding::Down)?),
    };
    if limit.is_zero() {
        return Ok((oracle, beyond));
    }
    if side.better(limit, oracle) {
        return Ok((before_limit, limit));
    }
    let end = if side.better(beyond, limit) { beyond } else { limit };
    Ok((oracle, end))
}

/// The start of an auction that its owner named, held to between the derived one and a width before that on the owner's
/// good side, or at the end where that is nearer.
///
/// A start beyond the derived one gives money away before anybody had to compete for it. One so far on the good side
/// that no market reaches it competes for nothing: it only lets the owner choose the moment at which the order begins
/// to trade. The end is the owner's own and is never moved: it says how far the order may go. The result is inside the
/// limit whenever the start, the derived one and the end are.
///
/// # Errors
/// [`crate::Error::Overflow`], [`crate::Error::DivisionByZero`].
pub fn judge(side: Side, (start, end): (Price, Price), derived: Price, width: Ppm) -> Result<Price> {
    if side.better(derived, start) {
        return Ok(derived);
    }
    let furthest = match side {
        Side::Long => derived.lowered(width, Rounding::Up)?,
        Side::Short => derived.raised(width, Rounding::Down)?,
    };
    if !side.better(start, furthest) || fault::planted(Fault::OldRowAtFill) {
        return Ok(start);
    }
    Ok(if side.better(end, furthest) { end } else { furthest })
}

/// Refuses an auction that runs the wrong way or past the limit.
///
/// # Errors
/// [`Error::InvalidOrder`].
pub fn validate(side: Side, start: Price, end: Price, limit: Price) -> Result<()> {
    let forward = start == end || side.better(start, end);
    let inside = limit.is_zero() || side.accepts(limit, end);
    if start.is_zero() || end.is_zero() || !forward || !inside {
        return Err(Error::InvalidOrder);
    }
    Ok(())
}
