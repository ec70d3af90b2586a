//! Records of liquidations and of defaults.

use super::Party;
use crate::quantity::{Amount, Base, FundingIndex, Ppm, Price, Quote};

account_bytes! {
    /// A liquidation step.
    pub struct LiquidationRecord [152] {
        /// Liquidated sub-account.
        0 => pub account: Party,
        /// Liquidator.
        40 => pub liquidator: Party,
        /// Base taken over, signed as the position was.
        80 => pub base: Base,
        /// Quote that came with it.
        88 => pub quote: Quote,
        /// Price.
        96 => pub price: Price,
        /// Insurance fee.
        104 => pub insurance_fee: Amount,
        /// Margin that was missing before.
        112 => pub shortage: Quote,
        /// Margin that is missing afterwards (negative: spare).
        120 => pub shortage_after: Quote,
        /// Liquidator fee, a ratio.
        128 => pub liquidator_fee: Ppm,
        /// Orders cancelled first.
        132 => pub orders_cancelled: u32,
        /// Market.
        136 => pub market: u16,
        /// 1 when the pocket is bankrupt now.
        138 => pub bankrupt: u8 as bool,
        /// 1 when it was an isolated position's own liquidation.
        139 => pub isolated: u8 as bool,
        /// Padding.
        140 => pub padding: [u8; 4],
        /// Number of the account's liquidation.
        144 => pub liquidation: u64,
    }
}

account_bytes! {
    /// A default and who paid for it, in this order; the lines but `charge` add up to the loss.
    pub struct BankruptcyRecord [152] {
        /// Defaulter.
        0 => pub account: Party,
        /// Debt.
        40 => pub loss: Amount,
        /// Paid by the market's unswept fees.
        48 => pub fees: Amount,
        /// Paid by the market's unswept insurance fees.
        56 => pub insurance_fees: Amount,
        /// Paid by the protocol's tranche.
        64 => pub protocol: Amount,
        /// Paid by the market's insurance fund.
        72 => pub insurance: Amount,
        /// Paid by the staked insurance.
        80 => pub staked: Amount,
        /// Paid by the vAMM's capital (only when nobody holds a position).
        88 => pub amm: Amount,
        /// Spread over all positions.
        96 => pub socialised: Amount,
        /// What each base unit was charged, at 1e9.
        104 => pub charge: FundingIndex,
        /// Left as the market's deficit, repaid by its next fees.
        112 => pub deficit: Amount,
        /// Unix time.
        120 => pub time: i64,
        /// Number of the default on the exchange, from zero.
        128 => pub number: u64,
        /// Market.
        136 => pub market: u16,
        /// 1 when an isolated position defaulted.
        138 => pub isolated: u8 as bool,
        /// Padding.
        139 => pub padding: [u8; 5],
        /// Paid by the backstop vault.
        144 => pub backstop: Amount,
    }
}

impl BankruptcyRecord {
    /// What all lines paid together.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub fn paid(&self) -> crate::error::Result<Amount> {
        let steps = [
            self.fees,
            self.insurance_fees,
            self.protocol,
            self.insurance,
            self.staked,
            self.backstop,
            self.amm,
            self.socialised,
            self.deficit,
        ];
        steps.into_iter().try_fold(Amount::ZERO, Amount::plus)
    }
}
