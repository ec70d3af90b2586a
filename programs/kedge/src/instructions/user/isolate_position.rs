//! Giving a position a pocket of its own.

use crate::instructions::prelude::*;
use kedge_model::clock::Clock;
use kedge_model::event::{Batch, IsolatedRecord};

/// Accounts of `isolate_position`, `transfer_isolated` and `merge_position`.
#[derive(Accounts)]
pub struct MoveIsolated {
    /// Owner or delegate: nothing leaves the sub-account.
    pub signer: Signed,
    /// Switches.
    pub exchange: Read<Exchange>,
    /// Prices.
    pub board: Read<PriceBoard>,
    /// The sub-account.
    #[account(mut)]
    pub sub_account: Write<SubAccount>,
    /// Signs the program's calls to itself.
    pub event_authority: Sole<EventAuthority>,
    /// This program.
    pub program: Sole<ThisProgram>,
}

/// Moves quote tokens into the position of a market and margins it alone from then on.
#[inline(never)]
pub fn handle(a: &mut MoveIsolated, market: u16, amount: u64) -> Outcome {
    let isolate = action::IsolatePosition { market, amount: Amount(amount) };
    move_isolated(a, |exchange, board, account, clock, batch| isolate.execute(exchange, board, account, clock, batch))
}

/// Authorises, runs one of the three actions, and records.
#[inline(always)]
pub(super) fn move_isolated(
    a: &mut MoveIsolated,
    run: impl FnOnce(&Exchange, &PriceBoard, &mut SubAccount, Clock, &mut Batch<'_>) -> kedge_model::Result<()>,
) -> Outcome {
    let signer = a.signer.address().to_bytes();
    a.sub_account.require_trader(&signer)?;
    let clock = clock()?;
    let mut records = Records::of::<IsolatedRecord>();
    let mut batch = records.batch();
    run(&a.exchange, &a.board, &mut a.sub_account, clock, &mut batch)?;
    calls::events::emit_plain(batch, signer, &clock, &a.event_authority)
}
