//! Take over and sell in the same transaction.

use kedge_model::account::market::Market;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::account::position::Position;
use kedge_model::num::{Rounding, ceil_to, floor_to};
use kedge_model::quantity::{Ppm, Price, Size};
use kedge_sender::{Call, MakerOrder, Plan};
use kedge_state::World;
use solana_pubkey::Pubkey;

use super::{HALVES, Liquidator};
use crate::jobs::filler::best_makers;
use crate::trial::Trial;

/// Maker orders of a flip: each account is one of the transaction.
const MAKERS: usize = 4;

impl Liquidator {
    /// The largest part of a position that makers and vAMM take at a profit. Nothing is held afterwards, so that only
    /// margin limits it.
    pub(super) fn flip(
        &self,
        world: &World,
        trial: &Trial<'_>,
        victim: &Pubkey,
        position: &Position,
        market: &Market,
    ) -> Option<Plan> {
        let own = world.accounts.get(&self.account)?;
        // With a position or an order of its own there it could not tell the profit, or would trade with itself.
        if !own.base(market.index).is_zero() || own.orders_in(market.index).next().is_some() {
            return None;
        }
        let tolerated = self.limit_price(position, world.worth(market.index))?;
        let mut max_size = position.base.size();
        for _ in 0..HALVES {
            let calls = [self.step(market.index, victim, max_size, tolerated)];
            if let Ok(taken) = trial.take_over(&calls) {
                let size = taken.report.base.size();
                if size.is_zero() {
                    return None;
                }
                if let Some(plan) = self.sell(world, trial, victim, market, position, (size, taken.report.price)) {
                    return Some(plan);
                }
                max_size = size;
            }
            max_size = Size(floor_to(max_size.0 / 2, market.step.0));
            if max_size < market.min_order {
                break;
            }
        }
        None
    }

    /// The best makers for what closes a position. The victim's orders go with the step.
    pub(super) fn makers(
        &self,
        world: &World,
        victim: &Pubkey,
        market: &Market,
        side: Side,
        worst: Price,
    ) -> Vec<MakerOrder> {
        let mut makers = best_makers(world, market.index, side, worst, &self.account, 2 * MAKERS);
        makers.retain(|maker| maker.account != *victim);
        makers.truncate(MAKERS);
        makers
    }

    /// Exactly this size, taken over at this price or a better one.
    fn sell(
        &self,
        world: &World,
        trial: &Trial<'_>,
        victim: &Pubkey,
        market: &Market,
        position: &Position,
        (size, price): (Size, Price),
    ) -> Option<Plan> {
        let own = world.accounts.get(&self.account)?;
        let side = Side::closing(position.base);
        // What it must get: the price, what it wants, and the fee.
        let fee = world.exchange.fee_tier(own.head.tier_on(world.clock.day())).taker;
        let over = Ppm(self.min_profit.0.checked_add(fee.0)?);
        let worst = match side {
            Side::Short => Price(ceil_to(price.raised(over, Rounding::Up).ok()?.0, market.tick.0).ok()?),
            Side::Long => Price(floor_to(price.lowered(over, Rounding::Down).ok()?.0, market.tick.0)),
        };
        let order = OrderParams {
            market: market.index,
            kind: OrderKind::Limit as u8,
            side: side as u8,
            size,
            price: worst,
            flags: flags::REDUCE_ONLY | flags::IMMEDIATE_OR_CANCEL,
            ..OrderParams::default()
        };
        let makers = self.makers(world, victim, market, side, worst);
        let accounts: Vec<Pubkey> = makers.iter().map(|maker| maker.account).chain([*victim, self.account]).collect();
        let calls = vec![
            self.step(market.index, victim, size, price),
            Call::take(market.index, self.account, order, size, &makers),
        ];
        let taken = trial.take_over(&calls).ok()?;
        if taken.profit.0 <= 0 || !taken.own.base(market.index).is_zero() {
            return None;
        }
        let rows = accounts.iter().flat_map(|account| world.markets_of(account)).chain([market.index]);
        Some(Plan { refresh: world.outdated(rows.collect::<Vec<_>>()), calls })
    }
}
