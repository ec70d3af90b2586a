//! Creating a sub-account.

use crate::instructions::prelude::*;

/// Accounts of `create_sub_account`.
#[derive(Accounts)]
pub struct CreateSubAccount {
    /// Pays the rent; may be the authority.
    #[account(mut, unsafe(dup))]
    pub payer: Payer,
    /// The owner.
    pub authority: Signed,
    /// Counts sub-accounts.
    #[account(mut)]
    pub exchange: Write<Exchange>,
    /// The owner's record.
    #[account(mut)]
    pub trader: Write<Trader>,
    /// The sub-account to create, at the trader's next id.
    #[account(mut)]
    pub sub_account: New<SubAccount>,
    /// System program.
    pub system_program: Sole<System>,
}

/// Creates it with room for `orders` orders.
#[inline(never)]
pub fn handle(a: &mut CreateSubAccount, name: [u8; 16], orders: u16) -> Outcome {
    let authority = a.authority.address().to_bytes();
    let create = action::CreateSubAccount { name, orders: usize::from(orders) };
    create.authorise(&a.trader, &authority)?;
    let seeds: [&[u8]; 3] = [pda::SUB_ACCOUNT_SEED, &authority, &a.trader.next_sub_account.to_le_bytes()];
    let (mut account, bump) = a.sub_account.create(&a.payer, &seeds, create.orders)?;
    create.execute(&mut a.exchange, &mut a.trader, &mut account, bump)?;
    a.trader.invariant()?;
    Ok(account.invariant()?)
}
