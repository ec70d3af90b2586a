//! The keepers' and makers' jobs with their wallets, and the order flow.

use std::sync::Arc;

use kedge_keeper::config::maker::{Kill, Maker, MakerMarket};
use kedge_keeper::config::{Config, JobName, Liquidator, LiquidatorMode, Settler, Tiers};
use kedge_keeper::job_runner::{Actor, JobRunner};
use kedge_keeper::service::factory;
use kedge_localnet::Localnet;
use kedge_testbed::cluster::local;
use kedge_testbed::listing::COINS;
use kedge_testbed::order_flow::{self, Pace, Taker};
use kedge_testbed::participants::{Participant, Participants, Role};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;

/// Number of the first taker's actor; smaller numbers are job runners'.
const FIRST_TAKER: usize = 100;

/// Job runners of keepers and makers, the most urgent first, configured as an operator would.
pub fn job_runners(localnet: &Localnet, participants: &Participants) -> Vec<JobRunner> {
    let mut hiring = Hiring { localnet, runners: Vec::new() };
    let crank = (&participants.crank, None);
    let of = |member: &'_ Participant| (Arc::clone(&member.wallet), Some(member.account));
    hiring.add(crank, &[JobName::Oracle], 1, |config| config.oracle.min_age_s = 1);
    if let Some((wallet, account)) = participants.first(Role::Liquidator).map(of) {
        hiring.add((&wallet, account), &[JobName::Liquidator], 12, |config| config.liquidator = liquidator());
    }
    for (index, member) in participants.members.iter().filter(|member| member.role == Role::Jit).enumerate() {
        // The first JIT maker is quick and small; the second asks for more and takes more.
        let (factor, edge_ppm) = if index == 0 { (1.0, 300) } else { (2.0, 700) };
        hiring.add((&member.wallet, Some(member.account)), &[JobName::Maker], 6, |config| {
            config.maker = Maker { rest: false, edge_ppm, skew_ppm: 1_000, levels: 0, ..maker(factor) };
        });
    }
    if let Some((wallet, account)) = participants.first(Role::Maker).map(of) {
        hiring.add((&wallet, account), &[JobName::Maker], 3, |config| {
            config.maker = Maker { join: false, ..maker(1.0) };
        });
    }
    if let Some((wallet, account)) = participants.first(Role::Filler).map(of) {
        let filler = (&wallet, account);
        hiring.add(filler, &[JobName::Filler], 12, |_| {});
        hiring.add(filler, &[JobName::Trigger], 6, |_| {});
        hiring.add(filler, &[JobName::Expiry], 3, |_| {});
    }
    hiring.add(crank, &[JobName::Amm, JobName::Funding], 3, |_| {});
    hiring.add(crank, &[JobName::Bankruptcy], 4, |_| {});
    hiring.add(crank, &[JobName::Closer, JobName::Tiers], 2, |config| {
        config.tiers = Tiers { min_volume: 500_000.0 };
    });
    hiring.add(crank, &[JobName::Settler], 4, |config| {
        config.settler = Settler { min_pnl: 1_500.0, min_flat: 0.0, min_fees: 200.0 };
    });
    hiring.runners
}

/// Job runners so far.
struct Hiring<'a> {
    localnet: &'a Localnet,
    runners: Vec<JobRunner>,
}

impl Hiring<'_> {
    /// Adds a wallet's jobs, with at most `per_tick` plans of each in a turn.
    fn add(
        &mut self,
        (wallet, account): (&Arc<Keypair>, Option<Pubkey>),
        jobs: &[JobName],
        per_tick: usize,
        change: impl FnOnce(&mut Config),
    ) {
        let mut config = Config::default();
        config.keeper.jobs = jobs.to_vec();
        config.keeper.per_tick = per_tick;
        change(&mut config);
        let sender = local::sender(self.localnet, wallet);
        for mut runner in factory::job_runners(&config, &sender, None, None, account) {
            // A job runner's index is its actor's number.
            runner.actor.number = self.runners.len();
            self.runners.push(runner);
        }
    }
}

fn liquidator() -> Liquidator {
    Liquidator {
        mode: LiquidatorMode::Best,
        max_value: 3_000_000.0,
        max_total: 9_000_000.0,
        headroom_ppm: 50_000,
        min_profit_ppm: 200,
        tolerance_ppm: 0,
        unwind_value: 40_000.0,
    }
}

/// A maker in all markets, with the coins' own limits times a factor.
fn maker(factor: f64) -> Maker {
    let markets = COINS.iter().zip(0u16..).map(|(coin, market)| MakerMarket {
        market,
        size: coin.ladder,
        max_join: coin.jit_size * factor,
        max_position: coin.jit_position * factor,
    });
    // The run shows makers in a crash, so they do not stop.
    let kill = Kill { max_loss: 0.0, max_drawdown: 0.0, max_stale_slots: 0, max_refusals: 0, ..Kill::default() };
    Maker {
        edge_ppm: 400,
        confidence_weight_ppm: 0,
        volatility_weight_ppm: 50_000,
        max_edge_ppm: 5_000,
        skew_ppm: 800,
        levels: 3,
        requote_ppm: 375_000,
        // Market time is many times faster than the chain's slots.
        life_s: 3_600,
        kill,
        markets: markets.collect(),
        ..Maker::default()
    }
}

/// The takers.
pub fn takers(localnet: &Localnet, participants: &Participants, seed: u64, start: i64) -> Vec<Taker> {
    let busy = Pace { start, times: 1.0 };
    order_flow::takers(participants, seed, busy, |number, wallet| actor(localnet, FIRST_TAKER + number, wallet))
}

/// An actor that signs and sends for a wallet, under a number.
fn actor(localnet: &Localnet, number: usize, wallet: &Arc<Keypair>) -> Actor {
    Actor::new(number, local::sender(localnet, wallet))
}
