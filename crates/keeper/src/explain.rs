//! Why a plan was made, in words and numbers: for logs and for dry runs.

use kedge_client::decimal;
use kedge_engine::Report;
use kedge_interface::instruction::Decoded;
use kedge_model::account::order::OrderParams;
use kedge_model::action::LiquidationReport;
use kedge_model::num::Rounding;
use kedge_model::quantity::Amount;
use kedge_sender::{Call, Plan, Subject};
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

/// Explains the call that a plan is for.
#[must_use]
pub fn explain(plan: &Plan, world: &World) -> Explanation {
    if let [
        Call { market, instruction: Decoded::Liquidate(taken) },
        Call { instruction: Decoded::PlaceAndTake(sold), .. },
    ] = &plan.calls[..]
    {
        return flip(plan, world, *market, (&taken.sub_account, &sold.order));
    }
    if plan.is_packed() {
        return packed(plan, world);
    }
    match plan.purpose() {
        Some(call) => explain_call(call, world),
        None => Explanation { market: None, subject: "nothing".into(), why: "an empty plan".into(), reward: None },
    }
}

/// Fills that share a transaction. Each is told of as if it were alone; those behind it see what it left.
fn packed(plan: &Plan, world: &World) -> Explanation {
    let told: Vec<Explanation> = plan.calls.iter().map(|call| explain_call(call, world)).collect();
    let market = told.first().and_then(|told| told.market);
    Explanation {
        market: market.filter(|market| told.iter().all(|told| told.market == Some(*market))),
        subject: told.iter().map(|told| told.subject.as_str()).collect::<Vec<_>>().join(", "),
        why: told.iter().map(|told| told.why.as_str()).collect::<Vec<_>>().join("; "),
        reward: told.iter().filter_map(|told| told.reward).reduce(|sum, reward| Amount(sum.0.saturating_add(reward.0))),
    }
}

/// Explains one call: the row of its instruction, and what numbers say where they say more.
fn explain_call(call: &Call, world: &World) -> Explanation {
    let verb = call.verb();
    let subject = match verb.subject {
        Subject::Board | Subject::Market(..) => verb.noun.into(),
        Subject::Order(_, account, id) => format!("{} {id} of {account}", verb.noun),
        Subject::Account(_, account) | Subject::Position(account, _) | Subject::Orders(account, _) => {
            format!("{} of {account}", verb.noun)
        }
    };
    let told = Explanation { market: call.market, subject, why: verb.why.into(), reward: None };
    let because = |told, why| Explanation { why, ..told };
    let index = call.market.unwrap_or(u16::MAX);
    let market = world.markets.get(usize::from(index));
    match &call.instruction {
        Decoded::RefreshPrices(refresh) => {
            Explanation { subject: format!("market rows {:?}, bank rows {:?}", refresh.markets, refresh.banks), ..told }
        }
        Decoded::ExpireOrders(expire) => Explanation {
            subject: format!("orders {:?} of {}", expire.ids, expire.sub_account),
            ..with_report(told, call, world)
        },
        Decoded::UpdateAmm(_) => {
            let (mid, oracle) = (market.and_then(|market| market.amm.curve().mid().ok()), world.oracle(index));
            match mid.and_then(|mid| Some((mid, oracle.distance(mid).ok()?))) {
                Some((mid, off)) => because(
                    told,
                    format!("mid {} is {}% from the oracle {}", dollars(mid.0), decimal(off, 4, 0), dollars(oracle.0)),
                ),
                None => told,
            }
        }
        Decoded::SweepFees(_) => {
            because(told, format!("{} dollars collected", dollars(market.map_or(0, |market| market.fees.0))))
        }
        Decoded::PlaceAndMake(make) => because(
            told,
            format!("{} for up to {} at {} or better", verb.why, base(make.size), dollars(make.worst_price)),
        ),
        Decoded::PlaceOrders(place) => because(told, format!("{} {}", place.orders.len(), verb.why)),
        Decoded::PlaceAndTake(take) => because(told, format!("{} to unwind", base(take.order.size.0))),
        _ => with_report(told, call, world),
    }
}

/// The same with what a trial of the call reports, where it says more.
fn with_report(told: Explanation, call: &Call, world: &World) -> Explanation {
    let paid = |told, reward| Explanation { reward: call.actor().map(|_| reward), ..told };
    let tried = match call.instruction {
        Decoded::FillOrder(_)
        | Decoded::TriggerOrder(_)
        | Decoded::TrailOrder(_)
        | Decoded::SliceOrder(_)
        | Decoded::ExpireOrders(_)
        | Decoded::SettlePnl(_)
        | Decoded::Liquidate(_)
        | Decoded::LiquidateWithFill(_) => Trial::refreshed(world).run(call).ok(),
        _ => None,
    };
    match tried {
        Some(Report::Fill(report)) => {
            let why = if report.matched.fills > 0 {
                format!(
                    "it trades {} for {} dollars: {} with makers, {} with the vAMM",
                    base(report.matched.size.0),
                    dollars(report.matched.quote.0),
                    base(report.matched.maker_size.0),
                    base(report.matched.amm_size.0)
                )
            } else {
                format!("it is removed: {:?}", report.removed)
            };
            paid(Explanation { why, ..told }, report.matched.filler_reward)
        }
        Some(Report::Trigger(report)) => paid(told, report.reward),
        Some(Report::Trail(report)) => paid(told, report.reward),
        Some(Report::Slice(report)) => paid(told, report.reward),
        Some(Report::Expire(report)) => paid(told, report.reward),
        Some(Report::Settle(report)) => {
            Explanation { why: format!("{} dollars to move", dollars(report.amount.0)), ..told }
        }
        Some(Report::Liquidation(report)) => Explanation {
            reward: call.market.and_then(|market| discount(world, market, &report)),
            why: format!("{}: {} at {}", told.why, base(report.base.0), dollars(report.price.0)),
            ..told
        },
        Some(Report::LiquidationFill(report)) => Explanation {
            reward: Some(report.fee),
            why: format!(
                "{}: {} with makers, {} with the vAMM, not worse than {}",
                told.why,
                base(report.matched.maker_size.0),
                base(report.matched.amm_size.0),
                dollars(report.limit.0)
            ),
            ..told
        },
        _ => told,
    }
}

/// What taken-over base is worth at the oracle over what is paid for it.
fn discount(world: &World, market: u16, report: &LiquidationReport) -> Option<Amount> {
    let value = report.base.value(world.oracle(market), Rounding::Down).ok()?;
    u64::try_from(value.0.checked_sub(report.quote.0)?).ok().map(Amount)
}

/// A take-over that is sold in the same transaction.
fn flip(plan: &Plan, world: &World, market: Option<u16>, (account, order): (&Pubkey, &OrderParams)) -> Explanation {
    let taken = Trial::refreshed(world).take_over(&plan.calls).ok();
    Explanation {
        market,
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
    use kedge_model::account::order::Side;

    use super::*;
    use crate::jobs::Job;
    use crate::jobs::filler::{Filler, Patience};
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
        let plans = Filler {
            account: Some(c),
            max_makers: 4,
            max_orders: 8,
            max_fills: 4,
            yield_slots: 0,
            patience: Patience::default(),
        }
        .decide(&world);
        let told = explain(&plans[0], &world);
        assert_eq!((told.market, told.subject), (Some(0), format!("order {taker} of {b}")));
        assert_eq!(told.why, "it trades 1 for 200.00 dollars: 1 with makers, 0 with the vAMM");
        assert!(told.reward.is_some());
    }

    #[test]
    fn a_refresh_says_which_rows() {
        let world = TestExchange::new().world();
        let plan = Plan::of(Call::refresh_prices(&[0], &[0]));
        let told = explain(&plan, &world);
        assert_eq!((told.market, &told.subject[..]), (None, "market rows [0], bank rows [0]"));
    }
}
