//! Whether the books of a bank add up, from what the chain keeps alone.

use crate::account::bank::Bank;
use crate::account::exchange::Exchange;
use crate::account::market::Market;
use crate::error::{Error, Result};
use crate::num::Checked;
use crate::quantity::Amount;

/// Adds up the books that stand behind a bank, market by market. It changes nothing: whoever sends it learns whether each
/// ledger is whole and the vault covers what is owed. That the sub-accounts' balances are what the bank counts as deposits
/// is left to an audit of all accounts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verify {
    markets: u16,
    pools: Amount,
}

impl Verify {
    /// Number of markets whose books stand behind a bank: all behind the quote bank, none behind another.
    pub fn behind(exchange: &Exchange, bank: &Bank) -> u16 {
        if bank.index == Bank::QUOTE { exchange.markets } else { 0 }
    }

    /// Adds the next market, in the order of their indices.
    ///
    /// # Errors
    /// [`Error::WrongMarket`] out of order; [`Error::InvariantBroken`] when its claims, vAMM, fees and funding pot are not its
    /// pool, or its longs, shorts and vAMM not zero together; [`Error::Overflow`].
    pub fn add(&mut self, market: &Market) -> Result<()> {
        if market.index != self.markets {
            return Err(Error::WrongMarket);
        }
        market.invariant()?;
        self.pools = self.pools.plus(market.pnl_pool)?.plus(market.insurance_fund)?;
        self.markets = self.markets.plus(1)?;
        Ok(())
    }

    /// Compares what was added with what the bank counts, and that with the tokens in its vault.
    ///
    /// # Errors
    /// [`Error::WrongMarket`] when not each market that is listed was added; [`Error::BooksUnbalanced`] when the markets' pools
    /// and insurance funds are not the bank's total, or the lines of a default that it remembers not its loss;
    /// [`Error::InsufficientVault`]; [`Error::InvariantBroken`], [`Error::Overflow`].
    pub fn finish(self, exchange: &Exchange, bank: &Bank, vault: Amount) -> Result<()> {
        bank.invariant()?;
        if self.markets != Self::behind(exchange, bank) {
            return Err(Error::WrongMarket);
        }
        if self.pools != bank.market_pools {
            return Err(Error::BooksUnbalanced);
        }
        for record in bank.remembered() {
            if record.paid()? != record.loss {
                return Err(Error::BooksUnbalanced);
            }
        }
        bank.require_covered(vault)
    }
}
