//! Liquidations and funding updates by time, for tables, charts and downloads.

use std::collections::BTreeMap;

use kedge_interface::address;
use kedge_state::World;
use serde::Serialize;
use solana_pubkey::Pubkey;

use crate::series::Point;
use crate::tally::Tally;
use kedge_testbed::listing::COINS;
use kedge_testbed::participants::Role;

/// One step of a liquidation.
#[derive(Clone, Debug, Serialize)]
pub struct Liquidation {
    /// Market time of the nearest look at the exchange, Unix seconds.
    pub time: i64,
    /// Slot.
    pub slot: u64,
    /// Index of the market.
    pub market: u16,
    /// Name of the market.
    pub name: &'static str,
    /// Name of the sub-account.
    pub account: String,
    /// "long" or "short": side of the position that was taken over.
    pub side: &'static str,
    /// Base taken over, coins.
    pub size: f64,
    /// Price of the take-over, dollars a coin.
    pub price: f64,
    /// Value at that price, dollars.
    pub value: f64,
    /// The liquidator's gain against the oracle, dollars; negative for a loss.
    pub liquidator_fee: f64,
    /// Fee to the insurance fund, dollars.
    pub insurance_fee: f64,
    /// Missing margin, dollars.
    pub shortage: f64,
    /// Whether the step left a bankrupt pocket.
    pub bankrupt: bool,
}

/// One funding update.
#[derive(Clone, Debug, Serialize)]
pub struct FundingUpdate {
    /// Market time, Unix seconds.
    pub time: i64,
    /// Index of the market.
    pub market: u16,
    /// Name of the market.
    pub name: &'static str,
    /// Percent of the price for an hour; longs pay when it is positive.
    pub rate: f64,
    /// Average premium of the mark over the oracle that the rate follows, percent.
    pub premium: f64,
    /// Funding that the vAMM received (positive) or paid, dollars.
    pub amm: f64,
}

/// Liquidations and funding updates of a run, by time.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Log {
    /// Liquidations.
    pub liquidations: Vec<Liquidation>,
    /// Funding updates.
    pub funding: Vec<FundingUpdate>,
}

impl Log {
    /// The log of a tally; `points` give the market time of slots.
    #[must_use]
    pub fn of(tally: &Tally, points: &[Point], world: &World, roles: &BTreeMap<Pubkey, Role>) -> Self {
        let coin = |market: u16| COINS.get(usize::from(market)).map_or("?", |coin| coin.name);
        let mut liquidations: Vec<Liquidation> = tally
            .steps
            .iter()
            .map(|(slot, step)| {
                let at = address::sub_account(&Pubkey::from(step.account.authority), step.account.id);
                let own = world.accounts.get(&at).filter(|_| roles.contains_key(&at));
                let value = step.quote.magnitude().0 as f64 / 1e6;
                Liquidation {
                    time: time_of(points, *slot),
                    slot: *slot,
                    market: step.market,
                    name: coin(step.market),
                    account: own.map_or_else(
                        || "visitor".to_owned(),
                        |account| kedge_interface::account::name(&account.head.name),
                    ),
                    side: if step.base.0 >= 0 { "long" } else { "short" },
                    size: step.base.0.unsigned_abs() as f64 / 1e9,
                    price: step.price.0 as f64 / 1e6,
                    value,
                    liquidator_fee: value * f64::from(step.liquidator_fee.0) / 1e6,
                    insurance_fee: step.insurance_fee.0 as f64 / 1e6,
                    shortage: step.shortage.0 as f64 / 1e6,
                    bankrupt: step.bankrupt != 0,
                }
            })
            .collect();
        liquidations.sort_by_key(|step| (step.slot, step.market));
        let mut funding: Vec<FundingUpdate> = tally
            .fundings
            .iter()
            .map(|update| FundingUpdate {
                time: update.time,
                market: update.market,
                name: coin(update.market),
                rate: update.rate as f64 / 1e7,
                premium: update.premium as f64 / 1e7,
                amm: update.amm_payment.0 as f64 / 1e6,
            })
            .collect();
        funding.sort_by_key(|update| (update.time, update.market));
        Self { liquidations, funding }
    }
}

/// Market time of a slot: that of the last point not after it.
fn time_of(points: &[Point], slot: u64) -> i64 {
    let after = points.partition_point(|point| point.slot <= slot);
    points.get(after.saturating_sub(1)).map_or(0, |point| point.time)
}
