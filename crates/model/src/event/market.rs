//! Records of a market's own: its funding, vAMM, fees, pools and life.

use crate::quantity::{Amount, FundingIndex, Price, Quote, Size};

account_bytes! {
    /// A funding update with all its inputs, so that anyone can recompute it.
    pub struct FundingRecord [112] {
        /// Average premium of the period, parts per billion.
        0 => pub premium: i64,
        /// Rate of the hour, parts per billion of the oracle price.
        8 => pub rate: i64,
        /// Oracle average that the rate was applied to.
        16 => pub oracle: Price,
        /// Added to the long index.
        24 => pub long_delta: FundingIndex,
        /// Added to the short index.
        32 => pub short_delta: FundingIndex,
        /// Long index afterwards.
        40 => pub long_index: FundingIndex,
        /// Short index afterwards.
        48 => pub short_index: FundingIndex,
        /// Open interest of longs.
        56 => pub long_interest: Size,
        /// Open interest of shorts.
        64 => pub short_interest: Size,
        /// What the vAMM received (positive) or paid.
        72 => pub amm_payment: Quote,
        /// What the vAMM could have paid at most.
        80 => pub amm_budget: Amount,
        /// Seconds since the update before, of which an hour at most is charged.
        88 => pub elapsed: u64,
        /// Unix time.
        96 => pub time: i64,
        /// Market.
        104 => pub market: u16,
        /// Padding.
        106 => pub padding: [u8; 6],
    }
}

account_bytes! {
    /// The vAMM moved.
    pub struct AmmRecord [96] {
        /// Peg before.
        0 => pub peg_before: Price,
        /// Peg now.
        8 => pub peg: Price,
        /// Mid price before.
        16 => pub mid_before: Price,
        /// Mid price now.
        24 => pub mid: Price,
        /// Oracle.
        32 => pub oracle: Price,
        /// Cost of the moves of peg and depth (negative: gain).
        40 => pub cost: Quote,
        /// The vAMM's equity.
        48 => pub equity: Quote,
        /// Depth before.
        56 => pub sqrt_k_before: Size,
        /// Depth now.
        64 => pub sqrt_k: Size,
        /// What later updates may still cost.
        72 => pub budget: Amount,
        /// What updates cost over life.
        80 => pub spent: Amount,
        /// Market.
        88 => pub market: u16,
        /// Padding.
        90 => pub padding: [u8; 6],
    }
}

account_bytes! {
    /// Fees left the market's ledger.
    pub struct SweepRecord [56] {
        /// To the insurance fund.
        0 => pub insurance: Amount,
        /// To the vAMM's capital.
        8 => pub amm: Amount,
        /// To the protocol.
        16 => pub protocol: Amount,
        /// To the market's deficit.
        24 => pub deficit: Amount,
        /// To the staked insurance, as its premium.
        32 => pub premium: Amount,
        /// Market.
        40 => pub market: u16,
        /// Padding.
        42 => pub padding: [u8; 6],
        /// To the backstop vault, as its premium.
        48 => pub vault_premium: Amount,
    }
}

account_bytes! {
    /// Somebody put money into a market's pool.
    pub struct PoolRecord [56] {
        /// Who.
        0 => pub from: [u8; 32] as pubkey,
        /// How much.
        32 => pub amount: Amount,
        /// The pool afterwards.
        40 => pub pool: Amount,
        /// Market.
        48 => pub market: u16,
        /// 0 the vAMM's capital, 1 the insurance fund.
        50 => pub kind: u8 as PoolKind,
        /// Padding.
        51 => pub padding: [u8; 5],
    }
}

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
        /// [`crate::account::market::MarketStatus`] as a number.
        50 => pub status: u8 as MarketStatus,
        /// The one before.
        51 => pub status_before: u8 as MarketStatus,
        /// 1 when a row's silence is announced, or was what ended the market.
        52 => pub silent: u8 as bool,
        /// Padding.
        53 => pub padding: [u8; 3],
    }
}
