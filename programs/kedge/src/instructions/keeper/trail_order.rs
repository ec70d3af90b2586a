//! Moving the trigger of a trailing stop.

use super::trigger_order::{ServeOrder, serve};
use crate::instructions::prelude::*;

/// Moves the trigger.
#[inline(never)]
pub fn handle(ctx: &mut Context<ServeOrder>, order_id: u32, slot: u8) -> Outcome {
    serve(ctx, 0, |context, owner, crank| {
        let trail = action::TrailOrder { order_id, slot: usize::from(slot) };
        trail.execute(context, owner, crank).map(drop)
    })
}
