//! Placing an order and taking at once.

use kedge_model::account::order::OrderParams;
use kedge_model::action::MakerRef;

use crate::instructions::common::{MAX_MAKERS, fill_records, makers_mut};
use crate::instructions::prelude::*;

/// Accounts of `place_and_take`; the makers' sub-accounts follow.
#[derive(Accounts)]
pub struct PlaceAndTake {
    /// Owner or delegate.
    pub signer: Signed,
    /// Switches and fees.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// Who takes.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Places and takes.
#[inline(never)]
pub fn handle(a: &mut PlaceAndTake, order: &OrderParams, min_fill: u64, refs: &[Arg<MakerRef>]) -> Outcome {
    let mut accounts = Trailing::of(a).all::<SubAccount, MAX_MAKERS>()?;
    let signer = a.signer.address().to_bytes();
    a.sub_account.require_trader(&signer)?;
    let clock = clock()?;
    let mut records = Records::new(fill_records(refs.len()));
    let mut batch = records.batch();
    let mut makers = makers_mut(&mut accounts);
    let mut account = a.sub_account.parts();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    let take = action::PlaceAndTake { order: *order, min_fill: Size(min_fill), makers: Arg::peel_slice(refs) };
    take.execute(&mut context, &mut account, &mut makers)?;
    a.market.invariant()?;
    calls::events::emit(batch, &mut a.market, signer, &clock, &a.event_authority)
}
