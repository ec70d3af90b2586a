//! One run: a population through a scenario under some parameters.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use kedge_engine::{Refusal, Report};
use kedge_interface::instruction::{Decoded, SettleBankruptcy, SettlePnl, SweepFees, UpdateAmm, UpdateFunding};
use kedge_model::Error;
use kedge_model::account::pocket::Pocket;
use kedge_model::action::BankruptcyReport;
use kedge_model::quantity::Base;
use kedge_model::rule::margin::first_to_reduce;
use kedge_model::side::Side;

use crate::check;
use crate::coins::{COINS, Parameters};
use crate::flow::{Arbitrage, take_profits};
use crate::liquidators::{Attempt, Liquidators, Unloaded};
use crate::makers::Makers;
use crate::measure::{Figures, Impact, UnderWater, dollars};
use crate::population::Population;
use crate::prices::{Path, Scenario};
use crate::random::Random;
use crate::venue::{STEP_SECONDS, STEP_SLOTS, Venue};
use crate::watch::{Watch, maintenance};

/// Insurance fund of a market over its open interest.
const INSURANCE: f64 = 0.005;
/// Liquidations that land in a step of two seconds: what the chain lets through in a crash.
const LANDING: usize = 200;
/// A step's part of the venue's push on other venues that fades: half in two minutes.
const PUSH_KEPT: f64 = 0.988_514;
/// Steps between two updates of the vAMM, and between two sweeps of fees.
const UPDATE_STEPS: u64 = 5;
const SWEEP_STEPS: u64 = 30;
/// Traders that are settled in a step.
const SETTLED: usize = 8;
/// Part of the open interest that makes a minute's impact count.
const COUNTED: f64 = 0.001;

/// Accounts below maintenance whose margin is asked anew in a step.
const ASKED: usize = 512;

/// An account below maintenance.
#[derive(Clone, Copy, Debug)]
struct Below {
    /// When it came below; `None` once it was reduced.
    since: Option<i64>,
    /// Value of its positions when it was last asked, quote units.
    value: u64,
}

/// A simulation in progress.
pub(crate) struct Run<'a> {
    people: &'a Population,
    paths: &'a [Path],
    scenario: Scenario,
    tried: Parameters,
    venue: Venue,
    start: [f64; COINS.len()],
    makers: Vec<Makers>,
    liquidators: Liquidators,
    arbitrage: Vec<Arbitrage>,
    watch: Watch,
    /// Accounts below maintenance.
    under: BTreeMap<u32, Below>,
    /// The account below maintenance that is asked first in this step.
    turn: u32,
    times: Vec<f64>,
    touched: Vec<bool>,
    impact: Impact,
    push: [f64; COINS.len()],
    random: Random,
    figures: Figures,
}

impl<'a> Run<'a> {
    /// Opens all positions.
    pub(crate) fn open(
        people: &'a Population,
        paths: &'a [Path],
        scenario: Scenario,
        tried: Parameters,
        seed: u64,
    ) -> Result<Self> {
        let start = [0, 1, 2].map(|index: usize| paths[index].at(scenario.start()));
        let mut venue = people.open(start, &tried, INSURANCE)?;
        let mut random = Random::new(seed, 2);
        let join = |index| Makers::join(&mut venue, index, people.interest[index], &mut random);
        let makers = (0..COINS.len()).map(join).collect::<Result<Vec<_>>>()?;
        let liquidators = Liquidators::join(&mut venue, &people.interest, &tried, &mut random)?;
        let arbitrage = (0..COINS.len())
            .map(|index| Arbitrage::join(&mut venue, index, people.interest[index], &mut random))
            .collect::<Result<Vec<_>>>()?;
        let open_interest: f64 =
            (0..COINS.len()).map(|index| venue.market(index).long_interest.0 as f64 / 1e9 * start[index]).sum();
        ensure!(open_interest > 0.0, "no trader opened a position");
        let figures = Figures { accounts: people.traders.len(), open_interest, ..Figures::default() };
        let touched = vec![false; people.traders.len()];
        let mut run = Self {
            people,
            paths,
            scenario,
            tried,
            venue,
            start,
            makers,
            liquidators,
            arbitrage,
            touched,
            random,
            figures,
            watch: Watch::default(),
            under: BTreeMap::new(),
            turn: 0,
            times: Vec::new(),
            impact: Impact::default(),
            push: [0.0; COINS.len()],
        };
        run.watch.advance(&run.venue);
        for index in 0..people.traders.len() as u32 {
            run.look(index);
        }
        Ok(run)
    }

    /// Runs the scenario to its end, and checks every equation of the exchange.
    pub(crate) fn finish(mut self) -> Result<Figures> {
        let steps = (self.scenario.seconds() / STEP_SECONDS) as u64;
        for step in 1..=steps {
            self.step(step)?;
        }
        let now = self.venue.clock.unix_time;
        let left: Vec<f64> =
            self.under.values().filter_map(|below| below.since).map(|since| (now - since) as f64).collect();
        self.times.extend(&left);
        let mut figures = self.figures;
        figures.under_water = UnderWater::of(self.times, left.len());
        figures.accounts_liquidated = self.touched.iter().filter(|touched| **touched).count() as u64;
        figures.unloaded = self.impact.value;
        figures.impact = if self.impact.value > 0.0 { self.impact.loss / self.impact.value * 1e4 } else { 0.0 };
        figures.worst_impact = self.impact.worst;
        figures.actions = self.venue.actions;
        figures.digest = check::digest(&self.venue.state);
        check::audit(self.venue)?;
        Ok(figures)
    }

    fn step(&mut self, step: u64) -> Result<()> {
        self.venue.clock.slot += STEP_SLOTS;
        self.venue.clock.unix_time += STEP_SECONDS;
        let now = self.venue.clock.unix_time;
        let lead = f64::from(self.tried.lead) / 1e6;
        let mut prices = [0.0; COINS.len()];
        let mut moved = [0.0; COINS.len()];
        for index in 0..COINS.len() {
            self.push[index] *= PUSH_KEPT;
            let pushed = lead * self.push[index];
            self.figures.pushed = self.figures.pushed.max(pushed.abs() * 1e4);
            prices[index] = self.paths[index].at(now) * (1.0 - pushed).max(0.1);
            moved[index] = (self.paths[index].at(now) / self.paths[index].at(now - 60) - 1.0).abs();
        }
        self.venue.publish(prices).map_err(|refusal| anyhow::anyhow!("a refresh of prices: {refusal:?}"))?;
        self.keep(step);
        for (makers, moved) in self.makers.iter_mut().zip(moved) {
            makers.quote(&mut self.venue, step, moved);
        }
        self.watch.advance(&self.venue);
        for index in self.watch.due() {
            self.look(index);
        }
        self.liquidate();
        let unloaded = self.liquidators.unload(&mut self.venue, &self.makers, step, &moved);
        self.note(now, &unloaded);
        take_profits(&mut self.venue, &self.people.traders, &self.makers, &self.start, &mut self.random);
        for (arbitrage, makers) in self.arbitrage.iter_mut().zip(&self.makers) {
            arbitrage.act(&mut self.venue, makers);
        }
        Ok(())
    }

    /// What keepers do on time: vAMM, funding, fees, settlement. A refusal says that there is nothing to do yet.
    fn keep(&mut self, step: u64) {
        let bank = self.venue.bank;
        for market in self.venue.markets {
            if step.is_multiple_of(UPDATE_STEPS) {
                let _ = self.venue.run(&Decoded::UpdateAmm(UpdateAmm { market }));
            }
            if self.venue.clock.unix_time % 3_600 < STEP_SECONDS {
                let _ = self.venue.run(&Decoded::UpdateFunding(UpdateFunding { market }));
            }
            if step.is_multiple_of(SWEEP_STEPS) {
                let _ = self.venue.run(&Decoded::SweepFees(SweepFees { market, bank }));
            }
        }
        for _ in 0..SETTLED {
            let trader = self.people.traders[self.random.below(self.people.traders.len())];
            for (index, want) in trader.wants.iter().enumerate() {
                if *want != 0.0 {
                    self.settle(index, &trader.member.account);
                }
            }
        }
    }

    fn settle(&mut self, market: usize, sub_account: &solana_pubkey::Pubkey) {
        let (market, bank, sub_account) = (self.venue.markets[market], self.venue.bank, *sub_account);
        let _ = self.venue.run(&Decoded::SettlePnl(SettlePnl { market, bank, sub_account, owner: vec![] }));
    }

    /// Asks an account's margin: below maintenance it is to be liquidated, else it is looked at again later.
    fn look(&mut self, index: u32) {
        let account = self.people.traders[index as usize].member.account;
        let Some(margin) = maintenance(&self.venue, &account) else {
            // A price forbids the question: it is asked again in the next step.
            self.under.entry(index).or_insert(Below { since: None, value: 0 });
            return;
        };
        let value = margin.liability.0;
        if margin.is_met() && value > 0 && !Pocket::Cross.is_being_liquidated(&self.venue.account(&account).head) {
            self.ended(index);
            self.watch.later(index, &margin, &self.people.traders[index as usize].wants);
        } else if value > 0 {
            let since = Some(self.venue.clock.unix_time);
            let below = self.under.entry(index).or_insert(Below { since, value });
            if below.value == 0 {
                below.since = since;
            }
            below.value = value;
        } else if self.under.contains_key(&index) {
            self.ended(index);
            self.bankrupt(index);
        }
    }

    /// Liquidators try the accounts below maintenance, the largest positions first, as many as land. Of a crowd not all are
    /// asked for their margin in every step.
    fn liquidate(&mut self) {
        let turn =
            self.under.range(self.turn..).chain(self.under.range(..self.turn)).take(ASKED).map(|(index, _)| *index);
        let asked: Vec<u32> = turn.collect();
        self.turn = asked.last().map_or(0, |last| last + 1);
        for index in asked {
            self.look(index);
        }
        self.liquidators.begin(&self.venue);
        let mut open: Vec<(u64, u32)> = self.under.iter().map(|(index, below)| (below.value, *index)).collect();
        let order = |one: &(u64, u32)| (std::cmp::Reverse(one.0), one.1);
        if open.len() > LANDING {
            open.select_nth_unstable_by_key(LANDING, order);
            open.truncate(LANDING);
        }
        open.sort_unstable_by_key(order);
        for (_, index) in open {
            if !self.attempt(index) {
                self.figures.uncapitalised += 1;
                break;
            }
        }
    }

    /// Tries to liquidate the position of an account that is reduced first; false when no liquidator has capital.
    fn attempt(&mut self, index: u32) -> bool {
        let account = self.people.traders[index as usize].member.account;
        let (head, clock) = (&self.venue.account(&account).head, &self.venue.clock);
        let first = first_to_reduce(head, Pocket::Cross, self.venue.board(), clock);
        let Ok((_, Some(market))) = first else { return true };
        let market = usize::from(market);
        match self.liquidators.liquidate(&mut self.venue, &account, market) {
            Attempt::Done(report) => {
                if report.base != Base::ZERO {
                    self.took(
                        index,
                        market,
                        report.base,
                        dollars(report.quote.0.abs()),
                        dollars(report.insurance_fee.0),
                    );
                }
                if report.bankrupt {
                    self.bankrupt(index);
                }
                self.look(index);
                true
            }
            Attempt::Refused(code) => {
                if code == Refusal::from(Error::LiquidationThrottled).code() {
                    self.figures.throttled += 1;
                } else {
                    self.look(index);
                }
                true
            }
            Attempt::NoCapital => false,
        }
    }

    fn took(&mut self, index: u32, market: usize, base: Base, value: f64, fee: f64) {
        let figures = &mut self.figures;
        figures.liquidations += 1;
        figures.liquidated += value;
        let at_oracle = base.0.unsigned_abs() as f64 / 1e9 * self.venue.prices[market];
        figures.penalties += (at_oracle - value).abs() + fee;
        self.touched[index as usize] = true;
        if let Some(since) = self.under.get_mut(&index).and_then(|below| below.since.take()) {
            self.times.push((self.venue.clock.unix_time - since) as f64);
        }
    }

    /// An account is no longer below maintenance.
    fn ended(&mut self, index: u32) {
        if let Some(since) = self.under.remove(&index).and_then(|below| below.since) {
            self.times.push((self.venue.clock.unix_time - since) as f64);
        }
    }

    /// Pays the debts of an account without positions from its tokens, then as defaults.
    fn bankrupt(&mut self, index: u32) {
        let account = self.people.traders[index as usize].member.account;
        for market in 0..COINS.len() {
            self.settle(market, &account);
        }
        for market in self.venue.markets {
            let settle = SettleBankruptcy { market, bank: self.venue.bank, sub_account: account };
            if let Ok(Report::Bankruptcy(report)) = self.venue.run(&Decoded::SettleBankruptcy(settle)) {
                self.lost(&report);
            }
        }
    }

    fn lost(&mut self, report: &BankruptcyReport) {
        let figures = &mut self.figures;
        figures.defaults += 1;
        figures.bad_debt += dollars(report.loss.0);
        figures.fees += dollars(report.fees.0) + dollars(report.insurance_fees.0) + dollars(report.protocol.0);
        figures.insurance += dollars(report.insurance.0) + dollars(report.staked.0) + dollars(report.backstop.0);
        figures.amm += dollars(report.amm.0);
        figures.deficit += dollars(report.deficit.0);
    }

    /// Counts what liquidators sold: its impact, and the push on the oracle, by the sold part of the open interest.
    fn note(&mut self, now: i64, unloaded: &[Unloaded]) {
        let least = self.figures.open_interest * COUNTED;
        for one in unloaded {
            self.impact.note(now, one.value, one.loss, least);
            self.arbitrage[one.market].hear(one.side, one.value, one.loss);
            let interest = self.people.interest[one.market] * self.start[one.market];
            let sign = if one.side == Side::Short { 1.0 } else { -1.0 };
            self.push[one.market] += sign * one.value / interest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Throughout a crash: who is below maintenance is known, though few are asked.
    #[test]
    fn nobody_is_below_maintenance_unseen() {
        let (scenario, seed, paths) = (Scenario::Crash, 3, Path::recorded().unwrap());
        let start = [0, 1, 2].map(|index: usize| paths[index].at(scenario.start()));
        let people = Population::create(1_000, seed, scenario.start(), start, &|_| {}).unwrap();
        // Next to no capital: accounts stay below, and prices alone bring them there.
        let tried = Parameters { capital: 1, ..Parameters::TEMPLATE };
        let mut run = Run::open(&people, &paths, scenario, tried, seed).unwrap();
        let mut below = 0;
        for step in 1..=1_800 {
            run.step(step).unwrap();
            run.watch.advance(&run.venue);
            for index in run.watch.due() {
                run.look(index);
            }
            if step % 10 > 0 {
                continue;
            }
            for (index, trader) in (0..).zip(&people.traders) {
                if maintenance(&run.venue, &trader.member.account).is_some_and(|margin| !margin.is_met()) {
                    below += 1;
                    assert!(run.under.contains_key(&index), "step {step}: account {index} is below and unseen");
                }
            }
        }
        assert!(below > 100, "{below} times below");
    }
}
