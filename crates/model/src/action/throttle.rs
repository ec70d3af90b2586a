//! How much of a market is liquidated in a minute.
//!
//! Liquidations push a price, and a pushed price liquidates: past a budget the rest waits for the next minute, and the
//! market has time to answer. Who is nearest to bankruptcy does not wait, since a default costs everybody.

use super::Context;
use crate::error::{Error, Result};
use crate::event::EventSink;
use crate::margin::Margin;
use crate::num::Checked;
use crate::quantity::Amount;

/// Length of a window in milliseconds.
pub const THROTTLE_WINDOW_MS: u64 = 60_000;

/// Counts a liquidation step of a value against the market's budget. A step begins while anything of it is left, so
/// that one step larger than the budget is possible; a pocket whose collateral is below half of its maintenance
/// requirement (`margin`, before the step) always passes, and counts.
///
/// Errors: [`Error::LiquidationThrottled`].
#[inline]
pub(super) fn throttle<S: EventSink>(context: &mut Context<'_, S>, margin: &Margin, value: Amount) -> Result<()> {
    if context.market.liquidation_budget.is_zero() {
        return Ok(());
    }
    let slots = context.board.slots(THROTTLE_WINDOW_MS)?;
    let market = &mut *context.market;
    if context.clock.slot >= market.liquidation_window.saturating_add(slots) {
        market.liquidation_window = context.clock.slot;
        market.liquidated = Amount::ZERO;
    }
    let urgent = margin.collateral.plus(margin.collateral)? < margin.requirement.credit()?;
    if !urgent && market.liquidated >= market.liquidation_budget {
        return Err(Error::LiquidationThrottled);
    }
    market.liquidated = Amount(market.liquidated.0.plus(value.0)?);
    Ok(())
}
