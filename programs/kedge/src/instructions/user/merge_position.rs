//! Giving up an isolated pocket.

use super::isolate_position::{MoveIsolated, move_isolated};
use crate::instructions::prelude::*;

/// Moves the position with its tokens to the rest of the sub-account.
#[inline(never)]
pub fn handle(ctx: &mut Context<MoveIsolated>, market: u16) -> Outcome {
    let merge = action::MergePosition { market };
    move_isolated(&mut ctx.accounts, |exchange, board, account, clock, batch| {
        merge.execute(exchange, board, account, clock, batch)
    })
}
