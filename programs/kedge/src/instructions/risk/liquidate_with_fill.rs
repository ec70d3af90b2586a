//! Reducing a position that does not meet its maintenance margin against makers and the vAMM.

use kedge_model::action::MakerRef;
use kedge_model::event::LiquidationRecord;

use crate::calls::events::room;
use crate::instructions::common::{CANCEL_RECORD, MAX_MAKERS, fill_records, makers_mut};
use crate::instructions::prelude::*;

/// Accounts of `liquidate_with_fill`; the makers' sub-accounts follow.
#[derive(Accounts)]
pub struct LiquidateWithFill {
    /// Owner or delegate of the liquidator.
    pub signer: Signed,
    /// Switches and fees.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// Whose position.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    /// Who gets the fee.
    #[account(mut)]
    pub liquidator: Write<SubAccount>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Cancels the account's orders and fills what the rules allow, up to `max_size`.
#[inline(never)]
pub fn handle(a: &mut LiquidateWithFill, max_size: u64, refs: &[Arg<MakerRef>]) -> Outcome {
    let mut accounts = Trailing::of(a).all::<SubAccount, MAX_MAKERS>()?;
    let signer = a.signer.address().to_bytes();
    a.liquidator.require_trader(&signer)?;
    let clock = clock()?;
    let orders = CANCEL_RECORD * usize::from(a.sub_account.open_orders);
    let mut records = Records::new(fill_records(refs.len()) + room::<LiquidationRecord>() + orders);
    let mut batch = records.batch();
    let mut makers = makers_mut(&mut accounts);
    let mut account = a.sub_account.parts();
    let mut liquidator = a.liquidator.parts();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    let step = action::LiquidateWithFill { max_size: Size(max_size), makers: Arg::peel_slice(refs) };
    step.execute(&mut context, &mut account, &mut liquidator, &mut makers)?;
    a.market.invariant()?;
    calls::events::emit(batch, &mut a.market, signer, &clock, &a.event_authority)
}
