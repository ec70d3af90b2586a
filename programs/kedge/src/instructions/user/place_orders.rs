//! Placing orders in one market.

use kedge_model::account::order::OrderParams;

use crate::instructions::common::ORDER_RECORD;
use crate::instructions::prelude::*;

/// Accounts of `place_orders`.
#[derive(Accounts)]
pub struct PlaceOrders {
    /// Owner or delegate.
    pub signer: Signed,
    /// Switches.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// Who places.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
}

/// Places all or none.
#[inline(never)]
pub fn handle(a: &mut PlaceOrders, orders: &[Arg<OrderParams>]) -> Outcome {
    let place = action::PlaceOrders { orders: Arg::peel_slice(orders) };
    place.validate()?;
    let signer = a.signer.address().to_bytes();
    a.sub_account.require_trader(&signer)?;
    let clock = clock()?;
    let mut records = Records::new(ORDER_RECORD * orders.len());
    let mut batch = records.batch();
    let mut account = a.sub_account.parts();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    place.execute(&mut context, &mut account)?;
    calls::events::log(batch, &mut a.market, signer, &clock)
}
