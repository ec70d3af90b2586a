//! A limit that a user sets to the own leverage.

use crate::instructions::prelude::*;
use kedge_model::quantity::Ppm;

/// Accounts of `set_leverage`.
#[derive(Accounts)]
pub struct SetLeverage {
    /// The owner: a limit that the delegate could lift would be none.
    pub authority: Signed,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The sub-account.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
}

/// Sets the least initial margin ratio of the position in a market; 0 for the market's own.
#[inline(never)]
pub fn handle(a: &mut SetLeverage, market: u16, ratio: u32) -> Outcome {
    a.sub_account.require_owner(a.authority.address().as_array())?;
    let clock = clock()?;
    action::SetLeverage { market, ratio: Ppm(ratio) }.execute(&a.board, &mut a.sub_account, clock)?;
    Ok(())
}
