//! Taking over part of a position that does not meet its maintenance margin.

use kedge_model::event::{LiquidationRecord, TransferRecord};

use crate::calls::events::room;
use crate::instructions::common::CANCEL_RECORD;
use crate::instructions::prelude::*;

/// Accounts of `liquidate`.
#[derive(Accounts)]
pub struct Liquidate {
    /// Owner or delegate of the liquidator.
    pub signer: Signed,
    /// Switches.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// Whose position.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    /// Who takes it over.
    #[account(mut)]
    pub liquidator: Write<SubAccount>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Cancels the account's orders and takes over what the rules allow, up to `max_size` and not worse than
/// `limit_price` (0 for any).
#[inline(never)]
pub fn handle(a: &mut Liquidate, max_size: u64, limit_price: u64) -> Outcome {
    let signer = a.signer.address().to_bytes();
    a.liquidator.require_trader(&signer)?;
    let clock = clock()?;
    // The step, tokens that a debt in a settled market takes, and the orders that end.
    const STEP: usize = room::<LiquidationRecord>() + room::<TransferRecord>();
    let mut records = Records::new(STEP + CANCEL_RECORD * usize::from(a.sub_account.open_orders));
    let mut batch = records.batch();
    let mut account = a.sub_account.parts();
    let mut liquidator = a.liquidator.parts();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    let liquidate = action::Liquidate { max_size: Size(max_size), limit_price: Price(limit_price) };
    liquidate.execute(&mut context, &mut account, &mut liquidator)?;
    a.market.invariant()?;
    calls::events::emit(batch, &mut a.market, signer, &clock, &a.event_authority)
}
