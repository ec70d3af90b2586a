//! Paying out what filler, referrer and builder get of a fill.

use crate::account::order::{Order, flags};
use crate::account::sub_account::{SubAccount, SubAccountMut};
use crate::action::matching::Matched;
use crate::action::{Context, ledger};
use crate::error::Result;
use crate::event::EventSink;
use crate::fault::{self, Fault};
use crate::quantity::Amount;
use crate::rule::fees::{Referral, Shares};

const NOBODY: [u8; 32] = [0; 32];

/// Whether an account is one of `authority` with a place for a share in the market: a position slot that its owner has in
/// use there, or, when the account's own trader has signed, a free one. A share that its receiver did not ask for never
/// takes a slot: sixteen of a unit each would leave it none to trade with.
#[inline]
fn takes(account: &SubAccount, authority: &[u8; 32], market: u16, signed: bool) -> bool {
    account.authority == *authority
        && account.positions.iter().any(|position| match position.is_used() {
            true => position.market == market,
            false => signed || fault::planted(Fault::UnaskedCreditOpensSlot),
        })
}

/// Who gets a part of the fills of an order: referrer and builder when one of their sub-accounts is among those that
/// were handed in. A fill that does not bring them still goes through, so that nobody can hold up a taker by closing
/// an account. `near` is the filler or the auction's maker, whose trader has signed; `others` are all other accounts of
/// the fill.
#[inline]
pub(in crate::action) fn of(
    taker: &SubAccountMut<'_>,
    order: &Order,
    near: Option<&SubAccountMut<'_>>,
    others: &[SubAccountMut<'_>],
) -> Shares {
    let mut shares = Shares::default();
    let is_here = |authority: &[u8; 32]| {
        near.is_some_and(|account| takes(account.head, authority, order.market, true))
            || others.iter().any(|account| takes(account.head, authority, order.market, false))
    };
    if taker.head.referrer != NOBODY {
        shares.referral = if is_here(&taker.head.referrer) { Referral::Present } else { Referral::Absent };
    }
    if order.has(flags::BUILDER) && taker.head.builder != NOBODY && is_here(&taker.head.builder) {
        shares.builder = taker.head.builder_fee;
    }
    shares
}

/// Pays what a run has collected for filler, referrer and builder into their positions in the market.
pub(in crate::action) fn pay<S: EventSink>(
    context: &mut Context<'_, S>,
    taker: &SubAccountMut<'_>,
    mut near: Option<&mut SubAccountMut<'_>>,
    others: &mut [SubAccountMut<'_>],
    matched: &Matched,
) -> Result<()> {
    if let Some(filler) = near.as_deref_mut() {
        ledger::pay_from_fees(filler.head, context.market, matched.filler_reward)?;
    }
    let mut share = |authority: &[u8; 32], amount: Amount| -> Result<()> {
        if amount.is_zero() {
            return Ok(());
        }
        let market = context.market.index;
        let near = near.as_deref_mut().map(|account| (&mut *account.head, true));
        let mut all = near.into_iter().chain(others.iter_mut().map(|account| (&mut *account.head, false)));
        // It was there before the fills, and fills free no place: without one the exchange keeps the fee.
        let Some((head, _)) = all.find(|(head, signed)| takes(head, authority, market, *signed)) else {
            return Ok(());
        };
        if !ledger::has_room(head, market, amount) {
            // Numbers at the end of their range are their owner's, and hold up no fill.
            return Ok(());
        }
        context.market.shared_fees = context.market.shared_fees.saturating_add(amount.0);
        ledger::pay_from_fees(head, context.market, amount)
    };
    share(&taker.head.referrer, matched.referrer_share)?;
    share(&taker.head.builder, matched.builder_fee)
}
