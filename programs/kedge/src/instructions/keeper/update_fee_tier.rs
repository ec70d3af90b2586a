//! Counting traded volume and giving the fee tier of it.

use crate::instructions::prelude::*;

/// Accounts of `update_fee_tier`.
#[derive(Accounts)]
pub struct UpdateFeeTier {
    /// Volumes of the tiers.
    pub exchange: Read<Exchange>,
    /// The owner's record.
    #[account(mut)]
    pub trader: Write<Trader>,
    /// One of the owner's sub-accounts.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
}

/// Counts and gives.
#[inline(never)]
pub fn handle(a: &mut UpdateFeeTier) -> Outcome {
    action::UpdateFeeTier.execute(&a.exchange, &mut a.trader, &mut a.sub_account, &clock()?)?;
    Ok(())
}
