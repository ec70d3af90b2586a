//! Cancelling orders and placing others in one step.

use crate::account::board::Purpose;
use crate::account::exchange::operation;
use crate::account::order::{OrderParams, flags};
use crate::account::pocket::Pocket;
use crate::account::sub_account::{SubAccount, SubAccountMut};
use crate::action::Context;
use crate::action::order::place::{MAX_PLACED, place};
use crate::error::{Error, Result};
use crate::event::{CancelReason, EventSink};
use crate::num::Checked;
use crate::quantity::Size;
use crate::rule::liquidation;
use crate::rule::margin::{self, MarginKind};

/// Cancels orders of one market and places others there, all or nothing.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct ReplaceOrders<'a> {
    /// Ids of orders to cancel.
    pub cancel: &'a [u32],
    /// Orders to place.
    pub orders: &'a [OrderParams],
    /// Whether every order to cancel must still be open; else what is gone is passed over.
    pub strict: bool,
}

/// What was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplaceReport {
    /// Orders cancelled.
    pub cancelled: u32,
    /// Id of the first order placed; the others follow.
    pub first_id: u32,
    /// Orders placed.
    pub count: u32,
}

impl ReplaceOrders<'_> {
    /// Refuses more than [`MAX_PLACED`] new orders.
    ///
    /// # Errors
    /// [`Error::InvalidOrder`].
    #[inline]
    pub const fn validate(&self) -> Result<()> {
        if self.orders.len() > MAX_PLACED { Err(Error::InvalidOrder) } else { Ok(()) }
    }

    /// Cancels, then places. Margin is checked once, and only when the position's worst case is larger than it was
    /// before: a replacement that adds no exposure needs no price.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`] when `strict`, [`Error::WrongMarket`] for an order of another market, and those of
    /// placing.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        account: &mut SubAccountMut<'_>,
    ) -> Result<ReplaceReport> {
        let market = context.market.index;
        context.exchange.require_open(operation::PLACE, &context.clock)?;
        liquidation::require_free_in(account.head, market, context.board, &context.clock)?;
        let before = worst(account.head, market)?;
        let mut cancelled = 0u32;
        for id in self.cancel {
            let slot = match account.order_slot(*id) {
                Ok(slot) => slot,
                Err(Error::OrderNotFound) if !self.strict => continue,
                Err(other) => return Err(other),
            };
            if account.order(slot)?.market != market {
                return Err(Error::WrongMarket);
            }
            account.remove_order(slot, CancelReason::Requested, context.sink)?;
            cancelled = cancelled.plus(1)?;
        }
        let first_id = account.head.next_order_id.max(1);
        for params in self.orders {
            if params.flags & flags::AT_ONCE != 0 {
                return Err(Error::InvalidOrder);
            }
            place(context, account, params)?;
        }
        if worst(account.head, market)? > before {
            margin::require(
                account.head,
                Pocket::of(account.head, market),
                context.board,
                MarginKind::Initial,
                Purpose::IncreaseRisk,
                &context.clock,
            )?;
        }
        account.head.last_active_slot = context.clock.slot;
        account.head.release_position(market);
        let count = u32::try_from(self.orders.len()).map_err(|_| Error::Overflow)?;
        Ok(ReplaceReport { cancelled, first_id, count })
    }
}

/// The larger of what all bids and what all offers of a market would make of the position.
fn worst(account: &SubAccount, market: u16) -> Result<Size> {
    account.position(market).map_or(Ok(Size::ZERO), |position| Ok(position.worst_case_base()?.size()))
}
