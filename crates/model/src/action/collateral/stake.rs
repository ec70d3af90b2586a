//! Staking with the insurance that stands behind all markets, and leaving it.

use crate::account::bank::Bank;
use crate::account::exchange::{Exchange, operation};
use crate::account::trader::Trader;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{EventKind, EventSink, StakeRecord, emit};
use crate::num::Checked;
use crate::quantity::{Amount, Quote};
use crate::rule::tranche::{COOLDOWN, PAYMENT_WINDOW};

/// Buys shares of the staked insurance for tokens that the caller has moved, or will move, into the vault.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct Stake {
    /// Quote tokens, 1e6.
    pub amount: Amount,
    /// The fewest shares that are taken for them.
    pub least_shares: u64,
}

/// Asks for the payment of shares; they bear losses until it.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct RequestUnstake {
    /// Shares, beside those that wait already.
    pub shares: u64,
}

/// Takes the request back.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct CancelUnstake;

/// Redeems the shares that have waited; the caller must then move the tokens out of the vault.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct Unstake;

/// Refuses anybody but the person.
///
/// # Errors
/// [`Error::WrongAuthority`].
fn require_person(trader: &Trader, signer: &[u8; 32]) -> Result<()> {
    if trader.authority == *signer { Ok(()) } else { Err(Error::WrongAuthority) }
}

impl Stake {
    /// Issues the shares, at the price of now, rounded down.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`], [`Error::OperationPaused`], [`Error::WrongRow`] for another bank than the quote bank,
    /// [`Error::AmountZero`], [`Error::SharesTooFew`], [`Error::TrancheWornOut`], [`Error::StakeEnded`].
    pub fn execute(
        self,
        exchange: &Exchange,
        bank: &mut Bank,
        trader: &mut Trader,
        signer: &[u8; 32],
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<u64> {
        require_person(trader, signer)?;
        exchange.require_open(operation::DEPOSIT, &clock)?;
        bank.require_quote()?;
        let shares = bank.tranche.issue(self.amount, self.least_shares, &clock)?;
        if trader.staked == 0 {
            trader.stake_generation = bank.tranche.generation;
        } else if trader.stake_generation != bank.tranche.generation {
            return Err(Error::StakeEnded);
        }
        trader.staked = trader.staked.plus(shares)?;
        emit(sink, EventKind::Stake, &record(trader, bank, self.amount.credit()?, shares));
        Ok(shares)
    }
}

impl RequestUnstake {
    /// Lets shares wait. All that wait do so from now on: a request that has lapsed is forgotten first.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`], [`Error::SharesTooMany`].
    pub fn execute(self, trader: &mut Trader, signer: &[u8; 32], clock: Clock) -> Result<()> {
        require_person(trader, signer)?;
        let waiting = if has_lapsed(trader, &clock)? { 0 } else { trader.unstaking };
        let waiting = waiting.plus(self.shares)?;
        if self.shares == 0 || waiting > trader.staked {
            return Err(Error::SharesTooMany);
        }
        (trader.unstaking, trader.unstake_time) = (waiting, clock.unix_time);
        Ok(())
    }
}

impl CancelUnstake {
    /// Lets no share wait.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`], [`Error::NothingRequested`].
    pub fn execute(self, trader: &mut Trader, signer: &[u8; 32]) -> Result<()> {
        require_person(trader, signer)?;
        if trader.unstaking == 0 {
            return Err(Error::NothingRequested);
        }
        (trader.unstaking, trader.unstake_time) = (0, 0);
        Ok(())
    }
}

impl Unstake {
    /// Redeems all shares that wait, at the price of now, rounded down. Returns the tokens. Once every market is delisted
    /// nothing is left for which they stand, and a request is paid at once.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`], [`Error::OperationPaused`], [`Error::WrongRow`] for another bank than the quote bank,
    /// [`Error::NothingRequested`], [`Error::UnstakeTooEarly`], [`Error::UnstakeLapsed`].
    pub fn execute(
        self,
        exchange: &Exchange,
        bank: &mut Bank,
        trader: &mut Trader,
        signer: &[u8; 32],
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<Amount> {
        require_person(trader, signer)?;
        exchange.require_open(operation::WITHDRAW, &clock)?;
        bank.require_quote()?;
        let shares = trader.unstaking;
        if shares == 0 {
            return Err(Error::NothingRequested);
        }
        let waits = !exchange.is_wound_up();
        if waits && clock.seconds_since(trader.unstake_time) < COOLDOWN {
            return Err(Error::UnstakeTooEarly);
        }
        if waits && has_lapsed(trader, &clock)? {
            return Err(Error::UnstakeLapsed);
        }
        let tokens = bank.tranche.redeem(trader.stake_generation, shares, &clock)?;
        trader.staked = trader.staked.minus(shares)?;
        (trader.unstaking, trader.unstake_time) = (0, 0);
        emit(sink, EventKind::Stake, &record(trader, bank, tokens.debit()?, shares));
        Ok(tokens)
    }
}

/// Whether a request can no longer be paid.
fn has_lapsed(trader: &Trader, clock: &Clock) -> Result<bool> {
    Ok(trader.unstaking != 0 && clock.seconds_since(trader.unstake_time) >= COOLDOWN.plus(PAYMENT_WINDOW)?)
}

fn record(trader: &Trader, bank: &Bank, amount: Quote, shares: u64) -> StakeRecord {
    StakeRecord {
        authority: trader.authority,
        amount,
        shares,
        assets: bank.tranche.assets,
        all_shares: bank.tranche.shares,
        generation: trader.stake_generation,
    }
}
