//! Placing orders that their owner signed off the chain.

use kedge_model::action::{MAX_SIGNED_ORDERS, PlaceSigned, SignedMessage};

use crate::calls::signature;
use crate::instructions::common::ORDER_RECORD;
use crate::instructions::prelude::*;
use crate::pda::InstructionsSysvar;

/// Accounts of `place_signed_orders`. The instruction right in front verifies the signature.
#[derive(Accounts)]
pub struct PlaceSignedOrders {
    /// Switches.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// Whose orders.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    /// The transaction's instructions.
    pub instructions: Sole<InstructionsSysvar>,
}

/// Places all orders of the message or none.
#[inline(never)]
pub fn handle(a: &mut PlaceSignedOrders) -> Outcome {
    let mut message = SignedMessage::default();
    let signer = signature::verified(&a.instructions, |signer, signed| {
        message.fill(signed)?;
        Ok(signer)
    })?;
    let sub_account = a.sub_account.address().to_bytes();
    let clock = clock()?;
    let mut records = Records::new(ORDER_RECORD * MAX_SIGNED_ORDERS);
    let mut batch = records.batch();
    let mut account = a.sub_account.parts();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    let place = PlaceSigned { message: &message, signer, program: crate::ID.to_bytes(), sub_account };
    place.execute(&mut context, &mut account)?;
    calls::events::log(batch, &mut a.market, signer, &clock)
}
