//! Naming who else may trade for a sub-account.

use crate::instructions::prelude::*;

/// Accounts of `set_delegate`.
#[derive(Accounts)]
pub struct SetDelegate {
    /// The owner.
    pub authority: Signed,
    /// The sub-account.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
}

/// Sets the delegate; zero for nobody.
#[inline(never)]
pub fn handle(a: &mut SetDelegate, delegate: [u8; 32]) -> Outcome {
    Ok(action::SetDelegate { delegate }.execute(&mut a.sub_account, a.authority.address().as_array())?)
}
