//! Resting orders that cross each other trade: after a halt all at one price, else two at a time.

use super::backing::{self, Terms};
use super::queue::{Candidate, Queue};
use super::types::{MAX_MAKER_ORDERS, MakerRef, Trade, in_band};
use super::{fees_of, fill_record};
use crate::account::board::{MarketRow, Purpose, RESERVED_FOR, Session};
use crate::account::exchange::operation;
use crate::account::order::{Order, flags};
use crate::account::sub_account::SubAccountMut;
use crate::action::order::place::tradable_when;
use crate::action::{Context, ledger, matching::shares};
use crate::error::{Error, Result};
use crate::event::{EventSink, FillSource};
use crate::fault::{self, Fault};
use crate::num::{Checked, Rounding};
use crate::quantity::{Amount, Price, Quote, Size};
use crate::rule::fees::FillFees;
use crate::side::Side;
use crate::time::Slot;

/// Lets resting orders that cross each other trade.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct Uncross<'a> {
    /// The orders, of both sides and in any order; what of them cannot trade is left out.
    pub orders: &'a [MakerRef],
}

/// What it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct UncrossReport {
    /// Base traded.
    pub size: Size,
    /// Quote traded.
    pub quote: Amount,
    /// Trades.
    pub trades: u32,
}

/// At what price two orders trade.
#[derive(Clone, Copy)]
enum Rule {
    /// All at this one.
    One(Price),
    /// At the older order's, inside this band.
    Older((Price, Price)),
}

/// What became of two orders.
enum Met {
    /// They traded so much.
    Traded(Size, Amount),
    /// The order of this side stands aside.
    Aside(Side),
}

impl Uncross<'_> {
    /// In the seconds between the reserved state and the opening ([`Session::Calling`]) all orders handed in that cross the
    /// row's price trade at it, which must have been published after the reserved state ended: the best bid with the best
    /// ask, of equal prices the older first. In normal times the best bid and the best ask trade at the older one's price as
    /// long as they cross, where the vAMM would not serve the newer one better.
    ///
    /// The newer order is the taker and the older one the maker, in fees as in records. A post-only order never takes: where
    /// it is the newer one, neither side pays or gets a fee, and the trade counts neither as a volume nor as the last price.
    /// Orders at a distance from the oracle, and what cannot trade for a reason of its owner, are left out; two of one owner
    /// never trade, the newer stands aside.
    ///
    /// # Errors
    /// [`Error::MarketReserved`], [`Error::PriceBeforeCall`] and [`Error::PriceNotLive`] of the row, [`Error::NothingToFill`],
    /// [`Error::TooManyMakers`], [`Error::OpenInterestCap`]; price rows, market status.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        accounts: &mut [SubAccountMut<'_>],
    ) -> Result<UncrossReport> {
        context.exchange.require_open(operation::FILL, &context.clock)?;
        context.market.require_open(true, &context.clock)?;
        let board = context.board;
        let row = board.market(context.market.index)?;
        row.price.require(Purpose::ReduceRisk, &context.clock)?;
        let rule = rule(context, row)?;
        let (mut bids, mut asks) = self.collect(context, accounts, rule)?;
        let interest = context.market.open_interest();
        let mut report = UncrossReport::default();
        let (mut bid, mut ask) = (bids.next(), asks.next());
        while let (Some(buyer), Some(seller)) = (bid, ask) {
            if buyer.price < seller.price {
                break;
            }
            let met = meet(context, row, accounts, rule, &buyer, &seller)?;
            if let Met::Traded(size, quote) = met {
                report.size = report.size.plus(size)?;
                report.quote = report.quote.plus(quote)?;
                report.trades = report.trades.plus(1)?;
            }
            let aside = |side| matches!(met, Met::Aside(yields) if yields == side);
            if aside(Side::Long) || !has_more(context, accounts, &buyer)? {
                bid = bids.next();
            }
            if aside(Side::Short) || !has_more(context, accounts, &seller)? {
                ask = asks.next();
            }
        }
        if report.trades == 0 {
            return Err(Error::NothingToFill);
        }
        context.market.require_interest_cap(interest)?;
        context.market.sample_premium(row.price.price, context.clock.unix_time)?;
        for account in accounts {
            account.head.release_position(context.market.index);
        }
        Ok(report)
    }

    /// The orders of both sides that can trade under the rule, best first.
    fn collect<S: EventSink>(
        self,
        context: &Context<'_, S>,
        accounts: &[SubAccountMut<'_>],
        rule: Rule,
    ) -> Result<(Queue, Queue)> {
        if self.orders.len() > MAX_MAKER_ORDERS {
            return Err(Error::TooManyMakers);
        }
        // A queue is of those whom a taker of the other side meets.
        let (mut bids, mut asks) = (Queue::of(Side::Short), Queue::of(Side::Long));
        for reference in self.orders {
            let owner = accounts.get(usize::from(reference.account)).ok_or(Error::TooManyMakers)?;
            let Ok(at) = owner.order_slot_near(reference.order_id, usize::from(reference.slot)) else { continue };
            let order = owner.order(at)?;
            let usable = order.market == context.market.index
                && order.is_resting(context.clock.slot)
                && !order.has(flags::OFFSET)
                && !order.is_expired(&context.clock)
                && owner.head.require_free_in(context.market.index).is_ok();
            let price = order.price();
            let crosses = match rule {
                Rule::One(one) => order.side().accepts(price, one),
                // Beyond the other edge it can meet nothing inside.
                Rule::Older((low, high)) => {
                    order.side().accepts(price, if order.side() == Side::Long { low } else { high })
                }
            };
            if usable && crosses {
                let slot = u8::try_from(at).map_err(|_| Error::OrderNotFound)?;
                let queue = if order.side() == Side::Long { &mut bids } else { &mut asks };
                queue.insert(Candidate { price, seq: order.seq, account: reference.account, slot, own: false })?;
            }
        }
        Ok((bids, asks))
    }
}

/// The rule of this moment.
fn rule<S: EventSink>(context: &Context<'_, S>, row: &MarketRow) -> Result<Rule> {
    if row.session(&context.clock) != Session::Calling {
        return context.market.trading_band(row, &context.clock).map(Rule::Older);
    }
    let ended = RESERVED_FOR.after(i64::from(row.halted_at));
    if row.price.publish_time < ended && !fault::planted(Fault::CallAtOldPrice) {
        return Err(Error::PriceBeforeCall);
    }
    row.price.require_live(Slot(0), &context.clock, context.board.slot_time())?;
    Ok(Rule::One(row.price.price))
}

/// The order of a candidate, if it is still what was collected.
fn order_of<'a>(accounts: &'a [SubAccountMut<'_>], candidate: &Candidate) -> Option<&'a Order> {
    let order = accounts.get(usize::from(candidate.account))?.order(usize::from(candidate.slot)).ok()?;
    (order.seq == candidate.seq).then_some(order)
}

/// What of a candidate can trade now: of an order that shows a part, that part.
#[inline(never)]
fn size_of<S: EventSink>(
    context: &Context<'_, S>,
    accounts: &[SubAccountMut<'_>],
    candidate: &Candidate,
) -> Result<Size> {
    let (Some(order), Some(owner)) = (order_of(accounts, candidate), accounts.get(usize::from(candidate.account)))
    else {
        return Ok(Size::ZERO);
    };
    let size = tradable_when(context.market.only_reduces(&context.clock), owner, order)?;
    if order.extent == 0 { Ok(size) } else { Ok(size.min(order.shown(context.market.step)?)) }
}

/// Whether a candidate has something left to trade in this run.
fn has_more<S: EventSink>(
    context: &Context<'_, S>,
    accounts: &[SubAccountMut<'_>],
    candidate: &Candidate,
) -> Result<bool> {
    Ok(!size_of(context, accounts, candidate)?.is_zero())
}

/// Two of the accounts at once.
fn pair<'a, 'b>(
    accounts: &'a mut [SubAccountMut<'b>],
    one: u8,
    other: u8,
) -> Option<(&'a mut SubAccountMut<'b>, &'a mut SubAccountMut<'b>)> {
    let (one, other) = (usize::from(one), usize::from(other));
    let (low, high) = accounts.split_at_mut_checked(one.max(other))?;
    match (low.get_mut(one.min(other))?, high.first_mut()?) {
        (first, second) if one < other => Some((first, second)),
        (second, first) if other < one => Some((first, second)),
        _ => None,
    }
}

/// Lets two candidates trade under the rule, or says who stands aside.
#[inline(never)]
fn meet<S: EventSink>(
    context: &mut Context<'_, S>,
    row: &MarketRow,
    accounts: &mut [SubAccountMut<'_>],
    rule: Rule,
    buyer: &Candidate,
    seller: &Candidate,
) -> Result<Met> {
    let size = size_of(context, accounts, buyer)?.min(size_of(context, accounts, seller)?);
    let (newer, older) = if buyer.seq > seller.seq { (buyer, seller) } else { (seller, buyer) };
    let yields = Met::Aside(if buyer.seq > seller.seq { Side::Long } else { Side::Short });
    let (Some(order), Some(resting)) = (order_of(accounts, newer).copied(), order_of(accounts, older).copied()) else {
        return Ok(yields);
    };
    let Some((taker, maker)) = pair(accounts, newer.account, older.account) else { return Ok(yields) };
    if size.is_zero() || taker.head.is_of(maker.head) {
        return Ok(yields);
    }
    let side = order.side();
    let price = match rule {
        Rule::One(price) => price,
        // Whatever takes goes to the vAMM first, where that is better.
        Rule::Older(_) if !order.has(flags::POST_ONLY) && vamm_serves(context, row, side, older.price) => {
            return Ok(yields);
        }
        Rule::Older(band) if !in_band(band, older.price) && !fault::planted(Fault::UncrossBeyondBand) => {
            return Ok(Met::Aside(side.opposite()));
        }
        Rule::Older(_) => older.price,
    };
    let rounding = if side == Side::Long { Rounding::Up } else { Rounding::Down };
    let quote = size.value(price, rounding)?;
    let fees = if order.has(flags::POST_ONLY) {
        FillFees::default()
    } else {
        fees_of(context, quote, taker, Some(maker), shares::of(taker, &order, None, &[]))?
    };
    let trade = Trade { size, quote, price, fees, source: FillSource::Book, maker_order: resting.id };
    let (taken, made) = match halves(context, row, (taker, &order), (maker, &resting), &trade)? {
        Halves::Both(taken, made) => (taken, made),
        Halves::TakerLacks => return Ok(Met::Aside(side)),
        Halves::MakerLacks => return Ok(Met::Aside(side.opposite())),
    };
    ledger::book(context.market, &taken)?;
    ledger::book(context.market, &made)?;
    settle(context, row, (taker, newer, &order), (maker, older), &trade)?;
    fill_record(context, row, taker, maker.head.party(), &order, &trade, taken.effect.realised, made.effect.realised);
    Ok(Met::Traded(size, quote))
}

/// Whether the vAMM would trade with a taker at a price.
fn vamm_serves<S: EventSink>(context: &Context<'_, S>, row: &MarketRow, side: Side, price: Price) -> bool {
    !context.exchange.is_paused(operation::FILL_AMM, &context.clock)
        && context.market.amm.crosses(side, price, &row.price).unwrap_or(true)
}

/// One user's half of a trade, judged by its margin: one copy for both.
#[inline(never)]
fn half<S: EventSink>(
    context: &Context<'_, S>,
    row: &MarketRow,
    account: &mut SubAccountMut<'_>,
    order: &Order,
    trade: &Trade,
    fee: Quote,
) -> Result<ledger::Half> {
    backing::offer(context, row, account, Terms::of(order), trade.size, trade.quote, fee)
}

/// Both users' halves of a trade, or whose state forbids it.
enum Halves {
    Both(ledger::Half, ledger::Half),
    TakerLacks,
    MakerLacks,
}

/// Both users' halves of a trade, each judged by its margin, or neither and all as before.
fn halves<S: EventSink>(
    context: &Context<'_, S>,
    row: &MarketRow,
    (taker, order): (&mut SubAccountMut<'_>, &Order),
    (maker, resting): (&mut SubAccountMut<'_>, &Order),
    trade: &Trade,
) -> Result<Halves> {
    let (before, paid) = (*taker.head.position(order.market)?, taker.head.total_fees);
    let charged = trade.fees.charged()?.credit()?;
    let Ok(taken) = half(context, row, taker, order, trade, charged) else {
        return Ok(Halves::TakerLacks);
    };
    let rebate = trade.fees.maker_rebate.debit()?;
    let Ok(made) = half(context, row, maker, resting, trade, rebate) else {
        *taker.head.position_mut(order.market)? = before;
        taker.head.total_fees = paid;
        return Ok(Halves::MakerLacks);
    };
    Ok(Halves::Both(taken, made))
}

/// Takes a trade out of both orders and notes it where it counts.
fn settle<S: EventSink>(
    context: &mut Context<'_, S>,
    row: &MarketRow,
    (taker, newer, order): (&mut SubAccountMut<'_>, &Candidate, &Order),
    (maker, older): (&mut SubAccountMut<'_>, &Candidate),
    trade: &Trade,
) -> Result<()> {
    fill_part(context, taker, newer, trade.size)?;
    fill_part(context, maker, older, trade.size)?;
    if !order.has(flags::POST_ONLY) {
        let day = context.clock.day();
        context.market.note_fill(trade.price, trade.quote, row.price.price, context.board, &context.clock);
        context.market.volume = context.market.volume.wrapping_add(trade.size.0);
        taker.head.note_volume(day, trade.quote);
        maker.head.note_volume(day, trade.quote);
    }
    Ok(())
}

/// Takes a size out of an order; of one that shows a part the next part then comes behind all of its price.
#[inline(never)]
fn fill_part<S: EventSink>(
    context: &mut Context<'_, S>,
    account: &mut SubAccountMut<'_>,
    candidate: &Candidate,
    size: Size,
) -> Result<()> {
    let slot = usize::from(candidate.slot);
    let part = account.order(slot)?;
    let ended = part.extent != 0 && part.shown(context.market.step)? <= size;
    account.fill_order(slot, size, context.sink)?;
    if let Some(rest) = account.orders.get_mut(slot).filter(|rest| ended && rest.is_open()) {
        rest.seq = context.market.take_order_seq()?;
    }
    Ok(())
}
