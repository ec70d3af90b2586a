//! Records of liquidations and of defaults.

use super::Party;
use crate::quantity::{Amount, Base, Ppm, Price, Quote};

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
    /// A default and who paid for it, in this order; the lines from `fees` to `deficit` add up to the loss.
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
        /// Paid by the vAMM's capital.
        72 => pub amm: Amount,
        /// Paid by the market's insurance fund.
        80 => pub insurance: Amount,
        /// Paid by the staked insurance.
        88 => pub staked: Amount,
        /// Paid by the backstop vault.
        96 => pub backstop: Amount,
        /// Left as the market's deficit: its next fees repay it, and until then profits bear it.
        104 => pub deficit: Amount,
        /// The whole deficit of the market afterwards.
        112 => pub missing: Amount,
        /// What all users together would take out of the market afterwards (negative: bring in): of each profit
        /// `missing / profits` is given up.
        120 => pub profits: Quote,
        /// Unix time.
        128 => pub time: i64,
        /// Number of the default on the exchange, from zero.
        136 => pub number: u64,
        /// Market.
        144 => pub market: u16,
        /// 1 when an isolated position defaulted.
        146 => pub isolated: u8 as bool,
        /// Padding.
        147 => pub padding: [u8; 5],
    }
}

impl BankruptcyRecord {
    /// What all lines paid together.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`].
    pub fn paid(&self) -> crate::error::Result<Amount> {
        let funds = [self.fees, self.insurance_fees, self.protocol, self.amm, self.insurance, self.staked];
        let mut steps = funds.into_iter().chain([self.backstop, self.deficit]);
        steps.try_fold(Amount::ZERO, Amount::plus)
    }
}
