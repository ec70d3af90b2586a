//! Listing a market.

use kedge_model::action::MarketParams;

use crate::instructions::prelude::*;

/// Accounts of `list_market`.
#[derive(Accounts)]
pub struct ListMarket {
    /// The admin; pays the rent.
    #[account(mut)]
    pub admin: Payer,
    /// Counts markets.
    #[account(mut)]
    pub exchange: Write<Exchange>,
    /// Gets the row.
    #[account(mut)]
    pub board: Write<PriceBoard>,
    /// The market to create, at the next index.
    #[account(mut)]
    pub market: New<Market>,
    /// System program.
    pub system_program: Sole<System>,
}

/// Lists it. It trades once its price has been refreshed.
#[inline(never)]
pub fn handle(a: &mut ListMarket, params: &MarketParams) -> Outcome {
    let list = action::ListMarket { params };
    list.authorise(&a.exchange, a.admin.address().as_array())?;
    let seed = a.exchange.markets.to_le_bytes();
    let (mut market, bump) = a.market.create(&a.admin, &[pda::MARKET_SEED, &seed], 0)?;
    market.bump = bump;
    list.execute(&mut a.exchange, &mut a.board, &mut market, clock()?)?;
    Ok(market.invariant()?)
}
