//! Records of orders that come, change and go, and of services to them.

use super::Party;
use crate::account::order::Order;
use crate::quantity::{Amount, Price, Size};

numbered! {
    /// Why an order left the book without being filled.
    pub enum CancelReason {
        /// Not cancelled.
        None = 0,
        /// Its owner or delegate asked.
        Requested = 1,
        /// Its expiry passed.
        Expired = 2,
        /// It was immediate-or-cancel.
        ImmediateOrCancel = 3,
        /// Reduce-only, and the position is gone or has turned.
        NothingToReduce = 4,
        /// A liquidation cancels all orders first.
        Liquidation = 5,
        /// Its owner has not the margin for the fill, or an order that waited has none when it is triggered.
        Margin = 6,
        /// Another order of its group was filled, or its parent went before it had filled anything.
        Linked = 7,
        /// Its market is in settlement.
        Settlement = 8,
        /// It met an order of its own owner.
        SelfTrade = 9,
    }
}

numbered! {
    /// What somebody did for an order that is not theirs to move.
    pub enum CrankKind {
        /// Triggered it.
        Trigger = 0,
        /// Started another auction of a triggered order.
        Restart = 1,
        /// Moved a trailing stop's trigger.
        Trail = 2,
        /// Released a slice of a TWAP.
        Slice = 3,
        /// Returned dead orders; which ones, their own records tell.
        Expire = 4,
    }
}

account_bytes! {
    /// An order came, or changed without a fill.
    pub struct OrderRecord [144] {
        /// Owner.
        0 => pub account: Party,
        /// The order as it stands now.
        40 => pub order: Order,
        /// Why it changed, a [`CancelReason`] as a number; none for a new order.
        136 => pub reason: u8 as CancelReason,
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
        /// [`crate::side::Side`] as a number.
        62 => pub side: u8 as Side,
        /// [`CancelReason`] as a number.
        63 => pub reason: u8 as CancelReason,
    }
}

account_bytes! {
    /// A service to somebody's orders and what its owner paid for it.
    pub struct CrankRecord [136] {
        /// Owner.
        0 => pub account: Party,
        /// Who did it, zero when nobody asked for the fee.
        40 => pub crank: Party,
        /// Moved from the owner's position to the other's.
        80 => pub reward: Amount,
        /// The price that the order looked at.
        88 => pub price: Price,
        /// The order's trigger price afterwards; base released so far of a TWAP.
        96 => pub level: u64,
        /// Start of the auction that runs now, zero for none.
        104 => pub auction_start: Price,
        /// End of that auction.
        112 => pub auction_end: Price,
        /// Order, zero for several.
        120 => pub order_id: u32,
        /// Market.
        124 => pub market: u16,
        /// [`CrankKind`] as a number.
        126 => pub kind: u8 as CrankKind,
        /// [`CancelReason`] as a number when a triggered order was removed instead.
        127 => pub reason: u8 as CancelReason,
        /// Slot from which the order can trade, zero when it cannot.
        128 => pub activation_slot: u64,
    }
}
