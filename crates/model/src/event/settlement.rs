//! Records of a market's settlement.

use super::Party;
use crate::quantity::{Amount, Base, Price, Quote};

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
        98 => pub isolated: u8 as bool,
        /// Padding.
        99 => pub padding: [u8; 5],
    }
}
