//! Taking over as admin.

use super::set_fees::ChangeExchange;
use crate::instructions::prelude::*;

/// The named admin accepts.
#[inline(never)]
pub fn handle(a: &mut ChangeExchange) -> Outcome {
    let signer = a.signer.address().to_bytes();
    Ok(a.exchange.accept_admin(&signer)?)
}
