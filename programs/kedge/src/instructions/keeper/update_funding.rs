//! Charging the hour's funding.

use kedge_model::event::FundingRecord;

use crate::instructions::prelude::*;

/// Accounts of `update_funding`.
#[derive(Accounts)]
pub struct UpdateFunding {
    /// Switches.
    pub exchange: Read<Exchange>,
    /// Prices, and the indices to move.
    #[account(mut)]
    pub board: Write<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Moves both indices.
#[inline(never)]
pub fn handle(a: &mut UpdateFunding) -> Outcome {
    let clock = clock()?;
    let mut records = Records::of::<FundingRecord>();
    let mut batch = records.batch();
    let row = a.board.market_mut(a.market.index)?;
    action::UpdateFunding.execute(&a.exchange, row, &mut a.market, clock, &mut batch)?;
    a.market.invariant()?;
    calls::events::emit(batch, &mut a.market, [0; 32], &clock, &a.event_authority)
}
