//! Halting a price row.

use crate::instructions::prelude::*;
use kedge_model::time::Seconds;

/// Accounts of `halt_row`.
#[derive(Accounts)]
pub struct HaltRow {
    /// The admin, or the pauser to halt.
    pub signer: Signed,
    /// Roles, and the clock of what stops leaving.
    #[account(mut)]
    pub exchange: Write<Exchange>,
    /// The board.
    #[account(mut)]
    pub board: Write<PriceBoard>,
}

/// Halts a row (kind 0 market, 1 bank) for so many seconds, or lets it start again from Stale.
#[inline(never)]
pub fn handle(a: &mut HaltRow, kind: u8, index: u16, halted: bool, seconds: u32) -> Outcome {
    let halt = action::HaltRow { kind, index, halted, length: Seconds(u64::from(seconds)) };
    halt.authorise(&a.exchange, a.signer.address().as_array())?;
    Ok(halt.execute(&mut a.exchange, &mut a.board, &clock()?)?)
}
