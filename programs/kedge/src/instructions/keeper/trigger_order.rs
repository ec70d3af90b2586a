//! Services to somebody's orders; this one triggers an order that waits.

use kedge_model::event::CrankRecord;

use crate::calls::events::room;
use crate::instructions::common::CANCEL_RECORDS;
use crate::instructions::prelude::*;

/// Accounts of `trigger_order`, `trail_order`, `slice_order` and `expire_orders`; then the sub-account that gets the
/// fee, when somebody wants it.
#[derive(Accounts)]
pub struct ServeOrder {
    /// Owner or delegate of the sub-account that gets the fee.
    pub signer: Signed,
    /// Switches and auction length.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// Whose order.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
}

/// What is done for the owner of the orders.
pub enum Service<'a> {
    /// Triggers an order.
    Trigger(action::TriggerOrder),
    /// Moves the trigger of a trailing stop.
    Trail(action::TrailOrder),
    /// Releases a slice of a TWAP.
    Slice(action::SliceOrder),
    /// Returns dead orders.
    Expire(action::ExpireOrders<'a>),
}

/// Triggers the order.
#[inline(always)]
pub fn handle(a: &mut ServeOrder, order_id: u32, slot: u8) -> Outcome {
    serve(a, Service::Trigger(action::TriggerOrder { order_id, slot: usize::from(slot) }))
}

/// Does the service and leaves its records in the log. The market's ledger stays as it is: a fee goes from one claim on
/// it to another.
#[inline(never)]
pub fn serve(a: &mut ServeOrder, service: Service<'_>) -> Outcome {
    const SERVICE: usize = room::<CrankRecord>();
    let signer = a.signer.address().to_bytes();
    let mut crank = Trailing::of(a).all::<SubAccount, 1>()?;
    let mut crank = match crank.first_mut() {
        Some(account) => {
            account.require_trader(&signer)?;
            Some(account.parts())
        }
        None => None,
    };
    let most = match service {
        Service::Expire(_) => usize::from(a.sub_account.open_orders).min(action::MAX_EXPIRED),
        _ => 1,
    };
    let clock = clock()?;
    let mut records = Records::new(SERVICE + most * CANCEL_RECORDS);
    let mut batch = records.batch();
    let mut account = a.sub_account.parts();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    let (owner, crank) = (&mut account, crank.as_mut());
    match service {
        Service::Trigger(action) => action.execute(&mut context, owner, crank).map(drop),
        Service::Trail(action) => action.execute(&mut context, owner, crank).map(drop),
        Service::Slice(action) => action.execute(&mut context, owner, crank).map(drop),
        Service::Expire(action) => action.execute(&mut context, owner, crank).map(drop),
    }?;
    calls::events::log(batch, &mut a.market, signer, &clock)
}
