//! Setting up the exchange.

use crate::instructions::prelude::*;

/// Accounts of `initialize`.
#[derive(Accounts)]
pub struct Initialize {
    /// Pays the rent and becomes the admin.
    #[account(mut)]
    pub admin: Payer,
    /// The exchange to create.
    #[account(mut)]
    pub exchange: New<Exchange>,
    /// The board to create.
    #[account(mut)]
    pub board: New<PriceBoard>,
    /// System program.
    pub system_program: Sole<System>,
}

/// Creates exchange and board. The first caller becomes the admin: deploy and initialise together.
#[inline(never)]
pub fn handle(a: &mut Initialize, pauser: [u8; 32], treasury: [u8; 32]) -> Outcome {
    let (mut exchange, bump) = a.exchange.create(&a.admin, &[pda::EXCHANGE_SEED], 0)?;
    *exchange = Exchange::new(bump, a.admin.address().to_bytes(), pauser)?.with_treasury(treasury)?;
    let (mut board, bump) = a.board.create(&a.admin, &[pda::BOARD_SEED], 0)?;
    board.begin(bump);
    Ok(exchange.invariant()?)
}
