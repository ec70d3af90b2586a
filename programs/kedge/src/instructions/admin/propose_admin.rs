//! Naming the next admin.

use super::set_fees::ChangeExchange;
use crate::instructions::prelude::*;

/// Names it; nothing changes until it accepts.
#[inline(never)]
pub fn handle(a: &mut ChangeExchange, next: [u8; 32]) -> Outcome {
    let signer = a.signer.address().to_bytes();
    Ok(a.exchange.propose_admin(&signer, next)?)
}
