//! Creating a sub-account.

use kedge_model::Error;
use kedge_model::sub_account::MAX_ORDERS;

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
    if a.trader.authority != authority {
        return Err(Error::WrongAuthority.into());
    }
    if usize::from(orders) > MAX_ORDERS || a.trader.sub_accounts >= Trader::MAX_SUB_ACCOUNTS {
        return Err(Error::InvalidParameter.into());
    }
    let id = a.trader.next_sub_account;
    let seeds: [&[u8]; 3] = [pda::SUB_ACCOUNT_SEED, &authority, &id.to_le_bytes()];
    let (mut account, bump) = a.sub_account.create(&a.payer, &seeds, usize::from(orders))?;
    *account = SubAccount {
        version: SubAccount::VERSION,
        bump,
        id,
        authority,
        name,
        referrer: a.trader.referrer,
        next_order_id: 1,
        ..SubAccount::default()
    };
    account.take_tier(&a.trader);
    a.trader.next_sub_account = id.checked_add(1).ok_or(Error::Overflow)?;
    a.trader.sub_accounts += 1;
    a.exchange.sub_accounts += 1;
    a.trader.invariant()?;
    Ok(account.invariant()?)
}
