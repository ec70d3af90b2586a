//! The figures as text: a screen of them, or all.

use std::fmt::Write as _;

use super::{Equity, Summary, dollars};
use crate::series::VISITORS;
use crate::tally::Fills;

impl Summary {
    /// The text for the terminal.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).unwrap_or_default();
        text
    }

    /// The figures on one screen, at most 80 columns.
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

    /// The audit's result in a line.
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
        self.write_run(out)?;
        self.write_fills(out)?;
        self.write_keepers(out)?;
        self.write_losses(out)?;
        self.write_equity(out)?;
        self.write_transactions(out)?;
        self.write_audit(out)?;
        if !self.missing.is_empty() {
            writeln!(out, "\nMISSING: {}", self.missing.join(", "))?;
        }
        for wrong in &self.wrong {
            writeln!(out, "\nKEEPERS: {wrong}")?;
        }
        Ok(())
    }

    /// Prices replayed, and transactions landed.
    fn write_run(&self, out: &mut String) -> std::fmt::Result {
        let span = |time| kedge_testbed::calendar::date_time(time);
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
        Ok(())
    }

    /// Fills by source, and the outcome of market orders by quarter of the run.
    fn write_fills(&self, out: &mut String) -> std::fmt::Result {
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
        Ok(())
    }

    /// The keepers' looks, and the takers' costs.
    fn write_keepers(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "looks         {}, of which {} could not be relied on", self.blind.1, self.blind.0)?;
        writeln!(out, "orders seen   all but {} of {} that were looked for on chain", self.unseen.0, self.unseen.1)?;
        writeln!(
            out,
            "fees          takers paid ${:.2}, makers got ${:.2}, fillers ${:.2}",
            self.fees[0], self.fees[1], self.fees[2]
        )?;
        Ok(())
    }

    /// Funding, liquidations and defaults, with the pools that bore them.
    fn write_losses(&self, out: &mut String) -> std::fmt::Result {
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
        let [loss, fees, protocol, insurance, staked, amm, open] = self.defaults;
        writeln!(
            out,
            "bankruptcies  {}: ${loss:.2} of debt, fees ${fees:.2}, protocol ${protocol:.2}, insurance ${insurance:.2}, stakes ${staked:.2}, vAMM ${amm:.2}, open ${open:.2}",
            self.bankruptcies
        )?;
        writeln!(out, "insurance     ${:.2} in the funds at the end", self.insurance)?;
        let others: Vec<String> = self.others.iter().map(|(name, count)| format!("{count} {name}")).collect();
        writeln!(out, "also          {}", others.join(", "))?;
        Ok(())
    }

    /// Compute units, failures, and events that could not be read.
    fn write_transactions(&self, out: &mut String) -> std::fmt::Result {
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
        Ok(())
    }

    /// Profit and loss by role. Visitors' deposits are named and are no part of their profit.
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
