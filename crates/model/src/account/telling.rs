//! The records that a sub-account's orders leave.

use crate::account::order::Order;
use crate::account::sub_account::SubAccount;
use crate::event::{CancelReason, CancelRecord, EventKind, EventSink, OrderRecord, Party, emit};
use crate::quantity::Size;

impl SubAccount {
    /// The sub-account as records name it.
    #[inline]
    pub fn party(&self) -> Party {
        Party { authority: self.authority, id: self.id, padding: [0; 6] }
    }

    /// Records a new order.
    #[inline]
    pub(crate) fn tell_placed(&self, order: &Order, sink: &mut impl EventSink) {
        let reason = CancelReason::None as u8;
        let record = OrderRecord { account: self.party(), order: *order, reason, padding: [0; 7] };
        emit(sink, EventKind::OrderPlaced, &record);
    }

    /// Records an order that changed without a fill.
    #[inline(never)]
    pub(crate) fn tell_modified(&self, order: &Order, reason: CancelReason, sink: &mut impl EventSink) {
        let record = OrderRecord { account: self.party(), order: *order, reason: reason as u8, padding: [0; 7] };
        emit(sink, EventKind::OrderModified, &record);
    }

    /// Records an order that ends with `left` of it unfilled.
    #[inline]
    pub(crate) fn tell_cancelled(&self, order: &Order, left: Size, reason: CancelReason, sink: &mut impl EventSink) {
        let record = CancelRecord {
            account: self.party(),
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
