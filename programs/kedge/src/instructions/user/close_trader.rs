//! Closing the record of a person who never had a sub-account.

use crate::instructions::prelude::*;

/// Accounts of `close_trader`.
#[derive(Accounts)]
pub struct CloseTrader {
    /// The person.
    pub authority: Signed,
    /// Gets the rent; may be the authority.
    #[account(mut, unsafe(dup))]
    pub receiver: UncheckedAccount,
    /// The record to close.
    #[account(mut)]
    pub trader: Write<Trader>,
}

/// Closes it. Errors: it has given a sub-account its number, not the owner.
#[inline(never)]
pub fn handle(a: &mut CloseTrader) -> Outcome {
    action::CloseTrader.authorise(&a.trader, a.authority.address().as_array())?;
    let receiver: &AccountView = a.receiver.as_ref();
    a.trader.close(receiver)
}
