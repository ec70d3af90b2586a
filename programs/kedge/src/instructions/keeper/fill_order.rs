//! Filling somebody's order.

use kedge_model::action::MakerRef;

use crate::instructions::common::{MAX_MAKERS, fill_records, makers_mut};
use crate::instructions::prelude::*;

/// Accounts of `fill_order`; then the filler's sub-account when it wants its reward, then the makers' sub-accounts.
#[derive(Accounts)]
pub struct FillOrder {
    /// Owner or delegate of the filler.
    pub signer: Signed,
    /// Switches and fees.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// Whose order.
    #[account(mut)]
    pub taker: Write<SubAccount>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Fills the order.
#[inline(never)]
pub fn handle(a: &mut FillOrder, order_id: u32, slot: u8, has_filler: bool, refs: &[Arg<MakerRef>]) -> Outcome {
    let signer = a.signer.address().to_bytes();
    {
        // A lost race is the most frequent end of a fill: find it out before anything else is looked at.
        let taker = &a.taker;
        let at = usize::from(slot);
        let here = |o: &kedge_model::account::order::Order| o.is_open() && o.id == order_id;
        if !taker.items().get(at).is_some_and(here) && !taker.items().iter().any(here) {
            return Err(kedge_model::Error::OrderNotFound.into());
        }
    }
    let mut accounts = Trailing::of(a).all::<SubAccount, { MAX_MAKERS + 1 }>()?;
    let (filler, rest) = if has_filler {
        let (first, rest) = accounts.split_first_mut().ok_or(ProgramError::NotEnoughAccountKeys)?;
        first.require_trader(&signer)?;
        (Some(first), rest)
    } else {
        (None, accounts.as_mut_slice())
    };
    let clock = clock()?;
    let mut records = Records::new(fill_records(refs.len()));
    let mut batch = records.batch();
    let mut makers = makers_mut(rest);
    let mut filler = filler.map(Write::parts);
    let mut account = a.taker.parts();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    let fill = action::FillOrder { order_id, slot: usize::from(slot), makers: Arg::peel_slice(refs) };
    fill.execute(&mut context, &mut account, filler.as_mut(), &mut makers)?;
    a.market.invariant()?;
    calls::events::emit(batch, &mut a.market, signer, &clock, &a.event_authority)
}
