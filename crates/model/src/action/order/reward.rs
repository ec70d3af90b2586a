//! What somebody gets for a service to an order: a flat fee from its owner.

use crate::account::board::Purpose;
use crate::account::pocket::Pocket;
use crate::account::sub_account::SubAccountMut;
use crate::action::Context;
use crate::error::Result;
use crate::event::EventSink;
use crate::quantity::Amount;
use crate::rule::margin::{self, MarginKind};

/// Fee for triggering an order, releasing a slice or returning a dead order: one cent.
pub const CRANK_FEE: Amount = Amount(10_000);
/// Fee for moving a trailing stop: a tenth of a cent.
pub const TRAIL_FEE: Amount = Amount(1_000);

/// What of a fee the owner can pay: no more than it has above the maintenance margin of the pocket that the order is
/// in, so that no fee makes an account liquidatable. Nothing while a price is missing to tell.
pub(in crate::action) fn affordable<S: EventSink>(
    context: &Context<'_, S>,
    owner: &SubAccountMut<'_>,
    fee: Amount,
) -> Result<Amount> {
    if context.market.is_settling() {
        // Claims on a market in settlement change by its settlement alone.
        return Ok(Amount::ZERO);
    }
    let market = context.market.index;
    let margin = margin::margin_of(
        owner.head,
        Pocket::of(owner.head, market),
        context.board,
        MarginKind::Maintenance,
        Purpose::Liquidate,
        &context.clock,
    );
    Ok(margin.and_then(|margin| margin.free()).map_or(Amount::ZERO, |free| free.positive_part().min(fee)))
}
