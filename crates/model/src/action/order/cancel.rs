//! Cancelling orders. Never delayed, never paused, needs no price.

use crate::account::order::Order;
use crate::account::sub_account::SubAccountMut;
use crate::error::{Error, Result};
use crate::event::{CancelReason, EventSink, NO_MARKET};
use crate::side::Side;

/// Cancels one order.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct CancelOrder {
    /// The order's id.
    pub id: u32,
}

/// Result of a cancellation. Orders that end with another of their group are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelReport {
    /// Orders cancelled.
    pub cancelled: u32,
}

impl CancelOrder {
    /// Cancels the order and frees its position's slot when nothing is left.
    ///
    /// # Errors
    /// [`crate::Error::OrderNotFound`].
    pub fn execute(self, account: &mut SubAccountMut<'_>, sink: &mut impl EventSink) -> Result<CancelReport> {
        let slot = account.order_slot(self.id)?;
        let market = account.order(slot)?.market;
        account.remove_order(slot, CancelReason::Requested, sink)?;
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
    /// Reason in the orders' records.
    pub reason: CancelReason,
}

impl CancelAll {
    /// Cancels them. Cancelling nothing is not an error.
    pub fn execute(self, account: &mut SubAccountMut<'_>, sink: &mut impl EventSink) -> Result<CancelReport> {
        let market = self.market.unwrap_or(NO_MARKET);
        remove_where(account, market, self.reason, sink, |_| true)
    }
}

account_bytes! {
    /// Which orders: those that fit every field.
    pub struct OrderFilter [16] {
        /// The trader's own id, 0 for any.
        0 => pub client_id: u64,
        /// Market, [`NO_MARKET`] for any.
        8 => pub market: u16,
        /// [`Side`] as a number, [`OrderFilter::BOTH`] for either.
        10 => pub side: u8 as SideFilter,
        /// Padding.
        11 => pub padding: [u8; 5],
    }
}

impl OrderFilter {
    /// In place of a side: either.
    pub const BOTH: u8 = 2;
    /// Any order.
    pub const ANY: Self = Self { client_id: 0, market: NO_MARKET, side: Self::BOTH, padding: [0; 5] };

    /// Whether an order fits.
    #[inline]
    pub fn fits(&self, order: &Order) -> bool {
        (self.market == NO_MARKET || self.market == order.market)
            && (self.side == Self::BOTH || self.side == order.side)
            && (self.client_id == 0 || self.client_id == order.client_id)
    }

    /// Refuses numbers that stand for nothing.
    ///
    /// # Errors
    /// [`Error::InvalidOrder`].
    pub fn validate(&self) -> Result<()> {
        let known = self.side == Self::BOTH || Side::from_number(self.side).is_ok();
        if known && self.padding == [0; 5] { Ok(()) } else { Err(Error::InvalidOrder) }
    }
}

/// Cancels the orders that fit a filter, and that are on a list when there is one.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct CancelOrders<'a> {
    /// What an order must fit.
    pub filter: OrderFilter,
    /// Only these ids; none for every order that fits.
    pub ids: &'a [u32],
}

impl CancelOrders<'_> {
    /// Cancels them. What is gone already is passed over, and cancelling nothing is not an error: the orders
    /// are gone, as was asked.
    ///
    /// # Errors
    /// [`Error::InvalidOrder`] for a filter with numbers that stand for nothing.
    pub fn execute(self, account: &mut SubAccountMut<'_>, sink: &mut impl EventSink) -> Result<CancelReport> {
        self.filter.validate()?;
        remove_where(account, self.filter.market, CancelReason::Requested, sink, |order| {
            self.filter.fits(order) && (self.ids.is_empty() || self.ids.contains(&order.id))
        })
    }
}

/// Removes the orders of a market that fit, or those of all markets.
#[inline]
fn remove_where(
    account: &mut SubAccountMut<'_>,
    market: u16,
    reason: CancelReason,
    sink: &mut impl EventSink,
    fits: impl Fn(&Order) -> bool,
) -> Result<CancelReport> {
    let mut cancelled = 0u32;
    for slot in 0..account.orders.len() {
        if account.head.open_orders == 0 {
            break;
        }
        // An order can go with one before it that it belongs to.
        let found = account.orders.get(slot).filter(|order| order.is_open());
        if found.is_some_and(|order| (market == NO_MARKET || order.market == market) && fits(order)) {
            account.remove_order_inline(slot, reason, sink)?;
            cancelled = cancelled.saturating_add(1);
        }
    }
    match cancelled {
        0 => {}
        _ if market == NO_MARKET => account.head.release_empty_positions(),
        _ => account.head.release_position(market),
    }
    Ok(CancelReport { cancelled })
}
