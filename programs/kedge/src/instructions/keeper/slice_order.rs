//! Releasing the next slice of a TWAP.

use super::trigger_order::{ServeOrder, Service, serve};
use crate::instructions::prelude::*;

/// Releases it.
#[inline(always)]
pub fn handle(ctx: &mut Context<ServeOrder>, order_id: u32, slot: u8) -> Outcome {
    serve(ctx, Service::Slice(action::SliceOrder { order_id, slot: usize::from(slot) }))
}
