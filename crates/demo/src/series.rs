//! The run over time: what the report's charts show.

use std::collections::BTreeMap;

use kedge_keeper::World;
use kedge_model::num::Rounding;
use kedge_model::quantity::Price;
use serde::Serialize;
use solana_pubkey::Pubkey;

use crate::cast::Role;

/// One market at one moment.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct MarketPoint {
    /// Oracle price, dollars.
    pub price: f64,
    /// The market's own price, dollars.
    pub mark: f64,
    /// Last hourly funding rate, percent.
    pub funding: f64,
    /// Longs, coins.
    pub long: f64,
    /// Shorts, coins.
    pub short: f64,
    /// The vAMM's position, coins.
    pub amm: f64,
}

/// Everything at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// Market time, Unix seconds.
    pub time: i64,
    /// The markets in listing order.
    pub markets: Vec<MarketPoint>,
    /// Equity by role, dollars; "vAMM", "insurance" and "fees" beside the roles.
    pub equity: BTreeMap<&'static str, f64>,
}

/// Reads a point off a world.
pub fn point(world: &World, roles: &BTreeMap<Pubkey, Role>) -> Point {
    let dollars = |quote: i64| quote as f64 / 1e6;
    let coins = |base: u64| base as f64 / 1e9;
    let price = |price: Price| price.0 as f64 / 1e6;
    let mut equity: BTreeMap<&'static str, f64> = BTreeMap::new();
    let mut add = |who: &'static str, amount: f64| *equity.entry(who).or_default() += amount;
    let mut markets = Vec::new();
    for market in &world.markets {
        let oracle = world.oracle(market.index);
        markets.push(MarketPoint {
            price: price(oracle),
            mark: price(market.mark(oracle).unwrap_or(oracle)),
            funding: market.funding_rate as f64 / 1e7,
            long: coins(market.long_interest.0),
            short: coins(market.short_interest.0),
            amm: market.amm.base.0 as f64 / 1e9,
        });
        add("vAMM", market.amm_equity(oracle).map_or(0.0, |equity| dollars(equity.0)));
        add("insurance", market.insurance_fund.0 as f64 / 1e6);
        add("fees", (market.fees.0 + market.insurance_fees.0) as f64 / 1e6);
    }
    add("fees", world.banks.first().map_or(0.0, |bank| bank.protocol.0 as f64 / 1e6));
    for (address, account) in &world.accounts {
        let role = roles.get(address).map_or("visitors", |role| role.name());
        let isolated: u64 = account.head.positions.iter().map(|position| position.isolated.0).sum();
        let balance = (account.head.balance(kedge_model::bank::Bank::QUOTE).0 + isolated) as f64 / 1e6;
        let positions = account.head.positions.iter().filter(|position| position.is_used());
        let open: f64 = positions
            .filter_map(|position| {
                let row = world.fresh.market(position.market).ok()?;
                let funding = position.unsettled_funding(row.funding(position.base)).ok()?;
                let value = position.base.value(row.price.price, Rounding::Down).ok()?;
                Some(dollars(position.quote.0 + funding.0 + value.0))
            })
            .sum();
        add(role, balance + open);
    }
    Point { time: world.clock.unix_time, markets, equity }
}
