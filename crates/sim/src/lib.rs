//! # kedge-sim: what a crash costs under which parameters
//!
//! Traders, makers, liquidators, arbitrage and keepers act on the exchange in memory ([`kedge_engine`]), through recorded prices, one
//! instruction at a time: no formula of the exchange stands here a second time. One seed is one replay. At the end of each run
//! the auditor's equations ([`kedge_audit`]) hold to the unit, or the run is an error.
//!
//! * [`Simulation`]: a population at the beginning of a scenario, and one run of it.
//! * [`cases`]: the runs of a table; [`page`]: docs/parameters.md, which they justify.
#![deny(missing_docs, clippy::missing_errors_doc)]

pub mod args;
pub mod cases;
mod check;
pub mod coins;
mod flow;
mod liquidators;
mod makers;
pub mod measure;
pub mod page;
mod population;
pub mod prices;
mod random;
mod run;
pub mod text;
mod venue;
mod watch;

use anyhow::Result;
use coins::{COINS, Parameters};
use measure::Figures;
use population::Population;
use prices::{Path, Scenario};

/// A population at the beginning of a scenario.
pub struct Simulation {
    scenario: Scenario,
    seed: u64,
    paths: Vec<Path>,
    people: Population,
}

impl Simulation {
    /// Creates the exchange and its accounts. `progress` hears how many there are.
    ///
    /// # Errors
    /// For too few accounts to trade with each other, and what the exchange refuses.
    pub fn new(scenario: Scenario, accounts: usize, seed: u64, progress: &dyn Fn(usize)) -> Result<Self> {
        let paths = Path::recorded()?;
        let start = scenario.start();
        let mut prices = [0.0; COINS.len()];
        for (price, path) in prices.iter_mut().zip(&paths) {
            *price = path.at(start);
        }
        let people = Population::create(accounts, seed, start, prices, progress)?;
        Ok(Self { scenario, seed, paths, people })
    }

    /// Instructions that created the population.
    #[must_use]
    pub fn actions(&self) -> u64 {
        self.people.venue.actions
    }

    /// Runs the scenario under some parameters, on a copy of the population.
    ///
    /// # Errors
    /// What the exchange refuses of a listing, and every equation that does not hold at the end.
    pub fn run(&self, tried: Parameters) -> Result<Figures> {
        run::Run::open(&self.people, &self.paths, self.scenario, tried, self.seed)?.finish()
    }
}
