//! Pausing and resuming operations.

use super::set_fees::ChangeExchange;
use crate::instructions::prelude::*;
use kedge_model::time::Seconds;

/// Sets the switches, the new ones for so many seconds: the pauser may add some, the admin may also clear them.
#[inline(never)]
pub fn handle(a: &mut ChangeExchange, paused: u32, seconds: u32) -> Outcome {
    let signer = a.signer.address().to_bytes();
    Ok(a.exchange.set_paused(&signer, paused, Seconds(u64::from(seconds)), &clock()?)?)
}
