//! Pockets: what is margined together, liquidated together and defaults together.
//!
//! A sub-account has one cross pocket, which holds its balances and all positions but the isolated ones. Each isolated
//! position is a pocket of its own, with the quote tokens in [`Position::isolated`] as its only collateral. Nothing
//! that happens to one pocket reaches another: neither a shortage, nor a liquidation, nor a default.

use crate::account::bank::Bank;
use crate::account::board::PriceBoard;
use crate::account::position::{Position, status as alone};
use crate::account::sub_account::{SubAccount, status};
use crate::error::{Error, Result};
use crate::num::Checked;
use crate::quantity::{Amount, Quote};
use crate::time::Slot;

/// One pocket of a sub-account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pocket {
    /// The balances, and all positions that are not isolated.
    Cross,
    /// The isolated position in this market.
    Isolated(u16),
}

impl Pocket {
    /// The pocket that an account's position and orders in a market are in, or would be.
    #[inline]
    pub fn of(account: &SubAccount, market: u16) -> Self {
        if account.isolated(market).is_some() { Self::Isolated(market) } else { Self::Cross }
    }

    /// Whether this is an isolated position's.
    #[inline]
    pub const fn is_isolated(self) -> bool {
        matches!(self, Self::Isolated(_))
    }

    /// Whether a position, and with it the orders of its market, is in this pocket.
    #[inline]
    pub fn holds(self, position: &Position) -> bool {
        match self {
            Self::Cross => position.is_cross(),
            Self::Isolated(market) => position.is_isolated() && position.market == market,
        }
    }

    /// Quote tokens in this pocket: what its losses are paid from and its profits are paid to.
    pub fn tokens(self, account: &SubAccount) -> Result<Amount> {
        Ok(match self {
            Self::Cross => account.balance(Bank::QUOTE),
            Self::Isolated(market) => account.position(market)?.isolated,
        })
    }

    /// Adds quote tokens.
    ///
    /// # Errors
    /// [`Error::NoBalanceSlot`].
    pub(crate) fn credit(self, account: &mut SubAccount, amount: Amount) -> Result<()> {
        match self {
            Self::Cross => account.credit(Bank::QUOTE, amount),
            Self::Isolated(market) => {
                let position = account.position_mut(market)?;
                position.isolated = position.isolated.plus(amount)?;
                Ok(())
            }
        }
    }

    /// Takes quote tokens.
    ///
    /// # Errors
    /// [`Error::InsufficientBalance`].
    pub(crate) fn debit(self, account: &mut SubAccount, amount: Amount) -> Result<()> {
        match self {
            Self::Cross => account.debit(Bank::QUOTE, amount),
            Self::Isolated(market) => {
                let position = account.position_mut(market)?;
                position.isolated = position.isolated.minus(amount).map_err(|_| Error::InsufficientBalance)?;
                Ok(())
            }
        }
    }

    /// Whether a liquidation of this pocket has begun and has not ended.
    #[inline]
    pub fn is_being_liquidated(self, account: &SubAccount) -> bool {
        match self {
            Self::Cross => account.has(status::BEING_LIQUIDATED),
            Self::Isolated(market) => Self::bit(account, market, alone::BEING_LIQUIDATED),
        }
    }

    /// Whether nothing but debt was left in this pocket when it was last looked at.
    #[inline]
    pub fn is_bankrupt(self, account: &SubAccount) -> bool {
        match self {
            Self::Cross => account.has(status::BANKRUPT),
            Self::Isolated(market) => Self::bit(account, market, alone::BANKRUPT),
        }
    }

    fn bit(account: &SubAccount, market: u16, bit: u8) -> bool {
        account.position(market).is_ok_and(|position| position.status & bit != 0)
    }

    /// Refuses a pocket that is bankrupt or in liquidation.
    ///
    /// # Errors
    /// [`Error::AccountBankrupt`], [`Error::AccountBeingLiquidated`].
    pub fn require_free(self, account: &SubAccount) -> Result<()> {
        if self.is_bankrupt(account) {
            Err(Error::AccountBankrupt)
        } else if self.is_being_liquidated(account) {
            Err(Error::AccountBeingLiquidated)
        } else {
            Ok(())
        }
    }

    /// Notes that a liquidation begins at a slot.
    #[inline(always)]
    pub(crate) fn begin_liquidation(self, account: &mut SubAccount, slot: Slot) -> Result<()> {
        self.set(account, status::BEING_LIQUIDATED, alone::BEING_LIQUIDATED, true)?;
        match self {
            Self::Cross => account.liquidation_slot = slot,
            Self::Isolated(_) => account.isolated_liquidation_slot = slot,
        }
        account.liquidations = account.liquidations.plus(1)?;
        Ok(())
    }

    /// Notes that no liquidation is under way, and forgets when it began: the next begins anew.
    #[inline(never)]
    pub(crate) fn end_liquidation(self, account: &mut SubAccount) -> Result<()> {
        self.set(account, status::BEING_LIQUIDATED, alone::BEING_LIQUIDATED, false)?;
        let others = |position: &Position| position.status & alone::BEING_LIQUIDATED != 0;
        match self {
            Self::Cross => account.liquidation_slot = Slot(0),
            Self::Isolated(_) if account.positions.iter().any(others) => {}
            Self::Isolated(_) => account.isolated_liquidation_slot = Slot(0),
        }
        Ok(())
    }

    /// Slot at which the present liquidation began. Isolated positions share one word, which has the youngest beginning of
    /// all that are being liquidated: of an older one the discount is then smaller than its own age gives, never larger.
    #[inline]
    pub const fn liquidation_slot(self, account: &SubAccount) -> Slot {
        match self {
            Self::Cross => account.liquidation_slot,
            Self::Isolated(_) => account.isolated_liquidation_slot,
        }
    }

    /// Sets whether nothing but debt is left; no liquidation goes on then.
    #[inline(never)]
    pub(crate) fn set_bankrupt(self, account: &mut SubAccount, on: bool) -> Result<()> {
        self.set(account, status::BANKRUPT, alone::BANKRUPT, on)?;
        if on { self.end_liquidation(account) } else { Ok(()) }
    }

    fn set(self, account: &mut SubAccount, cross: u8, isolated: u8, on: bool) -> Result<()> {
        let (bits, bit) = match self {
            Self::Cross => (&mut account.status, cross),
            Self::Isolated(market) => (&mut account.position_mut(market)?.status, isolated),
        };
        *bits = if on { *bits | bit } else { *bits & !bit };
        Ok(())
    }

    /// Sum of the claims (positive) and debts of the pocket's positions.
    pub fn claims(self, account: &SubAccount) -> Result<Quote> {
        let mut sum = Quote::ZERO;
        for position in account.positions.iter().filter(|position| self.holds(position)) {
            sum = sum.plus(position.quote)?;
        }
        Ok(sum)
    }

    /// What the pocket owes markets in settlement beyond the tokens that it can pay with and the profits that it has
    /// realised: what somebody must realise for it, or take tokens of another bank for.
    pub fn settled_debt(self, account: &SubAccount) -> Result<Amount> {
        let (mut owed, mut realised) = (Amount::ZERO, Amount::ZERO);
        for position in account.positions.iter().filter(|position| self.holds(position)) {
            let settled = position.status & alone::SETTLED != 0;
            if settled && position.quote.0 < 0 {
                owed = owed.plus(position.quote.magnitude())?;
            } else {
                // The entry of a settled position is no price.
                let entry = if settled { Quote::ZERO } else { position.entry };
                realised = realised.plus(position.quote.minus(entry)?.positive_part())?;
            }
        }
        let means = realised.plus(self.tokens(account)?)?;
        Ok(Amount(owed.0.saturating_sub(means.0)))
    }

    /// Whether the pocket has neither base nor an open order.
    pub fn is_flat(self, account: &SubAccount) -> bool {
        let mut positions = account.positions.iter().filter(|position| self.holds(position));
        positions.all(|position| position.base.is_zero() && position.open_orders == 0)
    }

    /// Whether the pocket has no quote tokens and owes a market in which it has no base.
    pub fn owes_without_tokens(self, account: &SubAccount) -> Result<bool> {
        let mut positions = account.positions.iter().filter(|position| self.holds(position));
        let owes = positions.any(|position| position.base.is_zero() && position.quote.0 < 0);
        Ok(owes && self.tokens(account)?.is_zero())
    }

    /// What the pocket owes and has nothing to pay with, zero while anything is left: base, an open order, a balance
    /// that backs something, or claims that outweigh its debts.
    ///
    /// A claim on one market counts against the debt in another even while the first market's pool cannot pay it: what
    /// is covered by claims is not lost but late, and no claim of a unit holds up the rest. Tokens of a bank that counts
    /// nothing in margin never backed the debt and do not hold up its settlement either.
    pub fn uncovered_debt(self, account: &SubAccount, board: &PriceBoard) -> Result<Amount> {
        if !self.is_flat(account) {
            return Ok(Amount::ZERO);
        }
        let backed = match self {
            Self::Cross => account
                .balances
                .iter()
                .filter(|balance| balance.used == 1)
                .any(|balance| board.bank(balance.bank).is_ok_and(|row| !row.maintenance_weight.is_zero())),
            Self::Isolated(_) => !self.tokens(account)?.is_zero(),
        };
        if backed {
            return Ok(Amount::ZERO);
        }
        Ok(Quote(self.claims(account)?.0.min(0)).magnitude())
    }
}

impl SubAccount {
    /// Refuses an account when the pocket that a market's position and orders are in is bankrupt or in liquidation.
    #[inline]
    pub fn require_free_in(&self, market: u16) -> Result<()> {
        if self.status == 0 { Ok(()) } else { Pocket::of(self, market).require_free(self) }
    }
}
