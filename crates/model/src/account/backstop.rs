//! The backstop vault's shares. Its money is the balance of a sub-account of the program's own; what the shares are worth is
//! the equity of that account ([`crate::rule::backstop`]).

use crate::account::bank::Bank;
use crate::account::board::PriceBoard;
use crate::account::sub_account::SubAccount;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::quantity::{Amount, Ppm};
use crate::rule::backstop::{Prices, Worth, worth};
use crate::rule::tranche::Tranche;

/// What the vault may lose of what a day began with, before it takes over and pays nothing more: 15 %.
pub const LOSS_CAP: Ppm = Ppm(150_000);

account_bytes! {
    /// The backstop vault.
    pub struct Backstop [144] {
        /// Authority of its sub-account, zero before there is one: an address without a key.
        0 => pub authority: [u8; 32] as pubkey,
        /// Its shares. `assets` is what they were worth when last asked, no claim on the bank; premium and ended generations are.
        32 => pub tranche: Tranche,
        /// Premium that has flowed and is not in the balance yet.
        136 => pub due: Amount,
    }
}

impl Backstop {
    /// Whether a sub-account is the vault's.
    #[inline]
    pub fn owns(&self, account: &SubAccount) -> bool {
        self.authority == account.authority && self.exists()
    }

    /// Whether the vault has been created.
    #[inline]
    pub fn exists(&self) -> bool {
        self.authority != [0; 32]
    }

    /// What the bank owes beside the balance: premium, and what belongs to ended generations.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn claims(&self) -> Result<Amount> {
        self.tranche.beside_assets()?.plus(self.due)
    }

    /// Lets the premium flow up to now.
    #[inline(never)]
    fn flow(&mut self, clock: &Clock) -> Result<()> {
        let before = self.tranche.premium;
        self.tranche.flow(clock)?;
        self.due = self.due.plus(before.minus(self.tranche.premium)?)?;
        Ok(())
    }

    /// Adds a premium ([`Tranche::add_premium`]).
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub(crate) fn add_premium(&mut self, amount: Amount, clock: &Clock) -> Result<()> {
        self.flow(clock)?;
        self.tranche.add_premium(amount, clock)
    }

    /// Refuses an account that is not the vault's.
    ///
    /// # Errors
    /// [`Error::BackstopMissing`].
    #[inline]
    pub fn require(&self, account: &SubAccount) -> Result<()> {
        if self.owns(account) { Ok(()) } else { Err(Error::BackstopMissing) }
    }
}

impl Bank {
    /// Brings the vault up to now: its premium flows into its balance, and its shares are worth its equity at the price that is
    /// worse for it.
    ///
    /// # Errors
    /// [`Error::BackstopMissing`] for another account; rows.
    pub(crate) fn mark_backstop(
        &mut self,
        vault: &mut SubAccount,
        board: &PriceBoard,
        prices: Prices,
        clock: &Clock,
    ) -> Result<Worth> {
        self.backstop.require(vault)?;
        self.backstop.flow(clock)?;
        self.pay_vault(vault, self.backstop.due)?;
        self.backstop.due = Amount::ZERO;
        let worth = worth(vault, board, prices, clock)?;
        self.backstop.tranche.mark(worth.low.positive_part(), clock);
        Ok(worth)
    }

    /// What the vault may still lose today, after [`Self::mark_backstop`].
    ///
    /// # Errors
    /// [`Error::Overflow`].
    #[inline(never)]
    pub(crate) fn backstop_room(&self) -> Result<Amount> {
        let tranche = &self.backstop.tranche;
        tranche.day.room(tranche.assets, LOSS_CAP)
    }

    /// Credits the vault with tokens that were the bank's claims beside deposits.
    #[inline(never)]
    fn pay_vault(&mut self, vault: &mut SubAccount, amount: Amount) -> Result<()> {
        if !amount.is_zero() {
            vault.credit(Self::QUOTE, amount)?;
            self.deposits = self.deposits.plus(amount)?;
        }
        Ok(())
    }

    /// Takes tokens out of the vault's balance.
    ///
    /// # Errors
    /// [`Error::InsufficientBalance`].
    #[inline(never)]
    fn draw_vault(&mut self, vault: &mut SubAccount, amount: Amount) -> Result<()> {
        if !amount.is_zero() {
            vault.debit(Self::QUOTE, amount)?;
            self.deposits = self.deposits.minus(amount)?;
        }
        Ok(())
    }

    /// Issues shares of the vault for tokens that come into its balance, at what its equity is worth at the price that is
    /// worse for the buyer. A worn-out vault begins a new generation once nothing but tokens is in it.
    ///
    /// # Errors
    /// Those of [`Tranche::issue`], [`Error::BackstopNotFlat`], [`Error::DepositCapReached`], rows.
    pub(crate) fn issue_backstop(
        &mut self,
        vault: &mut SubAccount,
        board: &PriceBoard,
        tokens: Amount,
        least: u64,
        clock: &Clock,
    ) -> Result<u64> {
        let worth = self.mark_backstop(vault, board, Prices::Withdraw, clock)?;
        let tranche = &mut self.backstop.tranche;
        tranche.assets = worth.high.positive_part();
        let (generation, beside) = (tranche.generation, tranche.beside_assets()?);
        let shares = tranche.issue(tokens, least, clock)?;
        tranche.day.held = tranche.day.held.plus(tokens)?;
        let now = tranche.beside_assets()?;
        if tranche.generation != generation {
            if vault.open_orders != 0 || vault.positions.iter().any(|position| !position.is_empty()) {
                return Err(Error::BackstopNotFlat);
            }
            // What is left goes to the old shares; what rounding left in their place comes back.
            if now >= beside {
                self.draw_vault(vault, now.minus(beside)?)?;
            } else {
                self.pay_vault(vault, beside.minus(now)?)?;
            }
        }
        self.deposit(tokens)?;
        vault.credit(Self::QUOTE, tokens)?;
        Ok(shares)
    }

    /// Redeems shares of a generation at what the vault's equity is worth now, and takes the tokens out of its balance.
    ///
    /// # Errors
    /// Those of [`Tranche::redeem`], [`Error::InsufficientBalance`] while the money is in positions, rows.
    pub(crate) fn redeem_backstop(
        &mut self,
        vault: &mut SubAccount,
        board: &PriceBoard,
        generation: u64,
        shares: u64,
        clock: &Clock,
    ) -> Result<Amount> {
        if generation != self.backstop.tranche.generation {
            return self.backstop.tranche.redeem_ended(generation, shares);
        }
        let _ = self.mark_backstop(vault, board, Prices::Withdraw, clock)?;
        let tranche = &mut self.backstop.tranche;
        let tokens = tranche.redeem(generation, shares, clock)?;
        tranche.day.held = Amount(tranche.day.held.0.saturating_sub(tokens.0));
        self.draw_vault(vault, tokens)?;
        Ok(tokens)
    }

    /// Takes out what no share of the vault owns: its balance once all shares are redeemed, premium that found no holder, and
    /// what rounding left of ended generations.
    ///
    /// # Errors
    /// [`Error::BackstopMissing`] for another account; [`Error::Overflow`].
    pub(crate) fn take_ownerless_backstop(&mut self, vault: Option<&mut SubAccount>) -> Result<Amount> {
        let backstop = &mut self.backstop;
        let mut taken = Amount::ZERO;
        if backstop.tranche.shares == 0 {
            // They are no claim of the bank's: the balance is.
            backstop.tranche.assets = Amount::ZERO;
            taken = core::mem::take(&mut backstop.due);
        }
        taken = taken.plus(backstop.tranche.take_ownerless()?)?;
        let Some(vault) = vault else { return Ok(taken) };
        self.backstop.require(vault)?;
        if self.backstop.tranche.shares != 0 {
            return Ok(taken);
        }
        let left = vault.balance(Self::QUOTE);
        self.draw_vault(vault, left)?;
        taken.plus(left)
    }

    /// Moves tokens from the vault's balance to a market's pool, for a default.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub(crate) fn pay_from_backstop(&mut self, vault: &mut SubAccount, amount: Amount) -> Result<()> {
        self.draw_vault(vault, amount)?;
        self.market_pools = self.market_pools.plus(amount)?;
        self.backstop.tranche.lose(amount)
    }
}
