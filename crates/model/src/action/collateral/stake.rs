//! Staking with the insurance that stands behind all markets or with the backstop vault, and leaving them: one mechanism, two
//! pots. The insurance is tokens of the bank; the vault is a sub-account, whose equity its shares are worth.

use crate::account::bank::Bank;
use crate::account::board::PriceBoard;
use crate::account::exchange::{Exchange, operation};
use crate::account::pocket::Pocket;
use crate::account::sub_account::SubAccount;
use crate::account::trader::Trader;
use crate::action::collateral::transfer::require_covered;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{EventKind, EventSink, StakeRecord, emit};
use crate::quantity::{Amount, Quote};
use crate::rule::liquidation;
use crate::rule::tranche::Pot;

/// Buys shares of the staked insurance for tokens that the caller has moved, or will move, into the vault.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct Stake {
    /// Quote tokens, 1e6.
    pub amount: Amount,
    /// The fewest shares that are taken for them.
    pub least_shares: u64,
}

/// The same for shares of the backstop vault.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct StakeVault {
    /// Quote tokens, 1e6.
    pub amount: Amount,
    /// The fewest shares that are taken for them.
    pub least_shares: u64,
}

/// Asks for the payment of shares; they bear losses until it.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct RequestUnstake {
    /// Of which pot.
    pub pot: Pot,
    /// Shares, beside those that wait already.
    pub shares: u64,
}

/// Takes the request back.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct CancelUnstake {
    /// Of which pot.
    pub pot: Pot,
}

/// Redeems the shares of the insurance that have waited; the caller must then move the tokens out of the vault.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct Unstake;

/// The same for shares of the backstop vault.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct UnstakeVault;

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
        trader.insurance.add(shares, bank.tranche.generation)?;
        emit(sink, EventKind::Stake, &record(trader, bank, Pot::Insurance, self.amount.credit()?, shares));
        Ok(shares)
    }
}

impl StakeVault {
    /// Issues the shares at what the vault's equity is worth now, each position at the price that is worse for the buyer,
    /// rounded down, and credits the vault.
    ///
    /// # Errors
    /// As [`Stake`]; [`Error::BackstopMissing`], [`Error::AccountBeingLiquidated`] and [`Error::AccountBankrupt`] of the vault,
    /// [`Error::BackstopNotFlat`], [`Error::DepositCapReached`], rows.
    #[expect(clippy::too_many_arguments, reason = "a deposit touches all of them")]
    pub fn execute(
        self,
        exchange: &Exchange,
        board: &PriceBoard,
        bank: &mut Bank,
        vault: &mut SubAccount,
        trader: &mut Trader,
        signer: &[u8; 32],
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<u64> {
        require_person(trader, signer)?;
        exchange.require_open(operation::DEPOSIT, &clock)?;
        bank.require_quote()?;
        require_sound(bank, vault, board, &clock)?;
        let shares = bank.issue_backstop(vault, board, self.amount, self.least_shares, &clock)?;
        trader.vault.add(shares, bank.backstop.tranche.generation)?;
        vault.total_deposits = vault.total_deposits.saturating_add(self.amount.0);
        emit(sink, EventKind::Stake, &record(trader, bank, Pot::Vault, self.amount.credit()?, shares));
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
        trader.holding_mut(self.pot).request(self.pot, self.shares, &clock)
    }
}

impl CancelUnstake {
    /// Lets no share wait.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`], [`Error::NothingRequested`].
    pub fn execute(self, trader: &mut Trader, signer: &[u8; 32]) -> Result<()> {
        require_person(trader, signer)?;
        trader.holding_mut(self.pot).cancel()
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
        let shares = trader.insurance.ripe(Pot::Insurance, exchange.is_wound_up(), &clock)?;
        let tokens = bank.tranche.redeem(trader.insurance.generation, shares, &clock)?;
        trader.insurance.redeemed()?;
        emit(sink, EventKind::Stake, &record(trader, bank, Pot::Insurance, tokens.debit()?, shares));
        Ok(tokens)
    }
}

impl UnstakeVault {
    /// Redeems all shares that wait at what the vault's equity is worth now, each position at the price that is worse for the
    /// holder, rounded down. The vault must meet its initial margin afterwards: what its positions require waits until they
    /// are unwound. Returns the tokens.
    ///
    /// # Errors
    /// As [`Unstake`]; [`Error::BackstopMissing`], [`Error::AccountBeingLiquidated`] and [`Error::AccountBankrupt`] of the
    /// vault, [`Error::InsufficientBalance`], [`Error::InsufficientMargin`], rows.
    #[expect(clippy::too_many_arguments, reason = "a payment touches all of them")]
    pub fn execute(
        self,
        exchange: &Exchange,
        board: &PriceBoard,
        bank: &mut Bank,
        vault: &mut SubAccount,
        trader: &mut Trader,
        signer: &[u8; 32],
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<Amount> {
        require_person(trader, signer)?;
        exchange.require_open(operation::WITHDRAW, &clock)?;
        bank.require_quote()?;
        require_sound(bank, vault, board, &clock)?;
        let (shares, generation) =
            (trader.vault.ripe(Pot::Vault, exchange.is_wound_up(), &clock)?, trader.vault.generation);
        let tokens = bank.redeem_backstop(vault, board, generation, shares, &clock)?;
        if generation == bank.backstop.tranche.generation {
            require_covered(vault, board, &clock)?;
            vault.total_withdrawals = vault.total_withdrawals.saturating_add(tokens.0);
        }
        trader.vault.redeemed()?;
        emit(sink, EventKind::Stake, &record(trader, bank, Pot::Vault, tokens.debit()?, shares));
        Ok(tokens)
    }
}

/// Refuses another account than the vault's, and the vault while it is in liquidation or in default.
///
/// # Errors
/// [`Error::BackstopMissing`], [`Error::AccountBeingLiquidated`], [`Error::AccountBankrupt`], rows.
fn require_sound(bank: &Bank, vault: &mut SubAccount, board: &PriceBoard, clock: &Clock) -> Result<()> {
    bank.backstop.require(vault)?;
    liquidation::require_free(vault, board, clock)?;
    let owed = Pocket::Cross.uncovered_debt(vault, board)?;
    if owed.is_zero() { Ok(()) } else { Err(Error::AccountBankrupt) }
}

fn record(trader: &Trader, bank: &Bank, pot: Pot, amount: Quote, shares: u64) -> StakeRecord {
    let (tranche, generation) = match pot {
        Pot::Insurance => (&bank.tranche, trader.insurance.generation),
        Pot::Vault => (&bank.backstop.tranche, trader.vault.generation),
    };
    StakeRecord {
        authority: trader.authority,
        amount,
        shares,
        assets: tranche.assets,
        all_shares: tranche.shares,
        generation,
        pot: pot as u8,
        padding: [0; 7],
    }
}
