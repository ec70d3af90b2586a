//! What an order offers now: at what price, and how much of it.
//!
//! Everything that reads the price of an order goes through [`Order::effective_price`], and everything that matches
//! against a resting order through [`Order::shown`].

use crate::account::order::{Limit, Order, OrderKind};
use crate::error::Result;
use crate::num::{Checked, ceil_to, floor_to, saturating_sub, to_i64};
use crate::quantity::{Price, Size};
use crate::rule::auction;
use crate::side::Side;
use crate::time::Slot;

/// Largest distance of an order's price to the oracle, either way: far beyond any price, and small enough that no sum
/// with one overflows.
pub const MAX_OFFSET: u64 = 1 << 62;

impl Order {
    /// The order's limit at an oracle price: its own, or for an order with [`flags::OFFSET`] the oracle's plus the
    /// distance, on the tick, rounded so that it is no better for who trades against it, and at least one tick.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    #[inline]
    pub fn effective_price(&self, oracle: Price, tick: Price) -> Result<Price> {
        match self.limit() {
            Limit::Fixed(price) => Ok(price),
            Limit::Offset(distance) => at_offset(self.side(), oracle, distance, tick),
        }
    }

    /// The worst price that the order accepts at a slot: the auction's price while it runs, else its limit. Rounded to
    /// the tick in the order's favour.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    #[inline]
    pub fn limit_price(&self, slot: u64, oracle: Price, tick: Price) -> Result<Price> {
        if self.in_auction(slot) { auction::price(self, Slot(slot), tick) } else { self.effective_price(oracle, tick) }
    }

    /// How much of what is left is offered to takers at the order's place in the queue: all of it, or for a limit order
    /// with an [`Order::extent`] what is left of the part that it shows.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    #[inline]
    pub fn shown(&self, step: Size) -> Result<Size> {
        let remaining = self.remaining()?;
        if self.extent == 0 || self.kind != OrderKind::Limit as u8 {
            return Ok(remaining);
        }
        let part = step.0.times(u64::from(self.extent))?;
        let used = self.filled.0.minus(floor_to(self.filled.0, part))?;
        Ok(remaining.min(Size(part.minus(used)?)))
    }
}

/// The price at a distance from the oracle on the tick: bids round down, offers up; at least one tick.
///
/// # Errors
/// [`crate::Error::Overflow`] for a distance beyond [`MAX_OFFSET`].
#[inline(never)]
pub fn at_offset(side: Side, oracle: Price, offset: i64, tick: Price) -> Result<Price> {
    let distance = offset.unsigned_abs();
    let raw = if offset < 0 { saturating_sub(oracle.0, distance) } else { oracle.0.plus(distance)? };
    let on_tick = match side {
        Side::Long => floor_to(raw, tick.0),
        Side::Short => ceil_to(raw, tick.0)?,
    };
    Ok(Price(on_tick.max(tick.0)))
}

/// The distance on the tick whose price on a side is no more aggressive than a price.
///
/// # Errors
/// [`crate::Error::Overflow`].
pub fn offset_to(side: Side, oracle: Price, price: Price, tick: Price) -> Result<i64> {
    let (below, distance) = (price < oracle, price.0.abs_diff(oracle.0));
    let away = matches!(side, Side::Long) == below;
    let on_tick = to_i64(if away { ceil_to(distance, tick.0)? } else { floor_to(distance, tick.0) })?;
    Ok(if below { on_tick.wrapping_neg() } else { on_tick })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::order::{RawLimit, STATUS_OPEN, flags};

    fn order(side: Side, offset: i64) -> Order {
        let kind = OrderKind::Limit as u8;
        let price = RawLimit::offset(offset);
        Order { side: side as u8, flags: flags::OFFSET, price, kind, status: STATUS_OPEN, ..Order::default() }
    }

    #[test]
    fn an_offset_rounds_in_its_owners_favour_and_never_below_a_tick() {
        let at = |side, offset, oracle| order(side, offset).effective_price(Price(oracle), Price(100)).unwrap().0;
        assert_eq!(at(Side::Long, -300, 10_050), 9_700);
        assert_eq!(at(Side::Short, 300, 10_050), 10_400);
        assert_eq!(at(Side::Long, 300, 10_050), 10_300);
        assert_eq!(at(Side::Short, -300, 10_050), 9_800);
        assert_eq!(at(Side::Long, -300, 10_000), 9_700);
        assert_eq!(at(Side::Short, 0, 10_001), 10_100);
        assert_eq!(at(Side::Long, -20_000, 10_050), 100);
        assert_eq!(at(Side::Short, -20_000, 10_050), 100);
        let plain = Order { price: RawLimit::price(Price(77)), ..Order::default() };
        assert_eq!(plain.effective_price(Price(10_000), Price(100)), Ok(Price(77)));
    }

    #[test]
    fn the_distance_to_a_price_leads_back_to_it_or_further_away() {
        for side in [Side::Long, Side::Short] {
            for (oracle, price) in [(10_050, 9_900), (10_050, 10_200), (10_000, 10_000), (9_999, 10_000), (150, 100)] {
                let (oracle, price, tick) = (Price(oracle), Price(price), Price(100));
                let offset = offset_to(side, oracle, price, tick).unwrap();
                let back = at_offset(side, oracle, offset, tick).unwrap();
                assert_eq!(offset % 100, 0);
                assert!(back == price || side.better(back, price), "{side:?} {oracle:?} {price:?} {back:?}");
                assert!(back.0.abs_diff(price.0) <= 100, "{side:?} {oracle:?} {price:?} {back:?}");
            }
        }
    }

    #[test]
    fn what_is_shown_is_one_part_until_it_is_used_up() {
        let iceberg = |filled| Order {
            kind: OrderKind::Limit as u8,
            size: Size(250),
            filled: Size(filled),
            extent: 10,
            ..Order::default()
        };
        let shown = |filled| iceberg(filled).shown(Size(10)).unwrap().0;
        assert_eq!([0, 1, 99, 100, 150, 200, 249].map(shown), [100, 99, 1, 100, 50, 50, 1]);
        let whole = Order { extent: 0, ..iceberg(30) };
        assert_eq!(whole.shown(Size(10)), Ok(Size(220)));
    }
}
