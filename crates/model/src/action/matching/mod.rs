//! Matching one taker order against makers, best first, and the vAMM between them at its own price.

mod amm;
pub(super) mod backing;
pub(super) mod fill;
pub(super) mod join;
pub(super) mod make;
mod queue;
mod self_trade;
pub(super) mod shares;
pub(super) mod take;
mod trade;
mod types;
pub(super) mod uncross;

pub use queue::MAX_RETURNS;
pub(in crate::action) use trade::{check_maker, check_margin, fees_of, fill_record, make, take};
pub use types::{MAX_MAKER_ORDERS, MAX_MAKERS, MakerRef, Matched};
pub(in crate::action) use types::{Taker, Trade, require_in_band, within};

use self::amm::Amm;
use self::queue::{Candidate, Queue};
use self::trade::of_maker;
use crate::account::board::MarketRow;
use crate::account::exchange::operation;
use crate::account::sub_account::SubAccountMut;
use crate::action::order::place::tradable_when;
use crate::action::{Context, ledger};
use crate::error::{Error, Result};
use crate::event::{EventSink, FillSource};
use crate::fault::{self, Fault};
use crate::num::Rounding;
use crate::quantity::Size;
use crate::side::Side;

/// Matches as much as crosses. Margin of the taker is the caller's to check. A maker that cannot trade now, for whatever
/// reason of its own, is passed over with nothing of it changed, and the walk goes on.
pub(in crate::action) fn run<S: EventSink>(
    context: &mut Context<'_, S>,
    row: &MarketRow,
    taker: &mut SubAccountMut<'_>,
    order: &Taker,
    makers: &mut [SubAccountMut<'_>],
    refs: &[MakerRef],
) -> Result<Matched> {
    let mut left = tradable_when(order.only_reduces, taker, &order.order)?;
    let mut matched = Matched::default();
    let paused = context.exchange.is_paused(operation::UPDATE_AMM, &context.clock);
    if !(paused && fault::planted(Fault::PausedUpdateStillTrades)) {
        // Also while updates are paused: a peg that stays is held to the oracle of now.
        context.market.amm.see(row.price.price, context.clock.slot);
    }
    let mut queue = Queue::collect(context, row, taker, order, makers, refs)?;
    let mut amm = Amm::look(context, row, order)?;
    while !left.is_zero() {
        let Some(candidate) = queue.next() else { break };
        let taken = amm.fill(context, row, taker, order, left, candidate.price, &mut matched)?;
        left = left.minus(taken)?;
        if left.is_zero() {
            break;
        }
        if candidate.own {
            let other = makers.get_mut(usize::from(candidate.account));
            left = self_trade::resolve(taker, order, other, &candidate, left, &mut matched, context.sink)?;
            continue;
        }
        let maker = makers.get_mut(usize::from(candidate.account)).ok_or(Error::TooManyMakers)?;
        let met = against_maker(context, row, taker, order, maker, &candidate, left, &mut matched)?;
        left = left.minus(met.size)?;
        if met.part_ended {
            show_next(context, maker, &candidate, &mut queue)?;
        }
    }
    if !left.is_zero() {
        amm.fill(context, row, taker, order, left, order.limit, &mut matched)?;
    }
    matched.maker_size = matched.size.minus(matched.amm_size)?;
    Ok(matched)
}

/// What a taker got from one maker order.
struct Met {
    /// Base traded.
    size: Size,
    /// Whether the part that the order shows is used up and more is behind it.
    part_ended: bool,
}

#[expect(clippy::too_many_arguments, reason = "one fill touches all of them")]
fn against_maker<S: EventSink>(
    context: &mut Context<'_, S>,
    row: &MarketRow,
    taker: &mut SubAccountMut<'_>,
    order: &Taker,
    maker: &mut SubAccountMut<'_>,
    candidate: &Candidate,
    wanted: Size,
    matched: &mut Matched,
) -> Result<Met> {
    const NOTHING: Met = Met { size: Size::ZERO, part_ended: false };
    let slot = usize::from(candidate.slot);
    let Ok(resting) = maker.order(slot) else { return Ok(NOTHING) };
    if resting.seq != candidate.seq {
        // Named twice, and behind others with its next part since.
        return Ok(NOTHING);
    }
    let mut size = wanted.min(tradable_when(order.only_reduces, maker, resting)?);
    let mut part_ended = false;
    if resting.extent != 0 {
        let shown = resting.shown(context.market.step)?;
        part_ended = shown <= size && shown < resting.remaining()?;
        size = size.min(shown);
    }
    if size.is_zero() {
        return Ok(NOTHING);
    }
    let (side, terms) = (order.order.side(), backing::Terms::of(resting));
    // The maker's price; the fraction of a unit goes against the taker.
    let rounding = if side == Side::Long { Rounding::Up } else { Rounding::Down };
    let quote = size.value(candidate.price, rounding)?;
    let fees = fees_of(context, quote, taker, Some(maker), order.shares)?;
    if fault::planted(Fault::BandRefusesFill) {
        require_in_band(order.band, candidate.price)?;
    }
    let trade = Trade { size, quote, price: candidate.price, fees, source: FillSource::Book, maker_order: terms.id };
    let half = match backing::offer(context, row, maker, terms, size, quote, fees.maker_rebate.debit()?) {
        Ok(half) => half,
        Err(error) => {
            if fault::planted(Fault::PoisonMakerRefusesFill) {
                return Err(of_maker(error));
            }
            matched.passed_over |= 1u64 << (candidate.account & 63);
            matched.unbacked = matched.unbacked.wrapping_add(u32::from(error == Error::InsufficientMargin));
            return Ok(NOTHING);
        }
    };
    let taker_realised = take(context, row, taker, order.slot, &order.order, &trade, matched)?;
    ledger::book(context.market, &half)?;
    maker.head.note_volume(context.clock.day(), quote);
    maker.fill_order(slot, size, context.sink)?;
    let realised = half.effect.realised;
    fill_record(context, row, taker, maker.head.party(), &order.order, &trade, taker_realised, realised);
    Ok(Met { size, part_ended })
}

/// Frees the slots of a market in which a run has left nothing.
#[inline(always)]
pub(in crate::action) fn release(taker: &mut SubAccountMut<'_>, makers: &mut [SubAccountMut<'_>], market: u16) {
    taker.head.release_position(market);
    for maker in makers {
        maker.head.release_position(market);
    }
}

/// Shows the next part of an order, behind all that rest at its price.
#[inline(never)]
fn show_next<S: EventSink>(
    context: &mut Context<'_, S>,
    maker: &mut SubAccountMut<'_>,
    candidate: &Candidate,
    queue: &mut Queue,
) -> Result<()> {
    let Some(order) = maker.orders.get_mut(usize::from(candidate.slot)).filter(|order| order.is_open()) else {
        return Ok(());
    };
    order.seq = context.market.take_order_seq()?;
    queue.again(*candidate, order.seq)?;
    Ok(())
}
