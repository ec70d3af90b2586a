//! A collateral bank: one mint, one vault, and the total of the claims on it.

use crate::error::{Error, Result};
use crate::num::Checked;
use crate::quantity::Amount;

account_bytes! {
    /// A collateral mint and its vault.
    pub struct Bank [256] {
        /// Layout version.
        0 => pub version: u8,
        /// Bump of the account's address.
        1 => pub bump: u8,
        /// Bank index: also the board's row. Index 0 is the quote bank.
        2 => pub index: u16,
        /// Decimals of the mint.
        4 => pub decimals: u8,
        /// Bump of the vault's address.
        5 => pub vault_bump: u8,
        /// Padding.
        6 => pub padding: [u8; 2],
        /// Mint.
        8 => pub mint: [u8; 32] as pubkey,
        /// Token account that holds all tokens of this bank.
        40 => pub vault: [u8; 32] as pubkey,
        /// Sum of the balances of all sub-accounts.
        72 => pub deposits: Amount,
        /// Sum of what the markets' pnl pools and insurance funds hold (quote bank only).
        80 => pub market_pools: Amount,
        /// The protocol's own tranche (quote bank only).
        88 => pub protocol: Amount,
        /// Largest sum of balances that deposits may reach.
        96 => pub deposit_cap: Amount,
        /// Reserved, zero.
        104 => pub reserved: [u64; 19],
    }
}

impl Bank {
    /// Layout version that this code reads and writes.
    pub const VERSION: u8 = 1;
    /// Index of the bank in which profit and loss is settled.
    pub const QUOTE: u16 = 0;

    /// Refuses another bank than the one in which profit and loss is settled.
    ///
    /// # Errors
    /// [`Error::WrongRow`].
    #[inline]
    pub fn require_quote(&self) -> Result<()> {
        if self.index == Self::QUOTE { Ok(()) } else { Err(Error::WrongRow) }
    }

    /// Sum of all claims on the vault.
    pub fn claims(&self) -> Result<Amount> {
        self.deposits.plus(self.market_pools)?.plus(self.protocol)
    }

    /// Moves claims from the pools to a balance (positive) or back (negative).
    pub(crate) fn settle(&mut self, to_balance: crate::quantity::Quote) -> Result<()> {
        let amount = to_balance.magnitude();
        if to_balance.0 >= 0 {
            self.market_pools = self.market_pools.minus(amount)?;
            self.deposits = self.deposits.plus(amount)?;
        } else {
            self.deposits = self.deposits.minus(amount)?;
            self.market_pools = self.market_pools.plus(amount)?;
        }
        Ok(())
    }

    /// Adds a deposit to the total.
    ///
    /// # Errors
    /// [`Error::DepositCapReached`].
    pub(crate) fn deposit(&mut self, amount: Amount) -> Result<()> {
        let total = self.deposits.plus(amount)?;
        if total > self.deposit_cap {
            return Err(Error::DepositCapReached);
        }
        self.deposits = total;
        Ok(())
    }

    /// Checks that the vault covers the claims.
    ///
    /// # Errors
    /// [`Error::InsufficientVault`].
    pub fn require_covered(&self, vault: Amount) -> Result<()> {
        if self.claims()? <= vault { Ok(()) } else { Err(Error::InsufficientVault) }
    }

    /// Checks what must hold between instructions.
    pub fn invariant(&self) -> Result<()> {
        if self.version != Self::VERSION {
            return Err(Error::VersionUnsupported);
        }
        self.deposits.0.plus(self.market_pools.0)?.plus(self.protocol.0)?;
        if self.index != Self::QUOTE && !(self.market_pools.is_zero() && self.protocol.is_zero()) {
            return Err(Error::InvariantBroken);
        }
        Ok(())
    }
}
