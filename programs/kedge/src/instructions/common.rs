//! Small pieces that several instructions share.

use anchor_lang::pinocchio::sysvars::{Sysvar, clock::Clock as ChainClock};
use arrayvec::ArrayVec;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::sub_account::{SubAccount, SubAccountMut};
use kedge_model::action::{self, MAX_MAKER_ORDERS, MAX_RETURNS};
use kedge_model::clock::Clock;
use kedge_model::event::{CancelRecord, EventSink, FillRecord, OrderRecord};
use kedge_model::rule::group::MAX_GROUP;

use crate::account::Write;
use crate::calls::events::room;
use crate::error::Outcome;

/// The chain's clock as the model wants it.
#[inline(always)]
pub(super) fn clock() -> Outcome<Clock> {
    let clock = ChainClock::get()?;
    Ok(Clock { slot: clock.slot, unix_time: clock.unix_timestamp })
}

/// What an action on a market sees.
#[inline(always)]
pub(super) fn model_context<'a, S: EventSink>(
    exchange: &'a Exchange,
    board: &'a PriceBoard,
    market: &'a mut Market,
    clock: Clock,
    sink: &'a mut S,
) -> action::Context<'a, S> {
    action::Context { exchange, board, market, clock, sink }
}

pub(super) use kedge_model::action::MAX_MAKERS;

/// The makers as the model wants them.
#[inline(always)]
pub(super) fn makers_mut(accounts: &mut [Write<SubAccount>]) -> ArrayVec<SubAccountMut<'_>, MAX_MAKERS> {
    accounts.iter_mut().take(MAX_MAKERS).map(Write::parts).collect()
}

/// Room for the record of one order that comes or changes.
pub(super) const ORDER_RECORD: usize = room::<OrderRecord>();
/// Room for the record of one order that goes.
pub(super) const CANCEL_RECORD: usize = room::<CancelRecord>();
/// Room for the records of one order that goes, and of those that end with it because they belong together.
pub(super) const CANCEL_RECORDS: usize = CANCEL_RECORD * (1 + MAX_GROUP);

/// Room for the records of a fill: one for each time that a maker order is met and the vAMM's share around each, what
/// ends or changes with each because it belongs to it or to the taker's owner, and an order that is placed or removed.
#[inline(always)]
pub(super) fn fill_records(makers: usize) -> usize {
    const FILL: usize = room::<FillRecord>();
    let makers = makers.min(MAX_MAKER_ORDERS);
    (2 * (makers + MAX_RETURNS) + 1) * FILL + (makers + 2) * (CANCEL_RECORDS + ORDER_RECORD)
}
