//! Joining a taker's auction.

use crate::instructions::common::{fill_records, makers_mut};
use crate::instructions::prelude::*;

/// Accounts of `place_and_make`; then sub-accounts of the taker's referrer and builder, to be paid.
#[derive(Accounts)]
pub struct PlaceAndMake {
    /// Owner or delegate of the maker.
    pub signer: Signed,
    /// Switches and fees.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// The maker.
    #[account(mut)]
    pub maker: Write<SubAccount>,
    /// The taker.
    #[account(mut)]
    pub taker: Write<SubAccount>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Trades at the auction's price, inside the maker's limits.
#[inline(never)]
pub fn handle(
    a: &mut PlaceAndMake,
    order_id: u32,
    slot: u8,
    size: u64,
    worst_price: u64,
    min_position: i64,
    max_position: i64,
) -> Outcome {
    let make = action::PlaceAndMake {
        order_id,
        slot: usize::from(slot),
        size: Size(size),
        worst_price: Price(worst_price),
        min_position: Base(min_position),
        max_position: Base(max_position),
    };
    let mut others = Trailing::of(a).all::<SubAccount, 2>()?;
    let mut others = makers_mut(&mut others);
    let signer = a.signer.address().to_bytes();
    a.maker.require_trader(&signer)?;
    let clock = clock()?;
    let mut records = Records::new(fill_records(0));
    let mut batch = records.batch();
    let (mut maker, mut taker) = (a.maker.parts(), a.taker.parts());
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    make.execute(&mut context, &mut maker, &mut taker, &mut others)?;
    a.market.invariant()?;
    calls::events::emit(batch, &mut a.market, signer, &clock, &a.event_authority)
}
