//! Cancelling orders. Never delayed, never paused, needs no price.

use crate::error::Result;
use crate::event::{CancelReason, EventKind, EventSink, OrderRecord, Party, emit};
use crate::order::Order;
use crate::sub_account::SubAccountMut;

/// Cancels one order.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct CancelOrder {
    /// The order's id.
    pub id: u32,
}

/// Orders cancelled.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelReport {
    /// How many.
    pub cancelled: u32,
}

impl CancelOrder {
    /// Cancels it. Errors: [`crate::Error::OrderNotFound`].
    pub fn execute(self, account: &mut SubAccountMut<'_>, sink: &mut impl EventSink) -> Result<CancelReport> {
        let slot = account.order_slot(self.id)?;
        let market = account.order(slot)?.market;
        remove(account, slot, CancelReason::Requested, sink)?;
        account.head.release_position(market);
        Ok(CancelReport { cancelled: 1 })
    }
}

/// Cancels all orders, or all of one market.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct CancelAll {
    /// Only this market.
    pub market: Option<u16>,
    /// Why.
    pub reason: CancelReason,
}

impl CancelAll {
    /// Cancels them. Cancelling nothing is not an error.
    pub fn execute(self, account: &mut SubAccountMut<'_>, sink: &mut impl EventSink) -> Result<CancelReport> {
        let mut cancelled = 0u32;
        for slot in 0..account.orders.len() {
            if account.head.open_orders == 0 {
                break;
            }
            let Some(order) = account.orders.get(slot).filter(|order| order.is_open()) else { continue };
            if self.market.is_none_or(|wanted| wanted == order.market) {
                let _ = remove(account, slot, self.reason, sink)?;
                cancelled = cancelled.saturating_add(1);
            }
        }
        if cancelled != 0 {
            account.head.release_empty_positions();
        }
        Ok(CancelReport { cancelled })
    }
}

/// Removes an order and records why.
pub(super) fn remove(
    account: &mut SubAccountMut<'_>,
    slot: usize,
    reason: CancelReason,
    sink: &mut impl EventSink,
) -> Result<Order> {
    let order = account.remove_order(slot)?;
    let record = OrderRecord { account: Party::of(account.head), order, reason: reason as u8, padding: [0; 7] };
    emit(sink, EventKind::OrderCancelled, &record);
    Ok(order)
}
