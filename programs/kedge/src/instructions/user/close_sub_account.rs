//! Closing a sub-account and getting its rent back.

use crate::instructions::prelude::*;

/// Accounts of `close_sub_account`.
#[derive(Accounts)]
pub struct CloseSubAccount {
    /// The owner.
    pub authority: Signed,
    /// Gets the rent; may be the authority.
    #[account(mut, unsafe(dup))]
    pub receiver: UncheckedAccount,
    /// The owner's record.
    #[account(mut)]
    pub trader: Write<Trader>,
    /// The sub-account to close.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
}

/// Closes it. Errors: not empty, not the owner.
#[inline(never)]
pub fn handle(a: &mut CloseSubAccount) -> Outcome {
    let authority = a.authority.address().to_bytes();
    action::CloseSubAccount.execute(&mut a.trader, &a.sub_account, &authority)?;
    a.trader.invariant()?;
    let receiver: &AccountView = a.receiver.as_ref();
    a.sub_account.close(receiver)
}
