//! Records of orders that come, change and go.

use super::{CancelReason, EventKind, EventSink, Party, emit};
use crate::order::Order;
use crate::quantity::Size;
use crate::sub_account::SubAccount;

account_bytes! {
    /// An order came, or changed without a fill.
    pub struct OrderRecord [144] {
        /// Owner.
        0 => pub account: Party,
        /// The order as it stands now.
        40 => pub order: Order,
        /// Why it changed, a [`CancelReason`] as a number; none for a new order.
        136 => pub reason: u8,
        /// Padding.
        137 => pub padding: [u8; 7],
    }
}

account_bytes! {
    /// An order went without being filled to its end. What it was stands in the record of its placing.
    pub struct CancelRecord [64] {
        /// Owner.
        0 => pub account: Party,
        /// The trader's own id, 0 for none.
        40 => pub client_id: u64,
        /// What was left to fill.
        48 => pub left: Size,
        /// Id within the sub-account.
        56 => pub order_id: u32,
        /// Market.
        60 => pub market: u16,
        /// [`crate::order::Side`] as a number.
        62 => pub side: u8,
        /// [`CancelReason`] as a number.
        63 => pub reason: u8,
    }
}

impl OrderRecord {
    /// The record of an order of an account.
    #[inline]
    pub fn of(account: &SubAccount, order: &Order, reason: CancelReason) -> Self {
        Self { account: Party::of(account), order: *order, reason: reason as u8, padding: [0; 7] }
    }

    /// Tells of a new order.
    #[inline]
    pub(crate) fn placed(account: &SubAccount, order: &Order, sink: &mut impl EventSink) {
        emit(sink, EventKind::OrderPlaced, &Self::of(account, order, CancelReason::None));
    }

    /// Tells of an order that changed without a fill.
    #[inline(never)]
    pub(crate) fn modified(account: &SubAccount, order: &Order, reason: CancelReason, sink: &mut impl EventSink) {
        emit(sink, EventKind::OrderModified, &Self::of(account, order, reason));
    }
}

impl CancelRecord {
    /// Tells of an order that went.
    #[inline]
    pub(crate) fn cancelled(
        account: &SubAccount,
        order: &Order,
        left: Size,
        reason: CancelReason,
        sink: &mut impl EventSink,
    ) {
        let record = Self {
            account: Party::of(account),
            client_id: order.client_id,
            left,
            order_id: order.id,
            market: order.market,
            side: order.side,
            reason: reason as u8,
        };
        emit(sink, EventKind::OrderCancelled, &record);
    }
}
