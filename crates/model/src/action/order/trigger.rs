//! Triggering an order that waits.

use crate::account::board::Purpose;
use crate::account::exchange::operation;
use crate::account::order::{Order, OrderKind, STATUS_OPEN, flags};
use crate::account::pocket::Pocket;
use crate::account::sub_account::SubAccountMut;
use crate::action::{Context, ledger, order::conditional, order::entry, order::place, order::reward};
use crate::error::{Error, Result};
use crate::event::{CancelReason, CrankKind, CrankRecord, EventKind, EventSink, emit};
use crate::quantity::{Amount, Price};
use crate::rule::liquidation;
use crate::rule::margin::{self, MarginKind};
use crate::rule::trigger;

/// Makes a waiting order a market or limit order when the price has reached its trigger.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct TriggerOrder {
    /// Id of the order.
    pub order_id: u32,
    /// Slot where it was seen; the id decides.
    pub slot: usize,
}

/// Result of a trigger: the price that reached it, the fee, or why the order went instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriggerReport {
    /// The price that reached the trigger.
    pub price: Price,
    /// Why the order was removed instead, [`CancelReason::None`] when it was triggered.
    pub removed: CancelReason,
    /// What the owner paid for it.
    pub reward: Amount,
}

impl TriggerOrder {
    /// Makes the order a market or limit order. A market kind starts the exchange's own auction from the oracle, a limit kind rests; both come behind
    /// everything that rests already. An order whose owner lacks the initial margin for it, or would hold too large a
    /// position, is removed instead. In either case the owner pays [`reward::CRANK_FEE`] to `crank`, as far as it can
    /// spare it.
    ///
    /// A triggered market order without a protection price gets a new auction by the same call, without a fee, when the
    /// oracle has passed what its last one ended at.
    ///
    /// Only a price published at or after the order was placed counts.
    ///
    /// # Errors
    /// [`Error::TriggerNotReached`], [`Error::LastFillTooOld`], [`Error::OrderExpired`],
    /// [`Error::NothingToFill`] for a leg or reduce-only order with nothing to do, price rows, market status.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        owner: &mut SubAccountMut<'_>,
        crank: Option<&mut SubAccountMut<'_>>,
    ) -> Result<TriggerReport> {
        let slot = owner.order_slot_near(self.order_id, self.slot)?;
        let mut order = *owner.order(slot)?;
        let reduce_only = order.has(flags::REDUCE_ONLY);
        context.exchange.require_open(
            if reduce_only { operation::FILL } else { operation::FILL | operation::PLACE },
            &context.clock,
        )?;
        if order.market != context.market.index {
            return Err(Error::WrongMarket);
        }
        context.market.require_open(reduce_only, &context.clock)?;
        liquidation::require_free_in(owner.head, order.market, context.board, &context.clock)?;
        if order.is_expired(&context.clock) {
            return Err(Error::OrderExpired);
        }
        if place::tradable(context, owner, &order)?.is_zero() {
            return Err(Error::NothingToFill);
        }
        let board = context.board;
        let row = board.market(order.market)?;
        row.price.require(if reduce_only { Purpose::Trigger } else { Purpose::IncreaseRisk }, &context.clock)?;
        if !order.is_waiting() {
            return self.restart(context, owner, slot, order);
        }
        let kind = OrderKind::from_number(order.kind)?;
        let price = trigger::seen(context.market, row, board, order.flags, &context.clock)?;
        let seen =
            if order.has(flags::TRIGGER_LAST) { context.market.last_fill_slot.0 } else { row.price.publish_slot };
        if !trigger::is_reached(&order, price) || seen < order.activation_slot {
            return Err(Error::TriggerNotReached);
        }

        activate(context, &mut order, kind, row.price.liquidation_price()?)?;
        let fee = if crank.is_some() { reward::CRANK_FEE } else { Amount::ZERO };
        let mut due = None;
        let mut removed = CancelReason::None;
        if !reduce_only {
            due = self.open_risk(context, owner, &order, fee)?;
            if due.is_none() {
                removed = CancelReason::Margin;
            }
        }
        if removed == CancelReason::None {
            *owner.orders.get_mut(slot).ok_or(Error::OrderNotFound)? = order;
        } else {
            owner.remove_order(slot, removed, context.sink)?;
        }
        let reward = match (due, &crank) {
            (Some(due), _) => due,
            (None, Some(_)) => reward::affordable(context, owner, fee)?,
            (None, None) => Amount::ZERO,
        };
        let mut record = record(owner, &order, CrankKind::Trigger, price);
        (record.reward, record.reason) = (reward, removed as u8);
        if let Some(crank) = crank {
            ledger::transfer(owner.head, crank.head, order.market, reward)?;
            record.crank = crank.head.party();
        }
        emit(context.sink, EventKind::Crank, &record);
        owner.head.release_position(order.market);
        Ok(TriggerReport { price, removed, reward })
    }

    /// Adds the order to the open exposure. Returns what of the fee the owner pays, or nothing, and the exposure as it
    /// was, when the owner lacks the margin or room.
    fn open_risk<S: EventSink>(
        &self,
        context: &Context<'_, S>,
        owner: &mut SubAccountMut<'_>,
        order: &Order,
        fee: Amount,
    ) -> Result<Option<Amount>> {
        let position = owner.head.position_mut(order.market)?;
        let increases = match entry::expose(position, order, context.market.max_position) {
            Err(Error::PositionTooLarge) => {
                position.remove_open(order.side(), order.remaining()?)?;
                return Ok(None);
            }
            other => other?,
        };
        if !increases {
            return reward::affordable(context, owner, fee).map(Some);
        }
        let margin = margin::margin_of(
            owner.head,
            Pocket::of(owner.head, order.market),
            context.board,
            MarginKind::Initial,
            Purpose::IncreaseRisk,
            &context.clock,
        )?;
        if margin.free()?.0 >= fee.credit()?.0 {
            return Ok(Some(fee));
        }
        owner.head.position_mut(order.market)?.remove_open(order.side(), order.remaining()?)?;
        Ok(None)
    }

    /// Starts another auction of a triggered market order that the price has left behind.
    fn restart<S: EventSink>(
        &self,
        context: &mut Context<'_, S>,
        owner: &mut SubAccountMut<'_>,
        slot: usize,
        mut order: Order,
    ) -> Result<TriggerReport> {
        let price = context.board.market(order.market)?.price.liquidation_price()?;
        if !trigger::is_left_behind(&order, price, context.clock.slot) {
            return Err(Error::TriggerNotReached);
        }
        conditional::start_auction(context, &mut order, price)?;
        *owner.orders.get_mut(slot).ok_or(Error::OrderNotFound)? = order;
        emit(context.sink, EventKind::Crank, &record(owner, &order, CrankKind::Restart, price));
        Ok(TriggerReport { price, removed: CancelReason::None, reward: Amount::ZERO })
    }
}

/// Makes a waiting order a limit order that rests, or a market order whose auction begins now at a price. It comes behind
/// all others.
#[inline(always)]
fn activate<S: EventSink>(
    context: &mut Context<'_, S>,
    order: &mut Order,
    kind: OrderKind,
    price: Price,
) -> Result<()> {
    order.status = STATUS_OPEN;
    order.extent = 0;
    order.seq = context.market.take_order_seq()?;
    order.activation_slot = context.clock.slot;
    if kind.rests() {
        order.kind = OrderKind::Limit as u8;
        return Ok(());
    }
    order.kind = OrderKind::Market as u8;
    conditional::start_auction(context, order, price)?;
    if !order.has(flags::REDUCE_ONLY) && order.expires_at == 0 {
        order.expires_at = entry::market_expiry(context, order.auction_slots)?;
    }
    Ok(())
}

/// The record of a service to an order, without who did it.
pub(in crate::action) fn record(
    owner: &SubAccountMut<'_>,
    order: &Order,
    kind: CrankKind,
    price: Price,
) -> CrankRecord {
    CrankRecord {
        account: owner.head.party(),
        price,
        level: order.trigger_price.word(),
        auction_start: order.auction_start,
        auction_end: order.auction_end,
        order_id: order.id,
        market: order.market,
        kind: kind as u8,
        activation_slot: if order.is_waiting() { 0 } else { order.activation_slot },
        ..CrankRecord::default()
    }
}
