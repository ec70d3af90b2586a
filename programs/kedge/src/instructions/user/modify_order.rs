//! Changing an order in its place.

use kedge_model::action::ModifyParams;

use super::place_orders::PlaceOrders;
use crate::instructions::common::ORDER_RECORD;
use crate::instructions::prelude::*;

/// Changes the order.
#[inline(never)]
pub fn handle(a: &mut PlaceOrders, params: &ModifyParams) -> Outcome {
    let signer = a.signer.address().to_bytes();
    a.sub_account.require_trader(&signer)?;
    let clock = clock()?;
    let mut records = Records::new(ORDER_RECORD);
    let mut batch = records.batch();
    let mut account = a.sub_account.parts();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    action::ModifyOrder { params: *params }.execute(&mut context, &mut account)?;
    calls::events::log(batch, &mut a.market, signer, &clock)
}
