//! Why a plan was made, in words and numbers: for logs and for dry runs.

use kedge_client::decimal;
use kedge_engine::Report;
use kedge_model::action::LiquidationReport;
use kedge_model::num::Rounding;
use kedge_model::quantity::Amount;
use kedge_sender::{Plan, Service, Work};
use kedge_state::World;
use solana_pubkey::Pubkey;

use crate::trial::Trial;

/// A plan explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The market that it is about; none for the board or for a whole account.
    pub market: Option<u16>,
    /// Who or what it is about.
    pub subject: String,
    /// Why now.
    pub why: String,
    /// What the exchange pays for it by the trial, quote units; none when it pays nothing or the world cannot say.
    pub reward: Option<Amount>,
}

/// Explains the work that a plan is for.
#[must_use]
pub fn explain(plan: &Plan, world: &World) -> Explanation {
    if let [Work::Liquidate { .. }, Work::Take { .. }] = &plan.works[..] {
        return flip(plan, world);
    }
    if plan.is_packed() {
        return packed(plan, world);
    }
    match plan.purpose() {
        Some(work) => explain_work(work, world),
        None => Explanation { market: None, subject: "nothing".into(), why: "an empty plan".into(), reward: None },
    }
}

/// Fills that share a transaction. Each is told of as if it were alone; those behind it see what it left.
fn packed(plan: &Plan, world: &World) -> Explanation {
    let told: Vec<Explanation> = plan.works.iter().map(|work| explain_work(work, world)).collect();
    let market = told.first().and_then(|told| told.market);
    Explanation {
        market: market.filter(|market| told.iter().all(|told| told.market == Some(*market))),
        subject: told.iter().map(|told| told.subject.as_str()).collect::<Vec<_>>().join(", "),
        why: told.iter().map(|told| told.why.as_str()).collect::<Vec<_>>().join("; "),
        reward: told.iter().filter_map(|told| told.reward).reduce(|sum, reward| Amount(sum.0.saturating_add(reward.0))),
    }
}

fn explain_work(work: &Work, world: &World) -> Explanation {
    let trial = Trial::refreshed(world);
    let about =
        |market: u16, subject: String, why: String| Explanation { market: Some(market), subject, why, reward: None };
    let order = |account: &Pubkey, id: &u32| format!("order {id} of {account}");
    match work {
        Work::RefreshPrices { markets, banks } => Explanation {
            market: None,
            subject: format!("market rows {markets:?}, bank rows {banks:?}"),
            why: "an oracle account has a newer price than the board".into(),
            reward: None,
        },
        Work::Fill { market, taker, order_id, filler, .. } => {
            let report = match trial.run(work) {
                Ok(Report::Fill(report)) => Some(report),
                _ => None,
            };
            let reward = report.map(|report| report.matched.filler_reward).filter(|_| filler.is_some());
            let why = match report {
                Some(report) if report.matched.fills > 0 => format!(
                    "it trades {} for {} dollars: {} with makers, {} with the vAMM",
                    base(report.matched.size.0),
                    dollars(report.matched.quote.0),
                    base(report.matched.maker_size.0),
                    base(report.matched.amm_size.0)
                ),
                Some(report) => format!("it is removed: {:?}", report.removed),
                None => "it crosses".into(),
            };
            Explanation { reward, ..about(*market, order(taker, order_id), why) }
        }
        Work::Serve { service, market, account, order_id, crank, .. } => {
            let why = match service {
                Service::Trigger => "the price has reached its trigger",
                Service::Trail => "the price has moved on, and its trigger follows",
                Service::Slice => "its next slice is due",
            };
            let reward = match trial.run(work) {
                Ok(Report::Trigger(report)) => Some(report.reward),
                Ok(Report::Trail(report)) => Some(report.reward),
                Ok(Report::Slice(report)) => Some(report.reward),
                _ => None,
            };
            Explanation {
                reward: reward.filter(|_| crank.is_some()),
                ..about(*market, order(account, order_id), why.into())
            }
        }
        Work::Expire { market, account, ids, crank } => {
            let reward = match trial.run(work) {
                Ok(Report::Expire(report)) => Some(report.reward),
                _ => None,
            };
            let why = "past their expiry, nothing left to reduce, or not backed by their owner".into();
            Explanation {
                reward: reward.filter(|_| crank.is_some()),
                ..about(*market, format!("orders {ids:?} of {account}"), why)
            }
        }
        Work::UpdateAmm { market } => {
            let mid = world.markets.get(usize::from(*market)).and_then(|market| market.amm.curve().mid().ok());
            let oracle = world.oracle(*market);
            let why = match mid.and_then(|mid| Some((mid, oracle.distance(mid).ok()?))) {
                Some((mid, off)) => {
                    format!("mid {} is {}% from the oracle {}", dollars(mid.0), decimal(off, 4, 0), dollars(oracle.0))
                }
                None => "its mid has left the oracle".into(),
            };
            about(*market, "vAMM".into(), why)
        }
        Work::UpdateFunding { market } => about(*market, "funding".into(), "the hour is over".into()),
        Work::UpdateFeeTier { account, .. } => Explanation {
            market: None,
            subject: format!("fee tier of {account}"),
            why: "what it has traded is not counted yet, or its tier has run out".into(),
            reward: None,
        },
        Work::SettlePnl { market, account } => {
            let why = match trial.run(work) {
                Ok(Report::Settle(report)) => format!("{} dollars to move", dollars(report.amount.0)),
                _ => "a claim is open".into(),
            };
            about(*market, format!("position of {account}"), why)
        }
        Work::SweepFees { market } => {
            let fees = world.markets.get(usize::from(*market)).map_or(0, |market| market.fees.0);
            about(*market, "fees".into(), format!("{} dollars collected", dollars(fees)))
        }
        Work::Liquidate { market, account, .. } => {
            let report = match trial.run(work) {
                Ok(Report::Liquidation(report)) => Some(report),
                _ => None,
            };
            let reward = report.and_then(|report| discount(world, *market, &report));
            let why = match report {
                Some(report) => format!(
                    "its pocket does not meet the maintenance margin: {} at {}",
                    base(report.base.0),
                    dollars(report.price.0)
                ),
                None => "its pocket does not meet the maintenance margin".into(),
            };
            Explanation { reward, ..about(*market, format!("position of {account}"), why) }
        }
        Work::SettleBankruptcy { market, account } => {
            about(*market, format!("position of {account}"), "its pocket owes and has nothing left".into())
        }
        Work::SettleMarket { market } => about(*market, "market".into(), "it has expired".into()),
        Work::SettlePosition { market, account } => {
            about(*market, format!("position of {account}"), "its market is in settlement".into())
        }
        Work::Make { market, taker, order_id, size, worst_price, .. } => about(
            *market,
            order(taker, order_id),
            format!("its auction price is good for up to {} at {} or better", base(size.0), dollars(worst_price.0)),
        ),
        Work::Place { market, account, orders } => {
            about(*market, format!("orders of {account}"), format!("{} orders around the oracle", orders.len()))
        }
        Work::Take { market, account, order, .. } => {
            about(*market, format!("position of {account}"), format!("{} to unwind", base(order.size.0)))
        }
        Work::Cancel { account, order_id } => Explanation {
            market: None,
            subject: order(account, order_id),
            why: "it should not stand any more".into(),
            reward: None,
        },
        Work::CancelAll { account, market } => Explanation {
            market: *market,
            subject: format!("orders of {account}"),
            why: "none of them should stand any more".into(),
            reward: None,
        },
    }
}

/// What taken-over base is worth at the oracle over what is paid for it.
fn discount(world: &World, market: u16, report: &LiquidationReport) -> Option<Amount> {
    let value = report.base.value(world.oracle(market), Rounding::Down).ok()?;
    u64::try_from(value.0.checked_sub(report.quote.0)?).ok().map(Amount)
}

/// A take-over that is sold in the same transaction.
fn flip(plan: &Plan, world: &World) -> Explanation {
    let [Work::Liquidate { market, account, .. }, Work::Take { order, .. }] = &plan.works[..] else {
        return Explanation { market: None, subject: "nothing".into(), why: "no flip".into(), reward: None };
    };
    let taken = Trial::refreshed(world).take_over(&plan.works).ok();
    Explanation {
        market: Some(*market),
        subject: format!("position of {account}"),
        why: format!(
            "its pocket does not meet the maintenance margin: {}, sold at once at {} or better",
            base(order.size.0),
            dollars(order.price.0)
        ),
        reward: taken.and_then(|taken| u64::try_from(taken.profit.0).ok()).map(Amount),
    }
}

/// Coins.
fn base(units: impl Into<i128>) -> String {
    decimal(units, 9, 0)
}

/// Dollars, and prices in them.
fn dollars(units: impl Into<i128>) -> String {
    decimal(units, 6, 2)
}

#[cfg(test)]
mod tests {
    use kedge_model::order::Side;

    use super::*;
    use crate::jobs::Job;
    use crate::jobs::filler::Filler;
    use kedge_state::testing::{TestExchange, limit};

    #[test]
    fn a_fill_names_order_size_and_reward() {
        let mut exchange = TestExchange::new();
        exchange.without_amm();
        let (a, b, c) =
            (exchange.trader(10_000_000_000), exchange.trader(10_000_000_000), exchange.trader(10_000_000_000));
        exchange.place(a, limit(Side::Long, 200_000_000, 1_000_000_000));
        let taker = exchange.place(b, limit(Side::Short, 199_000_000, 1_000_000_000));
        exchange.advance(1, 1);
        let world = exchange.world();
        let plans = Filler { account: Some(c), max_makers: 4, max_orders: 8, max_fills: 4 }.decide(&world);
        let told = explain(&plans[0], &world);
        assert_eq!((told.market, told.subject), (Some(0), format!("order {taker} of {b}")));
        assert_eq!(told.why, "it trades 1 for 200.00 dollars: 1 with makers, 0 with the vAMM");
        assert!(told.reward.is_some());
    }

    #[test]
    fn a_refresh_says_which_rows() {
        let world = TestExchange::new().world();
        let plan = Plan::of(Work::RefreshPrices { markets: vec![0], banks: vec![0] });
        let told = explain(&plan, &world);
        assert_eq!((told.market, &told.subject[..]), (None, "market rows [0], bank rows [0]"));
    }
}
