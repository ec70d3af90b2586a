//! A collateral bank: one mint, one vault, and the total of the claims on it.

use crate::account::backstop::Backstop;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::BankruptcyRecord;
use crate::num::Checked;
use crate::quantity::Amount;
use crate::rule::tranche::Tranche;
use crate::rule::waterfall::{DayCap, PROTOCOL_SHARE};

/// Defaults that the quote bank remembers.
pub const DEFAULTS: usize = 8;

account_bytes! {
    /// A collateral mint and its vault.
    pub struct Bank [1752] {
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
        /// What defaults of the running day have taken from the protocol's tranche.
        256 => pub protocol_day: DayCap,
        /// Defaults settled so far; the number of the next.
        280 => pub next_default: u64,
        /// The last defaults, each in the place of its number modulo [`DEFAULTS`]: who paid what (quote bank only).
        288 => pub defaults: [BankruptcyRecord; 8],
        /// The staked insurance (quote bank only).
        1504 => pub tranche: Tranche,
        /// The backstop vault's shares (quote bank only).
        1608 => pub backstop: Backstop,
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
        let shared = self.tranche.claims()?.plus(self.backstop.claims()?)?;
        self.deposits.plus(self.market_pools)?.plus(self.protocol)?.plus(shared)
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

    /// What the protocol's tranche may give to a default now; begins a new day where one is over.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub(crate) fn protocol_room(&mut self, clock: &Clock) -> Result<Amount> {
        self.protocol_day = self.protocol_day.at(self.protocol, clock);
        self.protocol_day.room(self.protocol, PROTOCOL_SHARE)
    }

    /// Moves tokens from the protocol's tranche to a market's pool, for a default.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub(crate) fn pay_from_protocol(&mut self, amount: Amount) -> Result<()> {
        self.protocol_day.count(amount)?;
        self.protocol = self.protocol.minus(amount)?;
        self.market_pools = self.market_pools.plus(amount)?;
        Ok(())
    }

    /// Moves tokens from the staked insurance to a market's pool, for a default.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub(crate) fn pay_from_stakes(&mut self, amount: Amount) -> Result<()> {
        self.tranche.lose(amount)?;
        self.market_pools = self.market_pools.plus(amount)?;
        Ok(())
    }

    /// Numbers a default's record and keeps it in the ring, over the oldest.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub(crate) fn remember(&mut self, record: &mut BankruptcyRecord) -> Result<()> {
        record.number = self.next_default;
        self.next_default = self.next_default.plus(1)?;
        if let Some(place) = self.defaults.get_mut(Self::place(record.number)) {
            *place = *record;
        }
        Ok(())
    }

    /// The record of a default by its number, while the ring still has it.
    pub fn default_record(&self, number: u64) -> Option<&BankruptcyRecord> {
        let found = self.defaults.get(Self::place(number))?;
        (number < self.next_default && found.number == number).then_some(found)
    }

    /// The records of the last defaults, the oldest first.
    pub fn remembered(&self) -> impl Iterator<Item = &BankruptcyRecord> {
        (self.next_default.saturating_sub(DEFAULTS as u64)..self.next_default)
            .filter_map(|number| self.default_record(number))
    }

    /// Where in the ring a default's record lies.
    #[expect(clippy::cast_possible_truncation, reason = "the ring is short")]
    const fn place(number: u64) -> usize {
        (number & (DEFAULTS as u64).wrapping_sub(1)) as usize
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
        let tranche = self.claims()?.minus(self.deposits)?.minus(self.market_pools)?.minus(self.protocol)?;
        if self.index != Self::QUOTE
            && !(self.market_pools.is_zero() && self.protocol.is_zero() && self.next_default == 0 && tranche.is_zero())
        {
            return Err(Error::InvariantBroken);
        }
        Ok(())
    }
}
