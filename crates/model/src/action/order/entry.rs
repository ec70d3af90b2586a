//! Entering a checked order into its account: a slot, an id, the open exposure, the record.

use crate::account::board::MarketRow;
use crate::account::order::{Order, STATUS_OPEN, flags};
use crate::account::position::Position;
use crate::account::sub_account::SubAccountMut;
use crate::action::{Context, ledger};
use crate::error::{Error, Result};
use crate::event::EventSink;
use crate::num::Checked;
use crate::quantity::Size;
use crate::rule::auction;
use crate::side::Side;
use crate::time::{Millis, Seconds, Slots};

/// Time after its auction for which a market order without an expiry can still be filled.
pub const MARKET_ORDER_SECONDS: Seconds = Seconds(30);

/// An order that now stands in a slot.
pub(in crate::action) struct Placed {
    /// Its slot.
    pub slot: usize,
    /// Whether the worst case of the position became larger.
    pub increases_risk: bool,
}

/// Writes a checked order into a free slot under the account's next id, one that can trade under the market's next sequence
/// number, and adds it to the open exposure. `sleeps`: a leg that reduces nothing until its parent fills.
///
/// # Errors
/// Those of the client id ([`crate::account::client_id`]), [`Error::NoOrderSlot`], [`Error::NoPositionSlot`],
/// [`Error::ReduceOnlyWouldIncrease`], [`Error::PositionTooLarge`].
#[inline(always)]
pub(in crate::action) fn enter<S: EventSink>(
    context: &mut Context<'_, S>,
    account: &mut SubAccountMut<'_>,
    row: &MarketRow,
    order: &mut Order,
    sleeps: bool,
) -> Result<Placed> {
    let slot = account.slot_for(order.client_id, &context.clock)?;
    order.id = account.head.next_order_id.max(1);
    account.head.next_order_id = order.id.plus(1)?;
    if order.status == STATUS_OPEN {
        order.seq = context.market.take_order_seq()?;
    }
    let position = account.head.open_position(order.market)?;
    if position.base.is_zero() && position.open_orders == 0 {
        ledger::settle_funding(position, context.market, row)?;
    }
    let mut increases_risk = false;
    if !order.has(flags::REDUCE_ONLY) {
        increases_risk = order.adds_exposure() && expose_inline(position, order, context.market.max_position)?;
    } else if !sleeps && (position.base.is_zero() || Side::closing(position.base) != order.side()) {
        return Err(Error::ReduceOnlyWouldIncrease);
    }
    position.open_orders = position.open_orders.plus(1)?;
    account.head.open_orders = account.head.open_orders.plus(1)?;
    *account.orders.get_mut(slot).ok_or(Error::NoOrderSlot)? = *order;
    account.head.tell_placed(order, context.sink);
    Ok(Placed { slot, increases_risk })
}

/// Adds an order's size to the open exposure and says whether the worst case became larger.
///
/// # Errors
/// [`Error::PositionTooLarge`].
#[inline(never)]
pub(in crate::action) fn expose(position: &mut Position, order: &Order, largest: Size) -> Result<bool> {
    expose_inline(position, order, largest)
}

/// [`expose`] for the placing of an order, of which many come in one instruction.
#[inline(always)]
fn expose_inline(position: &mut Position, order: &Order, largest: Size) -> Result<bool> {
    let before = position.worst_case_base()?.size();
    position.add_open(order.side(), order.remaining()?)?;
    let worst = position.worst_case_base()?.size();
    if worst > before && worst > largest { Err(Error::PositionTooLarge) } else { Ok(worst > before) }
}

/// Expiry of a market order that names none, from now on: Unix seconds, its auction's slots rounded up to them.
pub(in crate::action) fn market_expiry<S: EventSink>(context: &Context<'_, S>, slots: u8) -> Result<u32> {
    let auction = Slots(u64::from(slots)).seconds_up(context.board.slot_time())?;
    let now = u64::try_from(context.clock.unix_time).map_err(|_| Error::Overflow)?;
    u32::try_from(now.plus(auction.0)?.plus(MARKET_ORDER_SECONDS.0)?).map_err(|_| Error::Overflow)
}

/// Auction length in slots, rounded up, from milliseconds inside the exchange's bounds; one slot at least and
/// [`auction::MAX_SLOTS`] at most.
pub(in crate::action) fn auction_slots<S: EventSink>(context: &Context<'_, S>, milliseconds: u32) -> Result<u8> {
    if milliseconds < context.exchange.min_auction_ms || milliseconds > context.exchange.max_auction_ms {
        return Err(Error::InvalidOrder);
    }
    let slots = Millis(u64::from(milliseconds)).slots_up(context.board.slot_time())?;
    u8::try_from(slots.0.clamp(1, auction::MAX_SLOTS.0)).map_err(|_| Error::Overflow)
}
