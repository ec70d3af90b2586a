//! The only places where a position's claim or base changes: each keeps the market's ledger exact.

use crate::account::board::MarketRow;
use crate::account::market::Market;
use crate::account::position::{Position, TradeEffect};
use crate::account::sub_account::SubAccount;
use crate::error::{Error, Result};
use crate::num::{Checked, Rounding, to_i64, to_u64};
use crate::quantity::{Amount, Base, Quote};

/// Settles a position's funding up to the row's index.
#[inline]
pub(super) fn settle_funding(position: &mut Position, market: &mut Market, row: &MarketRow) -> Result<Quote> {
    let index = row.funding(position.base);
    let payment = position.unsettled_funding(index)?;
    position.funding_index = index;
    if !payment.is_zero() {
        position.quote = position.quote.plus(payment)?;
        market.users_quote = market.users_quote.plus(payment)?;
        market.funding_pot = market.funding_pot.minus(payment)?;
    }
    Ok(payment)
}

/// What a trade has changed in a position, for the market's books.
#[must_use]
pub(super) struct Half {
    /// What it did to the position.
    pub effect: TradeEffect,
    /// Base before.
    before: Base,
    /// Base after.
    after: Base,
    /// Funding that was settled first.
    funding: Quote,
    /// What the claim gained by the trade, before the fee.
    quote: Quote,
    /// Charged (positive) or paid.
    fee: Quote,
}

/// The user's half of a trade: funding first, then base, quote and fee. The market's books follow by [`book`].
///
/// # Errors
/// [`Error::PositionTooLarge`], [`Error::Overflow`]; all of them are the position's own.
#[inline(always)]
pub(super) fn trade_position(
    position: &mut Position,
    market: &Market,
    row: &MarketRow,
    base: Base,
    quote: Quote,
    fee: Quote,
) -> Result<Half> {
    let index = row.funding(position.base);
    let funding = position.unsettled_funding(index)?;
    let before = position.base;
    position.quote = position.quote.plus(funding)?;
    let effect = position.trade(base, quote)?;
    let after = position.base;
    position.funding_index = row.funding(after);
    position.quote = position.quote.minus(fee)?;
    if effect.increased && after.size() > market.max_position {
        return Err(Error::PositionTooLarge);
    }
    Ok(Half { effect, before, after, funding, quote, fee })
}

/// The market's half of a trade: what users claim, the exchange's fees, open interest.
#[inline(always)]
pub(super) fn book(market: &mut Market, half: &Half) -> Result<()> {
    if !half.funding.is_zero() {
        market.users_quote = market.users_quote.plus(half.funding)?;
        market.funding_pot = market.funding_pot.minus(half.funding)?;
    }
    market.users_quote = market.users_quote.plus(half.quote)?.minus(half.fee)?;
    market.fees = Amount(to_u64(to_i64(market.fees.0)?.plus(half.fee.0)?)?);
    market.track_interest(half.before, half.after)
}

/// A trade of a user: funding first, then base and quote, then open interest. `fee` is charged (positive) or paid
/// (negative) on top; the exchange's fees take the other side of it.
#[inline]
pub(super) fn trade(
    account: &mut SubAccount,
    market: &mut Market,
    row: &MarketRow,
    base: Base,
    quote: Quote,
    fee: Quote,
) -> Result<TradeEffect> {
    let position = account.open_position(market.index)?;
    let half = trade_position(position, market, row, base, quote, fee)?;
    book(market, &half)?;
    account.total_fees = account.total_fees.plus(fee)?;
    Ok(half.effect)
}

/// Charges (negative) or pays (positive) a position without a trade; the other side of the entry is the caller's.
#[inline(never)]
pub(super) fn adjust(account: &mut SubAccount, market: &mut Market, amount: Quote) -> Result<()> {
    if amount.is_zero() {
        return Ok(());
    }
    let position = account.open_position(market.index)?;
    position.quote = position.quote.plus(amount)?;
    market.users_quote = market.users_quote.plus(amount)?;
    Ok(())
}

/// Moves a claim from one account's position to another's in the same market: what users claim together stays. A slot is
/// opened for the receiver, who has signed.
#[inline(never)]
pub(super) fn transfer(from: &mut SubAccount, to: &mut SubAccount, market: u16, amount: Amount) -> Result<()> {
    if amount.is_zero() {
        return Ok(());
    }
    let amount = amount.credit()?;
    let payer = from.position_mut(market)?;
    payer.quote = payer.quote.minus(amount)?;
    from.total_fees = from.total_fees.plus(amount)?;
    let payee = to.open_position(market)?;
    payee.quote = payee.quote.plus(amount)?;
    to.total_fees = to.total_fees.minus(amount)?;
    Ok(())
}

/// Whether an account's numbers have room for an amount that is paid into its position.
pub(super) fn has_room(account: &SubAccount, market: u16, amount: Amount) -> bool {
    let quote = account.position(market).map_or(Quote::ZERO, |position| position.quote);
    amount.credit().is_ok_and(|amount| quote.plus(amount).is_ok() && account.total_fees.minus(amount).is_ok())
}

/// Pays a reward to a position out of the exchange's fees.
#[inline]
pub(super) fn pay_from_fees(account: &mut SubAccount, market: &mut Market, amount: Amount) -> Result<()> {
    if amount.is_zero() {
        return Ok(());
    }
    market.fees = market.fees.minus(amount)?;
    account.total_fees = account.total_fees.minus(amount.credit()?)?;
    adjust(account, market, amount.credit()?)
}

/// Closes a position at its market's settlement price; the vAMM takes the other side at the same quote, so that what
/// rounding takes from users is the vAMM's. Funding must be settled first. Returns the base that was closed.
pub(super) fn close_out(position: &mut Position, market: &mut Market) -> Result<Base> {
    let closed = position.base;
    if closed.is_zero() {
        return Ok(closed);
    }
    let quote = market.instrument().value(closed, market.settlement_price, Rounding::Down)?;
    position.trade(Base(closed.0.wrapping_neg()), quote)?;
    market.users_quote = market.users_quote.plus(quote)?;
    market.track_interest(closed, Base::ZERO)?;
    market.amm.base = market.amm.base.plus(closed)?;
    market.amm.quote = market.amm.quote.minus(quote)?;
    Ok(closed)
}

/// Takes from a claim (negative: from a debt) what has moved to the account's tokens (negative: out of them).
pub(super) fn settle_claim(account: &mut SubAccount, market: &mut Market, amount: Quote) -> Result<()> {
    let position = account.position_mut(market.index)?;
    position.quote = position.quote.minus(amount)?;
    position.settled_pnl = position.settled_pnl.plus(amount)?;
    market.users_quote = market.users_quote.minus(amount)?;
    Ok(())
}
