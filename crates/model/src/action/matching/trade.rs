//! One trade: its fees, either side of it, its record, and the margin of whose account it enlarged.

use super::types::{Matched, Taker, Trade};
use crate::account::board::{MarketRow, Purpose};
use crate::account::order::Order;
use crate::account::pocket::Pocket;
use crate::account::position::TradeEffect;
use crate::account::sub_account::SubAccountMut;
use crate::action::{Context, ledger};
use crate::error::{Error, Result};
use crate::event::{EventKind, EventSink, FillRecord, Party, emit};
use crate::quantity::{Amount, Quote};
use crate::rule::fees::{self, FillFees, Shares};
use crate::rule::margin::{self, MarginKind};
use crate::side::Side;

/// The taker's side of a trade: base and quote, fee, order.
#[inline(always)]
pub(in crate::action) fn take<S: EventSink>(
    context: &mut Context<'_, S>,
    row: &MarketRow,
    taker: &mut SubAccountMut<'_>,
    slot: usize,
    order: &Order,
    trade: &Trade,
    matched: &mut Matched,
) -> Result<Quote> {
    let side = order.side();
    let quote = match side {
        Side::Long => trade.quote.debit()?,
        Side::Short => trade.quote.credit()?,
    };
    let effect =
        ledger::trade(taker.head, context.market, row, trade.size.on(side)?, quote, trade.fees.charged()?.credit()?)?;
    if slot != Taker::NO_SLOT {
        taker.fill_order(slot, trade.size, context.sink)?;
    }
    context.market.note_fill(trade.price, trade.quote, row.price.price, context.board, &context.clock);
    context.market.volume = context.market.volume.wrapping_add(trade.size.0);
    matched.size = matched.size.plus(trade.size)?;
    matched.quote = matched.quote.plus(trade.quote)?;
    matched.fees = matched.fees.plus(trade.fees.taker)?;
    matched.filler_reward = matched.filler_reward.plus(trade.fees.filler)?;
    if trade.fees.referrer.0 | trade.fees.builder.0 != 0 {
        matched.referrer_share = matched.referrer_share.plus(trade.fees.referrer)?;
        matched.builder_fee = matched.builder_fee.plus(trade.fees.builder)?;
    }
    taker.head.note_volume(context.clock.day(), trade.quote);
    matched.increased |= effect.increased;
    matched.fills = matched.fills.wrapping_add(1);
    Ok(effect.realised)
}

/// The maker's side of a trade: base and quote, rebate.
pub(in crate::action) fn make<S: EventSink>(
    context: &mut Context<'_, S>,
    row: &MarketRow,
    maker: &mut SubAccountMut<'_>,
    taker_side: Side,
    trade: &Trade,
) -> Result<TradeEffect> {
    let quote = match taker_side {
        Side::Long => trade.quote.credit()?,
        Side::Short => trade.quote.debit()?,
    };
    let rebate = trade.fees.maker_rebate.debit()?;
    maker.head.note_volume(context.clock.day(), trade.quote);
    ledger::trade(maker.head, context.market, row, trade.size.on(taker_side.opposite())?, quote, rebate)
}

/// Fees of a trade between a taker and a maker, or the vAMM: all fills ask here.
pub(in crate::action) fn fees_of<S: EventSink>(
    context: &Context<'_, S>,
    quote: Amount,
    taker: &SubAccountMut<'_>,
    maker: Option<&SubAccountMut<'_>>,
    shares: Shares,
) -> Result<FillFees> {
    let day = context.clock.day();
    let maker_tier = maker.map(|maker| maker.head.tier_on(day));
    fees::of_fill(context.exchange, quote, taker.head.tier_on(day), maker_tier, shares)
}

/// Records a fill.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a record tells of all of them")]
pub(in crate::action) fn fill_record<S: EventSink>(
    context: &mut Context<'_, S>,
    row: &MarketRow,
    taker: &SubAccountMut<'_>,
    maker: Party,
    order: &Order,
    trade: &Trade,
    taker_realised: Quote,
    maker_realised: Quote,
) {
    let record = FillRecord {
        taker: taker.head.party(),
        maker,
        size: trade.size,
        quote: trade.quote,
        taker_fee: trade.fees.taker,
        maker_rebate: trade.fees.maker_rebate,
        filler_reward: trade.fees.filler,
        referrer_share: trade.fees.referrer,
        builder_fee: trade.fees.builder,
        oracle: row.price.price,
        worst_price: order.effective_price(row.price.price, context.market.tick).unwrap_or_default(),
        taker_realised,
        maker_realised,
        taker_order: order.id,
        maker_order: trade.maker_order,
        market: context.market.index,
        side: order.side,
        source: trade.source as u8,
        padding: [0; 4],
        slots: context.clock.slot.saturating_sub(order.activation_slot),
    };
    emit(context.sink, EventKind::Fill, &record);
}

/// Margin of an account after its fills: fill margin when the position grew, maintenance when it shrank.
pub(in crate::action) fn check_margin<S: EventSink>(
    context: &Context<'_, S>,
    account: &SubAccountMut<'_>,
    grew: bool,
) -> Result<()> {
    if grew && context.market.only_reduces(&context.clock) {
        // Whatever was asked: the market is closed to new risk.
        return Err(Error::MarketReduceOnly);
    }
    let (kind, purpose) =
        if grew { (MarginKind::Fill, Purpose::IncreaseRisk) } else { (MarginKind::Maintenance, Purpose::ReduceRisk) };
    let market = context.market.index;
    margin::require(account.head, Pocket::of(account.head, market), context.board, kind, purpose, &context.clock)?;
    Ok(())
}

/// Margin of a maker after its fills, with an error that names the maker as the cause.
pub(in crate::action) fn check_maker<S: EventSink>(
    context: &Context<'_, S>,
    maker: &SubAccountMut<'_>,
    grew: bool,
) -> Result<()> {
    check_margin(context, maker, grew).map_err(of_maker)
}

/// An error that names the maker as the cause.
pub(super) fn of_maker(error: Error) -> Error {
    if error == Error::InsufficientMargin { Error::MakerInsufficientMargin } else { error }
}
