//! Tokens in, out, and between sub-accounts of one person.

use crate::account::bank::Bank;
use crate::account::board::{PriceBoard, Purpose};
use crate::account::exchange::{Exchange, operation};
use crate::account::pocket::Pocket;
use crate::account::sub_account::SubAccount;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{DepositRecord, EventKind, EventSink, TransferRecord, emit};
use crate::quantity::Amount;
use crate::rule::liquidation;
use crate::rule::margin::{self, MarginKind};

/// Credits tokens that the caller has moved, or will move, into the vault.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct Deposit {
    /// Token units.
    pub amount: Amount,
    /// Authority of the account that the tokens come from.
    pub depositor: [u8; 32],
}

impl Deposit {
    /// Credits the balance. An account in liquidation may always be topped up. Anybody may bring the quote token, which
    /// profits are paid in, and what the account holds already; another kind of token only its owner: each kind is one
    /// price more that the account's margin asks for.
    ///
    /// # Errors
    /// [`Error::AmountZero`], [`Error::OperationPaused`], [`Error::UnaskedToken`], [`Error::BackstopDeposit`],
    /// [`Error::DepositCapReached`], [`Error::NoBalanceSlot`].
    pub fn execute(
        self,
        exchange: &Exchange,
        bank: &mut Bank,
        account: &mut SubAccount,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<()> {
        exchange.require_open(operation::DEPOSIT, &clock)?;
        require_amount(self.amount)?;
        let welcome = account.authority == self.depositor || bank.index == Bank::QUOTE;
        if !welcome && account.balance(bank.index).is_zero() {
            return Err(Error::UnaskedToken);
        }
        if bank.backstop.owns(account) {
            // A gift would move the price of its shares.
            return Err(Error::BackstopDeposit);
        }
        bank.deposit(self.amount)?;
        account.credit(bank.index, self.amount)?;
        account.total_deposits = account.total_deposits.saturating_add(self.amount.0);
        emit(sink, EventKind::Deposit, &record(account, bank, self.amount));
        Ok(())
    }
}

/// Debits tokens that the caller must then move out of the vault.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct Withdraw {
    /// Token units.
    pub amount: Amount,
}

impl Withdraw {
    /// Debits the balance and checks initial margin with strict prices.
    ///
    /// # Errors
    /// [`Error::AmountZero`], [`Error::OperationPaused`], [`Error::InsufficientBalance`],
    /// [`Error::InsufficientMargin`], [`Error::AccountBeingLiquidated`], [`Error::AccountBankrupt`], stale rows.
    pub fn execute(
        self,
        exchange: &Exchange,
        board: &PriceBoard,
        bank: &mut Bank,
        account: &mut SubAccount,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<()> {
        exchange.require_open(operation::WITHDRAW, &clock)?;
        require_amount(self.amount)?;
        liquidation::require_free(account, board, &clock)?;
        account.debit(bank.index, self.amount)?;
        bank.deposits = bank.deposits.minus(self.amount)?;
        require_covered(account, board, &clock)?;
        account.total_withdrawals = account.total_withdrawals.saturating_add(self.amount.0);
        account.last_active_slot = clock.slot;
        emit(sink, EventKind::Withdraw, &record(account, bank, self.amount));
        Ok(())
    }
}

/// Moves tokens between two sub-accounts of one authority.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    /// Token units.
    pub amount: Amount,
    /// Bank.
    pub bank: u16,
}

impl Transfer {
    /// Moves the balance and checks the source's initial margin.
    ///
    /// # Errors
    /// As [`Withdraw`], and [`Error::WrongOwner`] for another person's sub-account.
    pub fn execute(
        self,
        exchange: &Exchange,
        board: &PriceBoard,
        from: &mut SubAccount,
        to: &mut SubAccount,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<()> {
        exchange.require_open(operation::TRANSFER, &clock)?;
        require_amount(self.amount)?;
        if from.authority != to.authority {
            return Err(Error::WrongOwner);
        }
        if from.id == to.id {
            return Err(Error::SameAccount);
        }
        liquidation::require_free(from, board, &clock)?;
        from.debit(self.bank, self.amount)?;
        to.credit(self.bank, self.amount)?;
        require_covered(from, board, &clock)?;
        from.last_active_slot = clock.slot;
        let record =
            TransferRecord { from: from.party(), amount: self.amount, to: to.id, bank: self.bank, padding: [0; 4] };
        emit(sink, EventKind::Transfer, &record);
        Ok(())
    }
}

/// Initial margin of the cross pocket, or nothing at stake in it at all (no price is needed then).
pub(in crate::action) fn require_covered(account: &SubAccount, board: &PriceBoard, clock: &Clock) -> Result<()> {
    if account.positions.iter().all(|position| !position.is_cross() || position.is_idle()) {
        return Ok(());
    }
    margin::require(account, Pocket::Cross, board, MarginKind::Initial, Purpose::Withdraw, clock)?;
    Ok(())
}

pub(in crate::action) fn require_amount(amount: Amount) -> Result<()> {
    if amount.is_zero() { Err(Error::AmountZero) } else { Ok(()) }
}

fn record(account: &SubAccount, bank: &Bank, amount: Amount) -> DepositRecord {
    DepositRecord {
        account: account.party(),
        amount,
        balance: account.balance(bank.index),
        bank: bank.index,
        padding: [0; 6],
    }
}
