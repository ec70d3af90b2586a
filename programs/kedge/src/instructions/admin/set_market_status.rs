//! Opening a market, and switching it between trading and reduce-only.

use kedge_model::account::market::MarketStatus;

use kedge_model::event::MarketRecord;
use kedge_model::time::Seconds;

use crate::instructions::prelude::*;

/// Accounts of `set_market_status`.
#[derive(Accounts)]
pub struct SetMarketStatus {
    /// The admin, or the pauser to reduce-only.
    pub signer: Signed,
    /// Roles.
    pub exchange: Read<Exchange>,
    /// Prices: a market opens on a fresh one.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Sets the status; a reduce-only one for so many seconds.
#[inline(never)]
pub fn handle(a: &mut SetMarketStatus, status: u8, seconds: u32) -> Outcome {
    let signer = a.signer.address().to_bytes();
    let set =
        action::SetMarketStatus { status: MarketStatus::from_number(status)?, length: Seconds(u64::from(seconds)) };
    set.authorise(&a.exchange, &signer)?;
    let clock = clock()?;
    let mut records = Records::of::<MarketRecord>();
    let mut batch = records.batch();
    set.execute(&a.board, &mut a.market, clock, &mut batch)?;
    a.market.invariant()?;
    calls::events::emit(batch, &mut a.market, signer, &clock, &a.event_authority)
}
