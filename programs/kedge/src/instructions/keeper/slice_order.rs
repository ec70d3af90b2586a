//! Releasing the next slice of a TWAP.

use super::trigger_order::{ServeOrder, serve};
use crate::instructions::prelude::*;

/// Releases it.
#[inline(never)]
pub fn handle(ctx: &mut Context<ServeOrder>, order_id: u32, slot: u8) -> Outcome {
    serve(ctx, 0, |context, owner, crank| {
        let slice = action::SliceOrder { order_id, slot: usize::from(slot) };
        slice.execute(context, owner, crank).map(drop)
    })
}
