//! Letting resting orders that cross each other trade.

use kedge_model::action::MakerRef;

use crate::instructions::common::{MAX_MAKERS, fill_records, makers_mut};
use crate::instructions::prelude::*;

/// Accounts of `uncross`; then the sub-accounts of the orders' owners.
#[derive(Accounts)]
pub struct Uncross {
    /// Any account: it stands in the records.
    pub signer: Signed,
    /// Switches and fees.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Lets the orders trade.
#[inline(never)]
pub fn handle(a: &mut Uncross, refs: &[Arg<MakerRef>]) -> Outcome {
    let signer = a.signer.address().to_bytes();
    let mut accounts = Trailing::of(a).all::<SubAccount, MAX_MAKERS>()?;
    let clock = clock()?;
    let mut records = Records::new(fill_records(refs.len()));
    let mut batch = records.batch();
    let mut owners = makers_mut(&mut accounts);
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    action::Uncross { orders: Arg::peel_slice(refs) }.execute(&mut context, &mut owners)?;
    a.market.invariant()?;
    calls::events::emit(batch, &mut a.market, signer, &clock, &a.event_authority)
}
