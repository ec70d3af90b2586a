//! The end of the run in figures: printed, and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kedge_interface::account::name;
use kedge_keeper::World;
use kedge_keeper::core::audit::Statement;
use kedge_model::market::Market;
use serde::Serialize;

use crate::series::{MarketPoint, Point, VISITORS};
use crate::tally::{BUCKETS, Fills, SOURCES, Tally};
use crate::waits::Quarter;

/// Compute units of one instruction.
#[derive(Clone, Debug, Serialize)]
pub struct Compute {
    /// Instruction.
    pub instruction: &'static str,
    /// How often it ran.
    pub count: usize,
    /// Fewest.
    pub min: u32,
    /// Middle.
    pub median: u32,
    /// Most.
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
    /// What trading made of it.
    #[must_use]
    pub fn change(&self) -> f64 {
        self.end - self.start - self.brought
    }
}

/// How well one market served takers.
#[derive(Clone, Debug, Serialize)]
pub struct Quality {
    /// Market.
    pub market: String,
    /// Fills.
    pub fills: u64,
    /// Traded, dollars.
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
    /// Market.
    pub market: String,
    /// Paid by longs (negative: received).
    pub longs: f64,
    /// Paid by shorts (negative: received).
    pub shorts: f64,
}

/// The figures.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// What was replayed.
    pub source: String,
    /// Seed.
    pub seed: u64,
    /// First and last moment, Unix seconds.
    pub span: (i64, i64),
    /// Wall seconds.
    pub wall: f64,
    /// Whether it was stopped early.
    pub interrupted: bool,
    /// Transactions that landed, failed.
    pub transactions: (u64, u64),
    /// Failed transactions for a hundred that landed.
    pub failed_share: f64,
    /// Market orders of takers and their fills, by quarter of the run.
    pub quarters: [Quarter; 4],
    /// Looks at the exchange that could not be relied on, and all.
    pub blind: (u64, u64),
    /// Orders on chain that the keepers had not heard of, and all that were looked for.
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
    /// What vAMMs received as funding, dollars.
    pub funding_amm: f64,
    /// Liquidation steps.
    pub liquidations: u64,
    /// Taken over, dollars.
    pub liquidated: f64,
    /// Accounts that were liquidated at least once.
    pub liquidated_accounts: usize,
    /// Defaults settled.
    pub bankruptcies: u64,
    /// Debt of defaults; paid by insurance; by the vAMM; spread; left open. Dollars.
    pub defaults: [f64; 5],
    /// In the insurance funds at the end, dollars.
    pub insurance: f64,
    /// Equity by role.
    pub equity: BTreeMap<&'static str, Equity>,
    /// How well the markets served takers, in listing order.
    pub quality: Vec<Quality>,
    /// Other events.
    pub others: BTreeMap<&'static str, u64>,
    /// Failures by plan and reason.
    pub failures: Vec<(String, String, u64)>,
    /// Landed transactions whose events could not be read.
    pub unread: u64,
    /// Compute units.
    pub compute: Vec<Compute>,
    /// The conservation statement.
    pub audit: Statement,
    /// What should have happened and did not.
    pub missing: Vec<String>,
    /// What was wrong with how the keepers worked.
    pub wrong: Vec<String>,
}

fn dollars(units: u64) -> f64 {
    units as f64 / 1e6
}

/// Fills in what the tally and the last world say.
pub struct Facts<'a> {
    /// Where prices came from.
    pub source: String,
    /// Seed.
    pub seed: u64,
    /// First and last moment.
    pub span: (i64, i64),
    /// Wall seconds.
    pub wall: f64,
    /// Whether it was stopped early.
    pub interrupted: bool,
    /// What was counted.
    pub tally: &'a Tally,
    /// The exchange at the end.
    pub world: &'a World,
    /// Equity by role at start and end.
    pub equity: BTreeMap<&'static str, Equity>,
    /// The conservation statement.
    pub audit: Statement,
}

impl Summary {
    /// Adds up.
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

    /// Exit status.
    pub fn status(&self) -> u8 {
        if !self.audit.holds() {
            2
        } else if self.interrupted {
            // Ctrl-C is offered as a way to end.
            0
        } else if !self.wrong.is_empty() {
            4
        } else if !self.missing.is_empty() {
            3
        } else {
            0
        }
    }

    /// The text for the terminal.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).unwrap_or_default();
        text
    }

    /// A screen of it, at most 80 columns.
    pub fn short(&self) -> String {
        let mut text = String::new();
        self.write_short(&mut text).unwrap_or_default();
        text
    }

    fn write_short(&self, out: &mut String) -> std::fmt::Result {
        let fills = self.fills.values().fold(Fills::default(), |all, fills| all.plus(*fills));
        let (landed, failed) = self.transactions;
        writeln!(
            out,
            "\ntransactions  {landed} landed ({:.0}/s), {failed} failed ({:.1} %)",
            self.rate, self.failed_share
        )?;
        writeln!(
            out,
            "fills         {} for ${:.0}, {:.2} bp from the oracle",
            fills.count,
            dollars(fills.quote),
            fills.cost_bps()
        )?;
        for quality in &self.quality {
            let spread = quality.spread_bps.map_or_else(|| "none".to_owned(), |spread| format!("{spread:.1} bp"));
            writeln!(
                out,
                "{:13} ${:.0} traded, spread {spread}, ${:.0} within 25 bp",
                quality.market, quality.volume, quality.depth[0]
            )?;
        }
        writeln!(
            out,
            "liquidations  {} steps on {} accounts, ${:.0}; {} bankruptcies",
            self.liquidations, self.liquidated_accounts, self.liquidated, self.bankruptcies
        )?;
        writeln!(out, "funding       {} updates", self.funding_updates)?;
        self.write_equity(out)?;
        for broken in &self.audit.breaks() {
            writeln!(out, "BROKEN {broken}")?;
        }
        if !self.missing.is_empty() {
            writeln!(out, "MISSING: {}", self.missing.join(", "))?;
        }
        for wrong in &self.wrong {
            writeln!(out, "KEEPERS: {wrong}")?;
        }
        writeln!(out, "\n{}", self.verdict())
    }

    /// What the audit says, in a line.
    #[must_use]
    pub fn verdict(&self) -> String {
        let verdict = if self.audit.holds() { "Conservation holds" } else { "CONSERVATION IS BROKEN" };
        format!(
            "{verdict}: {} equations to the last unit, {} accounts' invariants",
            self.audit.lines.len(),
            self.audit.checked
        )
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let span = |time| crate::calendar::date_time(time);
        writeln!(out, "\n== Summary ==")?;
        writeln!(
            out,
            "market time   {} to {} UTC in {:.0} s of wall time",
            span(self.span.0),
            span(self.span.1),
            self.wall
        )?;
        writeln!(out, "prices        {}", self.source)?;
        writeln!(
            out,
            "transactions  {} landed ({:.0}/s), {} failed ({:.1} %), median {} ms to land",
            self.transactions.0, self.rate, self.transactions.1, self.failed_share, self.latency_ms
        )?;
        writeln!(
            out,
            "orders        {} of takers, {} of makers and keepers; {} cancelled or expired",
            self.orders.0, self.orders.1, self.orders.2
        )?;
        writeln!(
            out,
            "\n{:6} {:>7} {:>16} {:>22} {:>18} {:>10}",
            "fills", "count", "volume", "better than worst", "cost to oracle", "slots"
        )?;
        let mut all = Fills::default();
        for (name, fills) in &self.fills {
            row(out, name, fills)?;
            all = all.plus(*fills);
        }
        row(out, "all", &all)?;
        writeln!(
            out,
            "\n{:14} {:>7} {:>9} {:>7} {:>16} {:>13} {:>10}",
            "market orders", "placed", "filled", "fills", "fills an order", "median slots", "90 %"
        )?;
        for (quarter, place) in self.quarters.iter().zip(1..) {
            let [median, most] = quarter.slots;
            writeln!(
                out,
                "quarter {place:<6} {:>7} {:>9} {:>7} {:>16.2} {median:>13} {most:>10}",
                quarter.orders,
                quarter.filled,
                quarter.fills,
                quarter.fills_per_order()
            )?;
        }
        writeln!(out, "looks         {}, of which {} could not be relied on", self.blind.1, self.blind.0)?;
        writeln!(out, "orders seen   all but {} of {} that were looked for on chain", self.unseen.0, self.unseen.1)?;
        writeln!(
            out,
            "fees          takers paid ${:.2}, makers got ${:.2}, fillers ${:.2}",
            self.fees[0], self.fees[1], self.fees[2]
        )?;
        writeln!(out, "\nfunding       {} updates; vAMMs received ${:.2}", self.funding_updates, self.funding_amm)?;
        for funding in &self.funding {
            writeln!(
                out,
                "  {:9}   longs {} ${:.2}, shorts {} ${:.2}",
                funding.market,
                verb(funding.longs),
                funding.longs.abs(),
                verb(funding.shorts),
                funding.shorts.abs()
            )?;
        }
        writeln!(
            out,
            "\nliquidations  {} steps on {} accounts, ${:.0} taken over",
            self.liquidations, self.liquidated_accounts, self.liquidated
        )?;
        let [loss, insurance, amm, spread, open] = self.defaults;
        writeln!(
            out,
            "bankruptcies  {}: ${loss:.2} of debt, insurance ${insurance:.2}, vAMM ${amm:.2}, spread ${spread:.2}, open ${open:.2}",
            self.bankruptcies
        )?;
        writeln!(out, "insurance     ${:.2} in the funds at the end", self.insurance)?;
        let others: Vec<String> = self.others.iter().map(|(name, count)| format!("{count} {name}")).collect();
        writeln!(out, "also          {}", others.join(", "))?;
        self.write_equity(out)?;
        writeln!(out, "\n{:20} {:>7} {:>9} {:>9} {:>9}", "compute units", "count", "min", "median", "max")?;
        for compute in &self.compute {
            writeln!(
                out,
                "{:20} {:>7} {:>9} {:>9} {:>9}",
                compute.instruction, compute.count, compute.min, compute.median, compute.max
            )?;
        }
        if !self.failures.is_empty() {
            writeln!(out, "\nfailed transactions (lost races among them)")?;
            for (plan, why, count) in &self.failures {
                writeln!(out, "{count:>7}  {plan}: {why}")?;
            }
        }
        if self.unread > 0 {
            writeln!(out, "\n{} landed transactions could not be read back: the counts above lack them", self.unread)?;
        }
        self.write_audit(out)?;
        if !self.missing.is_empty() {
            writeln!(out, "\nMISSING: {}", self.missing.join(", "))?;
        }
        for wrong in &self.wrong {
            writeln!(out, "\nKEEPERS: {wrong}")?;
        }
        Ok(())
    }

    /// Who won and who lost. What visitors brought is no profit of theirs: it is named, and not part of the change.
    fn write_equity(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n{:14} {:>16} {:>12} {:>16} {:>14}", "equity", "start", "faucet", "end", "change")?;
        let mut all = Equity::default();
        for (role, equity) in &self.equity {
            equity_row(out, role, equity)?;
            all = Equity {
                start: all.start + equity.start,
                brought: all.brought + equity.brought,
                end: all.end + equity.end,
            };
        }
        equity_row(out, "all", &all)?;
        if self.equity.contains_key(VISITORS) {
            writeln!(out, "faucet: deposited from the local chain's faucet, less withdrawals; no gain")?;
        }
        Ok(())
    }

    fn write_audit(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n== Conservation, from the raw accounts, to the last unit ==")?;
        for line in &self.audit.lines {
            let mark = if line.holds() { "ok" } else { "BROKEN" };
            let (left, right) = (line.unit.show(line.left), line.unit.show(line.right));
            writeln!(out, "{mark:6} {:58} {left:>22} = {right:>22}  {}", line.what, line.unit.name)?;
        }
        for dust in &self.audit.dust {
            let mark = if dust.amount >= 0 { "ok" } else { "BROKEN" };
            let what = format!("{}: rounding kept by the market", dust.of);
            writeln!(
                out,
                "{mark:6} {what:58} {:>22} >= {:>21}  {}",
                dust.unit.show(dust.amount),
                dust.unit.show(0),
                dust.unit.name
            )?;
        }
        for broken in &self.audit.broken {
            writeln!(out, "BROKEN {broken}")?;
        }
        for backwards in &self.audit.backwards {
            writeln!(out, "BROKEN {backwards}: ran backwards")?;
        }
        writeln!(out, "{} accounts checked against their invariants", self.audit.checked)?;
        let margins = &self.audit.margins;
        writeln!(
            out,
            "{} pockets with positions: {} below maintenance, {} in default",
            margins.pockets,
            margins.below.len(),
            margins.in_default
        )?;
        let verdict = if self.audit.holds() { "CONSERVATION HOLDS" } else { "CONSERVATION IS BROKEN" };
        writeln!(out, "{verdict}")
    }
}

fn equity_row(out: &mut String, name: &str, equity: &Equity) -> std::fmt::Result {
    let (start, brought, end) = (equity.start, equity.brought, equity.end);
    writeln!(out, "{name:14} {start:>16.2} {brought:>12.2} {end:>16.2} {:>+14.2}", equity.change())
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

/// The value below which a share of all lies; nothing of nothing.
fn percentile(values: &mut [f64], percent: usize) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get((values.len() * percent / 100).min(values.len().saturating_sub(1))).copied()
}

fn row(out: &mut String, name: &str, fills: &Fills) -> std::fmt::Result {
    writeln!(
        out,
        "{name:6} {:>7} {:>16.2} {:>19.2} bp {:>15.2} bp {:>10.1}",
        fills.count,
        dollars(fills.quote),
        fills.improvement_bps(),
        fills.cost_bps(),
        fills.mean_slots()
    )
}

fn verb(paid: f64) -> &'static str {
    if paid >= 0.0 { "paid" } else { "received" }
}
