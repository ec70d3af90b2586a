//! Taking over part of a position that does not meet its maintenance margin.

use crate::account::board::{PriceBoard, Purpose};
use crate::account::exchange::operation;
use crate::account::pocket::Pocket;
use crate::account::sub_account::{SubAccount, SubAccountMut};
use crate::action::risk::throttle::throttle;
use crate::action::{Context, ledger};
use crate::error::{Error, Result};
use crate::event::{CancelReason, EventKind, EventSink, LiquidationRecord, emit};
use crate::fault::{self, Fault};
use crate::num::{Checked, Rounding};
use crate::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use crate::rule::liquidation;
use crate::rule::margin::{self, Margin, MarginKind};
use crate::side::Side;

/// Takes over up to a size of one position.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct Liquidate {
    /// Most base that the liquidator takes. Zero only begins the liquidation: orders are cancelled, the time runs.
    pub max_size: Size,
    /// The worst price for the liquidator, zero for any: highest when it buys, lowest when it sells.
    pub limit_price: Price,
}

/// What a liquidation step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiquidationReport {
    /// Base moved to the liquidator, with the sign of the position.
    pub base: Base,
    /// Quote that the liquidated account got (positive) or paid.
    pub quote: Quote,
    /// Price.
    pub price: Price,
    /// Fee to the insurance fund.
    pub insurance_fee: Amount,
    /// Orders cancelled first.
    pub orders_cancelled: u32,
    /// Whether cancelling orders or an earlier recovery was enough, and nothing was taken.
    pub recovered: bool,
    /// Whether nothing but debt is left in the pocket.
    pub bankrupt: bool,
}

impl LiquidationReport {
    /// Its record, without the shortage and the liquidator's fee.
    #[inline(always)]
    fn record(&self, account: &SubAccount, liquidator: &SubAccount, market: u16, pocket: Pocket) -> LiquidationRecord {
        LiquidationRecord {
            account: account.party(),
            liquidator: liquidator.party(),
            market,
            isolated: u8::from(pocket.is_isolated()),
            liquidation: u64::from(account.liquidations),
            base: self.base,
            quote: self.quote,
            price: self.price,
            insurance_fee: self.insurance_fee,
            orders_cancelled: self.orders_cancelled,
            bankrupt: u8::from(self.bankrupt),
            ..LiquidationRecord::default()
        }
    }
}

impl Liquidate {
    /// Cancels all orders of the pocket that the position is in, then moves the part of the position that restores
    /// the pocket's maintenance margin plus the buffer (all of a small position, at most a quarter of a large one) to
    /// the liquidator at a discount, which grows from the market's `liquidator_fee_start` since the liquidation began and is at
    /// most the pocket's equity over the value of its positions, but never below that start. Of several positions of a
    /// pocket the one that [`liquidation::order`] has first is reduced, no other. Other pockets of the account are neither judged nor touched.
    ///
    /// A pocket that meets its margin is liquidated too when it owes a market in settlement more than it has tokens and
    /// realised profits: of a position in profit, what pays the debt. In the market that is settled the liquidator buys
    /// tokens of another bank from it instead, up to `max_size` of their units.
    ///
    /// # Errors
    /// [`Error::NotLiquidatable`], [`Error::NothingToLiquidate`], [`Error::LiquidationOrder`], [`Error::LiquidationPriceWorse`],
    /// [`Error::SelfTrade`], [`Error::InsufficientMargin`] of the liquidator, [`Error::LiquidationThrottled`],
    /// price rows.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        account: &mut SubAccountMut<'_>,
        liquidator: &mut SubAccountMut<'_>,
    ) -> Result<LiquidationReport> {
        context.exchange.require_open(operation::LIQUIDATE, &context.clock)?;
        if account.head.is_same(liquidator.head) {
            return Err(Error::SelfTrade);
        }
        if context.market.is_settling() {
            // Its positions are closed at the settlement price, by `SettlePosition`; what is left is a debt.
            return self.buy_tokens(context, account, liquidator);
        }
        liquidator.head.require_free_in(context.market.index)?;
        let short = match prepare(context, account)? {
            Prepared::Healthy(margin) => return self.realise(context, account, liquidator, &margin),
            Prepared::Recovered(cancelled) => return Ok(recovered(cancelled)),
            Prepared::Short(short) => short,
        };
        if short.begins && self.max_size.is_zero() {
            return Ok(LiquidationReport { recovered: false, ..recovered(short.cancelled) });
        }
        let target = short.target(context, account.head)?;
        self.carry_out(context, account, liquidator, &short, &target)
    }

    /// Takes one step of a pocket that is short, at the discount of `target`.
    ///
    /// # Errors
    /// As [`Self::execute`].
    #[inline(never)]
    pub(super) fn carry_out<S: EventSink>(
        &self,
        context: &mut Context<'_, S>,
        account: &mut SubAccountMut<'_>,
        liquidator: &mut SubAccountMut<'_>,
        short: &Shortage,
        target: &Target,
    ) -> Result<LiquidationReport> {
        let step = self.plan(context, short.missing, target)?;
        let report = self.transfer(context, account, liquidator, &step)?;
        throttle(context, &short.before, account.head, Some(liquidator.head), report.quote.magnitude())?;
        let (shortage_after, bankrupt) = short.end(context, account)?;
        let report = LiquidationReport { orders_cancelled: short.cancelled, bankrupt, ..report };
        let record = LiquidationRecord {
            shortage: short.missing.credit()?,
            shortage_after,
            liquidator_fee: step.fee,
            ..report.record(account.head, liquidator.head, context.market.index, short.pocket)
        };
        emit(context.sink, EventKind::Liquidation, &record);
        short.release(account, context.market.index);
        Ok(report)
    }

    /// Decides size, price and fees of the step.
    fn plan<S: EventSink>(&self, context: &Context<'_, S>, missing: Amount, target: &Target) -> Result<Step> {
        let market = &*context.market;
        let row = context.board.market(market.index)?;
        let Target { base, value, oracle, ratio, is_small, discount: fee } = *target;
        let size = base.size();
        // Over the whole position: what it frees beyond the shortage is what an insurance fee can come from.
        let insurance = liquidation::insurance_fee(missing, value.0, ratio, fee, market.insurance_fee)?;
        let needed = missing.plus(liquidation::ROUNDING_UNITS)?;
        let cover = liquidation::base_to_cover(needed, ratio, fee, insurance, oracle, Rounding::Up)?;
        let taken = liquidation::step_size(cover, size, is_small, market.step, market.min_order, self.max_size)?;
        if taken.is_zero() {
            return Err(Error::AmountZero);
        }
        let price = liquidation::takeover_price(base, oracle, fee)?;
        let side = Side::closing(base).opposite();
        if !self.limit_price.is_zero() && !side.accepts(self.limit_price, price) {
            return Err(Error::LiquidationPriceWorse);
        }
        // Of the oracle's value, like all that the size was reckoned from: a share of the discounted quote would be too
        // little of a long and more than a short was asked for.
        let of = if fault::planted(Fault::InsuranceFeeOfQuote) { price } else { oracle };
        let insurance_fee = row.instrument().worth(taken, of, Rounding::Down)?.share(insurance, Rounding::Down)?;
        Ok(Step { base: taken.on(side)?, price, fee, insurance_fee })
    }

    /// Moves base, quote and fee.
    pub(in crate::action) fn transfer<S: EventSink>(
        &self,
        context: &mut Context<'_, S>,
        account: &mut SubAccountMut<'_>,
        liquidator: &mut SubAccountMut<'_>,
        step: &Step,
    ) -> Result<LiquidationReport> {
        let board = context.board;
        let row = board.market(context.market.index)?;
        let quote = liquidation::takeover_quote(row.instrument(), step.base, step.price)?;
        ledger::trade(account.head, context.market, row, Base(step.base.0.wrapping_neg()), quote, Quote::ZERO)?;
        let effect =
            ledger::trade(liquidator.head, context.market, row, step.base, Quote(quote.0.wrapping_neg()), Quote::ZERO)?;
        let insurance_fee = step.insurance_fee;
        ledger::adjust(account.head, context.market, insurance_fee.debit()?)?;
        context.market.insurance_fees = context.market.insurance_fees.plus(insurance_fee)?;
        let (kind, purpose) = if effect.increased {
            (MarginKind::Initial, Purpose::Liquidate)
        } else {
            (MarginKind::Maintenance, Purpose::Liquidate)
        };
        let market = context.market.index;
        margin::require(
            liquidator.head,
            Pocket::of(liquidator.head, market),
            context.board,
            kind,
            purpose,
            &context.clock,
        )?;
        liquidator.head.release_position(market);
        Ok(LiquidationReport {
            base: step.base,
            quote,
            price: step.price,
            insurance_fee,
            orders_cancelled: 0,
            recovered: false,
            bankrupt: false,
        })
    }
}

/// A pocket before a step.
pub(super) enum Prepared {
    /// It meets its margin.
    Healthy(Margin),
    /// It has recovered, or cancelling so many orders was enough.
    Recovered(u32),
    /// It is short.
    Short(Shortage),
}

/// What a step is decided on: a pocket without orders, and the position that is reduced first.
pub(super) struct Shortage {
    pub(super) pocket: Pocket,
    /// Its margin before orders were cancelled.
    pub(super) before: Margin,
    /// Its margin now.
    pub(super) margin: Margin,
    pub(super) missing: Amount,
    first: Option<u16>,
    cancelled: u32,
    /// Whether the liquidation begins with this step.
    pub(super) begins: bool,
}

/// Judges the pocket that a market's position is in, begins its liquidation or ends it, and cancels its orders.
///
/// # Errors
/// [`Error::AccountBankrupt`], price rows.
#[inline(never)]
pub(super) fn prepare<S: EventSink>(context: &mut Context<'_, S>, account: &mut SubAccountMut<'_>) -> Result<Prepared> {
    let pocket = Pocket::of(account.head, context.market.index);
    if pocket.is_bankrupt(account.head) {
        return Err(Error::AccountBankrupt);
    }
    let (board, clock) = (context.board, context.clock);
    let (before, mut first) = margin::first_to_reduce(account.head, pocket, board, &clock)?;
    let began = pocket.is_being_liquidated(account.head);
    let buffer = context.market.liquidation_buffer;
    let mut missing = liquidation::shortage(&before, buffer)?;
    // Once begun, a liquidation goes on until the buffer is restored.
    if before.is_met() && (!began || missing.is_zero()) {
        if !began {
            return Ok(Prepared::Healthy(before));
        }
        pocket.end_liquidation(account.head)?;
        return Ok(Prepared::Recovered(0));
    }
    if !began {
        pocket.begin_liquidation(account.head, clock.at())?;
    }
    let lacks = Quote(before.collateral.0.min(0)).magnitude();
    context.market.note_insolvency(lacks, &clock);
    let cancelled = cancel_orders(account, pocket, context.sink)?;
    let mut margin = before;
    // Without orders to cancel the margin is the one just computed.
    if cancelled != 0 {
        (margin, first) = margin::first_to_reduce(account.head, pocket, board, &clock)?;
        missing = liquidation::shortage(&margin, buffer)?;
    }
    if missing.is_zero() {
        pocket.end_liquidation(account.head)?;
        account.head.release_empty_positions();
        return Ok(Prepared::Recovered(cancelled));
    }
    Ok(Prepared::Short(Shortage { pocket, before, margin, missing, first, cancelled, begins: !began }))
}

/// The position that a step reduces.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) base: Base,
    /// Its value at the oracle, down and up.
    pub(super) value: (Amount, Amount),
    /// The price that it counts at.
    pub(super) oracle: Price,
    /// Its maintenance ratio with the buffer.
    pub(super) ratio: Ppm,
    pub(super) is_small: bool,
    /// The liquidator's discount now.
    pub(super) discount: Ppm,
}

impl Shortage {
    /// The pocket's position in the market, which must be the one that is reduced first.
    ///
    /// # Errors
    /// [`Error::NothingToLiquidate`], [`Error::LiquidationOrder`], price rows.
    #[inline(never)]
    pub(super) fn target<S: EventSink>(&self, context: &Context<'_, S>, account: &SubAccount) -> Result<Target> {
        let market = &*context.market;
        let row = context.board.market(market.index)?;
        // Other rows may be frozen; the price of this step may not.
        row.price.require(Purpose::Liquidate, &context.clock)?;
        let base = account.position(market.index).map_err(|_| Error::NothingToLiquidate)?.base;
        if base.is_zero() {
            return Err(Error::NothingToLiquidate);
        }
        if self.first.is_some_and(|first| first != market.index) {
            return Err(Error::LiquidationOrder);
        }
        let oracle = row.settles_at(row.price.liquidation_price()?)?;
        let value = row.instrument().bounds(base.size(), oracle)?;
        let is_small = value.1 <= market.small_position;
        let age = context.clock.at().since(self.pocket.liquidation_slot(account));
        let age = age.millis_down(context.board.slot_time());
        let discount = liquidation::discount_at(market, is_small, &self.margin, age)?;
        let ratio = Ppm(row.maintenance_ratio(base.size())?.0.plus(market.liquidation_buffer.0)?);
        Ok(Target { base, value, oracle, ratio, is_small, discount })
    }

    /// Judges the pocket after a step: ends the liquidation when nothing is missing, and marks it bankrupt when nothing but
    /// debt is left. Returns the margin that is missing (negative: spare), and whether it is bankrupt.
    #[inline(always)]
    pub(super) fn end<S: EventSink>(
        &self,
        context: &Context<'_, S>,
        account: &mut SubAccountMut<'_>,
    ) -> Result<(Quote, bool)> {
        let after = margin::liquidation_margin(account.head, self.pocket, context.board, &context.clock)?;
        if liquidation::shortage(&after, context.market.liquidation_buffer)?.is_zero() {
            self.pocket.end_liquidation(account.head)?;
        }
        let bankrupt = mark_bankrupt(account.head, self.pocket, context.board)?;
        Ok((Quote(after.free()?.0.wrapping_neg()), bankrupt))
    }

    /// Frees the position slots in which nothing is left.
    #[inline(always)]
    pub(super) fn release(&self, account: &mut SubAccountMut<'_>, market: u16) {
        if self.cancelled == 0 {
            account.head.release_position(market);
        } else {
            account.head.release_empty_positions();
        }
    }

    /// Orders that were cancelled.
    pub(super) const fn cancelled(&self) -> u32 {
        self.cancelled
    }
}

/// One step of a liquidation.
pub(in crate::action) struct Step {
    pub base: Base,
    pub price: Price,
    pub fee: Ppm,
    pub insurance_fee: Amount,
}

pub(super) fn recovered(orders_cancelled: u32) -> LiquidationReport {
    LiquidationReport {
        base: Base::ZERO,
        quote: Quote::ZERO,
        price: Price::ZERO,
        insurance_fee: Amount::ZERO,
        orders_cancelled,
        recovered: true,
        bankrupt: false,
    }
}

/// Cancels the orders of a pocket.
fn cancel_orders<S: EventSink>(account: &mut SubAccountMut<'_>, pocket: Pocket, sink: &mut S) -> Result<u32> {
    let mut cancelled = 0u32;
    for slot in 0..account.orders.len() {
        if account.head.open_orders == 0 {
            break;
        }
        let Ok(order) = account.order(slot) else { continue };
        if pocket.holds(account.head.position(order.market)?) {
            account.remove_order(slot, CancelReason::Liquidation, sink)?;
            cancelled = cancelled.saturating_add(1);
        }
    }
    Ok(cancelled)
}

/// Marks a pocket in which nothing but debt is left.
pub(in crate::action) fn mark_bankrupt(account: &mut SubAccount, pocket: Pocket, board: &PriceBoard) -> Result<bool> {
    let bankrupt = !pocket.uncovered_debt(account, board)?.is_zero();
    if bankrupt {
        pocket.set_bankrupt(account, true)?;
    }
    Ok(bankrupt)
}
