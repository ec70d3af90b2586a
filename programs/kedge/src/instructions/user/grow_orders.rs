//! Giving a sub-account room for more orders.

use crate::account::{AccountKind, grow};
use crate::instructions::prelude::*;

/// Accounts of `grow_orders`.
#[derive(Accounts)]
pub struct GrowOrders {
    /// Pays the rent; anybody may.
    #[account(mut)]
    pub payer: Payer,
    /// The sub-account.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    /// System program.
    pub system_program: Sole<System>,
}

/// Grows the tail to `capacity` orders, a multiple of four above what it has.
#[inline(never)]
pub fn handle(a: &mut GrowOrders, capacity: u16) -> Outcome {
    let capacity = usize::from(capacity);
    action::GrowOrders { capacity }.validate(a.sub_account.items().len())?;
    grow(a.sub_account.view_mut(), SubAccount::space(capacity), &a.payer)
}
