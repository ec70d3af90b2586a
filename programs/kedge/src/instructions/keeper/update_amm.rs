//! Moving the vAMM to the oracle.

use kedge_model::event::AmmRecord;

use crate::instructions::prelude::*;

/// Accounts of `update_amm`.
#[derive(Accounts)]
pub struct UpdateAmm {
    /// Switches.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
}

/// Moves the peg as far as the vAMM's budget pays for.
#[inline(never)]
pub fn handle(a: &mut UpdateAmm) -> Outcome {
    let clock = clock()?;
    let mut records = Records::of::<AmmRecord>();
    let mut batch = records.batch();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    action::UpdateAmm.execute(&mut context)?;
    a.market.invariant()?;
    calls::events::log(batch, &mut a.market, [0; 32], &clock)
}
