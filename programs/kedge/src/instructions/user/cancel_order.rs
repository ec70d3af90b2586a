//! Cancelling one order. Never paused.

use crate::instructions::common::CANCEL_RECORDS;
use crate::instructions::prelude::*;

/// Accounts of `cancel_order` and `cancel_all`.
#[derive(Accounts)]
pub struct Cancel {
    /// Owner or delegate.
    pub signer: Signed,
    /// Whose orders.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
}

/// Cancels the order with this id.
#[inline(never)]
pub fn handle(a: &mut Cancel, id: u32) -> Outcome {
    let signer = a.signer.address().to_bytes();
    a.sub_account.require_trader(&signer)?;
    let clock = clock()?;
    let mut records = Records::new(CANCEL_RECORDS);
    let mut batch = records.batch();
    let mut account = a.sub_account.parts();
    action::CancelOrder { id }.execute(&mut account, &mut batch)?;
    calls::events::log_plain(batch, signer, &clock)
}
