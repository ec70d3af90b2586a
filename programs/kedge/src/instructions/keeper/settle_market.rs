//! Ending a market that has expired, or whose price no source brings.

use kedge_model::event::MarketRecord;

use crate::instructions::prelude::*;

/// Accounts of `settle_market`.
#[derive(Accounts)]
pub struct SettleMarket {
    /// Switches.
    pub exchange: Read<Exchange>,
    /// The row to freeze.
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

/// Announces the silence of a row, or fixes the settlement price.
#[inline(never)]
pub fn handle(a: &mut SettleMarket) -> Outcome {
    let clock = clock()?;
    let mut records = Records::of::<MarketRecord>();
    let mut batch = records.batch();
    let _ = action::SettleMarket.execute(&a.exchange, &mut a.board, &mut a.market, clock, &mut batch)?;
    a.market.invariant()?;
    calls::events::emit(batch, &mut a.market, [0; 32], &clock, &a.event_authority)
}
