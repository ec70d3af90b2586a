//! Ends markets that have expired or whose price is silent: begins their settlement, closes all positions, settles defaults,
//! pays everybody.

use kedge_model::account::market::{Market, MarketStatus};
use kedge_sender::{Call, Plan, Subject};
use kedge_state::{Account, World};
use solana_pubkey::Pubkey;

use super::{Attention, Job};
use crate::trial::Trial;

/// Settles expired markets and those without a price. A position is named until nothing can be done for it: closed, then, when
/// its turn has come, paid.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closer;

impl Job for Closer {
    fn name(&self) -> &'static str {
        "closer"
    }

    fn decide(&self, world: &World) -> Vec<Plan> {
        self.decide_within(world, &Attention::all())
    }

    fn decide_within(&self, world: &World, attention: &Attention<'_>) -> Vec<Plan> {
        let is_silent = |market: &Market| market.silence(&world.board, &world.clock).is_ok_and(|told| told.is_some());
        let mut plans = Vec::new();
        for market in &world.markets {
            let index = market.index;
            if market.status == MarketStatus::Settlement as u8 {
                let holds = |(_, account): &(&Pubkey, &Account)| account.head.position(index).is_ok();
                let held: Vec<&Pubkey> = world.accounts.iter().filter(holds).map(|(address, _)| address).collect();
                for account in attention.turn(held.len(), world.clock.slot).map(|place| held[place]) {
                    if attention.is_full(plans.len()) {
                        break;
                    }
                    if !attention.is_free(&Subject::Position(*account, index)) {
                        continue;
                    }
                    if !attention.spend() {
                        break;
                    }
                    plans.extend(position(world, index, account));
                }
            } else if !market.is_settling() && (market.is_expired(&world.clock) || is_silent(market)) {
                // Refreshed first, always: a row that nobody looked at for long would count at its last average, and one
                // for which a source has a price after all is not silent.
                let begin = Call::settle_market(index);
                if Trial::refreshed(world).run(&begin).is_ok() {
                    plans.push(Plan::of(begin).after_refresh(world.outdated([index])));
                }
            }
        }
        plans
    }
}

/// What can be done for a position of a market in settlement. It needs no fresh price.
fn position(world: &World, market: u16, account: &Pubkey) -> Option<Plan> {
    let held = world.accounts.get(account)?.head.position(market).ok()?;
    let trial = Trial::standing(world);
    let settle = Call::settle_position(market, *account);
    if trial.run(&settle).is_ok() {
        return Some(Plan::of(settle));
    }
    let default = Call::settle_bankruptcy(market, *account);
    let broke = held.quote.0 < 0 && trial.run(&default).is_ok();
    broke.then(|| Plan::of(default))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::RunPlan as _;
    use kedge_model::quantity::{Base, Quote};
    use kedge_model::rule::lifecycle::PAYOUT_DELAY;
    use kedge_state::testing::TestExchange;

    #[test]
    fn an_expired_market_is_closed_and_everybody_paid() {
        let mut exchange = TestExchange::new();
        let (buyer, seller) = (exchange.trader(10_000_000_000), exchange.trader(1_500_000_000));
        exchange.trade(buyer, seller, 40_000_000_000, 200_000_000);
        let time = exchange.world().clock.unix_time + 5 * 12 * 750 + 3_600;
        exchange.expire(time);
        assert_eq!(Closer.decide(&exchange.world()), [], "not yet");
        for price in [210_000_000, 220_000_000, 230_000_000, 240_000_000, 250_000_000] {
            for _ in 0..12 {
                exchange.advance(300, 750);
                exchange.publish(price);
                exchange.run_plan(&Plan { refresh: vec![0], calls: Vec::new() });
            }
        }
        for _ in 0..60 {
            exchange.advance(150, 60);
            exchange.publish(250_000_000);
            exchange.run_plan(&Plan { refresh: vec![0], calls: Vec::new() });
        }
        let seen = run(&mut exchange);
        // The seller has lost more than it had.
        assert_eq!(seen.first(), Some(&"settle_market"), "{seen:?}");
        assert!(seen.contains(&"settle_bankruptcy"), "{seen:?}");
        let base = |exchange: &TestExchange, account| exchange.world().accounts[&account].base(0);
        assert_eq!((base(&exchange, buyer), base(&exchange, seller)), (Base(0), Base(0)));
        assert_eq!(run(&mut exchange), Vec::<&str>::new(), "profits wait");
        exchange.advance(PAYOUT_DELAY.0, 9_000);
        assert_eq!(run(&mut exchange), ["settle_position"], "the buyer is paid");
        let market = exchange.world().markets[0];
        assert_eq!((market.users_quote, market.debts.0), (Quote(0), 0));
    }

    /// Does what the job says until it says nothing more.
    fn run(exchange: &mut TestExchange) -> Vec<&'static str> {
        let mut seen = Vec::new();
        for _ in 0..20 {
            let Some(plan) = Closer.decide(&exchange.world()).into_iter().next() else { break };
            seen.push(plan.name());
            exchange.run_plan(&plan);
        }
        seen
    }
}
