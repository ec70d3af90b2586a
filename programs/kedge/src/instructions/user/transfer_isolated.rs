//! Moving collateral between the balance and an isolated position.

use super::isolate_position::{MoveIsolated, move_isolated};
use crate::instructions::prelude::*;
use kedge_model::quantity::Quote;

/// Moves quote tokens into the position (positive) or out of it.
#[inline(never)]
pub fn handle(a: &mut MoveIsolated, market: u16, amount: i64) -> Outcome {
    let transfer = action::TransferIsolated { market, amount: Quote(amount) };
    move_isolated(a, |exchange, board, account, clock, batch| transfer.execute(exchange, board, account, clock, batch))
}
