//! Returning dead orders.

use super::trigger_order::{ServeOrder, Service, serve};
use crate::instructions::prelude::*;

/// Removes what is dead of these orders, or of all.
#[inline(always)]
pub fn handle(a: &mut ServeOrder, ids: &[u32]) -> Outcome {
    serve(a, Service::Expire(action::ExpireOrders { ids }))
}
