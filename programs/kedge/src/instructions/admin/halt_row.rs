//! Halting a price row.

use kedge_model::Error;

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
    let signer = a.signer.address().as_array();
    if !(halted && a.exchange.is_pauser(signer)) {
        a.exchange.require_admin(signer)?;
    }
    let row = match kind {
        0 => &mut a.board.market_mut(index)?.price,
        1 => &mut a.board.bank_mut(index)?.price,
        _ => return Err(Error::InvalidParameter.into()),
    };
    if row.is_frozen() {
        // A settlement price is final.
        return Err(Error::MarketNotActive.into());
    }
    row.set_halted(halted, &clock()?);
    Ok(())
}
