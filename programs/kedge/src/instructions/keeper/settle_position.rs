//! Closing a position of a market in settlement.

use kedge_model::event::{OrderRecord, PositionSettledRecord, RecordHeader};

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
    const HEAD: usize = size_of::<RecordHeader>();
    a.bank.require_quote()?;
    let clock = clock()?;
    let (head, orders) = a.sub_account.split();
    let cancels = usize::from(head.open_orders) * (HEAD + size_of::<OrderRecord>());
    let mut records = Records::new(HEAD + size_of::<PositionSettledRecord>() + cancels);
    let mut batch = records.batch();
    let mut context = model_context(&a.exchange, &a.board, &mut a.market, clock, &mut batch);
    let _ = action::SettlePosition.execute(&mut context, &mut a.bank, &mut SubAccountMut { head, orders })?;
    a.market.invariant()?;
    a.bank.invariant()?;
    calls::events::emit(batch, &mut a.market, [0; 32], &clock, &a.event_authority)
}
