//! Moving collateral between two sub-accounts of one person.

use kedge_model::event::TransferRecord;

use crate::instructions::prelude::*;

/// Accounts of `transfer`.
#[derive(Accounts)]
pub struct Transfer {
    /// The owner of both.
    pub authority: Signed,
    /// Switches.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// Source.
    #[account(mut)]
    pub from: Write<SubAccount>,
    /// Destination.
    #[account(mut)]
    pub to: Write<SubAccount>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Moves the balance.
#[inline(never)]
pub fn handle(a: &mut Transfer, bank: u16, amount: u64) -> Outcome {
    a.from.require_owner(a.authority.address().as_array())?;
    let clock = clock()?;
    let mut records = Records::of::<TransferRecord>();
    let mut batch = records.batch();
    action::Transfer { amount: Amount(amount), bank }.execute(
        &a.exchange,
        &a.board,
        &mut a.from,
        &mut a.to,
        clock,
        &mut batch,
    )?;
    calls::events::emit_plain(batch, a.authority.address().to_bytes(), &clock, &a.event_authority)
}
