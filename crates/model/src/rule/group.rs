//! Orders that belong together: the legs of a bracket, and orders of which one cancels the others.
//!
//! A bracket: the parent carries [`flags::HAS_LEGS`], its legs [`flags::LEG`] and the parent's id in
//! [`Order::link`]. Legs only reduce and wait; each has left to fill what the parent has filled less what the legs
//! have. One cancels the other: all carry [`flags::LEG`] and the id of the first of them, and all have the same left to
//! fill. In both cases a fill of one takes as much from the others, so that together they never trade more than
//! one of them was meant to.
//!
//! * A parent that ends unfilled takes the legs that have nothing to do with it; what it has filled stays protected.
//! * An order that has nothing left because another of the group was filled ends too ([`CancelReason::Linked`]). The
//!   waiting legs of a parent that can still fill stay, with nothing to do until it does.
//! * An order of a group that its owner cancels, or that expires, leaves the others as they are.

use crate::account::order::{Order, OrderKind, STATUS_OPEN, flags};
use crate::account::sub_account::SubAccountMut;
use crate::error::{Error, Result};
use crate::event::{CancelReason, EventSink};
use crate::quantity::Size;

/// Most legs of one parent, and most orders of which one cancels the others.
pub const MAX_GROUP: usize = 4;

impl SubAccountMut<'_> {
    /// Whether an order that legs follow is open under this id.
    pub fn parent_lives(&self, id: u32) -> bool {
        self.orders.iter().any(|order| order.is_open() && order.id == id && order.has(flags::HAS_LEGS))
    }

    /// Whether an order can do nothing now and may still get something to do: a leg whose parent has not filled yet.
    pub fn is_asleep(&self, order: &Order) -> bool {
        order.has(flags::LEG) && order.is_waiting() && order.size == order.filled && self.parent_lives(order.link)
    }

    /// The slots of a group's orders, an order that lends it its id excepted.
    fn legs(&self, link: u32) -> impl Iterator<Item = usize> + use<> {
        let mut found = [usize::MAX; MAX_GROUP];
        let mut slots = found.iter_mut();
        for (slot, order) in self.orders.iter().enumerate() {
            if order.is_open()
                && order.has(flags::LEG)
                && order.link == link
                && let Some(entry) = slots.next()
            {
                *entry = slot;
            }
        }
        found.into_iter().filter(|slot| *slot != usize::MAX)
    }

    /// Orders of a group, an order that lends it its id excepted.
    pub fn group_size(&self, link: u32) -> usize {
        self.orders.iter().filter(|order| order.is_open() && order.has(flags::LEG) && order.link == link).count()
    }

    /// Gives the legs as much more to do as their parent has filled.
    #[inline(never)]
    pub(crate) fn parent_filled(&mut self, id: u32, size: Size) -> Result<()> {
        for slot in self.legs(id) {
            let leg = self.orders.get_mut(slot).ok_or(Error::OrderNotFound)?;
            leg.size = leg.size.plus(size)?;
        }
        Ok(())
    }

    /// Ends the legs that had nothing to do yet.
    #[inline(never)]
    pub(crate) fn parent_removed(&mut self, id: u32, sink: &mut impl EventSink) -> Result<()> {
        for slot in self.legs(id) {
            if self.order(slot)?.remaining()?.is_zero() {
                self.end(slot, sink)?;
            }
        }
        Ok(())
    }

    /// Takes what one order of a group has filled from the others.
    #[inline(never)]
    pub(crate) fn leg_filled(&mut self, id: u32, link: u32, size: Size, sink: &mut impl EventSink) -> Result<()> {
        for slot in self.legs(link) {
            let other = self.orders.get_mut(slot).ok_or(Error::OrderNotFound)?;
            if other.id == id {
                continue;
            }
            other.size = other.size.minus(size)?;
            let other = *other;
            if other.adds_exposure() {
                self.head.position_mut(other.market)?.remove_open(other.side(), size)?;
            }
            if other.remaining()?.is_zero() && !self.is_asleep(&other) {
                self.end(slot, sink)?;
            }
        }
        Ok(())
    }

    /// Takes out of the open exposure what a fill of one order of a group will take from the others: what a margin that
    /// is asked before the fill goes by.
    #[inline(never)]
    pub(crate) fn lift_legs(&mut self, id: u32, link: u32, size: Size) -> Result<()> {
        for slot in self.legs(link) {
            let other = *self.orders.get(slot).ok_or(Error::OrderNotFound)?;
            if other.id != id && other.adds_exposure() {
                self.head.position_mut(other.market)?.remove_open(other.side(), size)?;
            }
        }
        Ok(())
    }

    /// Takes size out of an order without a fill, out of the whole group when it belongs to one; an order with nothing
    /// left ends with this reason and its record.
    pub fn shrink_order(
        &mut self,
        slot: usize,
        size: Size,
        reason: CancelReason,
        sink: &mut impl EventSink,
    ) -> Result<()> {
        let order = self.orders.get_mut(slot).filter(|order| order.is_open()).ok_or(Error::OrderNotFound)?;
        let whole = *order;
        if size > whole.remaining()? {
            return Err(Error::InvariantBroken);
        }
        if size == whole.remaining()? {
            self.remove_order(slot, reason, sink)?;
        } else {
            order.size = order.size.minus(size)?;
            if order.kind == OrderKind::Twap as u8 {
                // Out of what was released: the slices that are to come stay as large as they were.
                order.set_released(order.released().minus(size)?);
            }
            self.head.tell_modified(order, reason, sink);
            if whole.adds_exposure() {
                self.head.position_mut(whole.market)?.remove_open(whole.side(), size)?;
            }
        }
        if whole.has(flags::LEG) { self.leg_filled(whole.id, whole.link, size, sink) } else { Ok(()) }
    }

    /// Frees the slot of an order that another of its group has ended.
    #[inline(never)]
    fn end(&mut self, slot: usize, sink: &mut impl EventSink) -> Result<()> {
        self.clear_order(slot, CancelReason::Linked, sink).map(drop)
    }

    /// Checks what must hold of groups between instructions: all orders of one have the same left to fill in the same
    /// market, and only legs of a parent that can still fill have nothing.
    pub fn groups_invariant(&self) -> Result<()> {
        for leg in self.orders.iter().filter(|order| order.is_open() && order.has(flags::LEG)) {
            let left = leg.remaining()?;
            let parent = self.orders.iter().find(|order| order.is_open() && order.id == leg.link);
            let bracket = parent.filter(|parent| parent.has(flags::HAS_LEGS));
            let others = self.orders.iter().filter(|o| o.is_open() && o.has(flags::LEG) && o.link == leg.link);
            let mut sound = (!left.is_zero() || (bracket.is_some() && leg.is_waiting()))
                && self.group_size(leg.link) <= MAX_GROUP
                && bracket.is_none_or(|parent| {
                    parent.market == leg.market
                        && parent.side() != leg.side()
                        && leg.has(flags::REDUCE_ONLY)
                        && (leg.is_waiting() || leg.status == STATUS_OPEN)
                        && left <= parent.filled
                });
            for other in others {
                sound &= other.market == leg.market && other.remaining()? == left;
            }
            if !sound {
                return Err(Error::InvariantBroken);
            }
        }
        Ok(())
    }
}
