//! Records of trades.

use super::Party;
use crate::quantity::{Amount, Price, Quote, Size};

numbered! {
    /// Who provided the other side of a fill.
    pub enum FillSource {
        /// A resting order.
        Book = 0,
        /// The vAMM.
        Amm = 1,
        /// A maker that joined the auction.
        Jit = 2,
    }
}

account_bytes! {
    /// A trade.
    pub struct FillRecord [192] {
        /// Taker.
        0 => pub taker: Party,
        /// Maker, zero when the vAMM was.
        40 => pub maker: Party,
        /// Base traded.
        80 => pub size: Size,
        /// Quote traded.
        88 => pub quote: Amount,
        /// Fee of the taker.
        96 => pub taker_fee: Amount,
        /// Rebate of the maker.
        104 => pub maker_rebate: Amount,
        /// Reward of the filler.
        112 => pub filler_reward: Amount,
        /// Oracle price at the fill.
        120 => pub oracle: Price,
        /// The worst price that the taker would have accepted at the end of its auction.
        128 => pub worst_price: Price,
        /// Profit that the taker realised.
        136 => pub taker_realised: Quote,
        /// Profit that the maker realised.
        144 => pub maker_realised: Quote,
        /// Taker's order id.
        152 => pub taker_order: u32,
        /// Maker's order id, zero for vAMM and auction makers.
        156 => pub maker_order: u32,
        /// Market.
        160 => pub market: u16,
        /// Taker's [`crate::side::Side`] as a number.
        162 => pub side: u8 as Side,
        /// [`FillSource`] as a number.
        163 => pub source: u8 as FillSource,
        /// Padding.
        164 => pub padding: [u8; 4],
        /// Slots between the order's activation and the fill.
        168 => pub slots: u64,
        /// Share of the taker fee for the taker's referrer.
        176 => pub referrer_share: Amount,
        /// Fee of the builder, on top of the taker fee.
        184 => pub builder_fee: Amount,
    }
}
