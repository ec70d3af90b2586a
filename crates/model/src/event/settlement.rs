//! Records of a market's life and its settlement.

use super::Party;
use crate::quantity::{Amount, Base, Price, Quote};

account_bytes! {
    /// A market's status or expiry changed.
    pub struct MarketRecord [56] {
        /// Unix time at which the market expires, 0 for never.
        0 => pub expiry_time: i64,
        /// Price at which positions are closed, zero before settlement.
        8 => pub settlement_price: Price,
        /// Average of the oracle at the beginning of settlement.
        16 => pub average: Price,
        /// What the insurance fund gave to the pool for it.
        24 => pub insurance: Amount,
        /// What was left at the delisting and went to the protocol.
        32 => pub leftover: Amount,
        /// Unix time.
        40 => pub time: i64,
        /// Market.
        48 => pub market: u16,
        /// [`crate::market::MarketStatus`] as a number.
        50 => pub status: u8,
        /// The one before.
        51 => pub status_before: u8,
        /// Padding.
        52 => pub padding: [u8; 4],
    }
}

account_bytes! {
    /// A position was closed at the settlement price, or what came of it was paid.
    pub struct PositionSettledRecord [104] {
        /// Sub-account.
        0 => pub account: Party,
        /// Base that was closed.
        40 => pub base: Base,
        /// Settlement price.
        48 => pub price: Price,
        /// Moved to the account's tokens (negative: out of them).
        56 => pub amount: Quote,
        /// Claim that nobody is left to pay.
        64 => pub written_off: Amount,
        /// Claim (positive) or debt left.
        72 => pub left: Quote,
        /// The pnl pool afterwards.
        80 => pub pool: Amount,
        /// Debts of all settled positions.
        88 => pub debts: Amount,
        /// Market.
        96 => pub market: u16,
        /// 1 when the position is isolated.
        98 => pub isolated: u8,
        /// Padding.
        99 => pub padding: [u8; 5],
    }
}
