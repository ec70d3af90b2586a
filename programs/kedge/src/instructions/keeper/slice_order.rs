//! Releasing the next slice of a TWAP.

use super::trigger_order::{ServeOrder, Service, serve};
use crate::instructions::prelude::*;

/// Releases it.
#[inline(always)]
pub fn handle(a: &mut ServeOrder, order_id: u32, slot: u8) -> Outcome {
    serve(a, Service::Slice(action::SliceOrder { order_id, slot: usize::from(slot) }))
}
