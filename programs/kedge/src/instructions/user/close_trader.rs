//! Closing the record of a person without sub-accounts.

use kedge_model::Error;

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

/// Closes it. Errors: sub-accounts are left, not the owner.
#[inline(never)]
pub fn handle(a: &mut CloseTrader) -> Outcome {
    if a.trader.authority != a.authority.address().to_bytes() {
        return Err(Error::WrongAuthority.into());
    }
    if a.trader.sub_accounts != 0 {
        return Err(Error::AccountNotEmpty.into());
    }
    let receiver: &AccountView = a.receiver.as_ref();
    a.trader.close(receiver)
}
