//! Setting, moving or withdrawing a market's expiry.

use kedge_model::event::MarketRecord;

use crate::instructions::prelude::*;

/// Accounts of `set_expiry`.
#[derive(Accounts)]
pub struct SetExpiry {
    /// The admin.
    pub signer: Signed,
    /// Roles.
    pub exchange: Read<Exchange>,
    /// Holds the market's row, which says what a position is worth before the expiry.
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

/// Sets it; zero for never.
#[inline(never)]
pub fn handle(a: &mut SetExpiry, time: i64) -> Outcome {
    let signer = a.signer.address().to_bytes();
    let set = action::SetExpiry { time };
    set.authorise(&a.exchange, &signer)?;
    let clock = clock()?;
    let mut records = Records::of::<MarketRecord>();
    let mut batch = records.batch();
    set.execute(&mut a.board, &mut a.market, clock, &mut batch)?;
    a.market.invariant()?;
    calls::events::emit(batch, &mut a.market, signer, &clock, &a.event_authority)
}
