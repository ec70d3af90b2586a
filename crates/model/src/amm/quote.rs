//! What the vAMM quotes a taker now, and how much of it.

use super::join::without_spread;
use super::{Amm, Curve};
use crate::account::board::{PriceRow, Purpose};
use crate::account::market::Market;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::fault::{self, Fault};
use crate::num::{PPM, Rounding, floor_to, mul_div_inline, saturating_add, saturating_sub};
use crate::quantity::{Amount, Base, Ppm, Price, Size};
use crate::side::Side;
use crate::time::{Slot, SlotTime};

/// A trade of the vAMM with a taker.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmmFill {
    /// Base traded.
    pub size: Size,
    /// Quote traded, the vAMM's spread included.
    pub quote: Amount,
    /// The curve afterwards.
    pub curve: Curve,
    /// What the spread brought over the plain curve.
    pub surplus: Amount,
}

impl AmmFill {
    /// Holds the trade with a taker on a side to a price that is no better for the taker than its own; the difference is
    /// the vAMM's, and the fraction of a unit too.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub fn hold_to(&mut self, side: Side, price: Price) -> Result<()> {
        let held = match side {
            Side::Long => self.quote.max(self.size.value(price, Rounding::Up)?),
            Side::Short => self.quote.min(self.size.value(price, Rounding::Down)?),
        };
        self.surplus = self.surplus.plus(Amount(held.0.abs_diff(self.quote.0)))?;
        self.quote = held;
        Ok(())
    }
}

/// Why the vAMM does or does not take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// It quotes up to this size.
    Upto(Size),
    /// It does not, for this reason.
    No(Error),
}

impl Amm {
    /// Price of the next unit for a taker on a side before what the price row adds to the spread, rounded against the
    /// taker. No quote is better than this.
    pub fn touch(&self, side: Side) -> Result<Price> {
        self.widened(side, self.curve().mid()?, self.inner_spread(side)?)
    }

    /// A price that no quote for a taker on a side is better than, without a look at the curve: the oracle with half the
    /// base spread, or any at all when no oracle is given.
    #[inline]
    pub fn bound(&self, side: Side, oracle: Option<Price>) -> Result<Price> {
        let half = Ppm(self.base_spread.0.wrapping_shr(1));
        match (side, oracle) {
            (Side::Long, None) => Ok(Price::ZERO),
            (Side::Short, None) => Ok(Price(u64::MAX)),
            (Side::Long, Some(oracle)) => oracle.raised(half, Rounding::Up),
            (Side::Short, Some(oracle)) => oracle.lowered(half, Rounding::Down),
        }
    }

    /// Price of the next unit for a taker on a side on a price row, rounded against the taker.
    pub fn touch_on(&self, side: Side, row: &PriceRow) -> Result<Price> {
        self.widened(side, self.curve().mid()?, self.spread(side, row)?)
    }

    /// Whether the vAMM would trade with a taker on a side at a price.
    #[inline]
    pub fn crosses(&self, side: Side, price: Price, row: &PriceRow) -> Result<bool> {
        if self.sqrt_k.is_zero() || !side.accepts(price, self.touch(side)?) {
            return Ok(false);
        }
        Ok(side.accepts(price, self.touch_on(side, row)?))
    }

    #[inline]
    fn widened(&self, side: Side, mid: Price, spread: Ppm) -> Result<Price> {
        let mid = self.held(side, mid);
        match side {
            Side::Long => mid.raised(spread, Rounding::Up),
            Side::Short => mid.lowered(spread, Rounding::Down),
        }
    }

    /// A price before the spread, held to the oracle ([`Self::held_price`]) where it would be better for a taker on a
    /// side: a curve whose peg could not follow the oracle is nobody's gain.
    #[inline]
    fn held(&self, side: Side, price: Price) -> Price {
        let oracle = self.held_price(side);
        if oracle.is_zero() || side.accepts(price, oracle) { price } else { oracle }
    }

    /// Whether a trade on a side makes the vAMM's position smaller.
    #[inline]
    pub fn reduces_inventory(&self, side: Side) -> bool {
        match side {
            Side::Long => self.base.0 > 0,
            Side::Short => self.base.0 < 0,
        }
    }

    /// How much the vAMM trades with a taker on a side now, whatever the price: reserve bound, per-fill
    /// capacity, inventory limit and capital, in multiples of the step.
    ///
    /// The capital bound is the same rule that users live under: after the trade the vAMM's equity must cover
    /// its margin on the position; without the capital it only closes. So it does below the floor that its peak and
    /// `drawdown_limit` set.
    pub fn capacity(&self, side: Side, oracle: Price, step: Size) -> Result<Size> {
        if self.sqrt_k.is_zero() {
            return Ok(Size::ZERO);
        }
        let curve = self.curve();
        let (low, high) = curve.bounds(self.users_net(), self.concentration)?;
        let reserve = match side {
            Side::Long => saturating_sub(self.base_reserve.0, low.0),
            Side::Short => saturating_sub(high.0, self.base_reserve.0),
        };
        let per_fill = self.base_reserve.0.checked_div(u64::from(self.max_fill_fraction)).unwrap_or(0);
        let reserve = reserve.min(per_fill);
        let closing = if self.reduces_inventory(side) { self.base.size().0 } else { 0 };
        let open_now = if self.reduces_inventory(side) { 0 } else { self.base.size().0 };
        let by_limit = saturating_sub(self.inventory_limit.0, open_now);
        let by_capital = saturating_sub(self.capital_bound(oracle)?.0, open_now);
        let opening = by_limit.min(by_capital);
        let total = closing.checked_add(opening).ok_or(Error::Overflow)?;
        Ok(Size(floor_to(total.min(reserve), step.0)))
    }

    /// Largest position that the equity carries at a price.
    fn capital_bound(&self, oracle: Price) -> Result<Size> {
        let equity = self.equity(oracle)?;
        let stopped = self.below_floor(equity);
        let equity = equity.positive_part();
        if stopped || equity.is_zero() || self.margin.0 == 0 {
            return Ok(Size::ZERO);
        }
        // size = equity / margin / price
        let value = mul_div_inline(equity.0, PPM, u64::from(self.margin.0), Rounding::Down)?;
        Ok(Size(mul_div_inline(value, crate::num::BASE, oracle.0, Rounding::Down).unwrap_or(u64::MAX)))
    }

    /// Whether the vAMM may trade with an order: its price row serves, and the price was published at or after the
    /// order's activation and is live ([`PriceRow::require_live`]). Nothing is exempt, be it a trade that closes the
    /// inventory: who closes it at an old price and opens it at the new one has the difference. In the hour before the
    /// market's expiry it only closes. The slot time is the board's.
    pub fn availability(
        &self,
        market: &Market,
        row: &PriceRow,
        side: Side,
        activation: Slot,
        clock: &Clock,
        slot_time: SlotTime,
    ) -> Result<Availability> {
        if self.sqrt_k.is_zero() {
            return Ok(Availability::No(Error::AmmNoCapacity));
        }
        if let Err(error) = row.require(Purpose::FillAmm, clock) {
            return Ok(Availability::No(error));
        }
        let exempt = fault::planted(Fault::FlatTakesStalePrice)
            && self.reduces_inventory(side)
            && self.inventory_ratio()? <= u64::from(self.flat_share.0);
        let live = row.require_live(if exempt { Slot(0) } else { activation }, clock, slot_time);
        if let Err(error) = live {
            return Ok(Availability::No(error));
        }
        let mut capacity = self.capacity(side, row.price, market.step)?;
        if market.in_last_hour(clock) {
            // It only closes.
            let closing = if self.reduces_inventory(side) { self.base.size().0 } else { 0 };
            capacity = capacity.min(Size(floor_to(closing, market.step.0)));
        }
        if capacity.is_zero() || capacity < market.step {
            return Ok(Availability::No(Error::AmmNoCapacity));
        }
        Ok(Availability::Upto(capacity))
    }

    /// The trade of up to `size` on a side at no worse than `limit` for the taker, `None` when not even a step
    /// fits.
    ///
    /// The taker's price is the curve's, or the oracle of the last update where that is worse for the taker, times
    /// the side's spread. The whole difference to the curve is the vAMM's: at the oracle it never loses by a trade.
    pub fn quote(
        &self,
        side: Side,
        size: Size,
        limit: Option<Price>,
        step: Size,
        row: &PriceRow,
    ) -> Result<Option<AmmFill>> {
        let half = self.spread(side, row)?;
        let spread = u64::from(half.0);
        let curve = self.curve();
        let whole = Size(floor_to(size.0, step.0));
        if whole.is_zero() {
            return Ok(None);
        }
        let (mut size, mut fill) = (whole, None);
        if let Some(limit) = limit {
            // The curve may go to where its own price, widened by the spread, meets the limit.
            let plain = without_spread(side, limit, half)?;
            if plain.is_zero() || self.held(side, plain) != plain {
                return Ok(None);
            }
            // Most often all of it is on this side of there, which takes no root to tell.
            if side == Side::Short || whole < curve.base {
                let all = curve.trade(side, whole)?;
                if side.accepts(plain, all.curve.mid()?) {
                    fill = Some(all);
                }
            }
            if fill.is_none() {
                size = Size(floor_to(whole.min(curve.size_to_price(side, plain)?).0, step.0));
                if size.is_zero() {
                    return Ok(None);
                }
            }
        }
        let fill = match fill {
            Some(fill) => fill,
            None => curve.trade(side, size)?,
        };
        let held = self.held_quote(side, size, fill.quote)?;
        let quote = match side {
            Side::Long => Amount(mul_div_inline(held.0, PPM.wrapping_add(spread), PPM, Rounding::Up)?),
            Side::Short => Amount(mul_div_inline(held.0, PPM.saturating_sub(spread), PPM, Rounding::Down)?),
        };
        if let Some(limit) = limit {
            // The average over the size is inside the limit by construction; rounding of tiny sizes may not be.
            let inside = match side {
                Side::Long => quote <= size.value(limit, Rounding::Up)?,
                Side::Short => quote >= size.value(limit, Rounding::Down)?,
            };
            if !inside {
                return Ok(None);
            }
        }
        let surplus = Amount(quote.0.abs_diff(fill.quote.0));
        Ok(Some(AmmFill { size, quote, curve: fill.curve, surplus }))
    }

    /// What a size costs on the curve, held to the oracle like [`Self::held`].
    #[inline]
    fn held_quote(&self, side: Side, size: Size, quote: Amount) -> Result<Amount> {
        Ok(match side {
            _ if self.update_price.is_zero() => quote,
            Side::Long => quote.max(size.value(self.held_price(side), Rounding::Up)?),
            Side::Short => quote.min(size.value(self.held_price(side), Rounding::Down)?),
        })
    }

    /// Books a trade with a taker on a side.
    pub fn book(&mut self, side: Side, fill: &AmmFill) -> Result<()> {
        let (base, quote) = match side {
            Side::Long => (fill.size.on(Side::Short)?, fill.quote.credit()?),
            Side::Short => (fill.size.on(Side::Long)?, fill.quote.debit()?),
        };
        self.base = Base(self.base.0.checked_add(base.0).ok_or(Error::Overflow)?);
        self.quote = self.quote.plus(quote)?;
        self.base_reserve = fill.curve.base;
        self.quote_reserve = fill.curve.quote;
        let flow = match side {
            Side::Long => &mut self.long_intensity,
            Side::Short => &mut self.short_intensity,
        };
        *flow = saturating_add(*flow, fill.size.0);
        self.earn(fill.surplus)
    }
}
