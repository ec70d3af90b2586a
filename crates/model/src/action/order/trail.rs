//! Moving the trigger of a trailing stop after the price.

use crate::account::board::Purpose;
use crate::account::exchange::operation;
use crate::account::order::OrderKind;
use crate::account::sub_account::SubAccountMut;
use crate::action::order::trigger::record;
use crate::action::{Context, ledger, order::place, order::reward};
use crate::error::{Error, Result};
use crate::event::{CrankKind, EventKind, EventSink, emit};
use crate::quantity::{Amount, Price};
use crate::rule::trigger;
use crate::side::Side;

/// Moves a trailing stop's trigger toward the price, never away from it.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct TrailOrder {
    /// Id of the order.
    pub order_id: u32,
    /// Slot where it was seen; the id decides.
    pub slot: usize,
}

/// Result of a move: the new trigger, and the fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrailReport {
    /// The trigger now.
    pub trigger_price: Price,
    /// What the owner paid for it.
    pub reward: Amount,
}

impl TrailOrder {
    /// Moves the trigger to its distance behind the price that the order looks at. The owner pays
    /// [`reward::TRAIL_FEE`] to `crank`, as far as it can spare it.
    ///
    /// The price must be fit for opening risk: a spike that nobody confirmed would leave the trigger where the
    /// price never was.
    ///
    /// # Errors
    /// [`Error::TrailTooSmall`] for a move of less than a tenth of the distance or away from the price,
    /// [`Error::InvalidOrder`] for another kind, [`Error::NothingToFill`] for a leg with nothing to do, price rows.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        owner: &mut SubAccountMut<'_>,
        crank: Option<&mut SubAccountMut<'_>>,
    ) -> Result<TrailReport> {
        let slot = owner.order_slot_near(self.order_id, self.slot)?;
        let mut order = *owner.order(slot)?;
        context.exchange.require_open(operation::FILL, &context.clock)?;
        context.market.require_open(true, &context.clock)?;
        if order.market != context.market.index {
            return Err(Error::WrongMarket);
        }
        if order.kind != OrderKind::TrailingStop as u8 || !order.is_waiting() {
            return Err(Error::InvalidOrder);
        }
        owner.head.require_free_in(order.market)?;
        if order.is_expired(&context.clock) {
            return Err(Error::OrderExpired);
        }
        if place::tradable(context, owner, &order)?.is_zero() {
            return Err(Error::NothingToFill);
        }
        let board = context.board;
        let row = board.market(order.market)?;
        row.price.require(Purpose::IncreaseRisk, &context.clock)?;
        let price = trigger::seen(context.market, row, board, order.flags, &context.clock)?;
        let distance = order.distance();
        let (from, to) = (order.level(), trigger::trailed(order.side(), price, distance, context.market.tick)?);
        let moved = match order.side() {
            Side::Short => to.0.saturating_sub(from.0),
            Side::Long => from.0.saturating_sub(to.0),
        };
        if moved == 0 || moved < trigger::smallest_trail(price, distance)? {
            return Err(Error::TrailTooSmall);
        }
        order.set_level(to);
        *owner.orders.get_mut(slot).ok_or(Error::OrderNotFound)? = order;
        let mut record = record(owner, &order, CrankKind::Trail, price);
        if let Some(crank) = crank {
            record.reward = reward::affordable(context, owner, reward::TRAIL_FEE)?;
            record.crank = crank.head.party();
            ledger::transfer(owner.head, crank.head, order.market, record.reward)?;
        }
        emit(context.sink, EventKind::Crank, &record);
        Ok(TrailReport { trigger_price: to, reward: record.reward })
    }
}
