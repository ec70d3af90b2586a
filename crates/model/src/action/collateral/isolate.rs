//! Isolated positions: giving a position a pocket of its own, moving collateral in and out, and giving it up.
//!
//! All tokens stay claims on the quote bank: nothing leaves the sub-account.

use crate::account::bank::Bank;
use crate::account::board::{PriceBoard, Purpose};
use crate::account::exchange::{Exchange, operation};
use crate::account::pocket::Pocket;
use crate::account::position::status;
use crate::account::sub_account::SubAccount;
use crate::action::collateral::transfer::{require_amount, require_covered};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{EventKind, EventSink, IsolatedRecord, emit};
use crate::quantity::{Amount, Quote};
use crate::rule::liquidation;
use crate::rule::margin::{self, MarginKind};

/// Gives a position, or a market in which there is none yet, a pocket of its own.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct IsolatePosition {
    /// Market.
    pub market: u16,
    /// Quote tokens to begin with, out of the balance.
    pub amount: Amount,
}

impl IsolatePosition {
    /// Takes the position with its claim and its orders out of the cross pocket. Both pockets must meet initial margin
    /// afterwards.
    ///
    /// # Errors
    /// [`Error::AmountZero`], [`Error::PositionIsolated`], [`Error::InsufficientBalance`],
    /// [`Error::InsufficientMargin`] of either pocket, [`Error::AccountBeingLiquidated`],
    /// [`Error::AccountBankrupt`], [`Error::RowNotListed`], [`Error::NoPositionSlot`], stale rows.
    pub fn execute(
        self,
        exchange: &Exchange,
        board: &PriceBoard,
        account: &mut SubAccount,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<()> {
        exchange.require_open(operation::TRANSFER, &clock)?;
        require_amount(self.amount)?;
        board.market(self.market)?;
        if account.isolated(self.market).is_some() {
            return Err(Error::PositionIsolated);
        }
        liquidation::require_free(account, board, &clock)?;
        account.debit(Bank::QUOTE, self.amount)?;
        let position = account.open_position(self.market)?;
        position.isolated = self.amount;
        position.status |= status::ISOLATED;
        account.track_isolated();
        require_isolated(account, self.market, board, &clock)?;
        require_covered(account, board, &clock)?;
        finish(account, self.market, self.amount.credit()?, &clock, sink);
        Ok(())
    }
}

/// Moves collateral between the balance and an isolated position.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct TransferIsolated {
    /// Market.
    pub market: u16,
    /// Quote tokens: into the position (positive) or out of it.
    pub amount: Quote,
}

impl TransferIsolated {
    /// Moves them. The pocket that gives must meet initial margin afterwards; one that gets may be in liquidation. A
    /// position in which nothing is left is no longer isolated.
    ///
    /// # Errors
    /// As [`IsolatePosition`], and [`Error::PositionNotIsolated`].
    pub fn execute(
        self,
        exchange: &Exchange,
        board: &PriceBoard,
        account: &mut SubAccount,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<()> {
        exchange.require_open(operation::TRANSFER, &clock)?;
        let amount = self.amount.magnitude();
        require_amount(amount)?;
        require_is_isolated(account, self.market)?;
        let isolated = Pocket::Isolated(self.market);
        if self.amount.0 > 0 {
            liquidation::require_free(account, board, &clock)?;
            Pocket::Cross.debit(account, amount)?;
            isolated.credit(account, amount)?;
            require_covered(account, board, &clock)?;
        } else {
            liquidation::require_free_in(account, self.market, board, &clock)?;
            isolated.debit(account, amount)?;
            Pocket::Cross.credit(account, amount)?;
            require_isolated(account, self.market, board, &clock)?;
        }
        finish(account, self.market, self.amount, &clock, sink);
        Ok(())
    }
}

/// Gives up an isolated pocket: the position joins the others.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct MergePosition {
    /// Market.
    pub market: u16,
}

impl MergePosition {
    /// Moves the position with its claim, its orders and its tokens into the cross pocket, which must meet initial
    /// margin afterwards. Neither pocket may be in liquidation.
    ///
    /// # Errors
    /// As [`TransferIsolated`].
    pub fn execute(
        self,
        exchange: &Exchange,
        board: &PriceBoard,
        account: &mut SubAccount,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<()> {
        exchange.require_open(operation::TRANSFER, &clock)?;
        require_is_isolated(account, self.market)?;
        liquidation::require_free(account, board, &clock)?;
        liquidation::require_free_in(account, self.market, board, &clock)?;
        let position = account.position_mut(self.market)?;
        let amount = core::mem::take(&mut position.isolated);
        position.status &= !status::ISOLATED;
        account.track_isolated();
        if !amount.is_zero() {
            account.credit(Bank::QUOTE, amount)?;
        }
        require_covered(account, board, &clock)?;
        finish(account, self.market, amount.debit()?, &clock, sink);
        Ok(())
    }
}

fn require_is_isolated(account: &SubAccount, market: u16) -> Result<()> {
    if account.isolated(market).is_some() {
        return Ok(());
    }
    Err(if account.position(market).is_ok() { Error::PositionNotIsolated } else { Error::PositionNotFound })
}

/// Initial margin of an isolated position, or nothing at stake in it (no price is needed then).
pub(in crate::action) fn require_isolated(
    account: &SubAccount,
    market: u16,
    board: &PriceBoard,
    clock: &Clock,
) -> Result<()> {
    if account.position(market)?.is_idle() {
        return Ok(());
    }
    margin::require(account, Pocket::of(account, market), board, MarginKind::Initial, Purpose::Withdraw, clock)?;
    Ok(())
}

/// Records what moved into the pocket, and frees a slot in which nothing is left.
fn finish(account: &mut SubAccount, market: u16, amount: Quote, clock: &Clock, sink: &mut impl EventSink) {
    account.last_active_slot = clock.slot;
    account.release_position(market);
    let position = account.isolated(market);
    let record = IsolatedRecord {
        account: account.party(),
        amount,
        tokens: position.map_or(Amount::ZERO, |position| position.isolated),
        balance: account.balance(Bank::QUOTE),
        market,
        isolated: u8::from(position.is_some()),
        padding: [0; 5],
    };
    emit(sink, EventKind::IsolatedCollateral, &record);
}
