//! `[send]`: compute limits and priority fees.

use std::time::Duration;

use anyhow::{Result, ensure};
use kedge_model::quantity::Ppm;
use kedge_sender::{Bidding, Compute, Sending, Strategy};
use serde::{Deserialize, Serialize};

/// How transactions are sent.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Send {
    /// Where compute limits come from.
    pub compute: Limit,
    /// Compute `simulate`: added to what was used, percent, beside a fixed number of units.
    pub margin_percent: u32,
    /// How the priority fee is found.
    pub fee: Fee,
    /// Fee `fixed`: price of a compute unit, micro-lamports.
    pub fixed_micro_lamports: u64,
    /// Fees `recent` and `reward`: percentile of what recent slots cost.
    pub percentile: u8,
    /// Fee `reward`: share of a plan's reward that is offered, millionths.
    pub reward_share_ppm: u32,
    /// Fee `reward`: the market with the price of SOL.
    pub sol_market: u16,
    /// Highest price of a compute unit, micro-lamports.
    pub max_micro_lamports: u64,
    /// Highest priority fee of a transaction, lamports.
    pub max_lamports: u64,
    /// Most for fees and tips in any 24 hours, lamports.
    pub max_lamports_a_day: u64,
    /// Most subjects with a transaction under way or waiting.
    pub max_queue: usize,
    /// How long a blockhash serves at least, whatever height an endpoint tells of, seconds.
    pub min_life_s: u64,
}

impl Default for Send {
    fn default() -> Self {
        Self {
            compute: Limit::Estimate,
            margin_percent: 15,
            fee: Fee::None,
            fixed_micro_lamports: 1_000,
            percentile: 60,
            reward_share_ppm: 100_000,
            sol_market: 0,
            max_micro_lamports: 1_000_000,
            max_lamports: 100_000,
            max_lamports_a_day: 2_000_000_000,
            max_queue: 4_096,
            min_life_s: 45,
        }
    }
}

/// Where compute limits come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Limit {
    /// What the plan takes at most.
    Estimate,
    /// What a simulation used, and a margin.
    Simulate,
}

/// How the priority fee is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fee {
    /// No priority fee.
    None,
    /// Always the same price.
    Fixed,
    /// A percentile of what others paid lately for the same accounts.
    Recent,
    /// A share of what the plan earns, at least a percentile of what others paid.
    Reward,
}

impl Send {
    /// Whether every value lies in its range.
    pub fn validate(&self) -> Result<()> {
        ensure!(self.margin_percent <= 500, "send.margin_percent must lie between 0 and 500");
        ensure!(self.percentile <= 100, "send.percentile must lie between 0 and 100");
        ensure!(self.max_lamports_a_day > 0, "send.max_lamports_a_day must not be 0");
        ensure!((1..=1_000_000).contains(&self.max_queue), "send.max_queue must lie between 1 and 1000000");
        ensure!(self.min_life_s <= 120, "send.min_life_s must lie between 0 and 120");
        ensure!(self.reward_share_ppm <= 1_000_000, "send.reward_share_ppm must lie between 0 and 1000000");
        Ok(())
    }

    /// For a request sender that sends `at_once` transactions side by side on a chain with slots of at least `fastest_slot`.
    pub fn sending(&self, at_once: usize, fastest_slot: Duration) -> Sending {
        let percentile = self.percentile;
        let strategy = match self.fee {
            Fee::None => Strategy::None,
            Fee::Fixed => Strategy::Fixed(self.fixed_micro_lamports),
            Fee::Recent => Strategy::Recent { percentile },
            Fee::Reward => Strategy::Reward { share: Ppm(self.reward_share_ppm), percentile },
        };
        let compute = match self.compute {
            Limit::Estimate => Compute::Estimated,
            Limit::Simulate => Compute::Simulated { margin_percent: self.margin_percent },
        };
        let (max_price, max_lamports, sol_market) = (self.max_micro_lamports, self.max_lamports, self.sol_market);
        Sending {
            at_once,
            compute,
            bidding: Bidding { strategy, max_price, max_lamports, sol_market },
            queue: self.max_queue,
            lamports_a_day: self.max_lamports_a_day,
            fastest_slot,
            life: Duration::from_secs(self.min_life_s),
        }
    }
}
