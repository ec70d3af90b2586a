//! Giving up an isolated pocket.

use super::isolate_position::{MoveIsolated, move_isolated};
use crate::instructions::prelude::*;

/// Moves the position with its tokens to the rest of the sub-account.
#[inline(never)]
pub fn handle(a: &mut MoveIsolated, market: u16) -> Outcome {
    let merge = action::MergePosition { market };
    move_isolated(a, |exchange, board, account, clock, batch| merge.execute(exchange, board, account, clock, batch))
}
