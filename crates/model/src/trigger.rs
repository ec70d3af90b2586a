//! The prices that triggers look at.

use crate::board::{MarketRow, PriceBoard};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::funding::{PPB, median};
use crate::market::Market;
use crate::num::{Checked, PPM, Rounding, ceil_to, floor_to, mul_div, quotient, to_i64};
use crate::order::{Order, OrderKind, Side, flags};
use crate::quantity::{Ppm, Price};

/// Age in milliseconds up to which the last fill counts for triggers that look at it.
pub const LAST_FILL_MS: u64 = 60_000;
/// Time in seconds over which the basis follows the premium.
pub const BASIS_PERIOD: u64 = 300;
/// Seconds between two samples of the basis at the least.
pub const BASIS_INTERVAL: u64 = 30;

/// The price that an order with these flags looks at: the oracle, the mark or the last fill.
///
/// A jumping oracle counts only as far as for a liquidation. The row's state and age are the caller's to judge.
///
/// Errors: [`Error::LastFillTooOld`].
pub fn seen(market: &Market, row: &MarketRow, board: &PriceBoard, bits: u16, clock: &Clock) -> Result<Price> {
    if bits & flags::TRIGGER == 0 {
        return row.price.liquidation_price();
    }
    if bits & flags::TRIGGER_MARK != 0 {
        return market.trigger_mark(row.price.liquidation_price()?);
    }
    let age = clock.slot.saturating_sub(market.last_fill_slot);
    if market.last_fill_price.is_zero() || age > board.slots(LAST_FILL_MS)? {
        return Err(Error::LastFillTooOld);
    }
    Ok(market.last_fill_price)
}

/// Whether a price has reached the trigger of a waiting order. Other orders have none to reach.
pub fn is_reached(order: &Order, price: Price) -> bool {
    let Ok(kind) = OrderKind::from_number(order.kind) else { return false };
    order.is_waiting()
        && if kind.triggers_above(order.side()) { price >= order.trigger_price } else { price <= order.trigger_price }
}

/// Whether a triggered order is out of reach of the market: its auction is over, the owner named no protection price,
/// and the price has passed what the auction ended at.
pub fn is_left_behind(order: &Order, price: Price, slot: u64) -> bool {
    order.kind == OrderKind::Market as u8
        && order.has(flags::NO_LIMIT)
        && !order.in_auction(slot)
        && !order.side().accepts(order.price, price)
}

/// Trigger of a trailing stop at a distance behind a price, on the tick, rounded away from the price.
pub fn trailed(side: Side, price: Price, distance: Ppm, tick: Price) -> Result<Price> {
    let on_tick = match side {
        Side::Short => floor_to(price.lowered(distance, Rounding::Down)?.0, tick.0),
        Side::Long => ceil_to(price.raised(distance, Rounding::Up)?.0, tick.0)?,
    };
    Ok(Price(on_tick.max(tick.0)))
}

/// How far a trailing stop's trigger must move at least: a tenth of its distance at a price.
pub fn smallest_trail(price: Price, distance: Ppm) -> Result<u64> {
    mul_div(price.0, u64::from(distance.0), PPM.times(10)?, Rounding::Up)
}

impl Market {
    /// The mark that triggers may look at: the middle of oracle plus basis, the market's own price and the oracle.
    ///
    /// It leaves the oracle only where both the market's price now and its average over [`BASIS_PERIOD`] lie on the same
    /// side of it, and goes no further than the nearer of both: one trade does not trigger anything.
    pub fn trigger_mark(&self, oracle: Price) -> Result<Price> {
        let distance = mul_div(oracle.usable()?.0, self.basis.unsigned_abs(), PPB, Rounding::Down)?;
        let with_basis = if self.basis >= 0 { oracle.0.plus(distance)? } else { oracle.0.saturating_sub(distance) };
        Ok(median(Price(with_basis), self.mark(oracle)?, oracle))
    }

    /// Lets the basis follow the premium that was in force, by the time since it last did.
    pub(crate) fn sample_basis(&mut self, now: i64) -> Result<()> {
        let elapsed = u64::try_from(now.saturating_sub(self.basis_time)).unwrap_or(0);
        if elapsed < BASIS_INTERVAL {
            return Ok(());
        }
        if elapsed >= BASIS_PERIOD {
            self.basis = self.premium_last;
        } else {
            let gap = self.premium_last.minus(self.basis)?;
            // Both are within a tenth of PPB: the product has at most 37 bits.
            let step = to_i64(quotient(gap.unsigned_abs().times(elapsed)?, BASIS_PERIOD, Rounding::Down)?)?;
            self.basis = self.basis.plus(if gap < 0 { step.wrapping_neg() } else { step })?;
        }
        self.basis_time = now;
        Ok(())
    }
}
