//! How much of a market is liquidated in a minute.
//!
//! Liquidations push a price, and a pushed price liquidates: past a budget the rest waits for the next minute, and the
//! market has time to answer. Nobody waits for those who are further from a default, nor for other accounts of its own
//! owner: liquidations are cheap to stage, and what they use up must not shield what is worth shielding.

use crate::account::board::PriceBoard;
use crate::account::market::Market;
use crate::account::sub_account::SubAccount;
use crate::action::Context;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::EventSink;
use crate::fault::{self, Fault};
use crate::num::{Checked, Rounding, mul_div};
use crate::quantity::Amount;
use crate::rule::liquidation;
use crate::rule::margin::Margin;
use crate::time::Millis;

/// Length of a window, rounded up to whole slots.
pub const THROTTLE_WINDOW_MS: Millis = Millis(60_000);

/// In place of the id of a sub-account: several of one owner.
const SEVERAL: u16 = u16::MAX;

/// Counts a liquidation step of a value against the market's budget, `margin` being the pocket's before the step. A step
/// begins while anything of the budget is left, so that one step larger than the budget is possible. It sees what was
/// liquidated in the window of pockets at least as near to a default, in eighths of the requirement that they were
/// short, without that of other accounts of its owner. A pocket whose collateral is below half of its requirement
/// always passes, and counts. A step into another account (`taker`) of its owner moves nothing into the market: it passes
/// and does not count.
///
/// # Errors
/// [`Error::LiquidationThrottled`].
#[inline]
pub(in crate::action) fn throttle<S: EventSink>(
    context: &mut Context<'_, S>,
    margin: &Margin,
    account: &SubAccount,
    taker: Option<&SubAccount>,
    value: Amount,
) -> Result<()> {
    let price = context.board.market(context.market.index)?.price.price;
    let Some(budget) = liquidation::window_budget(context.market, price)? else { return Ok(()) };
    let old = fault::planted(Fault::DecoysUseBudget);
    if taker.is_some_and(|taker| account.is_of(taker)) && !old {
        return Ok(());
    }
    let market = &mut *context.market;
    open_window(market, context.board, &context.clock)?;
    let nearness = nearness(margin)?;
    let used_up = if old {
        nearness.is_some() && market.liquidated >= budget
    } else {
        is_used_up(market, account, nearness, budget)
    };
    if used_up {
        return Err(Error::LiquidationThrottled);
    }
    count(market, account, nearness.unwrap_or(market.liquidated_near.len()), value)
}

/// Whether a step of a pocket by a stranger waits for the next window now: [`Error::LiquidationThrottled`] is what a step would
/// meet. `margin` is the pocket's before the step, `market` the one that is reduced first.
///
/// # Errors
/// [`Error::RowNotListed`], arithmetic.
pub fn is_held_by_budget(
    market: &Market,
    board: &PriceBoard,
    clock: &Clock,
    margin: &Margin,
    account: &SubAccount,
) -> Result<bool> {
    let Some(budget) = liquidation::window_budget(market, board.market(market.index)?.price.price)? else {
        return Ok(false);
    };
    let mut market = *market;
    open_window(&mut market, board, clock)?;
    Ok(is_used_up(&market, account, nearness(margin)?, budget))
}

/// Begins a new window when the last one is over.
#[inline]
fn open_window(market: &mut Market, board: &PriceBoard, clock: &Clock) -> Result<()> {
    let slots = THROTTLE_WINDOW_MS.slots_up(board.slot_time())?;
    if clock.at() >= market.liquidation_window.after(slots) {
        market.liquidation_window = clock.at();
        market.liquidated = Amount::ZERO;
        market.liquidated_near = [0; 3];
        market.liquidated_of_owner = Amount::ZERO;
    }
    Ok(())
}

/// Whether a pocket so near to a default finds nothing left of the budget.
#[inline]
fn is_used_up(market: &Market, account: &SubAccount, nearness: Option<usize>, budget: Amount) -> bool {
    nearness.is_some_and(|nearness| seen(market, account, nearness) >= budget)
}

/// Eighths of the requirement that a pocket is short, `None` for half of it and more.
fn nearness(margin: &Margin) -> Result<Option<usize>> {
    let requirement = margin.requirement.credit()?;
    if margin.collateral.plus(margin.collateral)? < requirement {
        return Ok(None);
    }
    let short = requirement.minus(margin.collateral)?.positive_part();
    let eighths = mul_div(short.0, 8, margin.requirement.0.max(1), Rounding::Down)?;
    // Exactly a half is the last eighth before it.
    Ok(Some(usize::try_from(eighths.min(3)).map_err(|_| Error::Overflow)?))
}

/// What a step of a pocket sees of the budget's use.
fn seen(market: &Market, account: &SubAccount, nearness: usize) -> Amount {
    let near = nearness.checked_sub(1).and_then(|at| market.liquidated_near.get(at));
    let used = near.map_or(market.liquidated, |used| Amount(*used));
    let others = market.liquidated_owner == key(account) && market.liquidated_account != account.id;
    let own = if others { market.liquidated_of_owner } else { Amount::ZERO };
    Amount(used.0.saturating_sub(own.0))
}

/// Counts a value, and follows of whose accounts most was liquidated: the majority of a weighted vote, which one word
/// finds whenever there is one, and of whose weight it knows a lower bound.
fn count(market: &mut Market, account: &SubAccount, nearness: usize, value: Amount) -> Result<()> {
    market.liquidated = Amount(market.liquidated.0.plus(value.0)?);
    for used in market.liquidated_near.iter_mut().take(nearness) {
        *used = used.plus(value.0)?;
    }
    let (owner, most) = (key(account), market.liquidated_of_owner);
    if most.is_zero() || market.liquidated_owner != owner {
        if most > value {
            market.liquidated_of_owner = most.minus(value)?;
        } else {
            (market.liquidated_owner, market.liquidated_account) = (owner, account.id);
            market.liquidated_of_owner = value.minus(most)?;
        }
        return Ok(());
    }
    market.liquidated_of_owner = most.plus(value)?;
    if market.liquidated_account != account.id {
        market.liquidated_account = SEVERAL;
    }
    Ok(())
}

/// What tells owners apart here.
fn key(account: &SubAccount) -> u64 {
    account.authority.first_chunk::<8>().map_or(0, |first| u64::from_le_bytes(*first))
}
