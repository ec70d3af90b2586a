//! Switching a market between trading and reduce-only.

use kedge_model::Error;
use kedge_model::market::MarketStatus;

use crate::instructions::prelude::*;

/// Accounts of `set_market_status`.
#[derive(Accounts)]
pub struct SetMarketStatus {
    /// The admin, or the pauser to reduce-only.
    pub signer: Signed,
    /// Roles.
    pub exchange: Read<Exchange>,
    /// The market.
    #[account(mut)]
    pub market: Write<Market>,
}

/// Sets the status.
#[inline(never)]
pub fn handle(ctx: &mut Context<SetMarketStatus>, status: u8) -> Outcome {
    let a = &mut ctx.accounts;
    let signer = a.signer.address().as_array();
    let status = MarketStatus::from_number(status)?;
    match status {
        MarketStatus::ReduceOnly if a.exchange.is_pauser(signer) => {}
        MarketStatus::ReduceOnly | MarketStatus::Active => a.exchange.require_admin(signer)?,
        MarketStatus::Initialised => return Err(Error::InvalidParameter.into()),
    }
    a.market.status = status as u8;
    Ok(())
}
