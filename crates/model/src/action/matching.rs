//! Matching one taker order against makers, best first, and the vAMM between them at its own price.

use super::place::tradable_when;
use super::queue::{Candidate, Queue};
use super::{Context, backing, ledger, self_trade};
use crate::amm::Availability;
use crate::board::{MarketRow, Purpose};
use crate::error::{Error, Result};
use crate::event::{EventKind, EventSink, FillRecord, FillSource, Party, emit};
use crate::exchange::operation;
use crate::fault::{self, Fault};
use crate::fees::{self, FillFees, Shares};
use crate::margin::{self, MarginKind};
use crate::num::{BASE, Rounding, mul_div_inline};
use crate::order::{Order, Side};
use crate::quantity::{Amount, Price, Quote, Size};
use crate::sub_account::SubAccountMut;

/// Most maker accounts in one fill.
pub const MAX_MAKERS: usize = 8;
/// Most maker orders that one fill looks at.
pub const MAX_MAKER_ORDERS: usize = 16;

account_bytes! {
    /// A maker's order that a fill may use.
    pub struct MakerRef [8] {
        /// Id of the order.
        0 => pub order_id: u32,
        /// Index of the maker among the maker accounts passed.
        4 => pub account: u8,
        /// Slot where the order was seen; the id decides.
        5 => pub slot: u8,
        /// Padding.
        6 => pub padding: [u8; 2],
    }
}

impl MakerRef {
    /// In place of the index of an account: the order is the taker's own, in the same sub-account. Such orders are never
    /// traded with; they are named so that the taker meets them.
    pub const OWN: u8 = u8::MAX;
}

/// What a run of the matcher did.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Matched {
    /// Base filled.
    pub size: Size,
    /// Quote filled.
    pub quote: Amount,
    /// Base filled by the vAMM.
    pub amm_size: Size,
    /// Base filled by makers.
    pub maker_size: Size,
    /// Taker fees.
    pub fees: Amount,
    /// Reward due to the filler.
    pub filler_reward: Amount,
    /// Share due to the taker's referrer.
    pub referrer_share: Amount,
    /// Fee due to the taker's builder.
    pub builder_fee: Amount,
    /// Whether the taker's position grew or turned in any fill.
    pub increased: bool,
    /// Number of fills.
    pub fills: u32,
    /// How often the taker met an order of its own owner.
    pub self_trades: u32,
    /// Maker accounts of which an order was passed over because of its owner's own state, one bit each by index: who tries
    /// again leaves them out.
    pub passed_over: u64,
    /// Orders that were passed over because their owner lacks the margin for the fill.
    pub unbacked: u32,
}

/// The taker's side of a run.
pub(super) struct Taker {
    /// Slot of the order.
    pub slot: usize,
    /// The order as it stood before the run.
    pub order: Order,
    /// The worst price that it accepts now, inside the band ([`within`]).
    pub limit: Price,
    /// Lowest and highest price of a fill.
    pub band: (Price, Price),
    /// Who gets a part of the fees.
    pub shares: Shares,
    /// Whether the market only reduces.
    pub only_reduces: bool,
}

/// Refuses a price outside a band. Errors: [`Error::PriceOutsideBand`].
pub(super) fn require_in_band(band: (Price, Price), price: Price) -> Result<()> {
    if in_band(band, price) { Ok(()) } else { Err(Error::PriceOutsideBand) }
}

/// Whether a price is inside a band.
#[inline]
pub(super) fn in_band(band: (Price, Price), price: Price) -> bool {
    band.0 <= price && price <= band.1
}

/// The worst price at which an order trades now: its limit, cut to the band. What rests beyond the band is not met, so
/// that it holds up nothing in front of it.
#[inline]
pub(super) fn within(band: (Price, Price), side: Side, limit: Price) -> Price {
    if fault::planted(Fault::BandRefusesFill) {
        return limit;
    }
    match side {
        Side::Long => limit.min(band.1),
        Side::Short => limit.max(band.0),
    }
}

/// Matches as much as crosses. Margin of the taker is the caller's to check. A maker that cannot trade now, for whatever
/// reason of its own, is passed over with nothing of it changed, and the walk goes on.
pub(super) fn run<S: EventSink>(
    context: &mut Context<'_, S>,
    row: &MarketRow,
    taker: &mut SubAccountMut<'_>,
    order: &Taker,
    makers: &mut [SubAccountMut<'_>],
    refs: &[MakerRef],
) -> Result<Matched> {
    let mut left = tradable_when(order.only_reduces, taker, &order.order)?;
    let mut matched = Matched::default();
    let paused = context.exchange.paused & operation::UPDATE_AMM != 0;
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
        let _ = amm.fill(context, row, taker, order, left, order.limit, &mut matched)?;
    }
    matched.maker_size = matched.size.minus(matched.amm_size)?;
    Ok(matched)
}

/// The vAMM's part in a run.
struct Amm {
    /// What it may still trade; none when it is unavailable.
    left: Option<Size>,
    /// A price that its next unit is no better than: what tells without the curve that it has nothing to offer up to a
    /// limit.
    touch: Price,
    /// Whether it has been asked. Makers that are better than any price of the vAMM fill without it.
    asked: bool,
}

impl Amm {
    const ABSENT: Self = Self { left: None, touch: Price::ZERO, asked: true };

    fn look<S: EventSink>(context: &Context<'_, S>, row: &MarketRow, order: &Taker) -> Result<Self> {
        let paused = context.exchange.paused;
        if paused & operation::FILL_AMM != 0 || context.market.amm.sqrt_k.is_zero() {
            return Ok(Self::ABSENT);
        }
        // Every quote is held to the oracle of now.
        let unbound = paused & operation::UPDATE_AMM != 0 && fault::planted(Fault::PausedUpdateStillTrades);
        let bound = context.market.amm.bound(order.order.side(), if unbound { None } else { Some(row.price.price) })?;
        Ok(Self { left: Some(Size(u64::MAX)), touch: bound, asked: false })
    }

    /// Whether it is there, how much of it, and at what price.
    #[inline(never)]
    fn ask<S: EventSink>(
        &mut self,
        context: &mut Context<'_, S>,
        row: &MarketRow,
        order: &Taker,
        limit: Price,
    ) -> Result<()> {
        let side = order.order.side();
        self.asked = true;
        let market = &*context.market;
        self.left = None;
        let (since, micros) = (order.order.activation_slot, context.board.slot_micros());
        let available = market.amm.availability(market, &row.price, side, since, &context.clock, micros);
        // A vAMM that cannot tell is passed over, as a maker is.
        let Ok(Availability::Upto(size)) = available else { return Ok(()) };
        // The curve follows the oracle before it quotes; a peg that it cannot pay for stays.
        if context.exchange.paused & operation::UPDATE_AMM == 0 {
            match context.market.amm.update(&row.price, &context.clock) {
                Ok(_) | Err(Error::AmmUpdateNotNeeded) => {}
                Err(_) => return Ok(()),
            }
        }
        self.left = Some(size);
        // Without a maker to compare with, the curve is asked anyway.
        self.touch = if limit == order.limit { limit } else { context.market.amm.touch(side)? };
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one fill touches all of them")]
    fn fill<S: EventSink>(
        &mut self,
        context: &mut Context<'_, S>,
        row: &MarketRow,
        taker: &mut SubAccountMut<'_>,
        order: &Taker,
        wanted: Size,
        limit: Price,
        matched: &mut Matched,
    ) -> Result<Size> {
        let side = order.order.side();
        if !self.asked && side.accepts(limit, self.touch) {
            self.ask(context, row, order, limit)?;
        }
        let Some(left) = self.left.filter(|left| !left.is_zero()) else { return Ok(Size::ZERO) };
        let hold = row.hold(side)?;
        if !side.accepts(limit, self.touch) || hold.is_some_and(|hold| !side.accepts(limit, hold)) {
            return Ok(Size::ZERO);
        }
        let quoted = context.market.amm.quote(side, wanted.min(left), Some(limit), context.market.step, &row.price);
        let Ok(Some(mut fill)) = quoted else { return Ok(Size::ZERO) };
        if let Some(hold) = hold {
            fill.hold_to(side, hold)?;
        }
        context.market.amm.book(side, &fill)?;
        self.left = Some(left.minus(fill.size)?);
        // It went up to the limit, or has nothing left to give or nobody to give it to.
        self.touch = limit;
        let fees = fees_of(context, fill.quote, taker, None, order.shares)?;
        let price = Price(mul_div_inline(fill.quote.0, BASE, fill.size.0, Rounding::Down)?);
        if fault::planted(Fault::BandRefusesFill) {
            require_in_band(order.band, price)?;
        }
        let trade = Trade { size: fill.size, quote: fill.quote, price, fees, source: FillSource::Amm, maker_order: 0 };
        let taker_realised = take(context, row, taker, order.slot, &order.order, &trade, matched)?;
        fill_record(context, row, taker, Party::default(), &order.order, &trade, taker_realised, Quote::ZERO);
        matched.amm_size = matched.amm_size.plus(fill.size)?;
        Ok(fill.size)
    }
}

/// One trade.
pub(super) struct Trade {
    pub size: Size,
    pub quote: Amount,
    pub price: Price,
    pub fees: FillFees,
    pub source: FillSource,
    pub maker_order: u32,
}

/// The taker's side of a trade: base and quote, fee, order.
#[inline(always)]
pub(super) fn take<S: EventSink>(
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
    taker.fill_order(slot, trade.size, context.sink)?;
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
pub(super) fn make<S: EventSink>(
    context: &mut Context<'_, S>,
    row: &MarketRow,
    maker: &mut SubAccountMut<'_>,
    taker_side: Side,
    trade: &Trade,
) -> Result<crate::position::TradeEffect> {
    let quote = match taker_side {
        Side::Long => trade.quote.credit()?,
        Side::Short => trade.quote.debit()?,
    };
    let rebate = trade.fees.maker_rebate.debit()?;
    maker.head.note_volume(context.clock.day(), trade.quote);
    ledger::trade(maker.head, context.market, row, trade.size.on(taker_side.opposite())?, quote, rebate)
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
    fill_record(context, row, taker, Party::of(maker.head), &order.order, &trade, taker_realised, realised);
    Ok(Met { size, part_ended })
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
    let _ = queue.again(*candidate, order.seq)?;
    Ok(())
}

/// Fees of a trade between a taker and a maker, or the vAMM: all fills ask here.
pub(super) fn fees_of<S: EventSink>(
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
pub(super) fn fill_record<S: EventSink>(
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
        taker: Party::of(taker.head),
        maker,
        size: trade.size,
        quote: trade.quote,
        taker_fee: trade.fees.taker,
        maker_rebate: trade.fees.maker_rebate,
        filler_reward: trade.fees.filler,
        referrer_share: trade.fees.referrer,
        builder_fee: trade.fees.builder,
        oracle: row.price.price,
        worst_price: order.effective_price(row.price.price, context.market.tick).unwrap_or(order.price),
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
pub(super) fn check_margin<S: EventSink>(
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
    let _ = margin::require_for(account.head, market, context.board, kind, purpose, &context.clock)?;
    Ok(())
}

/// Margin of a maker after its fills, with an error that names the maker as the cause.
pub(super) fn check_maker<S: EventSink>(context: &Context<'_, S>, maker: &SubAccountMut<'_>, grew: bool) -> Result<()> {
    check_margin(context, maker, grew).map_err(of_maker)
}

/// An error that names the maker as the cause.
fn of_maker(error: Error) -> Error {
    if error == Error::InsufficientMargin { Error::MakerInsufficientMargin } else { error }
}
