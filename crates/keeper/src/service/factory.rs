//! The jobs of a configuration at their job runners.

use std::sync::Arc;

use kedge_client::Sender;
use kedge_model::quantity::{Amount, Ppm, Size};
use kedge_sender::bundle_relay::Relay;
use solana_pubkey::Pubkey;

use crate::job_runner::{Actor, JobRunner};
use crate::jobs::Job;
use crate::jobs::amm::AmmKeeper;
use crate::jobs::backstop::BackstopCrank;
use crate::jobs::bankruptcy::BankruptcyResolver;
use crate::jobs::closer::Closer;
use crate::jobs::expiry::ExpiryKeeper;
use crate::jobs::filler::{Filler, Patience};
use crate::jobs::funding::FundingKeeper;
use crate::jobs::liquidator::{Liquidator, Mode};
use crate::jobs::maker::{Adaptive, KillLimits, Limits, Maker, Uses};
use crate::jobs::oracle::Oracle;
use crate::jobs::settler::Settler;
use crate::jobs::tiers::TierKeeper;
use crate::jobs::trigger::TriggerKeeper;
use crate::second_price::SecondPrices;

use crate::config::{Config, JobName, LiquidatorMode};

/// The job runners in the order in which they decide; a job runner's place is its actor's number. `account` is there for every job
/// that needs one.
pub fn job_runners(
    config: &Config,
    sender: &Sender,
    relay: Option<Arc<dyn Relay>>,
    second_price: Option<Arc<SecondPrices>>,
    account: Option<Pubkey>,
) -> Vec<JobRunner> {
    let jobs = config.keeper.jobs.iter().filter_map(|name| job(*name, config, account));
    jobs.enumerate()
        .map(|(number, job)| JobRunner {
            actor: Actor {
                relay: relay.clone(),
                second_price: second_price.clone(),
                ..Actor::new(number, sender.clone())
            },
            job: job.into(),
            most: config.keeper.per_tick,
        })
        .collect()
}

/// Names of the jobs that decide, in the order in which they do, as logs and metrics have them.
pub fn names(config: &Config, sender: &Sender, account: Option<Pubkey>) -> Vec<&'static str> {
    job_runners(config, sender, None, None, account).iter().map(|job_runner| job_runner.job.name()).collect()
}

fn job(name: JobName, config: &Config, account: Option<Pubkey>) -> Option<Box<dyn Job>> {
    Some(match name {
        JobName::Oracle => Box::new(Oracle { min_age: config.oracle.min_age_s }),
        JobName::Filler => {
            let wanted = &config.filler;
            Box::new(Filler {
                account,
                max_makers: wanted.max_makers,
                max_orders: wanted.max_orders,
                max_fills: wanted.max_fills,
                yield_slots: wanted.yield_slots,
                patience: Patience::default(),
            })
        }
        JobName::Trigger => Box::new(TriggerKeeper { account }),
        JobName::Expiry => Box::new(ExpiryKeeper { account }),
        JobName::Amm => Box::new(AmmKeeper { threshold: Ppm(config.amm.threshold_ppm) }),
        JobName::Funding => Box::new(FundingKeeper),
        JobName::Settler => {
            let wanted = &config.settler;
            Box::new(Settler {
                min_pnl: dollars(wanted.min_pnl),
                min_flat: dollars(wanted.min_flat),
                min_fees: dollars(wanted.min_fees),
            })
        }
        JobName::Tiers => Box::new(TierKeeper { min_volume: dollars(config.tiers.min_volume) }),
        JobName::Closer => Box::new(Closer),
        JobName::Liquidator => {
            let wanted = &config.liquidator;
            Box::new(Liquidator {
                account: account?,
                mode: match wanted.mode {
                    LiquidatorMode::Hold => Mode::Hold,
                    LiquidatorMode::Flip => Mode::Flip,
                    LiquidatorMode::Best => Mode::Best,
                },
                max_value: dollars(wanted.max_value),
                max_total: dollars(wanted.max_total),
                headroom: Ppm(wanted.headroom_ppm),
                min_profit: Ppm(wanted.min_profit_ppm),
                tolerance: Ppm(wanted.tolerance_ppm),
                unwind_value: dollars(wanted.unwind_value),
            })
        }
        JobName::Auditor => return None,
        JobName::Bankruptcy => Box::new(BankruptcyResolver),
        JobName::Backstop => Box::new(BackstopCrank),
        JobName::Maker | JobName::Jit | JobName::Quoter => Box::new(maker(name, config, account?)),
    })
}

/// `jit` and `quoter` are makers with a fixed spread and one use each.
fn maker(name: JobName, config: &Config, account: Pubkey) -> Maker {
    let fixed = |edge: u32, skew: u32, levels: u32, requote: Ppm| Adaptive {
        edge: Ppm(edge),
        confidence_weight: Ppm(0),
        volatility_weight: Ppm(0),
        max_edge: Ppm(edge),
        skew: Ppm(skew),
        levels,
        requote,
    };
    let (strategy, limits, uses) = match name {
        JobName::Jit => {
            let wanted = &config.jit;
            let limits = wanted.markets.iter().map(|one| Limits {
                market: one.market,
                size: Size::ZERO,
                max_join: coins(one.max_size),
                max_position: coins(one.max_position),
            });
            let strategy = fixed(wanted.edge_ppm, wanted.skew_ppm, 0, Ppm(0));
            (strategy, limits.collect(), Uses { ladder: false, joins: true })
        }
        JobName::Quoter => {
            let wanted = &config.quoter;
            let limits = wanted.markets.iter().map(|one| Limits {
                market: one.market,
                size: coins(one.size),
                max_join: Size::ZERO,
                max_position: coins(one.max_position),
            });
            let share = u64::from(wanted.requote_ppm) * 1_000_000 / u64::from(wanted.distance_ppm.max(1));
            let share = Ppm(u32::try_from(share).unwrap_or(u32::MAX));
            let strategy = fixed(wanted.distance_ppm, wanted.skew_ppm, wanted.levels, share);
            (strategy, limits.collect(), Uses { ladder: true, joins: false })
        }
        _ => {
            let wanted = &config.maker;
            let limits: Vec<Limits> = wanted
                .markets
                .iter()
                .map(|one| Limits {
                    market: one.market,
                    size: coins(one.size),
                    max_join: coins(one.max_join),
                    max_position: coins(one.max_position),
                })
                .collect();
            let strategy = Adaptive {
                edge: Ppm(wanted.edge_ppm),
                confidence_weight: Ppm(wanted.confidence_weight_ppm),
                volatility_weight: Ppm(wanted.volatility_weight_ppm),
                max_edge: Ppm(wanted.max_edge_ppm),
                skew: Ppm(wanted.skew_ppm),
                levels: wanted.levels,
                requote: Ppm(wanted.requote_ppm),
            };
            (strategy, limits, Uses { ladder: wanted.rest, joins: wanted.join })
        }
    };
    let kill = &config.maker.kill;
    let kill = KillLimits {
        max_loss: dollars(kill.max_loss),
        max_drawdown: dollars(kill.max_drawdown),
        max_stale_slots: kill.max_stale_slots,
        max_refusals: kill.max_refusals,
        file: (!kill.file.as_os_str().is_empty()).then(|| kill.file.clone()),
    };
    Maker::new(account, Box::new(strategy), limits, uses, kill).living(config.maker.life_s)
}

/// Quote units. The configuration keeps it between 0 and a billion.
fn dollars(dollars: f64) -> Amount {
    Amount((dollars * 1e6).round() as u64)
}

/// Base units. The configuration keeps it between 0 and a billion.
fn coins(coins: f64) -> Size {
    Size((coins * 1e9).round() as u64)
}
