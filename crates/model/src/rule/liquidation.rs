//! How much of a position a liquidation takes, and at what price.

use crate::account::board::{PriceBoard, Purpose};
use crate::account::pocket::Pocket;
use crate::account::sub_account::{SubAccount, status};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::instrument::Instrument;
use crate::num::{BASE, Checked, PPM, Rounding, ceil_to, floor_to, mul_div};
use crate::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use crate::rule::margin::{self, Margin, MarginKind};
use crate::side::Side;

/// Largest part of a large position that one step takes.
pub const STEP_SHARE: Ppm = Ppm(250_000);

/// What the roundings of a step can leave of the shortage that it covered exactly: value down, requirement up, buffer
/// up, each by less than a unit (docs/math/liquidation.md). A step covers so much more.
pub const ROUNDING_UNITS: Amount = Amount(3);

/// Base whose transfer frees the missing margin.
///
/// Transferring one base frees `price * (ratio - liquidator_fee) - price * insurance_fee` of margin, rounded down.
/// `u64::MAX` when the fees eat what is freed. A step takes the result rounded up, of the shortage and
/// [`ROUNDING_UNITS`]. Source: drift 2.14, which rounds down; vectors H1-H6.
pub fn base_to_cover(
    shortage: Amount,
    ratio: Ppm,
    liquidator_fee: Ppm,
    insurance_fee: Ppm,
    price: Price,
    rounding: Rounding,
) -> Result<Size> {
    let fees = liquidator_fee.0.plus(insurance_fee.0)?;
    if ratio.0 <= fees || price.is_zero() {
        return Ok(Size(u64::MAX));
    }
    let freed = mul_div(price.0, u64::from(ratio.0.minus(fees)?), PPM, Rounding::Down)?;
    if freed == 0 {
        return Ok(Size(u64::MAX));
    }
    Ok(Size(mul_div(shortage.0, BASE, freed, rounding).unwrap_or(u64::MAX)))
}

/// Insurance fee of a liquidation, over the value at the oracle of what is taken: at most `max_fee`, and at most 95 % of
/// what is left of `ratio` once the liquidator's fee and the shortage over the value of the whole position are taken off.
/// `value` is rounded down and the shortage's part up, in one division: a pocket with nothing left pays none. Source: drift 2.14;
/// vectors H14-H16.
pub fn insurance_fee(shortage: Amount, value: Amount, ratio: Ppm, liquidator_fee: Ppm, max_fee: Ppm) -> Result<Ppm> {
    if ratio <= liquidator_fee || value.is_zero() {
        return Ok(Ppm::ZERO);
    }
    let needed = mul_div(shortage.0, PPM, value.0, Rounding::Up)?;
    let room = u64::from(ratio.0.minus(liquidator_fee.0)?).saturating_sub(needed);
    let allowed = mul_div(room, 95, 100, Rounding::Down)?;
    Ok(Ppm(u32::try_from(allowed.min(u64::from(max_fee.0))).map_err(|_| Error::Overflow)?))
}

/// What is missing: requirement plus buffer less collateral, zero when nothing is.
pub fn shortage(margin: &Margin, buffer: Ppm) -> Result<Amount> {
    let wanted = margin.requirement.plus(margin.liability.share(buffer, Rounding::Up)?)?;
    Ok(wanted.credit()?.minus(margin.collateral)?.positive_part())
}

/// Size of a liquidation step: what covers the shortage, at least the market's smallest order, at most a quarter
/// of a large position, and all of a small one; never more than the position or what the liquidator wants. A part of
/// a position is a multiple of the step, zero when the liquidator wants less than a step: no dust is left behind.
pub fn step_size(
    cover: Size,
    position: Size,
    is_small: bool,
    step: Size,
    min_order: Size,
    wanted: Size,
) -> Result<Size> {
    let wanted = if wanted >= position { position } else { Size(floor_to(wanted.0, step.0)) };
    if is_small {
        return Ok(wanted);
    }
    let quarter = Size(ceil_to(mul_div(position.0, u64::from(STEP_SHARE.0), PPM, Rounding::Up)?, step.0)?);
    let cover = Size(if cover.0 == u64::MAX { u64::MAX } else { ceil_to(cover.0, step.0).unwrap_or(u64::MAX) });
    let size = cover.min(quarter.max(min_order)).max(min_order).min(wanted);
    Ok(size)
}

/// Price of a take-over: the oracle moved by the liquidator's fee in the liquidator's favour.
pub fn takeover_price(position: Base, oracle: Price, fee: Ppm) -> Result<Price> {
    match Side::closing(position) {
        // The position is sold to the liquidator, who pays less.
        Side::Short => oracle.lowered(fee, Rounding::Up),
        Side::Long => oracle.raised(fee, Rounding::Down),
    }
}

/// Quote that the liquidated position gets (positive) or pays for a transfer of `base` (its own sign) at a price,
/// rounded against the liquidator by at most one unit.
pub fn takeover_quote(instrument: Instrument, base: Base, price: Price) -> Result<Quote> {
    instrument.value(base, price, Rounding::Up)
}

/// Refuses an account whose cross pocket is bankrupt or in liquidation. One that has recovered to its fill margin
/// leaves the liquidation here, and one that has something to pay with again is no longer bankrupt: no state may
/// outlive its cause.
///
/// # Errors
/// [`Error::AccountBankrupt`], [`Error::AccountBeingLiquidated`]; price rows of a flagged account.
#[inline]
pub fn require_free(account: &mut SubAccount, board: &PriceBoard, clock: &Clock) -> Result<()> {
    if account.status & !status::HAS_ISOLATED == 0 { Ok(()) } else { leave(account, Pocket::Cross, board, clock) }
}

/// The same for the pocket that a market's position and orders are in.
#[inline]
pub fn require_free_in(account: &mut SubAccount, market: u16, board: &PriceBoard, clock: &Clock) -> Result<()> {
    if account.status == 0 { Ok(()) } else { leave(account, Pocket::of(account, market), board, clock) }
}

/// Takes away the marks of a pocket that have outlived their cause, and refuses it when one stays.
#[inline(never)]
fn leave(account: &mut SubAccount, pocket: Pocket, board: &PriceBoard, clock: &Clock) -> Result<()> {
    if pocket.is_bankrupt(account) && pocket.uncovered_debt(account, board)?.is_zero() {
        pocket.set_bankrupt(account, false)?;
    }
    if pocket.is_being_liquidated(account) {
        let margin = margin::margin_of(account, pocket, board, MarginKind::Fill, Purpose::Liquidate, clock)?;
        if margin.is_met() {
            pocket.set_being_liquidated(account, false)?;
        }
    }
    pocket.require_free(account)
}
