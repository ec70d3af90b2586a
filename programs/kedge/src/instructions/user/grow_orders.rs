//! Giving a sub-account room for more orders.

use kedge_model::Error;
use kedge_model::sub_account::{MAX_ORDERS, ORDER_STEP};

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
    if capacity <= a.sub_account.items().len() || capacity > MAX_ORDERS || !capacity.is_multiple_of(ORDER_STEP) {
        return Err(Error::InvalidParameter.into());
    }
    grow(a.sub_account.view_mut(), SubAccount::space(capacity), &a.payer)
}
