//! Cancelling all orders, or all of one market. Never paused.

use kedge_model::event::{CancelReason, NO_MARKET};

use super::cancel_order::Cancel;
use crate::instructions::common::CANCEL_RECORD;
use crate::instructions::prelude::*;

/// Cancels them; `market` 65535 for all markets.
#[inline(never)]
pub fn handle(a: &mut Cancel, market: u16) -> Outcome {
    let signer = a.signer.address().to_bytes();
    a.sub_account.require_trader(&signer)?;
    let clock = clock()?;
    let mut records = Records::new(CANCEL_RECORD * usize::from(a.sub_account.open_orders));
    let mut batch = records.batch();
    let mut account = a.sub_account.parts();
    let market = (market != NO_MARKET).then_some(market);
    action::CancelAll { market, reason: CancelReason::Requested }.execute(&mut account, &mut batch)?;
    calls::events::log_plain(batch, signer, &clock)
}
