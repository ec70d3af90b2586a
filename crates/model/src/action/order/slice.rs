//! Releasing the next slice of a TWAP.

use crate::account::board::Purpose;
use crate::account::exchange::operation;
use crate::account::order::{OrderKind, flags};
use crate::account::sub_account::SubAccountMut;
use crate::action::order::trigger::record;
use crate::action::{Context, ledger, order::conditional, order::reward};
use crate::error::{Error, Result};
use crate::event::{CrankKind, EventKind, EventSink, emit};
use crate::quantity::{Amount, Size};
use crate::time::{Seconds, Slot};

/// Releases one slice more and starts a new auction.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct SliceOrder {
    /// Id of the order.
    pub order_id: u32,
    /// Slot where it was seen; the id decides.
    pub slot: usize,
}

/// Result of a release: base released so far, and the fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceReport {
    /// Released so far.
    pub released: Size,
    /// What the owner paid for it.
    pub reward: Amount,
}

impl SliceOrder {
    /// Releases the next slice once its interval has passed, in slots rounded up, since the one before; the last takes the
    /// remainder. What is left unfilled of earlier slices joins the new auction. The owner pays [`reward::CRANK_FEE`] to
    /// `crank`, as far as it can spare it.
    ///
    /// When everything is released, the same call starts another auction for what is left, without a fee.
    ///
    /// # Errors
    /// [`Error::SliceNotDue`], [`Error::InvalidOrder`] for another kind, [`Error::OrderExpired`],
    /// [`Error::NothingToFill`] for a reduce-only order with nothing to reduce, price rows, market status.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        owner: &mut SubAccountMut<'_>,
        crank: Option<&mut SubAccountMut<'_>>,
    ) -> Result<SliceReport> {
        let slot = owner.order_slot_near(self.order_id, self.slot)?;
        let mut order = *owner.order(slot)?;
        context.exchange.require_open(operation::FILL, &context.clock)?;
        if order.market != context.market.index {
            return Err(Error::WrongMarket);
        }
        if order.kind != OrderKind::Twap as u8 {
            return Err(Error::InvalidOrder);
        }
        let reduce_only = order.has(flags::REDUCE_ONLY);
        // Orders from before the market closed to new risk may still reduce.
        context.market.require_open(true, &context.clock)?;
        owner.head.require_free_in(order.market)?;
        if order.is_expired(&context.clock) {
            return Err(Error::OrderExpired);
        }
        if crate::action::order::expire::dead(owner, &order, &context.clock)? != crate::event::CancelReason::None {
            return Err(Error::NothingToFill);
        }
        let due = Seconds(u64::from(order.interval())).slots_up(context.board.slot_time())?;
        if context.clock.slots_since(Slot(order.activation_slot)) < due {
            return Err(Error::SliceNotDue);
        }
        let board = context.board;
        let row = board.market(order.market)?;
        row.price.require(if reduce_only { Purpose::Trigger } else { Purpose::IncreaseRisk }, &context.clock)?;
        let fee = if order.released() == order.size { Amount::ZERO } else { reward::CRANK_FEE };
        let slice = order.slice(context.market.step)?;
        let next = order.released().plus(slice)?;
        // Less than two slices left: the last takes both.
        let whole = next.plus(slice)? > order.size;
        order.set_released(if whole { order.size } else { next });
        let price = row.price.liquidation_price()?;
        conditional::start_auction(context, &mut order, price)?;
        *owner.orders.get_mut(slot).ok_or(Error::OrderNotFound)? = order;
        let mut record = record(owner, &order, CrankKind::Slice, price);
        if let Some(crank) = crank
            && !fee.is_zero()
        {
            record.reward = reward::affordable(context, owner, fee)?;
            record.crank = crank.head.party();
            ledger::transfer(owner.head, crank.head, order.market, record.reward)?;
        }
        emit(context.sink, EventKind::Crank, &record);
        Ok(SliceReport { released: order.released(), reward: record.reward })
    }
}
