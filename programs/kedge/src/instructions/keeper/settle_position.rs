//! Closing a position of a market in settlement.

use kedge_model::event::PositionSettledRecord;

use crate::calls::events::room;
use crate::instructions::common::CANCEL_RECORD;
use crate::instructions::prelude::*;

/// Accounts of `settle_position`.
#[derive(Accounts)]
pub struct SettlePosition {
    /// Switches.
    pub exchange: Read<Exchange>,
    /// The last funding indices.
    pub board: Read<PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
    /// The quote bank.
    #[account(mut)]
    pub bank: Write<Bank>,
    /// Whose position.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Closes it, takes what it owes, pays it in its turn.
#[inline(never)]
pub fn handle(a: &mut SettlePosition) -> Outcome {
    a.bank.require_quote()?;
    let clock = clock()?;
    let mut account = a.sub_account.parts();
    let cancels = usize::from(account.head.open_orders) * CANCEL_RECORD;
    let mut records = Records::new(room::<PositionSettledRecord>() + cancels);
    let mut batch = records.batch();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    action::SettlePosition.execute(&mut context, &mut a.bank, &mut account)?;
    a.market.invariant()?;
    a.bank.invariant()?;
    calls::events::emit(batch, &mut a.market, [0; 32], &clock, &a.event_authority)
}
