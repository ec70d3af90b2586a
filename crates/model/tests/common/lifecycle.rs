//! From expiry to delisting.

use super::World;
use kedge_model::account::market::MarketStatus;
use kedge_model::action::{
    DelistMarket, Ending, PositionSettlement, SetExpiry, SetMarketStatus, SettleMarket, SettlePosition,
};
use kedge_model::error::Result;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Base, Price, Quote};
use kedge_model::rule::lifecycle::Terms;
use kedge_model::time::Seconds;

pub(crate) fn set_expiry(world: &mut World, market: usize, time: i64) -> Result<()> {
    let clock = world.clock;
    world.attempt(|w| SetExpiry { time }.execute(&mut w.board, &mut w.markets[market], clock, &mut NoEvents))
}

pub(crate) fn settle_market(world: &mut World, market: usize) -> Result<Terms> {
    match end_market(world, market)? {
        Ending::Settled(terms) => Ok(terms),
        Ending::Announced => panic!("the row of market {market} is silent"),
    }
}

/// Announces that the market's row is silent, or settles the market.
pub(crate) fn end_market(world: &mut World, market: usize) -> Result<Ending> {
    let clock = world.clock;
    world.attempt(|w| SettleMarket.execute(&w.exchange, &mut w.board, &mut w.markets[market], clock, &mut NoEvents))
}

pub(crate) fn settle_position(world: &mut World, market: usize, account: usize) -> Result<PositionSettlement> {
    world.on_market(market, &[account], |context, banks, accounts| {
        SettlePosition.execute(context, &mut banks[0], &mut accounts[0])
    })
}

pub(crate) fn delist(world: &mut World, market: usize) -> Result<Amount> {
    let clock = world.clock;
    world.attempt(|w| {
        DelistMarket.execute(
            &mut w.exchange,
            &mut w.board,
            &mut w.markets[market],
            &mut w.banks[0],
            clock,
            &mut NoEvents,
        )
    })
}

pub(crate) fn set_status(world: &mut World, market: usize, status: MarketStatus) -> Result<()> {
    let clock = world.clock;
    world.attempt(|w| {
        SetMarketStatus { status, length: Seconds::DAY }.execute(&w.board, &mut w.markets[market], clock, &mut NoEvents)
    })
}

/// Sets the expiry and lets ten hours pass at the present prices; returns the average at the end.
pub(crate) fn run_out(world: &mut World, market: usize) -> Price {
    let time = world.clock.unix_time + 36_000;
    set_expiry(world, market, time).unwrap();
    while world.clock.unix_time < time {
        let last_hour = time - world.clock.unix_time <= 3_600;
        world.wait(if last_hour { 59 } else { 359 });
        world.tick();
    }
    average(world, market)
}

/// What the market would be settled at now.
pub(crate) fn average(world: &World, market: usize) -> Price {
    let row = &world.board.markets[market];
    row.settles_at(row.price.price).unwrap()
}

/// Nothing of a market is left anywhere.
pub(crate) fn assert_gone(world: &World, market: usize) {
    let m = &world.markets[market];
    assert_eq!(m.status, MarketStatus::Delisted as u8);
    assert_eq!((m.users_quote, m.amm.quote, m.funding_pot), (Quote(0), Quote(0), Quote(0)));
    assert_eq!((m.pnl_pool, m.insurance_fund, m.fees, m.insurance_fees), (Amount(0), Amount(0), Amount(0), Amount(0)));
    assert_eq!((m.deficit, m.debts, m.amm.base), (Amount(0), Amount(0), Base(0)));
    for account in &world.accounts {
        let position = account.position(market);
        assert!(!position.is_used() || position.is_empty() || !position.isolated.is_zero(), "{position:?}");
    }
}
