//! Cancelling the orders that fit a filter. Never paused.

use kedge_model::action::OrderFilter;

use super::cancel_order::Cancel;
use crate::instructions::common::CANCEL_RECORD;
use crate::instructions::prelude::*;

/// Cancels what fits; with ids only those of them.
#[inline(never)]
pub fn handle(a: &mut Cancel, filter: &OrderFilter, ids: &[u32]) -> Outcome {
    let signer = a.signer.address().to_bytes();
    a.sub_account.require_trader(&signer)?;
    let clock = clock()?;
    let mut records = Records::new(CANCEL_RECORD * usize::from(a.sub_account.open_orders));
    let mut batch = records.batch();
    let mut account = a.sub_account.parts();
    let cancel = action::CancelOrders { filter: *filter, ids };
    cancel.execute(&mut account, &mut batch)?;
    calls::events::log_plain(batch, signer, &clock)
}
