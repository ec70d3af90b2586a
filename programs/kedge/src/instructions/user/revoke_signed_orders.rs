//! Making signed messages worthless that nobody has placed yet.

use crate::instructions::prelude::*;

/// Accounts of `revoke_signed_orders`.
#[derive(Accounts)]
pub struct RevokeSignedOrders {
    /// Owner or delegate.
    pub signer: Signed,
    /// The sub-account.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
}

/// Revokes all messages up to a number.
#[inline(never)]
pub fn handle(a: &mut RevokeSignedOrders, up_to: u64) -> Outcome {
    a.sub_account.require_trader(a.signer.address().as_array())?;
    Ok(action::RevokeSigned { up_to }.execute(&mut a.sub_account)?)
}
