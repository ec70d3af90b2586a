//! Moving collected fees out of a market's ledger.

use kedge_model::event::SweepRecord;

use crate::instructions::prelude::*;

/// Accounts of `sweep_fees`.
#[derive(Accounts)]
pub struct SweepFees {
    /// Switches and shares.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// The quote bank.
    #[account(mut)]
    pub bank: Write<Bank>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Sweeps.
#[inline(never)]
pub fn handle(a: &mut SweepFees) -> Outcome {
    a.bank.require_quote()?;
    let clock = clock()?;
    let mut records = Records::of::<SweepRecord>();
    let mut batch = records.batch();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    action::SweepFees.execute(&mut context, &mut a.bank)?;
    a.market.invariant()?;
    a.bank.invariant()?;
    calls::events::emit(batch, &mut a.market, [0; 32], &clock, &a.event_authority)
}
