//! Returning dead orders.

use kedge_model::action::MAX_EXPIRED;

use super::trigger_order::{ServeOrder, serve};
use crate::instructions::common::CANCEL_RECORDS;
use crate::instructions::prelude::*;

/// Removes what is dead of these orders, or of all.
#[inline(never)]
pub fn handle(ctx: &mut Context<ServeOrder>, ids: &[u32]) -> Outcome {
    let most = usize::from(ctx.accounts.sub_account.open_orders).min(MAX_EXPIRED);
    serve(ctx, most * CANCEL_RECORDS, |context, owner, crank| {
        action::ExpireOrders { ids }.execute(context, owner, crank).map(drop)
    })
}
