//! Taking over as admin.

use super::set_fees::ChangeExchange;
use crate::instructions::prelude::*;

/// The named admin accepts.
#[inline(never)]
pub fn handle(ctx: &mut Context<ChangeExchange>) -> Outcome {
    let a = &mut ctx.accounts;
    let signer = a.signer.address().to_bytes();
    Ok(a.exchange.accept_admin(&signer)?)
}
