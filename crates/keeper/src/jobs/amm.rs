//! Keeps the vAMM at the oracle.

use kedge_model::quantity::Ppm;
use kedge_sender::{Call, Plan};
use kedge_state::World;

use super::Job;
use crate::trial::Trial;

/// Moves a vAMM whose mid has left the oracle.
#[derive(Clone, Copy, Debug)]
pub struct AmmKeeper {
    /// Distance of mid and oracle from which on a move is worth a transaction.
    pub threshold: Ppm,
}

impl Job for AmmKeeper {
    fn name(&self) -> &'static str {
        "amm"
    }

    fn decide(&self, world: &World) -> Vec<Plan> {
        let trial = Trial::refreshed(world);
        let off = |market: &&kedge_model::account::market::Market| {
            let distance = market.amm.curve().mid().and_then(|mid| world.oracle(market.index).distance(mid));
            distance.is_ok_and(|distance| distance > u64::from(self.threshold.0))
        };
        world
            .markets
            .iter()
            .filter(off)
            .filter(|market| trial.run(&Call::update_amm(market.index)).is_ok())
            .map(|market| Plan::of(Call::update_amm(market.index)).after_refresh(world.outdated([market.index])))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_state::testing::TestExchange;

    #[test]
    fn moves_only_what_is_off() {
        let mut exchange = TestExchange::new();
        let keeper = AmmKeeper { threshold: Ppm(500) };
        assert_eq!(keeper.decide(&exchange.world()), []);
        exchange.advance(2, 10);
        exchange.publish(200_050_000);
        assert_eq!(keeper.decide(&exchange.world()), []);
        exchange.advance(2, 10);
        exchange.publish(201_000_000);
        assert_eq!(keeper.decide(&exchange.world()), [Plan::of(Call::update_amm(0)).after_refresh(vec![0])]);
    }
}
