//! Triggering an order that waits.

use kedge_model::event::{Batch, CrankRecord, RecordHeader};

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
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Triggers the order.
#[inline(never)]
pub fn handle(ctx: &mut Context<ServeOrder>, order_id: u32, slot: u8) -> Outcome {
    serve(ctx, CANCEL_RECORDS, |context, owner, crank| {
        let trigger = action::TriggerOrder { order_id, slot: usize::from(slot) };
        trigger.execute(context, owner, crank).map(drop)
    })
}

/// Runs a service to orders of the sub-account and leaves its records; `room` for what it cancels.
#[inline(always)]
pub fn serve(
    ctx: &mut Context<ServeOrder>,
    room: usize,
    run: impl FnOnce(
        &mut action::Context<'_, Batch<'_>>,
        &mut SubAccountMut<'_>,
        Option<&mut SubAccountMut<'_>>,
    ) -> kedge_model::Result<()>,
) -> Outcome {
    const SERVICE: usize = size_of::<CrankRecord>() + size_of::<RecordHeader>();
    let signer = ctx.accounts.signer.address().to_bytes();
    let mut crank = Trailing::of(ctx).all::<SubAccount, 1>()?;
    let a = &mut ctx.accounts;
    let mut crank = match crank.first_mut() {
        Some(account) => {
            account.require_trader(&signer)?;
            let (head, orders) = account.split();
            Some(SubAccountMut { head, orders })
        }
        None => None,
    };
    let clock = clock()?;
    let mut records = Records::new(SERVICE + room);
    let mut batch = records.batch();
    let (head, orders) = a.sub_account.split();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    run(&mut context, &mut SubAccountMut { head, orders }, crank.as_mut())?;
    a.market.invariant()?;
    calls::events::emit(batch, &mut a.market, signer, &clock, &a.event_authority)
}
