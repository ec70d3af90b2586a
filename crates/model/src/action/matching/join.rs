//! The vAMM beside a maker who joins a taker's auction. Source: drift 2.6.

use crate::account::board::{MarketRow, Purpose};
use crate::account::exchange::operation;
use crate::account::order::Order;
use crate::account::sub_account::SubAccountMut;
use crate::action::Context;
use crate::action::matching::{self, Matched, Trade};
use crate::action::order::place::tradable;
use crate::error::Result;
use crate::event::{EventSink, FillSource, Party};
use crate::quantity::{Price, Quote, Size};
use crate::rule::fees::Shares;
use crate::time::Slot;

/// Lets the vAMM trade with what the taker has left at the price at which the maker did: a share of the maker's size,
/// where that makes the vAMM's inventory smaller and the price is no worse than its own quote. Only on a live price
/// published at or after the order's activation: nobody brings an old price to the vAMM. In the hour before an expiry the
/// price is held to what its own trades are ([`MarketRow::hold`]).
#[inline(never)]
#[expect(clippy::too_many_arguments, reason = "one fill touches all of them")]
pub(in crate::action) fn join<S: EventSink>(
    context: &mut Context<'_, S>,
    row: &MarketRow,
    taker: &mut SubAccountMut<'_>,
    slot: usize,
    order: &Order,
    (maker_size, price): (Size, Price),
    shares: Shares,
    matched: &mut Matched,
) -> Result<()> {
    let (side, step) = (order.side(), context.market.step);
    let joins = !context.exchange.is_paused(operation::FILL_AMM, &context.clock)
        && row.price.require_live(Slot(order.activation_slot), &context.clock, context.board.slot_time()).is_ok()
        && row.price.require(Purpose::FillAmm, &context.clock).is_ok()
        && row.hold(side)?.is_none_or(|hold| side.accepts(price, hold));
    // The maker may have filled the order to its end.
    let Some(left) = taker.order(slot).ok().filter(|left| joins && left.id == order.id).copied() else { return Ok(()) };
    let wanted = tradable(context, taker, &left)?;
    context.market.amm.see(row.price.price, context.clock.slot);
    // A vAMM that cannot tell does not join; the maker's trade stands.
    let Ok(size) = context.market.amm.join_size(side, maker_size, wanted, price, &row.price, step) else {
        return Ok(());
    };
    if size.is_zero() {
        return Ok(());
    }
    let Ok(fill) = context.market.amm.at_price(side, size, price) else { return Ok(()) };
    context.market.amm.book(side, &fill)?;
    let fees = matching::fees_of(context, fill.quote, taker, None, shares)?;
    let trade = Trade { size, quote: fill.quote, price, fees, source: FillSource::Amm, maker_order: 0 };
    let realised = matching::take(context, row, taker, slot, order, &trade, matched)?;
    matched.amm_size = matched.amm_size.plus(size)?;
    matching::fill_record(context, row, taker, Party::default(), order, &trade, realised, Quote::ZERO);
    Ok(())
}
