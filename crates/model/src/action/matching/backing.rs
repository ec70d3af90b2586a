//! Whether the owner of an order can back a fill of it: asked before anything else changes, so that who cannot is passed
//! over for the price of the question.

use crate::account::board::{MarketRow, Purpose};
use crate::account::order::{Order, flags};
use crate::account::sub_account::SubAccountMut;
use crate::action::matching::{check_margin, fees_of};
use crate::action::{Context, ledger, matching::shares, order::place};
use crate::error::{Error, Result};
use crate::event::EventSink;
use crate::num::Rounding;
use crate::quantity::{Amount, Quote, Size};
use crate::side::Side;

/// What an offer is judged by, of its order: few words, as the order itself lies behind the account that changes.
#[derive(Clone, Copy)]
pub(in crate::action) struct Terms {
    pub id: u32,
    link: u32,
    market: u16,
    side: Side,
    leg: bool,
    exposes: bool,
}

impl Terms {
    #[inline(always)]
    pub(in crate::action) const fn of(order: &Order) -> Self {
        let (side, leg, exposes) = (order.side(), order.has(flags::LEG), order.adds_exposure());
        Self { id: order.id, link: order.link, market: order.market, side, leg, exposes }
    }
}

/// The maker's half of a trade with one of its orders, judged by its margin before anything else changes. The order, what
/// it has open and the market's books are as before. When the maker cannot trade, for whatever reason of its own, all of
/// it is as before, and the reason is returned. `fee` is charged (positive) or paid.
#[inline]
pub(in crate::action) fn offer<S: EventSink>(
    context: &Context<'_, S>,
    row: &MarketRow,
    maker: &mut SubAccountMut<'_>,
    order: Terms,
    size: Size,
    quote: Amount,
    fee: Quote,
) -> Result<ledger::Half> {
    let at = maker.head.position_slot(order.market)?;
    let position = maker.head.positions.get_mut(at).ok_or(Error::PositionNotFound)?;
    let kept = *position;
    let quote = match order.side {
        Side::Long => quote.debit()?,
        Side::Short => quote.credit()?,
    };
    let half = ledger::trade_position(position, context.market, row, size.on(order.side)?, quote, fee);
    let judged = half.and_then(|half| {
        lift(maker, at, order, size)?;
        check_margin(context, maker, half.effect.increased)?;
        maker.head.total_fees = maker.head.total_fees.plus(fee)?;
        Ok(half)
    });
    let position = maker.head.positions.get_mut(at).ok_or(Error::PositionNotFound)?;
    match judged {
        Ok(_) => (position.open_bids, position.open_asks) = (kept.open_bids, kept.open_asks),
        Err(_) => *position = kept,
    }
    judged
}

/// Takes a size out of what an order, and those that it takes with it, have open in a position.
#[inline(always)]
fn lift(maker: &mut SubAccountMut<'_>, at: usize, order: Terms, size: Size) -> Result<()> {
    let position = maker.head.positions.get_mut(at).ok_or(Error::PositionNotFound)?;
    if order.exposes {
        position.remove_open(order.side, size)?;
    }
    if order.leg { maker.lift_legs(order.id, order.link, size) } else { Ok(()) }
}

/// Whether the owner lacks what a fill of an order, at the price that it asks for now and of all that is left of it or at
/// most of a size, would need: the margin of a fill, or room under the market's largest position. Such an order shows
/// what is not there; a fill passes it over. Only an order that can trade now and would enlarge the position is judged, at a price that opens risk:
/// while one is missing, nothing is known against it.
#[inline(never)]
pub fn unbacked<S: EventSink>(
    context: &Context<'_, S>,
    owner: &mut SubAccountMut<'_>,
    order: &Order,
    most: Size,
) -> bool {
    matches!(judge(context, owner, order, most), Ok(false))
}

/// Whether the order is backed.
///
/// # Errors
/// Whatever hinders a judgement.
fn judge<S: EventSink>(
    context: &Context<'_, S>,
    owner: &mut SubAccountMut<'_>,
    order: &Order,
    most: Size,
) -> Result<bool> {
    let (board, clock) = (context.board, &context.clock);
    let row = board.market(order.market)?;
    row.price.require(Purpose::IncreaseRisk, clock)?;
    context.market.require_open(true, clock)?;
    owner.head.require_free_in(order.market)?;
    let size = place::tradable(context, owner, order)?.min(most);
    let base = owner.head.position(order.market)?.base;
    let closes = !base.is_zero() && Side::closing(base) == order.side() && size <= base.size();
    if order.is_waiting() || size.is_zero() || closes {
        return Ok(true);
    }
    let price = order.limit_price(clock.slot, row.price.price, context.market.tick)?;
    let rounding = if order.side() == Side::Long { Rounding::Up } else { Rounding::Down };
    let quote = size.value(price, rounding)?;
    // As a maker it gets the rebate; as a taker it pays.
    let rests = order.is_resting(clock.slot);
    let fees = fees_of(context, quote, owner, rests.then_some(&*owner), shares::of(owner, order, None, &[]))?;
    let fee = if rests { fees.maker_rebate.debit()? } else { fees.charged()?.credit()? };
    let (before, paid) = (*owner.head.position(order.market)?, owner.head.total_fees);
    let half = offer(context, row, owner, Terms::of(order), size, quote, fee);
    *owner.head.position_mut(order.market)? = before;
    owner.head.total_fees = paid;
    match half {
        Ok(_) => Ok(true),
        Err(Error::InsufficientMargin | Error::PositionTooLarge) => Ok(false),
        Err(other) => Err(other),
    }
}
