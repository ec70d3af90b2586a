//! The jobs of a configuration at their desks.

use kedge_client::Sender;
use kedge_keeper::desk::{Actor, Desk};
use kedge_keeper::jobs::Job;
use kedge_keeper::jobs::amm::AmmKeeper;
use kedge_keeper::jobs::closer::Closer;
use kedge_keeper::jobs::expiry::ExpiryKeeper;
use kedge_keeper::jobs::filler::Filler;
use kedge_keeper::jobs::funding::FundingKeeper;
use kedge_keeper::jobs::jit::{JitLimits, JitMaker};
use kedge_keeper::jobs::liquidator::Liquidator;
use kedge_keeper::jobs::oracle::Oracle;
use kedge_keeper::jobs::quoter::{Ladder, Quoter};
use kedge_keeper::jobs::settler::Settler;
use kedge_keeper::jobs::trigger::TriggerKeeper;
use kedge_model::quantity::{Amount, Ppm, Size};
use solana_pubkey::Pubkey;

use crate::config::{Config, JobName};

/// The desks in the order in which they decide; a desk's place is its actor's number. `account` is there for every job
/// that needs one.
pub fn desks(config: &Config, sender: &Sender, account: Option<Pubkey>) -> Vec<Desk> {
    let jobs = config.keeper.jobs.iter().filter_map(|name| job(*name, config, account));
    jobs.enumerate()
        .map(|(number, job)| Desk {
            actor: Actor { number, sender: sender.clone() },
            job,
            most: config.keeper.per_tick,
        })
        .collect()
}

fn job(name: JobName, config: &Config, account: Option<Pubkey>) -> Option<Box<dyn Job>> {
    Some(match name {
        JobName::Oracle => Box::new(Oracle { min_age: config.oracle.min_age_s }),
        JobName::Filler => {
            let wanted = &config.filler;
            Box::new(Filler { account, max_makers: wanted.max_makers, max_orders: wanted.max_orders })
        }
        JobName::Trigger => Box::new(TriggerKeeper { account }),
        JobName::Expiry => Box::new(ExpiryKeeper { account }),
        JobName::Amm => Box::new(AmmKeeper { threshold: Ppm(config.amm.threshold_ppm) }),
        JobName::Funding => Box::new(FundingKeeper),
        JobName::Settler => {
            let wanted = &config.settler;
            Box::new(Settler { min_pnl: dollars(wanted.min_pnl), min_fees: dollars(wanted.min_fees) })
        }
        JobName::Closer => Box::new(Closer),
        JobName::Liquidator => {
            let wanted = &config.liquidator;
            Box::new(Liquidator {
                account: account?,
                max_value: dollars(wanted.max_value),
                tolerance: Ppm(wanted.tolerance_ppm),
                unwind_value: dollars(wanted.unwind_value),
            })
        }
        JobName::Jit => {
            let wanted = &config.jit;
            let limits = wanted.markets.iter().map(|market| JitLimits {
                market: market.market,
                max_size: coins(market.max_size),
                max_position: coins(market.max_position),
            });
            Box::new(JitMaker {
                account: account?,
                edge: Ppm(wanted.edge_ppm),
                skew: Ppm(wanted.skew_ppm),
                limits: limits.collect(),
            })
        }
        JobName::Quoter => {
            let wanted = &config.quoter;
            let ladders = wanted.markets.iter().map(|market| Ladder {
                market: market.market,
                size: coins(market.size),
                max_position: coins(market.max_position),
            });
            Box::new(Quoter {
                account: account?,
                levels: wanted.levels,
                distance: Ppm(wanted.distance_ppm),
                skew: Ppm(wanted.skew_ppm),
                requote: Ppm(wanted.requote_ppm),
                ladders: ladders.collect(),
            })
        }
    })
}

/// Quote units. The configuration keeps it between 0 and a billion.
fn dollars(dollars: f64) -> Amount {
    Amount((dollars * 1e6).round() as u64)
}

/// Base units. The configuration keeps it between 0 and a billion.
fn coins(coins: f64) -> Size {
    Size((coins * 1e9).round() as u64)
}
