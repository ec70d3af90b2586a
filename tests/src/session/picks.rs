//! Random choices of users, markets and orders.

use crate::User;
use crate::market::{DOLLAR, USDC};
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::quantity::{Price, Size};

use super::{MARKETS, Session};

impl Session {
    pub(super) fn user(&mut self) -> User {
        let users = self.world.users.clone();
        *self.random.pick(&users)
    }

    pub(super) fn market(&mut self) -> u16 {
        u16::try_from(self.random.below(u64::from(MARKETS))).expect("few markets")
    }

    /// A market of the user's positions, or else any.
    pub(super) fn market_of(&mut self, user: User) -> u16 {
        let used: Vec<u16> =
            self.world.sub(&user.sub).head.positions.iter().filter(|p| p.is_used()).map(|p| p.market).collect();
        if used.is_empty() { self.market() } else { *self.random.pick(&used) }
    }

    pub(super) fn makers(&mut self, without: &[User]) -> Vec<User> {
        let mut makers: Vec<User> = self.world.users.iter().copied().filter(|user| !without.contains(user)).collect();
        let count = usize::try_from(self.random.below(5)).expect("few makers");
        while makers.len() > count {
            let at = usize::try_from(self.random.below(makers.len() as u64)).expect("few makers");
            makers.swap_remove(at);
        }
        makers
    }

    pub(super) fn order(&mut self, user: User, market: u16) -> OrderParams {
        let dollars = self.world.balance(user, USDC) / DOLLAR;
        let random = &mut self.random;
        let (step, tick) = {
            let market = self.world.market(market);
            (market.step.0, market.tick.0)
        };
        let oracle = self.world.prices[usize::from(market)];
        let bps = if random.percent(75) { random.below(120) } else { random.below(1_400) };
        let away = oracle / 10_000 * bps;
        let price = if random.percent(50) { oracle + away } else { oracle - away.min(oracle / 2) } / tick * tick;
        let side = if random.percent(50) { Side::Long } else { Side::Short };
        // Every third order uses most of the account's leverage.
        let dollars = if random.percent(65) { random.between(5, 3_000) } else { random.between(5, 5 + dollars * 9) };
        let size = u128::from(dollars * DOLLAR) * 1_000_000_000 / u128::from(oracle);
        let size = u64::try_from(size).expect("a size") / step * step;
        let kind = if random.percent(35) { OrderKind::Market } else { OrderKind::Limit };
        let flags =
            *random.pick(&[0, 0, 0, 0, flags::REDUCE_ONLY, flags::REDUCE_ONLY, flags::POST_ONLY, flags::BUILDER]);
        let named = kind == OrderKind::Limit && flags & flags::POST_ONLY == 0 && random.percent(25);
        let start = if side == Side::Long { oracle.min(price) } else { oracle.max(price) };
        OrderParams {
            client_id: if random.percent(90) { random.below(1 << 40) } else { random.below(6) },
            price: Price(if kind == OrderKind::Market && random.percent(60) { 0 } else { price }),
            size: Size(size),
            auction_start: Price(if named { start } else { 0 }),
            auction_end: Price(if named { price } else { 0 }),
            auction_ms: if named { 4_000 } else { 0 },
            expires_at: if random.percent(5) { u32::try_from(self.world.time() + 4).expect("before 2106") } else { 0 },
            market,
            kind: kind as u8,
            side: side as u8,
            flags,
            ..OrderParams::default()
        }
    }

    pub(super) fn open_order(&mut self, user: User) -> Option<u32> {
        let ids: Vec<u32> = self.world.sub(&user.sub).open_orders().map(|(_, order)| order.id).collect();
        (!ids.is_empty()).then(|| *self.random.pick(&ids))
    }

    /// An order in its auction.
    pub(super) fn auction(&mut self) -> Option<(User, u32)> {
        let mut found = Vec::new();
        for user in &self.world.users {
            let data = self.world.sub(&user.sub);
            let running = data.open_orders().filter(|(_, order)| order.in_auction(self.world.slot));
            found.extend(running.map(|(_, order)| (*user, order.id)));
        }
        (!found.is_empty()).then(|| *self.random.pick(&found))
    }

    /// A user below the maintenance margin, or else any.
    pub(super) fn weakest(&mut self) -> User {
        let (board, now) = (self.world.board(), self.world.now());
        let below = |user: &&User| {
            let head = self.world.sub(&user.sub).head;
            let kind = kedge_model::rule::margin::MarginKind::Maintenance;
            let purpose = kedge_model::account::board::Purpose::Liquidate;
            let mut markets = head.positions.iter().filter(|p| p.is_used()).map(|p| p.market);
            markets.any(|market| {
                let pocket = kedge_model::account::pocket::Pocket::of(&head, market);
                let margin = kedge_model::rule::margin::margin_of(&head, pocket, &board, kind, purpose, &now);
                margin.is_ok_and(|margin| !margin.is_met())
            })
        };
        let found = self.world.users.iter().find(below).copied();
        found.unwrap_or_else(|| self.user())
    }

    /// A user with a debt and no position in a market, or else any user and market.
    pub(super) fn debtor(&mut self) -> (User, u16) {
        for user in &self.world.users {
            let head = self.world.sub(&user.sub).head;
            if let Some(debt) = head.positions.iter().find(|p| p.is_used() && p.base.is_zero() && p.quote.0 < 0) {
                return (*user, debt.market);
            }
        }
        (self.user(), self.market())
    }
}
