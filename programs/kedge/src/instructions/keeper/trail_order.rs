//! Moving the trigger of a trailing stop.

use super::trigger_order::{ServeOrder, Service, serve};
use crate::instructions::prelude::*;

/// Moves the trigger.
#[inline(always)]
pub fn handle(a: &mut ServeOrder, order_id: u32, slot: u8) -> Outcome {
    serve(a, Service::Trail(action::TrailOrder { order_id, slot: usize::from(slot) }))
}
