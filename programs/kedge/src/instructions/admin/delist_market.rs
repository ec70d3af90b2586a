//! Ending a market that is settled.

use kedge_model::event::MarketRecord;

use crate::instructions::prelude::*;

/// Accounts of `delist_market`.
#[derive(Accounts)]
pub struct DelistMarket {
    /// Anybody; recorded.
    pub signer: Signed,
    /// Counts the market.
    #[account(mut)]
    pub exchange: Write<Exchange>,
    /// Holds the market's row.
    #[account(mut)]
    pub board: Write<PriceBoard>,
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

/// Gives what is left to the protocol.
#[inline(never)]
pub fn handle(a: &mut DelistMarket) -> Outcome {
    let signer = a.signer.address().to_bytes();
    a.bank.require_quote()?;
    let clock = clock()?;
    let mut records = Records::of::<MarketRecord>();
    let mut batch = records.batch();
    action::DelistMarket.execute(&mut a.exchange, &mut a.board, &mut a.market, &mut a.bank, clock, &mut batch)?;
    a.market.invariant()?;
    a.bank.invariant()?;
    calls::events::emit(batch, &mut a.market, signer, &clock, &a.event_authority)
}
