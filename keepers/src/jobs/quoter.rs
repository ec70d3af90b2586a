//! A maker that keeps a ladder of post-only orders around the oracle.

use kedge_model::market::Market;
use kedge_model::num::{PPM, Rounding, ceil_to, floor_to, mul_div};
use kedge_model::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::quantity::{Base, Ppm, Price, Size};
use solana_pubkey::Pubkey;

use super::Job;
use crate::rehearsal::rehearse;
use crate::{Account, Plan, Work, World};

/// The ladder of one market.
#[derive(Clone, Copy, Debug)]
pub struct Ladder {
    /// Market.
    pub market: u16,
    /// Size of the order nearest to the middle; the next are the double, triple and so on.
    pub size: Size,
    /// Largest position on either side: the side that would enlarge a full one is not quoted.
    pub max_position: Size,
}

/// A maker that rests.
#[derive(Clone, Debug)]
pub struct Quoter {
    /// Its sub-account.
    pub account: Pubkey,
    /// Orders on each side.
    pub levels: u32,
    /// Distance of the first order from the middle, and of each from the next.
    pub distance: Ppm,
    /// How far a full position moves the middle.
    pub skew: Ppm,
    /// The ladder is replaced once its middle is this far off.
    pub requote: Ppm,
    /// The ladders.
    pub ladders: Vec<Ladder>,
}

impl Job for Quoter {
    fn name(&self) -> &'static str {
        "quoter"
    }

    fn decide(&self, world: &World) -> Vec<Plan> {
        let Some(own) = world.accounts.get(&self.account) else { return Vec::new() };
        let free = |ladder: &&Ladder| own.is_free(ladder.market, &world.fresh, &world.clock);
        self.ladders.iter().filter(free).filter_map(|ladder| self.replace(world, own, ladder)).collect()
    }
}

impl Quoter {
    fn replace(&self, world: &World, own: &Account, ladder: &Ladder) -> Option<Plan> {
        let market = world.markets.get(usize::from(ladder.market))?;
        let middle = self.middle(world.oracle(market.index), own.base(market.index), ladder)?;
        let standing = own.orders_in(market.index).count();
        let orders = self.orders(market, own.base(market.index), ladder, middle);
        if standing == orders.len() && !self.is_off(own, market, middle) {
            return None;
        }
        let mut works = Vec::new();
        if standing > 0 {
            works.push(Work::CancelAll { account: self.account, market: Some(market.index) });
        }
        let run = |stage: &crate::rehearsal::Rehearsal<'_>| stage.place(market.index, &self.account, &orders, true);
        let place = Work::Place { market: market.index, account: self.account, orders: orders.clone() };
        let with_ladder = Plan { refresh: Vec::new(), works: works.iter().cloned().chain([place]).collect() };
        match rehearse(world, with_ladder, world.markets_of(&self.account), run) {
            Ok((plan, _)) => Some(plan),
            // It cannot quote now (a jump, no margin): at least nobody trades on its old prices.
            Err(_) if standing > 0 => Some(Plan { refresh: Vec::new(), works }),
            Err(_) => None,
        }
    }

    /// The oracle, moved against the position.
    fn middle(&self, oracle: Price, own: Base, ladder: &Ladder) -> Option<Price> {
        let oracle = oracle.usable().ok()?;
        let used = mul_div(own.size().0.min(ladder.max_position.0), PPM, ladder.max_position.0, Rounding::Down).ok()?;
        let skew = Ppm(u32::try_from(mul_div(u64::from(self.skew.0), used, PPM, Rounding::Down).ok()?).ok()?);
        if own.0 >= 0 { oracle.lowered(skew, Rounding::Down).ok() } else { oracle.raised(skew, Rounding::Down).ok() }
    }

    /// Whether the standing first orders are not where they belong.
    fn is_off(&self, own: &Account, market: &Market, middle: Price) -> bool {
        let best = |side: Side| {
            own.orders_in(market.index)
                .filter(|(_, order)| order.side() == side)
                .map(|(_, order)| order.price)
                .reduce(|best, price| if side.better(price, best) { best } else { price })
        };
        [(Side::Long, best(Side::Long)), (Side::Short, best(Side::Short))].into_iter().any(|(side, price)| {
            let (Some(price), Some(wanted)) = (price, self.price(market, side, middle, 1)) else { return false };
            wanted.distance(price).is_ok_and(|distance| distance > u64::from(self.requote.0))
        })
    }

    fn orders(&self, market: &Market, own: Base, ladder: &Ladder, middle: Price) -> Vec<OrderParams> {
        let mut orders = Vec::new();
        for side in [Side::Long, Side::Short] {
            let full = own.size() >= ladder.max_position && Side::closing(own) != side;
            if full {
                continue;
            }
            for level in 1..=self.levels {
                let Some(price) = self.price(market, side, middle, level) else { continue };
                let size = Size(floor_to(ladder.size.0.saturating_mul(u64::from(level)), market.step.0));
                orders.push(OrderParams {
                    market: market.index,
                    kind: OrderKind::Limit as u8,
                    side: side as u8,
                    flags: flags::POST_ONLY,
                    price,
                    size: size.max(market.min_order),
                    ..OrderParams::default()
                });
            }
        }
        orders
    }

    /// Price of a level, kept on its own side of the vAMM's touch so that it can be posted.
    fn price(&self, market: &Market, side: Side, middle: Price, level: u32) -> Option<Price> {
        let away = Ppm(self.distance.0.checked_mul(level)?);
        let amm = (!market.amm.sqrt_k.is_zero()).then(|| market.amm.touch(side).ok()).flatten();
        let tick = market.tick.0;
        let price = match side {
            Side::Long => {
                let wanted = floor_to(middle.lowered(away, Rounding::Down).ok()?.0, tick);
                amm.map_or(wanted, |ask| wanted.min(floor_to(ask.0.saturating_sub(1), tick)))
            }
            Side::Short => {
                let wanted = ceil_to(middle.raised(away, Rounding::Up).ok()?.0, tick).ok()?;
                match amm {
                    Some(bid) => wanted.max(ceil_to(bid.0.checked_add(1)?, tick).ok()?),
                    None => wanted,
                }
            }
        };
        (price > 0).then_some(Price(price))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::stage::Stage;

    fn quoter(account: Pubkey) -> Quoter {
        let ladder = Ladder { market: 0, size: Size(1_000_000_000), max_position: Size(10_000_000_000) };
        Quoter { account, levels: 2, distance: Ppm(1_000), skew: Ppm(2_000), requote: Ppm(500), ladders: vec![ladder] }
    }

    #[test]
    fn quotes_and_then_only_when_the_price_has_moved() {
        let mut stage = Stage::new();
        let maker = stage.trader(100_000_000_000);
        let job = quoter(maker);
        let plans = job.decide(&stage.world());
        let [Work::Place { orders, .. }] = &plans[0].works[..] else { panic!("{plans:?}") };
        let quotes: Vec<_> = orders.iter().map(|order| (order.side, order.price.0, order.size.0)).collect();
        assert_eq!(
            quotes,
            [
                (0, 199_800_000, 1_000_000_000),
                (0, 199_600_000, 2_000_000_000),
                (1, 200_200_000, 1_000_000_000),
                (1, 200_400_000, 2_000_000_000)
            ]
        );
        stage.run(&plans[0]);
        assert_eq!(job.decide(&stage.world()), []);
        stage.advance(1, 2);
        stage.publish(0, 200_050_000);
        assert_eq!(job.decide(&stage.world()), [], "2.5 bps are within the requote distance");
        stage.advance(1, 2);
        stage.publish(0, 200_300_000);
        let plans = job.decide(&stage.world());
        assert_eq!(plans[0].works[0], Work::CancelAll { account: maker, market: Some(0) });
        stage.run(&plans[0]);
        assert_eq!(stage.world().accounts[&maker].head.open_orders, 4);
    }

    #[test]
    fn a_full_position_is_quoted_on_one_side() {
        let mut stage = Stage::new();
        let (maker, other) = (stage.trader(100_000_000_000), stage.trader(100_000_000_000));
        stage.trade(maker, other, 10_000_000_000, 200_000_000);
        let plans = quoter(maker).decide(&stage.world());
        let [Work::Place { orders, .. }] = &plans[0].works[..] else { panic!("{plans:?}") };
        assert!(orders.iter().all(|order| order.side == Side::Short as u8));
        // Moved down by 20 bps: 199.60 and 10 bps from there, which is the vAMM's bid, so one tick above it.
        assert_eq!(orders[0].price, Price(199_801_000));
    }
}
