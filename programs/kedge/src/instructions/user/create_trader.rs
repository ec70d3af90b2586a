//! Creating the record of a person.

use crate::instructions::prelude::*;

/// Accounts of `create_trader`.
#[derive(Accounts)]
pub struct CreateTrader {
    /// Pays the rent; may be the authority.
    #[account(mut, unsafe(dup))]
    pub payer: Payer,
    /// The person.
    pub authority: Signed,
    /// Counts traders.
    #[account(mut)]
    pub exchange: Write<Exchange>,
    /// The record to create.
    #[account(mut)]
    pub trader: New<Trader>,
    /// System program.
    pub system_program: Sole<System>,
}

/// Creates it; the referrer stays for good.
#[inline(never)]
pub fn handle(a: &mut CreateTrader, referrer: [u8; 32]) -> Outcome {
    let authority = a.authority.address().to_bytes();
    let (mut trader, bump) = a.trader.create(&a.payer, &[pda::TRADER_SEED, &authority], 0)?;
    *trader = action::CreateTrader { authority, referrer }.execute(&mut a.exchange, bump)?;
    Ok(trader.invariant()?)
}
