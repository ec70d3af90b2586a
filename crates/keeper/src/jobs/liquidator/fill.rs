//! Reduce against makers and the vAMM, without margin or inventory.

use kedge_engine::Report;
use kedge_model::account::market::Market;
use kedge_model::account::position::Position;
use kedge_model::num::Rounding;
use kedge_model::quantity::Size;
use kedge_model::rule::liquidation;
use kedge_model::side::Side;
use kedge_sender::{Call, Plan};
use kedge_state::World;
use solana_pubkey::Pubkey;

use super::Liquidator;
use crate::trial::Trial;

impl Liquidator {
    /// A step against the best makers within the largest discount, for a fee of at least [`Self::min_profit`]: what is left
    /// where limits, margin or prices allow no take-over.
    pub(super) fn fill(
        &self,
        world: &World,
        trial: &Trial<'_>,
        victim: &Pubkey,
        position: &Position,
        market: &Market,
    ) -> Option<Plan> {
        let side = Side::closing(position.base);
        let most = market.liquidator_fee.max(market.liquidator_fee_small);
        // The exchange passes over what is beyond the discount of now.
        let worst = liquidation::takeover_price(position.base, world.worth(market.index), most).ok()?;
        let makers = self.makers(world, victim, market, side, worst);
        let call = Call::liquidate_with_fill(market.index, *victim, self.account, Size(u64::MAX), &makers);
        let Ok(Report::LiquidationFill(done)) = trial.run(&call) else { return None };
        let value = done.matched.size.value(world.worth(market.index), Rounding::Up).ok()?;
        if !done.recovered && done.fee < value.share(self.min_profit, Rounding::Up).ok()? {
            return None;
        }
        let accounts = makers.iter().map(|maker| maker.account).chain([*victim, self.account]);
        let rows: Vec<u16> = accounts.flat_map(|account| world.markets_of(&account)).chain([market.index]).collect();
        Some(Plan { refresh: world.outdated(rows), calls: vec![call] })
    }
}
