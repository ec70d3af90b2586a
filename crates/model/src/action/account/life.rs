//! The records of people and their sub-accounts: how they begin, grow and end.

use crate::account::exchange::Exchange;
use crate::account::sub_account::{MAX_ORDERS, ORDER_STEP, SubAccount};
use crate::account::trader::Trader;
use crate::error::{Error, Result};
use crate::num::Checked;

/// Begins a person's record.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct CreateTrader {
    /// The person.
    pub authority: [u8; 32],
    /// Authority of the one who referred the person, for good; zero for nobody.
    pub referrer: [u8; 32],
}

impl CreateTrader {
    /// The record, whose account has this bump, counted in the exchange.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a person who refers herself.
    #[inline]
    pub fn execute(self, exchange: &mut Exchange, bump: u8) -> Result<Trader> {
        exchange.traders = exchange.traders.wrapping_add(1);
        Trader::new(bump, self.authority, self.referrer)
    }
}

/// Ends a person's record.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct CloseTrader;

impl CloseTrader {
    /// Refuses to end it for anybody else, or while it must be kept.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`], those of [`Trader::require_closable`].
    #[inline]
    pub fn authorise(self, trader: &Trader, signer: &[u8; 32]) -> Result<()> {
        if trader.authority != *signer {
            return Err(Error::WrongAuthority);
        }
        trader.require_closable()
    }
}

/// Opens a sub-account under its owner's next id.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct CreateSubAccount {
    /// Display name, UTF-8, zero-padded.
    pub name: [u8; 16],
    /// Orders that it has room for.
    pub orders: usize,
}

impl CreateSubAccount {
    /// Refuses anybody but the record's person, and what is beyond the bounds.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`]; [`Error::InvalidParameter`] for more than [`MAX_ORDERS`] orders or
    /// [`Trader::MAX_SUB_ACCOUNTS`] open sub-accounts.
    #[inline]
    pub fn authorise(&self, trader: &Trader, signer: &[u8; 32]) -> Result<()> {
        if trader.authority != *signer {
            return Err(Error::WrongAuthority);
        }
        let bounded = self.orders <= MAX_ORDERS && trader.sub_accounts < Trader::MAX_SUB_ACCOUNTS;
        if bounded { Ok(()) } else { Err(Error::InvalidParameter) }
    }

    /// Begins the sub-account, whose account has this bump, and counts it.
    ///
    /// # Errors
    /// [`Error::Overflow`] when the ids are used up.
    #[inline]
    pub fn execute(
        self,
        exchange: &mut Exchange,
        trader: &mut Trader,
        account: &mut SubAccount,
        bump: u8,
    ) -> Result<()> {
        let id = trader.next_sub_account;
        *account = SubAccount {
            version: SubAccount::VERSION,
            bump,
            id,
            authority: trader.authority,
            name: self.name,
            referrer: trader.referrer,
            next_order_id: 1,
            ..SubAccount::default()
        };
        account.take_tier(trader);
        trader.next_sub_account = id.plus(1)?;
        trader.sub_accounts = trader.sub_accounts.plus(1)?;
        exchange.sub_accounts = exchange.sub_accounts.wrapping_add(1);
        Ok(())
    }
}

/// Ends a sub-account in which nothing is left.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct CloseSubAccount;

impl CloseSubAccount {
    /// Takes it out of its owner's count.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`] for anybody but the owner, [`Error::WrongOwner`] for another person's record,
    /// [`Error::AccountNotEmpty`].
    #[inline]
    pub fn execute(self, trader: &mut Trader, account: &SubAccount, signer: &[u8; 32]) -> Result<()> {
        account.require_owner(signer)?;
        if trader.authority != account.authority {
            return Err(Error::WrongOwner);
        }
        if !account.is_empty() {
            return Err(Error::AccountNotEmpty);
        }
        trader.sub_accounts = trader.sub_accounts.minus(1)?;
        Ok(())
    }
}

/// Gives a sub-account room for more orders; anybody may pay for it.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct GrowOrders {
    /// Orders that it has room for afterwards.
    pub capacity: usize,
}

impl GrowOrders {
    /// Refuses what is no growth of the `held` orders, or beyond the bounds.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] unless the capacity is a multiple of [`ORDER_STEP`] above `held` and at most
    /// [`MAX_ORDERS`].
    #[inline]
    pub fn validate(self, held: usize) -> Result<()> {
        let grows = self.capacity > held && self.capacity <= MAX_ORDERS && self.capacity.is_multiple_of(ORDER_STEP);
        if grows { Ok(()) } else { Err(Error::InvalidParameter) }
    }
}

/// Names who else may trade for a sub-account.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct SetDelegate {
    /// Authority of the delegate; zero for nobody.
    pub delegate: [u8; 32],
}

impl SetDelegate {
    /// Sets the delegate.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`] for anybody but the owner.
    #[inline]
    pub fn execute(self, account: &mut SubAccount, signer: &[u8; 32]) -> Result<()> {
        account.require_owner(signer)?;
        account.delegate = self.delegate;
        Ok(())
    }
}
