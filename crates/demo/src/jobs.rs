//! The keepers' and makers' jobs with their wallets, and the order flow.

use std::sync::Arc;

use kedge_keeper::job_runner::{Actor, JobRunner};
use kedge_keeper::jobs::Job;
use kedge_keeper::jobs::amm::AmmKeeper;
use kedge_keeper::jobs::bankruptcy::BankruptcyResolver;
use kedge_keeper::jobs::closer::Closer;
use kedge_keeper::jobs::expiry::ExpiryKeeper;
use kedge_keeper::jobs::filler::Filler;
use kedge_keeper::jobs::funding::FundingKeeper;
use kedge_keeper::jobs::liquidator::{Liquidator, Mode};
use kedge_keeper::jobs::maker::{Adaptive, KillLimits, Limits, Maker, Uses};
use kedge_keeper::jobs::oracle::Oracle;
use kedge_keeper::jobs::settler::Settler;
use kedge_keeper::jobs::tiers::TierKeeper;
use kedge_keeper::jobs::trigger::TriggerKeeper;
use kedge_localnet::Localnet;
use kedge_model::quantity::Ppm;

use kedge_testbed::cluster::local;
use kedge_testbed::listing::{COINS, dollars, size};
use kedge_testbed::order_flow::{self, Pace, Taker};
use kedge_testbed::participants::{Participant, Participants, Role};
use solana_keypair::Keypair;

/// Number of the first taker; smaller numbers are keepers and makers.
const FIRST_TAKER: usize = 100;

/// Runners of the keepers' and makers' jobs, the most urgent first.
pub fn runners(localnet: &Localnet, participants: &Participants) -> Vec<JobRunner> {
    let crank = actor(localnet, 0, &participants.crank);
    let mut runners = Vec::new();
    let mut add = |actor: Actor, job: Box<dyn Job>, most| runners.push(JobRunner { actor, job: job.into(), most });
    let as_number = |number| Actor { number, ..crank.clone() };
    add(as_number(1), Box::new(Oracle { min_age: 1 }), 1);
    if let Some(member) = participants.first(Role::Liquidator) {
        let job = Liquidator {
            account: member.account,
            mode: Mode::Best,
            max_value: dollars(3_000_000),
            max_total: dollars(9_000_000),
            headroom: Ppm(50_000),
            min_profit: Ppm(200),
            tolerance: Ppm(0),
            unwind_value: dollars(40_000),
        };
        add(actor(localnet, 2, &member.wallet), Box::new(job), 12);
    }
    for (index, member) in participants.members.iter().filter(|member| member.role == Role::Jit).enumerate() {
        // The first JIT maker is quick and small; the second asks for more and takes more.
        let (factor, edge) = if index == 0 { (1.0, 300) } else { (2.0, 700) };
        let strategy = Adaptive { edge: Ppm(edge), skew: Ppm(1_000), levels: 0, ..quoting() };
        let uses = Uses { ladder: false, joins: true };
        add(actor(localnet, 10 + index, &member.wallet), Box::new(maker(member, strategy, factor, uses)), 6);
    }
    if let Some(member) = participants.first(Role::Maker) {
        let uses = Uses { ladder: true, joins: false };
        add(actor(localnet, 20, &member.wallet), Box::new(maker(member, quoting(), 1.0, uses)), 3);
    }
    if let Some(member) = participants.first(Role::Filler) {
        let job = Filler { account: Some(member.account), max_makers: 4, max_orders: 8, max_fills: 4 };
        add(actor(localnet, 3, &member.wallet), Box::new(job), 12);
        let account = Some(member.account);
        add(actor(localnet, 7, &member.wallet), Box::new(TriggerKeeper { account }), 6);
        add(actor(localnet, 8, &member.wallet), Box::new(ExpiryKeeper { account }), 3);
    }
    add(as_number(4), Box::new(AmmKeeper { threshold: Ppm(400) }), 3);
    add(as_number(5), Box::new(FundingKeeper), 3);
    add(as_number(30), Box::new(BankruptcyResolver), 4);
    add(as_number(9), Box::new(Closer), 2);
    add(as_number(31), Box::new(TierKeeper { min_volume: dollars(500_000) }), 2);
    add(as_number(6), Box::new(Settler { min_pnl: dollars(1_500), min_flat: dollars(0), min_fees: dollars(200) }), 4);
    runners
}

/// The resting maker's strategy.
fn quoting() -> Adaptive {
    Adaptive {
        edge: Ppm(400),
        confidence_weight: Ppm(0),
        volatility_weight: Ppm(50_000),
        max_edge: Ppm(5_000),
        skew: Ppm(800),
        levels: 3,
        requote: Ppm(375_000),
    }
}

/// A maker in all markets, with the coins' own limits times a factor.
fn maker(member: &Participant, strategy: Adaptive, factor: f64, uses: Uses) -> Maker {
    let limits = COINS.iter().zip(0u16..).map(|(coin, market)| Limits {
        market,
        size: size(coin.ladder),
        max_join: size(coin.jit_size * factor),
        max_position: size(coin.jit_position * factor),
    });
    // The run shows makers in a crash, so they do not stop.
    let maker = Maker::new(member.account, Box::new(strategy), limits.collect(), uses, KillLimits::default());
    // Market time is many times faster than this machine's.
    maker.living(3_600)
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
