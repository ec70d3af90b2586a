//! Returning dead orders: those past their expiry, reduce-only ones with nothing left to reduce, and those that their
//! owner lacks the margin for.

use crate::account::order::{Order, flags};
use crate::account::sub_account::SubAccountMut;
use crate::action::matching::backing::unbacked;
use crate::action::{Context, ledger, order::reward};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{CancelReason, CrankKind, CrankRecord, EventKind, EventSink, emit};
use crate::num::Checked;
use crate::quantity::{Amount, Size};
use crate::side::Side;

/// Most orders that one call returns: as many as one message of records has room for with all their legs.
pub const MAX_EXPIRED: usize = 12;

/// Removes dead orders of one account in one market.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct ExpireOrders<'a> {
    /// Only these; none for all that are past their expiry or have nothing left to reduce, up to [`MAX_EXPIRED`].
    pub ids: &'a [u32],
}

/// What it returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpireReport {
    /// Orders removed. The orders that end with them because they belong together are not counted.
    pub removed: u32,
    /// What the owner paid for it.
    pub reward: Amount,
}

impl ExpireOrders<'_> {
    /// Removes what is dead of what is named; what is alive or gone is passed over. Needs no price and is never paused,
    /// but for orders that are named: of those, one that its owner lacks the margin for ([`unbacked`]) is removed too,
    /// while the prices for that are there. The owner pays [`reward::CRANK_FEE`] for each to `crank`, as far as it can
    /// spare it.
    ///
    /// # Errors
    /// [`Error::NothingExpired`], [`Error::InvalidOrder`] for more than [`MAX_EXPIRED`] ids.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        owner: &mut SubAccountMut<'_>,
        crank: Option<&mut SubAccountMut<'_>>,
    ) -> Result<ExpireReport> {
        if self.ids.len() > MAX_EXPIRED {
            return Err(Error::InvalidOrder);
        }
        let market = context.market.index;
        let mut removed = 0u32;
        for slot in 0..owner.orders.len() {
            if usize::try_from(removed).is_ok_and(|count| count >= MAX_EXPIRED) {
                break;
            }
            let Ok(order) = owner.order(slot).copied() else { continue };
            if order.market != market || !(self.ids.is_empty() || self.ids.contains(&order.id)) {
                continue;
            }
            let mut reason = dead(owner, &order, &context.clock)?;
            if reason == CancelReason::None && !self.ids.is_empty() && unbacked(context, owner, &order, Size(u64::MAX))
            {
                reason = CancelReason::Margin;
            }
            if reason != CancelReason::None {
                owner.remove_order(slot, reason, context.sink)?;
                removed = removed.plus(1)?;
            }
        }
        if removed == 0 {
            return Err(Error::NothingExpired);
        }
        let mut reward = Amount::ZERO;
        if let Some(crank) = crank {
            let fee = Amount(reward::CRANK_FEE.0.times(u64::from(removed))?);
            reward = reward::affordable(context, owner, fee)?;
            ledger::transfer(owner.head, crank.head, market, reward)?;
            let record = CrankRecord {
                account: owner.head.party(),
                crank: crank.head.party(),
                reward,
                market,
                kind: CrankKind::Expire as u8,
                ..CrankRecord::default()
            };
            emit(context.sink, EventKind::Crank, &record);
        }
        owner.head.release_position(market);
        Ok(ExpireReport { removed, reward })
    }
}

/// Why an order can never trade again, [`CancelReason::None`] when it may. A leg lives as long as its parent.
pub fn dead(account: &SubAccountMut<'_>, order: &Order, clock: &Clock) -> Result<CancelReason> {
    if order.is_expired(clock) {
        return Ok(CancelReason::Expired);
    }
    if !order.has(flags::REDUCE_ONLY) {
        return Ok(CancelReason::None);
    }
    let base = account.head.position(order.market)?.base;
    let reduces = !base.is_zero() && Side::closing(base) == order.side();
    let follows = order.has(flags::LEG) && account.parent_lives(order.link);
    Ok(if reduces || follows { CancelReason::None } else { CancelReason::NothingToReduce })
}
