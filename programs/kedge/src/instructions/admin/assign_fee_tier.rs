//! Assigning a fee tier to a person.

use crate::instructions::prelude::*;

/// Accounts of `assign_fee_tier`.
#[derive(Accounts)]
pub struct AssignFeeTier {
    /// The admin.
    pub signer: Signed,
    /// Roles, and volumes of the tiers.
    pub exchange: Read<Exchange>,
    /// The person's record.
    #[account(mut)]
    pub trader: Write<Trader>,
}

/// Assigns it.
#[inline(never)]
pub fn handle(a: &mut AssignFeeTier, tier: u8) -> Outcome {
    let assign = action::AssignFeeTier { tier };
    assign.authorise(&a.exchange, a.signer.address().as_array())?;
    Ok(assign.execute(&a.exchange, &mut a.trader, &clock()?)?)
}
