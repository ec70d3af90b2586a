//! Halting a price row.

use crate::instructions::prelude::*;

/// Accounts of `halt_row`.
#[derive(Accounts)]
pub struct HaltRow {
    /// The admin, or the pauser to halt.
    pub signer: Signed,
    /// Roles.
    pub exchange: Read<Exchange>,
    /// The board.
    #[account(mut)]
    pub board: Write<PriceBoard>,
}

/// Halts a row (kind 0 market, 1 bank), or lets it start again from Stale.
#[inline(never)]
pub fn handle(a: &mut HaltRow, kind: u8, index: u16, halted: bool) -> Outcome {
    let halt = action::HaltRow { kind, index, halted };
    halt.authorise(&a.exchange, a.signer.address().as_array())?;
    Ok(halt.execute(&mut a.board, &clock()?)?)
}
