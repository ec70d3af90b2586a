//! Cancelling orders and placing others in one step.

use kedge_model::account::order::OrderParams;

use super::place_orders::PlaceOrders;
use crate::instructions::common::{CANCEL_RECORD, ORDER_RECORD};
use crate::instructions::prelude::*;

/// Cancels and places, all or nothing.
#[inline(never)]
pub fn handle(a: &mut PlaceOrders, cancel: &[u32], orders: &[Arg<OrderParams>], strict: bool) -> Outcome {
    let replace = action::ReplaceOrders { cancel, orders: Arg::peel_slice(orders), strict };
    replace.validate()?;
    let signer = a.signer.address().to_bytes();
    a.sub_account.require_trader(&signer)?;
    let clock = clock()?;
    let room = CANCEL_RECORD * usize::from(a.sub_account.open_orders) + ORDER_RECORD * orders.len();
    let mut records = Records::new(room);
    let mut batch = records.batch();
    let mut account = a.sub_account.parts();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    replace.execute(&mut context, &mut account)?;
    calls::events::log(batch, &mut a.market, signer, &clock)
}
