//! Records of tokens that come, go and change their pocket.

use super::Party;
use crate::quantity::{Amount, Price, Quote};

account_bytes! {
    /// Tokens came in or went out.
    pub struct DepositRecord [64] {
        /// Sub-account.
        0 => pub account: Party,
        /// Amount in token units.
        40 => pub amount: Amount,
        /// Balance afterwards.
        48 => pub balance: Amount,
        /// Bank.
        56 => pub bank: u16,
        /// Padding.
        58 => pub padding: [u8; 6],
    }
}

account_bytes! {
    /// Tokens moved between two sub-accounts of one authority; behind a liquidation in a settled market, from the debtor to the
    /// liquidator that it names.
    pub struct TransferRecord [56] {
        /// Source sub-account.
        0 => pub from: Party,
        /// Amount in token units.
        40 => pub amount: Amount,
        /// Destination sub-account id.
        48 => pub to: u16,
        /// Bank.
        50 => pub bank: u16,
        /// Padding.
        52 => pub padding: [u8; 4],
    }
}

account_bytes! {
    /// Collateral moved between the quote balance and an isolated position.
    pub struct IsolatedRecord [72] {
        /// Sub-account.
        0 => pub account: Party,
        /// Moved into the position (negative: out of it).
        40 => pub amount: Quote,
        /// The position's own tokens afterwards.
        48 => pub tokens: Amount,
        /// Quote balance afterwards.
        56 => pub balance: Amount,
        /// Market.
        64 => pub market: u16,
        /// 1 when the position is isolated now, 0 when it has ended or joined the cross pocket.
        66 => pub isolated: u8 as bool,
        /// Padding.
        67 => pub padding: [u8; 5],
    }
}

account_bytes! {
    /// Profit or loss moved between a position and its pocket: the quote balance, or an isolated position's tokens.
    pub struct SettleRecord [88] {
        /// Sub-account.
        0 => pub account: Party,
        /// Moved to the pocket (negative: out of it).
        40 => pub amount: Quote,
        /// The pnl pool afterwards.
        48 => pub pool: Amount,
        /// The position's claim afterwards.
        56 => pub quote: Quote,
        /// Price used.
        64 => pub price: Price,
        /// Profit given up, because nobody has paid a loss of the market.
        72 => pub written_off: Amount,
        /// Market.
        80 => pub market: u16,
        /// 1 when the tokens are an isolated position's.
        82 => pub isolated: u8 as bool,
        /// Padding.
        83 => pub padding: [u8; 5],
    }
}

account_bytes! {
    /// Tokens were staked in a pot, or shares of it paid out; without shares the protocol's tokens, to its treasury.
    pub struct StakeRecord [80] {
        /// Authority of the person; the treasury.
        0 => pub authority: [u8; 32] as pubkey,
        /// Tokens staked (negative: paid out).
        32 => pub amount: Quote,
        /// Shares issued (unstaked: redeemed).
        40 => pub shares: u64,
        /// Assets of the tranche afterwards.
        48 => pub assets: Amount,
        /// All shares of the tranche afterwards.
        56 => pub all_shares: u64,
        /// Generation of the shares.
        64 => pub generation: u64,
        /// [`crate::rule::tranche::Pot`] as a number.
        72 => pub pot: u8 as Pot,
        /// Padding.
        73 => pub padding: [u8; 7],
    }
}
