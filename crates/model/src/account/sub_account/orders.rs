//! A sub-account's orders: found, filled and removed together with the exposure that they open.

use super::SubAccount;
use crate::account::order::{Order, flags};
use crate::error::{Error, Result};
use crate::event::{CancelReason, EventSink};
use crate::num::Checked;
use crate::quantity::Size;
use crate::side::Side;

/// A sub-account with its orders, borrowed from the account's bytes.
#[derive(Debug)]
pub struct SubAccountMut<'a> {
    /// The fixed part.
    pub head: &'a mut SubAccount,
    /// The tail.
    pub orders: &'a mut [Order],
}

impl SubAccountMut<'_> {
    /// Slot of the open order with this id.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`].
    #[inline(never)]
    pub fn order_slot(&self, id: u32) -> Result<usize> {
        self.orders.iter().position(|o| o.is_open() && o.id == id).ok_or(Error::OrderNotFound)
    }

    /// Slot of the open order with this id, looked for at `hint` first.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`].
    #[inline]
    pub fn order_slot_near(&self, id: u32, hint: usize) -> Result<usize> {
        match self.orders.get(hint) {
            Some(order) if order.is_open() && order.id == id => Ok(hint),
            _ => self.order_slot(id),
        }
    }

    /// The open order in a slot.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`].
    #[inline]
    pub fn order(&self, slot: usize) -> Result<&Order> {
        self.orders.get(slot).filter(|o| o.is_open()).ok_or(Error::OrderNotFound)
    }

    /// Frees a slot, takes the order's remaining size out of the position's open exposure, and records why it ended. Legs
    /// that wait for the order's fills end with it.
    #[inline(never)]
    pub fn remove_order(&mut self, slot: usize, reason: CancelReason, sink: &mut impl EventSink) -> Result<()> {
        self.remove_order_inline(slot, reason, sink)
    }

    /// [`Self::remove_order`] for a loop over many orders.
    #[inline(always)]
    pub(crate) fn remove_order_inline(
        &mut self,
        slot: usize,
        reason: CancelReason,
        sink: &mut impl EventSink,
    ) -> Result<()> {
        let (id, bits) = self.clear_order(slot, reason, sink)?;
        if bits & flags::HAS_LEGS != 0 { self.parent_removed(id, sink) } else { Ok(()) }
    }

    /// [`Self::remove_order`] for the order alone, whose id and flags it returns.
    #[inline(always)]
    pub(crate) fn clear_order(
        &mut self,
        slot: usize,
        reason: CancelReason,
        sink: &mut impl EventSink,
    ) -> Result<(u32, u16)> {
        let order = self.orders.get_mut(slot).filter(|o| o.is_open()).ok_or(Error::OrderNotFound)?;
        let left = order.remaining()?;
        self.head.tell_cancelled(order, left, reason, sink);
        let position = self.head.position_mut(order.market)?;
        if order.adds_exposure() {
            position.remove_open(order.side(), left)?;
        }
        let known = (order.id, order.flags);
        *order = order.remembered();
        position.open_orders = position.open_orders.minus(1)?;
        self.head.open_orders = self.head.open_orders.minus(1)?;
        Ok(known)
    }

    /// Records a fill of an order; a fully filled order frees its slot. Orders that belong to it follow: `sink` gets the
    /// records of those that end.
    #[inline]
    pub fn fill_order(&mut self, slot: usize, size: Size, sink: &mut impl EventSink) -> Result<()> {
        let order = self.order(slot)?;
        if order.flags & flags::GROUPED == 0 {
            return self.fill_alone(slot, size);
        }
        let (bits, id, link) = (order.flags, order.id, order.link);
        self.fill_alone(slot, size)?;
        if bits & flags::HAS_LEGS != 0 { self.parent_filled(id, size) } else { self.leg_filled(id, link, size, sink) }
    }

    /// [`Self::fill_order`] for the order alone.
    #[inline(never)]
    fn fill_alone(&mut self, slot: usize, size: Size) -> Result<()> {
        let order = self.orders.get_mut(slot).ok_or(Error::OrderNotFound)?;
        let filled = order.filled.plus(size)?;
        let position = self.head.position_mut(order.market)?;
        if order.adds_exposure() {
            position.remove_open(order.side(), size)?;
        }
        if filled < order.size {
            order.filled = filled;
            return Ok(());
        }
        if filled > order.size {
            return Err(Error::InvariantBroken);
        }
        *order = order.remembered();
        position.open_orders = position.open_orders.minus(1)?;
        self.head.open_orders = self.head.open_orders.minus(1)?;
        Ok(())
    }

    /// Checks what must hold between instructions, orders included.
    pub fn invariant(&self) -> Result<()> {
        self.head.invariant()?;
        let mut open = 0u8;
        for order in self.orders.iter() {
            order.invariant()?;
            open = open.plus(u8::from(order.is_open()))?;
        }
        if open != self.head.open_orders {
            return Err(Error::InvariantBroken);
        }
        self.groups_invariant()?;
        for position in self.head.positions.iter().filter(|p| p.is_used()) {
            let (mut bids, mut asks) = (Size::ZERO, Size::ZERO);
            for order in self.orders.iter().filter(|o| o.is_open() && o.market == position.market && o.adds_exposure())
            {
                match order.side() {
                    Side::Long => bids = bids.plus(order.remaining()?)?,
                    Side::Short => asks = asks.plus(order.remaining()?)?,
                }
            }
            if bids != position.open_bids || asks != position.open_asks {
                return Err(Error::InvariantBroken);
            }
        }
        Ok(())
    }
}
