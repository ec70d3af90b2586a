//! Closing a position of a market in settlement, and paying what came of it.

use crate::account::bank::Bank;
use crate::account::exchange::operation;
use crate::account::market::Market;
use crate::account::pocket::Pocket;
use crate::account::position::{Position, status};
use crate::account::sub_account::{SubAccount, SubAccountMut};
use crate::action::{Context, ledger, order::cancel::CancelAll};
use crate::error::{Error, Result};
use crate::event::{CancelReason, EventKind, EventSink, PositionSettledRecord, emit};
use crate::quantity::{Amount, Base, Ppm, Quote};

/// Closes one account's position in a market in settlement, takes what it owes, and pays it when its turn has come.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct SettlePosition;

/// What became of the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PositionSettlement {
    /// Orders cancelled.
    pub orders_cancelled: u32,
    /// Base that was closed.
    pub closed: Base,
    /// Moved to the account's tokens (negative: out of them).
    pub amount: Quote,
    /// Claim that nobody is left to pay.
    pub written_off: Amount,
    /// Claim (positive) or debt left.
    pub left: Quote,
}

impl SettlePosition {
    /// Cancels the account's orders in the market, settles funding, and closes the position at the settlement price without
    /// a fee; the vAMM takes the other side. A loss is paid as far as the pocket's tokens go, and what is left of it is
    /// counted in the market's debts. A profit is paid by [`Market::payout`]; what must wait does, and the instruction is
    /// sent once more. Debts and claims that outlive their market's delisting are paid in the same way.
    ///
    /// It needs no margin and no fresh price, and no state of the account stops it: every position can be closed by
    /// anybody.
    ///
    /// # Errors
    /// [`Error::MarketNotSettling`], [`Error::PositionNotFound`], [`Error::SettlementPending`] and
    /// [`Error::NothingToSettle`] when nothing would change, [`Error::OperationPaused`].
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        bank: &mut Bank,
        account: &mut SubAccountMut<'_>,
    ) -> Result<PositionSettlement> {
        context.exchange.require_open(operation::SETTLE, &context.clock)?;
        bank.require_quote()?;
        if !context.market.is_settling() {
            return Err(Error::MarketNotSettling);
        }
        let index = context.market.index;
        account.head.position(index)?;
        let mut report = PositionSettlement::default();
        let cancel = CancelAll { market: Some(index), reason: CancelReason::Settlement };
        report.orders_cancelled = cancel.execute(account, context.sink)?.cancelled;
        if account.head.position(index).is_err() {
            // Orders were all that there was.
            return Ok(report);
        }
        let board = context.board;
        let pocket = Pocket::of(account.head, index);
        let market = &mut *context.market;
        let position = account.head.position_mut(index)?;
        ledger::settle_funding(position, market, board.market(index)?)?;
        report.closed = ledger::close_out(position, market)?;
        let first = look_through(position, market)?;
        let (before, claim) = (position.entry.magnitude(), position.quote);
        let done = first || report.orders_cancelled != 0;
        if claim.0 < 0 {
            report.amount = collect(account.head, pocket, market, bank, claim.magnitude())?;
        } else if claim.0 > 0 {
            match market.payout(claim.magnitude(), before, &context.clock) {
                Ok(payout) => {
                    pay(account.head, pocket, market, bank, payout.paid, payout.written_off)?;
                    (report.amount, report.written_off) = (payout.paid.credit()?, payout.written_off);
                }
                Err(Error::SettlementPending) if done => {}
                Err(other) => return Err(other),
            }
        }
        if !done && report.amount.is_zero() && report.written_off.is_zero() {
            return Err(Error::NothingToSettle);
        }
        report.left = account.head.position(index)?.quote;
        if pocket.is_bankrupt(account.head) && pocket.claims(account.head)?.0 >= 0 {
            pocket.set_bankrupt(account.head, false)?;
        }
        account.head.last_active_slot = context.clock.slot;
        let record = PositionSettledRecord {
            account: account.head.party(),
            base: report.closed,
            price: market.settlement_price,
            amount: report.amount,
            written_off: report.written_off,
            left: report.left,
            pool: market.pnl_pool,
            debts: market.debts,
            market: index,
            isolated: u8::from(pocket.is_isolated()),
            padding: [0; 5],
        };
        emit(context.sink, EventKind::PositionSettled, &record);
        account.head.release_position(index);
        Ok(report)
    }
}

/// Counts a closed position's claim or debt in the market, once; says whether it was this time.
fn look_through(position: &mut Position, market: &mut Market) -> Result<bool> {
    position.custom_margin = Ppm::ZERO;
    if position.status & status::SETTLED != 0 {
        return Ok(false);
    }
    position.status |= status::SETTLED;
    // From here on: what has been paid of the claim.
    position.entry = Quote::ZERO;
    let claim = position.quote;
    if claim.0 < 0 {
        market.debts = market.debts.plus(claim.magnitude())?;
    } else {
        market.settled_claims = market.settled_claims.plus(claim.magnitude())?;
    }
    Ok(true)
}

/// Takes what the pocket's tokens pay of a debt; returns it with a minus.
fn collect(
    account: &mut SubAccount,
    pocket: Pocket,
    market: &mut Market,
    bank: &mut Bank,
    debt: Amount,
) -> Result<Quote> {
    let paid = pocket.tokens(account)?.min(debt);
    if paid.is_zero() {
        return Ok(Quote::ZERO);
    }
    pocket.debit(account, paid)?;
    market.pnl_pool = market.pnl_pool.plus(paid)?;
    market.debts = market.debts.minus(paid)?;
    let amount = paid.debit()?;
    bank.settle(amount)?;
    ledger::settle_claim(account, market, amount)?;
    Ok(amount)
}

/// Pays a claim, or what there is for it.
fn pay(
    account: &mut SubAccount,
    pocket: Pocket,
    market: &mut Market,
    bank: &mut Bank,
    paid: Amount,
    written_off: Amount,
) -> Result<()> {
    if !paid.is_zero() {
        pocket.credit(account, paid)?;
    }
    market.pnl_pool = market.pnl_pool.minus(paid)?;
    bank.settle(paid.credit()?)?;
    ledger::settle_claim(account, market, paid.credit()?)?;
    market.paid_out = market.paid_out.plus(paid)?;
    market.settled_claims = market.settled_claims.minus(paid)?.minus(written_off)?;
    market.write_off(written_off)?;
    let position = account.position_mut(market.index)?;
    position.quote = position.quote.minus(written_off.credit()?)?;
    let total = position.entry.plus(paid.credit()?)?;
    position.entry = if position.quote.is_zero() { Quote::ZERO } else { total };
    Ok(())
}
