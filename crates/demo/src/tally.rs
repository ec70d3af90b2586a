//! Counts receipts and the events of landed transactions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kedge_client::history::Past;
use kedge_model::account::order::{OrderKind, Side};
use kedge_model::event::{Event, FillRecord, FillSource, FundingRecord, LiquidationRecord};
use kedge_sender::Receipt;
use serde::Serialize;

use kedge_testbed::waits::Waits;
use reading::{compute, reason};

mod reading;

/// Most failed transactions for a hundred that landed: lost races.
const MOST_FAILED: u64 = 10;

/// Fills of one source.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Fills {
    /// Number of fills.
    pub count: u64,
    /// Quote traded, at 1e6.
    pub quote: u64,
    /// Quote by which takers did better than their worst price, at 1e6.
    pub improved: i64,
    /// Quote by which takers did worse than the oracle, at 1e6 (negative: better).
    pub over_oracle: i64,
    /// Slots from the orders' activation to their fills, summed.
    pub slots: u64,
}

impl Fills {
    /// Improvement over the worst price, basis points of what was traded.
    pub fn improvement_bps(&self) -> f64 {
        ratio(self.improved, self.quote)
    }

    /// Mean slots from activation to fill.
    pub fn mean_slots(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.slots as f64 / self.count as f64 }
    }

    /// The sum of both.
    pub fn plus(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            quote: self.quote + other.quote,
            improved: self.improved + other.improved,
            over_oracle: self.over_oracle + other.over_oracle,
            slots: self.slots + other.slots,
        }
    }

    /// Cost against the oracle, basis points.
    pub fn cost_bps(&self) -> f64 {
        ratio(self.over_oracle, self.quote)
    }
}

fn ratio(part: i64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 1e4 }
}

/// Counts of a run.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Transactions that landed and succeeded.
    pub landed: u64,
    /// Transactions that landed and failed, did not land, or were not sent.
    pub failed: u64,
    /// Failures by plan and reason.
    pub failures: BTreeMap<(String, String), u64>,
    /// Latencies from sending to the first status, milliseconds.
    pub latencies: Vec<u32>,
    /// Orders placed by takers.
    pub orders: u64,
    /// Orders placed by others: the resting maker's ladders, unwinding.
    pub other_orders: u64,
    /// Authorities of takers.
    pub takers: BTreeSet<[u8; 32]>,
    /// Orders cancelled, expired ones included.
    pub cancelled: u64,
    /// Fills by source: book, vAMM, JIT.
    pub fills: [Fills; 3],
    /// Fills by market and size of the fill, see [`BUCKETS`].
    pub by_size: BTreeMap<u16, [Fills; BUCKETS.len()]>,
    /// Every liquidation step with its slot.
    pub steps: Vec<(u64, LiquidationRecord)>,
    /// Every funding update.
    pub fundings: Vec<FundingRecord>,
    /// Fees of takers, rebates of makers, rewards of fillers, at 1e6.
    pub fees: [u64; 3],
    /// Funding updates.
    pub funding_updates: u64,
    /// Funding that vAMMs received (positive) or paid, at 1e6.
    pub funding_amm: i64,
    /// Liquidation steps.
    pub liquidations: u64,
    /// Quote value taken over, at 1e6.
    pub liquidated: u64,
    /// Defaults settled.
    pub bankruptcies: u64,
    /// Debt of defaults; paid by unswept fees; by the protocol; by insurance; by stakes; by the vAMM; left open. At 1e6.
    pub defaults: [u64; 7],
    /// Deposits, withdrawals, settlements, fee sweeps, vAMM moves, pool gifts.
    pub others: BTreeMap<&'static str, u64>,
    /// Compute units by instruction.
    pub compute: BTreeMap<&'static str, Vec<u32>>,
    /// Transactions whose events could not be read.
    pub unread: u64,
    /// Market orders of takers and their fills.
    pub waits: Waits,
    /// Looks at the exchange.
    pub looks: u64,
    /// Looks that could not be relied on, by reason.
    pub blind: BTreeMap<String, u64>,
    /// Orders on chain that were compared with the keepers' mirror.
    pub spied: u64,
    /// Compared orders that the mirror lacked.
    pub unseen: u64,
}

/// Names of the sources of [`Tally::fills`], in its order.
pub const SOURCES: [(&str, FillSource); 3] =
    [("book", FillSource::Book), ("vAMM", FillSource::Amm), ("JIT", FillSource::Jit)];

/// Sizes of fills, from this many dollars up to the next, with their names.
pub const BUCKETS: [(u64, &str); 4] =
    [(0, "under $1k"), (1_000, "$1k to $10k"), (10_000, "$10k to $50k"), (50_000, "$50k and more")];

impl Tally {
    /// Counts a receipt.
    pub fn receipt(&mut self, receipt: &Receipt) {
        self.latencies.push(u32::try_from(receipt.latency.as_millis()).unwrap_or(u32::MAX));
        match &receipt.failure {
            None => self.landed += 1,
            Some(failure) => {
                self.failed += 1;
                *self.failures.entry((receipt.label.to_owned(), reason(failure))).or_default() += 1;
            }
        }
    }

    /// Counts the events of a landed transaction.
    pub fn past(&mut self, past: &Past) {
        // A failed transaction changed nothing, and its compute units are not those of its instructions.
        if past.failure.is_some() {
            return;
        }
        for (name, units) in compute(past) {
            self.compute.entry(name).or_default().push(units);
        }
        let events: Vec<Event> = past.events().flat_map(|batch| batch.events.iter().copied()).collect();
        for event in events {
            self.event(&event, past.slot);
        }
    }

    fn event(&mut self, event: &Event, slot: u64) {
        match event {
            Event::OrderPlaced(placed) if self.takers.contains(&placed.account.authority) => {
                self.orders += 1;
                if placed.order.kind == OrderKind::Market as u8 {
                    self.waits.placed(&placed.account, placed.order.id, slot);
                }
            }
            Event::OrderPlaced(_) => self.other_orders += 1,
            Event::OrderCancelled(_) => self.cancelled += 1,
            Event::Fill(fill) => {
                self.waits.filled(&fill.taker, fill.taker_order, slot);
                self.fill(fill);
            }
            Event::Funding(funding) => {
                self.funding_updates += 1;
                self.fundings.push(*funding);
                self.funding_amm += funding.amm_payment.0;
            }
            Event::Liquidation(step) => {
                self.liquidations += 1;
                self.steps.push((slot, *step));
                self.liquidated += step.quote.magnitude().0;
            }
            Event::Bankruptcy(record) => {
                self.bankruptcies += 1;
                let fees = record.fees.0 + record.insurance_fees.0;
                let funds =
                    [record.protocol, record.insurance, record.staked, record.backstop, record.amm, record.deficit];
                let parts = [record.loss.0, fees].into_iter().chain(funds.map(|part| part.0));
                for (sum, part) in self.defaults.iter_mut().zip(parts) {
                    *sum += part;
                }
            }
            Event::Deposit(_) => self.other("deposits"),
            Event::Withdraw(_) => self.other("withdrawals"),
            Event::Transfer(_) => self.other("transfers"),
            Event::SettlePnl(_) => self.other("settlements"),
            Event::AmmUpdate(_) => self.other("vAMM moves"),
            Event::FeeSweep(_) => self.other("fee sweeps"),
            Event::PoolFunded(_) => self.other("pool gifts"),
            Event::IsolatedCollateral(_) => self.other("isolated collateral moves"),
            Event::Crank(_) => self.other("order services"),
            Event::OrderModified(_) => self.other("order changes"),
            Event::MarketChanged(_) => self.other("market changes"),
            Event::Stake(_) => self.other("stakes"),
            Event::PositionSettled(_) => self.other("settled positions"),
        }
    }

    fn other(&mut self, name: &'static str) {
        *self.others.entry(name).or_default() += 1;
    }

    fn fill(&mut self, fill: &FillRecord) {
        let Some(index) = SOURCES.iter().position(|(_, source)| *source as u8 == fill.source) else { return };
        let value = |price: u64| (u128::from(fill.size.0) * u128::from(price) / 1_000_000_000) as i64;
        let (quote, worst, oracle) = (fill.quote.0 as i64, value(fill.worst_price.0), value(fill.oracle.0));
        let buys = fill.side == Side::Long as u8;
        let counted = Fills {
            count: 1,
            quote: fill.quote.0,
            improved: if buys { worst - quote } else { quote - worst },
            over_oracle: if buys { quote - oracle } else { oracle - quote },
            slots: fill.slots,
        };
        self.fills[index] = self.fills[index].plus(counted);
        let dollars = fill.quote.0 / 1_000_000;
        let bucket = BUCKETS.iter().rposition(|(from, _)| dollars >= *from).unwrap_or(0);
        if let Some(fills) = self.by_size.entry(fill.market).or_default().get_mut(bucket) {
            *fills = fills.plus(counted);
        }
        let fees = [fill.taker_fee, fill.maker_rebate, fill.filler_reward];
        for (sum, fee) in self.fees.iter_mut().zip(fees) {
            *sum += fee.0;
        }
    }

    /// Median latency.
    pub fn median_latency(&self) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        Duration::from_millis(u64::from(sorted.get(sorted.len() / 2).copied().unwrap_or(0)))
    }

    /// Kinds of event that the run should have shown and did not.
    pub fn missing(&self) -> Vec<String> {
        let mut missing: Vec<String> = SOURCES
            .iter()
            .zip(&self.fills)
            .filter(|(_, fills)| fills.count == 0)
            .map(|((name, _), _)| format!("no fill from {name}"))
            .collect();
        if self.funding_updates == 0 {
            missing.push("no funding update".into());
        }
        if self.liquidations == 0 {
            missing.push("no liquidation".into());
        }
        missing
    }

    /// Faults in the keepers' work.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let blind: u64 = self.blind.values().sum();
        // The first looks are before the stream is up.
        if blind * 20 > self.looks {
            let reasons: Vec<String> = self.blind.iter().map(|(why, count)| format!("{why} ({count})")).collect();
            wrong.push(format!("the keepers were blind in {blind} of {} looks: {}", self.looks, reasons.join("; ")));
        }
        if self.unseen * 20 > self.spied {
            wrong.push(format!(
                "the keepers had not heard of {} of {} orders that were on chain",
                self.unseen, self.spied
            ));
        }
        wrong.extend(kedge_testbed::waits::decline(&self.waits.quarters()));
        if self.failed * 100 > self.landed * MOST_FAILED {
            wrong.push(format!(
                "{:.1} failed transactions for 100 that landed, over {MOST_FAILED}",
                self.failed_share()
            ));
        }
        wrong
    }

    /// Failed transactions for a hundred that landed.
    pub fn failed_share(&self) -> f64 {
        self.failed as f64 * 100.0 / self.landed.max(1) as f64
    }
}

#[cfg(test)]
mod tests;
