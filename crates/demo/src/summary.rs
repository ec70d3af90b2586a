//! The figures of a run, as JSON has them; [`text`] prints them.

mod text;

use std::collections::BTreeMap;

use kedge_audit::Statement;
use kedge_interface::account::name;
use kedge_model::account::market::Market;
use kedge_state::World;
use serde::Serialize;

use crate::series::{MarketPoint, Point};
use crate::tally::{BUCKETS, Fills, SOURCES, Tally};
use kedge_testbed::waits::Quarter;

/// Compute units of one instruction.
#[derive(Clone, Debug, Serialize)]
pub struct Compute {
    /// Name of the instruction.
    pub instruction: &'static str,
    /// Number of runs.
    pub count: usize,
    /// Fewest units.
    pub min: u32,
    /// Median units.
    pub median: u32,
    /// Most units.
    pub max: u32,
}

/// Equity of a role over the run, dollars.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Equity {
    /// At the start.
    pub start: f64,
    /// Deposits less withdrawals since then.
    pub brought: f64,
    /// At the end.
    pub end: f64,
}

impl Equity {
    /// Profit or loss: the change of equity without deposits and withdrawals.
    #[must_use]
    pub fn change(&self) -> f64 {
        self.end - self.start - self.brought
    }
}

/// Quality of one market for takers.
#[derive(Clone, Debug, Serialize)]
pub struct Quality {
    /// Name of the market.
    pub market: String,
    /// Number of fills.
    pub fills: u64,
    /// Volume, dollars.
    pub volume: f64,
    /// Median distance of best bid and offer, basis points of the oracle; `None` when a side was always empty.
    pub spread_bps: Option<f64>,
    /// Its 95th percentile.
    pub spread_high_bps: Option<f64>,
    /// Median dollars within 25 basis points of the oracle on the thinner side, and the 5th percentile.
    pub depth: [f64; 2],
    /// By size of the fill: its name, fills, volume in dollars, cost against the oracle in basis points of it.
    pub slippage: Vec<(&'static str, u64, f64, f64)>,
}

/// Funding of one market over the run, dollars.
#[derive(Clone, Debug, Serialize)]
pub struct Funding {
    /// Name of the market.
    pub market: String,
    /// Paid by longs (negative: received).
    pub longs: f64,
    /// Paid by shorts (negative: received).
    pub shorts: f64,
}

/// The figures of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Origin of the prices.
    pub source: String,
    /// Seed of wallets and takers' choices.
    pub seed: u64,
    /// First and last market time, Unix seconds.
    pub span: (i64, i64),
    /// Length of the run, wall seconds.
    pub wall: f64,
    /// Whether Ctrl-C ended the run early.
    pub interrupted: bool,
    /// Transactions that landed, and that failed.
    pub transactions: (u64, u64),
    /// Failed transactions for a hundred that landed.
    pub failed_share: f64,
    /// Market orders of takers and their fills, by quarter of the run.
    pub quarters: [Quarter; 4],
    /// Looks at the exchange that could not be relied on, and all looks.
    pub blind: (u64, u64),
    /// Orders on chain that the keepers' mirror lacked, and all that were compared.
    pub unseen: (u64, u64),
    /// Landed transactions a wall second.
    pub rate: f64,
    /// Median milliseconds from sending to the first status.
    pub latency_ms: u128,
    /// Orders of takers, orders of others, orders cancelled or expired.
    pub orders: (u64, u64, u64),
    /// Fills by source.
    pub fills: BTreeMap<&'static str, Fills>,
    /// Fees of takers, rebates, filler rewards, dollars.
    pub fees: [f64; 3],
    /// Funding updates.
    pub funding_updates: u64,
    /// Funding by market and side.
    pub funding: Vec<Funding>,
    /// Funding that vAMMs received, dollars.
    pub funding_amm: f64,
    /// Liquidation steps.
    pub liquidations: u64,
    /// Value taken over, dollars.
    pub liquidated: f64,
    /// Accounts that were liquidated at least once.
    pub liquidated_accounts: usize,
    /// Defaults settled.
    pub bankruptcies: u64,
    /// Debt of defaults; paid by unswept fees; by the protocol; by insurance; by stakes; by the vAMM; left open. Dollars.
    pub defaults: [f64; 7],
    /// Insurance funds at the end, dollars.
    pub insurance: f64,
    /// Equity by role.
    pub equity: BTreeMap<&'static str, Equity>,
    /// Quality of the markets for takers, in listing order.
    pub quality: Vec<Quality>,
    /// Counts of other events.
    pub others: BTreeMap<&'static str, u64>,
    /// Failures by plan and reason.
    pub failures: Vec<(String, String, u64)>,
    /// Landed transactions whose events could not be read.
    pub unread: u64,
    /// Compute units by instruction.
    pub compute: Vec<Compute>,
    /// The conservation statement.
    pub audit: Statement,
    /// Kinds of event that should have happened and did not.
    pub missing: Vec<String>,
    /// Faults in the keepers' work.
    pub wrong: Vec<String>,
}

fn dollars(units: u64) -> f64 {
    units as f64 / 1e6
}

/// Inputs of a [`Summary`].
pub struct Facts<'a> {
    /// Origin of the prices.
    pub source: String,
    /// Seed of wallets and takers' choices.
    pub seed: u64,
    /// First and last market time, Unix seconds.
    pub span: (i64, i64),
    /// Length of the run, wall seconds.
    pub wall: f64,
    /// Whether Ctrl-C ended the run early.
    pub interrupted: bool,
    /// Counts of the run.
    pub tally: &'a Tally,
    /// The exchange at the end.
    pub world: &'a World,
    /// Equity by role at start and end.
    pub equity: BTreeMap<&'static str, Equity>,
    /// The conservation statement.
    pub audit: Statement,
}

impl Summary {
    /// The figures of a run.
    pub fn new(facts: Facts<'_>, points: &[Point]) -> Self {
        let Facts { source, seed, span, wall, interrupted, tally, world, equity, audit } = facts;
        let funding = world.markets.iter().map(|market| Funding {
            market: name(&market.name),
            longs: market.funding_paid_long.0 as f64 / 1e6,
            shorts: market.funding_paid_short.0 as f64 / 1e6,
        });
        let compute = tally.compute.iter().map(|(instruction, units)| {
            let mut sorted = units.clone();
            sorted.sort_unstable();
            let at = |index: usize| sorted.get(index).copied().unwrap_or(0);
            Compute {
                instruction,
                count: sorted.len(),
                min: at(0),
                median: at(sorted.len() / 2),
                max: at(sorted.len().saturating_sub(1)),
            }
        });
        let mut failures: Vec<_> =
            tally.failures.iter().map(|((plan, why), count)| (plan.clone(), why.clone(), *count)).collect();
        failures.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
        Self {
            source,
            seed,
            span,
            wall,
            interrupted,
            transactions: (tally.landed, tally.failed),
            failed_share: tally.failed_share(),
            quarters: tally.waits.quarters(),
            blind: (tally.blind.values().sum(), tally.looks),
            unseen: (tally.unseen, tally.spied),
            rate: tally.landed as f64 / wall.max(0.001),
            latency_ms: tally.median_latency().as_millis(),
            orders: (tally.orders, tally.other_orders, tally.cancelled),
            fills: SOURCES.iter().zip(tally.fills).map(|((name, _), fills)| (*name, fills)).collect(),
            fees: tally.fees.map(dollars),
            funding_updates: tally.funding_updates,
            funding: funding.collect(),
            funding_amm: tally.funding_amm as f64 / 1e6,
            liquidations: tally.liquidations,
            liquidated: dollars(tally.liquidated),
            liquidated_accounts: world.accounts.values().filter(|account| account.head.liquidations > 0).count(),
            bankruptcies: tally.bankruptcies,
            defaults: tally.defaults.map(dollars),
            insurance: world.markets.iter().map(|market| dollars(market.insurance_fund.0)).sum(),
            equity,
            quality: world.markets.iter().map(|market| quality(market, tally, points)).collect(),
            others: tally.others.clone(),
            failures,
            unread: tally.unread,
            compute: compute.collect(),
            missing: tally.missing(),
            wrong: tally.wrong(),
            audit,
        }
    }

    /// Exit status of the run.
    pub fn status(&self) -> u8 {
        if !self.audit.holds() {
            2
        } else if self.interrupted {
            // Ctrl-C is a regular way to end.
            0
        } else if !self.wrong.is_empty() {
            4
        } else if !self.missing.is_empty() {
            3
        } else {
            0
        }
    }
}

fn quality(market: &Market, tally: &Tally, points: &[Point]) -> Quality {
    let index = usize::from(market.index);
    let seen = || points.iter().filter_map(|point| point.markets.get(index));
    let mut spreads: Vec<f64> = seen().filter_map(MarketPoint::spread_bps).collect();
    let mut depths: Vec<f64> = seen().map(|point| point.depth[0].min(point.depth[1])).collect();
    let by_size = tally.by_size.get(&market.index).copied().unwrap_or_default();
    let all = by_size.iter().fold(Fills::default(), |all, fills| all.plus(*fills));
    Quality {
        market: name(&market.name),
        fills: all.count,
        volume: dollars(all.quote),
        spread_bps: percentile(&mut spreads, 50),
        spread_high_bps: percentile(&mut spreads, 95),
        depth: [50, 5].map(|percent| percentile(&mut depths, percent).unwrap_or(0.0)),
        slippage: BUCKETS
            .iter()
            .zip(by_size)
            .map(|((_, name), fills)| (*name, fills.count, dollars(fills.quote), fills.cost_bps()))
            .collect(),
    }
}

/// The value of nearest rank; `None` without values.
fn percentile(values: &mut [f64], percent: usize) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get((values.len() * percent / 100).min(values.len().saturating_sub(1))).copied()
}
