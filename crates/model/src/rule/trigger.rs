//! The prices that triggers look at.

use crate::account::board::{MarketRow, PriceBoard};
use crate::account::market::Market;
use crate::account::order::{Order, OrderKind, flags};
use crate::clock::{self, Clock};
use crate::error::{Error, Result};
use crate::fault::{self, Fault};
use crate::num::{Checked, PPM, Rounding, ceil_to, floor_to, mul_div, quotient, saturating_sub, to_i64};
use crate::quantity::{Amount, Ppm, Price};
use crate::rule::funding::{PPB, median};
use crate::side::Side;
use crate::time::{Millis, Seconds};

/// Age up to which the last fill counts for triggers that look at it.
pub const LAST_FILL_MS: Millis = Millis(60_000);
/// Value that makes its price the last price: 2^34 quote units, some 17,180 dollars. Fills of less move it in proportion, so
/// that setting off a trigger costs the fees of a trade that somebody would notice, however it is cut into pieces.
pub const LAST_PRICE_VALUE: u64 = 1 << (VALUE_SHIFT + WEIGHT_SHIFT);
/// What is left of a value in a weight of up to 2^20.
const VALUE_SHIFT: u32 = 14;
const WEIGHT_SHIFT: u32 = 20;
const WEIGHT_MASK: u64 = (1 << WEIGHT_SHIFT) - 1;
/// Time over which the basis follows the premium.
pub const BASIS_PERIOD: Seconds = Seconds(300);
/// Time between two samples of the basis at the least.
pub const BASIS_INTERVAL: Seconds = Seconds(30);

/// The price that an order with these flags looks at: the oracle, the mark or the last price ([`Market::last_price`]).
///
/// A jumping oracle counts only as far as for a liquidation. The row's state and age are the caller's to judge.
///
/// # Errors
/// [`Error::LastFillTooOld`].
pub fn seen(market: &Market, row: &MarketRow, board: &PriceBoard, bits: u16, clock: &Clock) -> Result<Price> {
    if bits & flags::TRIGGER == 0 {
        return row.price.liquidation_price();
    }
    if bits & flags::TRIGGER_MARK != 0 {
        return market.trigger_mark(row.price.liquidation_price()?);
    }
    if market.last_price.is_zero() || market.is_quiet(board, clock) {
        return Err(Error::LastFillTooOld);
    }
    Ok(if fault::planted(Fault::SmallestFillTriggers) { market.last_fill_price } else { market.last_price })
}

/// Whether a price has reached the trigger of a waiting order. Other orders have none to reach.
pub fn is_reached(order: &Order, price: Price) -> bool {
    let Ok(kind) = OrderKind::from_number(order.kind) else { return false };
    order.is_waiting()
        && if kind.triggers_above(order.side()) { price >= order.level() } else { price <= order.level() }
}

/// Whether a triggered order is out of reach of the market: its auction is over, the owner named no protection price,
/// and the price has passed what the auction ended at.
pub fn is_left_behind(order: &Order, price: Price, slot: u64) -> bool {
    order.kind == OrderKind::Market as u8
        && order.has(flags::NO_LIMIT)
        && !order.in_auction(slot)
        && !order.side().accepts(order.price(), price)
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
    /// Whether the last fill is older than [`LAST_FILL_MS`].
    #[inline]
    fn is_quiet(&self, board: &PriceBoard, clock: &Clock) -> bool {
        let slots = clock.slots_since(self.last_fill_slot);
        if slots.0 == 0 {
            // As for every fill of a run but its first.
            return false;
        }
        slots.longer_than(LAST_FILL_MS, board.slot_time())
    }

    /// Takes note of a fill: its price and slot, and the last price, which moves toward it by the part that its value is
    /// of [`LAST_PRICE_VALUE`], rounded up, and all the way for as much or more. When the market was quiet it moves from
    /// the oracle: what was traded before says nothing of now.
    #[inline]
    pub fn note_fill(&mut self, price: Price, value: Amount, oracle: Price, board: &PriceBoard, clock: &Clock) {
        let last = if self.last_price.is_zero() || self.is_quiet(board, clock) { oracle } else { self.last_price };
        let weight = value.0.min(LAST_PRICE_VALUE).wrapping_shr(VALUE_SHIFT);
        let distance = price.0.abs_diff(last.0);
        // Distance times weight over 2^20 in two halves, neither of which leaves 64 bits.
        let whole = distance.wrapping_shr(WEIGHT_SHIFT).wrapping_mul(weight);
        let rest = (distance & WEIGHT_MASK).wrapping_mul(weight).wrapping_add(WEIGHT_MASK).wrapping_shr(WEIGHT_SHIFT);
        let moved = whole.wrapping_add(rest);
        self.last_price = Price(if price > last { last.0.wrapping_add(moved) } else { last.0.wrapping_sub(moved) });
        (self.last_fill_price, self.last_fill_slot) = (price, clock.at());
    }

    /// The mark that triggers may look at: the middle of oracle plus basis, the market's own price and the oracle.
    ///
    /// It leaves the oracle only where both the market's price now and its average over [`BASIS_PERIOD`] lie on the same
    /// side of it, and goes no further than the nearer of both: one trade does not trigger anything.
    pub fn trigger_mark(&self, oracle: Price) -> Result<Price> {
        let distance = mul_div(oracle.usable()?.0, self.basis.unsigned_abs(), PPB, Rounding::Down)?;
        let with_basis = if self.basis >= 0 { oracle.0.plus(distance)? } else { saturating_sub(oracle.0, distance) };
        Ok(median(Price(with_basis), self.mark(oracle)?, oracle))
    }

    /// Lets the basis follow the premium that was in force, by the time since it last did.
    pub(crate) fn sample_basis(&mut self, now: i64) -> Result<()> {
        let elapsed = clock::elapsed(self.basis_time, now);
        if elapsed.0 < BASIS_INTERVAL.0 {
            return Ok(());
        }
        if elapsed.0 >= BASIS_PERIOD.0 {
            self.basis = self.premium_last;
        } else {
            let gap = self.premium_last.minus(self.basis)?;
            // Both are within a tenth of PPB: the product has at most 37 bits.
            let step = to_i64(quotient(gap.unsigned_abs().times(elapsed.0)?, BASIS_PERIOD.0, Rounding::Down)?)?;
            self.basis = self.basis.plus(if gap < 0 { step.wrapping_neg() } else { step })?;
        }
        self.basis_time = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Slot, SlotTime};

    #[test]
    fn the_last_price_moves_by_the_part_that_a_fill_is_of_the_whole_value() {
        let board = PriceBoard { slot_micros: SlotTime::DEFAULT, ..PriceBoard::default() };
        let clock = Clock { slot: 1_000, unix_time: 0 };
        let after = |last: u64, price: u64, value: u64| {
            let mut market = Market { last_price: Price(last), last_fill_slot: Slot(999), ..Market::default() };
            market.note_fill(Price(price), Amount(value), Price(1), &board, &clock);
            assert_eq!((market.last_fill_price, market.last_fill_slot), (Price(price), Slot(1_000)));
            market.last_price.0
        };
        let mut random = 1u64;
        let mut next = |bits: u32| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 16).wrapping_mul(random | 1) >> (64 - bits)
        };
        for round in 0..20_000u32 {
            let (last, price, value) = (next(1 + round % 63).max(1), next(1 + round / 7 % 63), next(1 + round % 40));
            let weight = u128::from(value.min(LAST_PRICE_VALUE) >> 14);
            let moved = (u128::from(last.abs_diff(price)) * weight).div_ceil(1 << 20);
            let moved = u64::try_from(moved).unwrap();
            let wanted = if price > last { last + moved } else { last - moved };
            assert_eq!(after(last, price, value), wanted, "{last} {price} {value}");
        }
        // Sixty dollars of 17,180 move it by 0.35 % of the way; as much and more, all of it.
        assert_eq!(after(150_000_000, 143_000_000, 60_000_000), 149_975_553);
        assert_eq!(after(150_000_000, 143_000_000, LAST_PRICE_VALUE), 143_000_000);
        assert_eq!(after(150_000_000, 143_000_000, u64::MAX), 143_000_000);
        assert_eq!(after(150_000_000, 143_000_000, 16_383), 150_000_000, "less than two cents move nothing");
    }

    #[test]
    fn after_a_quiet_minute_the_last_price_starts_from_the_oracle() {
        for (micros, slots) in [(400_000, 150), (SlotTime::LEAST.0, 1_200), (SlotTime::MOST.0, 6), (0, 150)] {
            let board = PriceBoard { slot_micros: SlotTime(micros), ..PriceBoard::default() };
            for (age, from) in [(0, 100), (slots, 100), (slots + 1, 200)] {
                let clock = Clock { slot: 5_000, unix_time: 0 };
                let last_fill_slot = Slot(5_000 - age);
                let mut market = Market { last_price: Price(100), last_fill_slot, ..Market::default() };
                market.note_fill(Price(100), Amount(0), Price(200), &board, &clock);
                assert_eq!(market.last_price, Price(from), "{micros} {age}");
            }
        }
        let mut market = Market::default();
        let clock = Clock { slot: 1, unix_time: 0 };
        market.note_fill(Price(300), Amount(LAST_PRICE_VALUE / 2), Price(200), &PriceBoard::default(), &clock);
        assert_eq!(market.last_price, Price(250), "the first fill of a market");
    }
}
