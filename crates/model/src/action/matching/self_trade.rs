//! What happens when a taker meets an order of its own owner: never a trade.
//!
//! All sub-accounts of one authority are one owner. The taker's flags decide who yields: by default the maker order is
//! cancelled and the taker goes on; with [`flags::SELF_CANCEL_TAKER`] what is left of the taker is; with
//! [`flags::SELF_DECREMENT`] both shrink by the smaller of both, and the smaller ends. No fee, no fill.

use super::queue::Candidate;
use super::types::{Matched, Taker};
use crate::account::order::{Order, flags};
use crate::account::sub_account::SubAccountMut;
use crate::action::order::place::tradable_when;
use crate::error::Result;
use crate::event::{CancelReason, EventSink};
use crate::quantity::Size;

/// Resolves the meeting of a taker with an order of its own owner, in another sub-account (`other`) or in the same.
/// Returns what the taker has left to fill in this run.
#[inline(never)]
pub(super) fn resolve<S: EventSink>(
    taker: &mut SubAccountMut<'_>,
    order: &Taker,
    other: Option<&mut SubAccountMut<'_>>,
    candidate: &Candidate,
    left: Size,
    matched: &mut Matched,
    sink: &mut S,
) -> Result<Size> {
    let slot = usize::from(candidate.slot);
    // It may have ended with an order that was filled before.
    let found = other.as_deref().map_or_else(|| taker.order(slot), |other| other.order(slot));
    let Ok(resting) = found.copied() else { return Ok(left) };
    let theirs = match &other {
        Some(other) => tradable_when(order.only_reduces, other, &resting)?,
        None => tradable_when(order.only_reduces, taker, &resting)?,
    };
    if theirs.is_zero() {
        return Ok(left);
    }
    matched.self_trades = matched.self_trades.wrapping_add(1);
    if order.order.has(flags::SELF_CANCEL_TAKER) {
        taker.remove_order(order.slot, CancelReason::SelfTrade, sink)?;
        return Ok(Size::ZERO);
    }
    if !order.order.has(flags::SELF_DECREMENT) {
        match other {
            Some(other) => other.remove_order(slot, CancelReason::SelfTrade, sink)?,
            None => taker.remove_order(slot, CancelReason::SelfTrade, sink)?,
        }
        return Ok(left);
    }
    let shrink = left.min(theirs);
    taker.shrink_order(order.slot, shrink, CancelReason::SelfTrade, sink)?;
    match other {
        Some(other) => other.shrink_order(slot, shrink, CancelReason::SelfTrade, sink)?,
        // Orders of one group have shrunk together.
        None if same_group(&order.order, &resting) => {}
        None => taker.shrink_order(slot, shrink, CancelReason::SelfTrade, sink)?,
    }
    left.minus(shrink)
}

fn same_group(one: &Order, other: &Order) -> bool {
    one.has(flags::LEG) && other.has(flags::LEG) && one.link == other.link
}
