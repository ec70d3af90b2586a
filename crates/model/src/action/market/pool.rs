//! Putting money into a market's pools.

use crate::account::bank::Bank;
use crate::account::market::{Market, MarketStatus};
use crate::error::{Error, Result};
use crate::event::{EventKind, EventSink, PoolRecord, emit};
use crate::quantity::Amount;

numbered! {
    /// A pool of a market that takes tokens.
    pub enum PoolKind else InvalidParameter {
        /// Capital of the vAMM.
        Amm = 0,
        /// The market's insurance fund.
        Insurance = 1,
    }
}

/// Credits tokens that the caller has moved into the vault to one of a market's pools. It is a gift: nothing is
/// owed for it.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct FundPool {
    /// Pool that is credited.
    pub kind: PoolKind,
    /// Quote tokens, 1e6.
    pub amount: Amount,
}

impl FundPool {
    /// Credits the pool.
    ///
    /// # Errors
    /// [`Error::AmountZero`], [`Error::WrongRow`] for another bank than the quote bank,
    /// [`Error::MarketNotActive`] for a market that is delisted.
    pub fn execute(
        self,
        bank: &mut Bank,
        market: &mut Market,
        from: [u8; 32],
        sink: &mut impl EventSink,
    ) -> Result<()> {
        if self.amount.is_zero() {
            return Err(Error::AmountZero);
        }
        bank.require_quote()?;
        if market.status == MarketStatus::Delisted as u8 {
            return Err(Error::MarketNotActive);
        }
        bank.market_pools = bank.market_pools.plus(self.amount)?;
        let pool = match self.kind {
            PoolKind::Amm => {
                market.amm.endow(self.amount)?;
                market.pnl_pool = market.pnl_pool.plus(self.amount)?;
                market.pnl_pool
            }
            PoolKind::Insurance => {
                market.insurance_fund = market.insurance_fund.plus(self.amount)?;
                market.insurance_fund
            }
        };
        let record = PoolRecord {
            from,
            amount: self.amount,
            pool,
            market: market.index,
            kind: self.kind as u8,
            padding: [0; 5],
        };
        emit(sink, EventKind::PoolFunded, &record);
        Ok(())
    }
}
