//! Changing the fee schedule, inside compiled-in bounds.

use kedge_model::account::exchange::FeeSchedule;

use crate::instructions::prelude::*;

/// Accounts of the instructions that only change the exchange account.
#[derive(Accounts)]
pub struct ChangeExchange {
    /// Who asks.
    pub signer: Signed,
    /// The exchange.
    #[account(mut)]
    pub exchange: Write<Exchange>,
}

/// Replaces the schedule; the admin alone.
#[inline(never)]
pub fn handle(a: &mut ChangeExchange, schedule: &FeeSchedule) -> Outcome {
    a.exchange.change_fees(a.signer.address().as_array(), schedule)?;
    Ok(a.exchange.invariant()?)
}
