//! Prices that walk, jump and crash, and the accounts that they catch.

use crate::market::{SOL, USDC, WSOL};
use kedge_interface::address;
use kedge_interface::instruction::{Liquidate, SettleBankruptcy, SettlePnl};

use super::{MARKETS, Session};

impl Session {
    /// A step of a crash: half a percent to four within half a minute to five, at times far more at once.
    pub(super) fn crash(&mut self) {
        let (market, up, left) = self.crash;
        if left == 0 {
            let market = usize::from(self.market());
            self.crash = (market, self.random.percent(50), self.random.between(3, 14));
            return;
        }
        self.crash.2 -= 1;
        self.world.pass_ms(self.random.between(30_000, 300_000));
        let bps = if self.random.percent(15) { self.random.between(800, 2_000) } else { self.random.between(50, 400) };
        let move_by = self.world.prices[market] / 10_000 * bps;
        let price = &mut self.world.prices[market];
        *price = if up { *price + move_by } else { *price - move_by };
        self.publish();
    }

    /// A keeper takes a weak account to its end: it takes over, settles, and settles the default.
    pub(super) fn clean_up(&mut self) {
        let weak = self.weakest();
        let Some(strong) = self.world.users.iter().copied().max_by_key(|user| self.world.balance(*user, USDC)) else {
            return;
        };
        let markets: Vec<u16> =
            self.world.sub(&weak.sub).head.positions.iter().filter(|p| p.is_used()).map(|p| p.market).collect();
        for index in markets {
            let (market, bank, sub_account) = (address::market(index), address::bank(USDC), weak.sub);
            for _ in 0..20 {
                let done = self.tally.done.get("liquidate").copied();
                self.step(
                    &Liquidate {
                        signer: strong.authority,
                        market,
                        sub_account,
                        liquidator: strong.sub,
                        max_size: u64::MAX,
                        limit_price: 0,
                    }
                    .into(),
                );
                if self.tally.done.get("liquidate").copied() == done {
                    break;
                }
            }
            self.step(&SettlePnl { market, bank, sub_account }.into());
            self.step(&SettleBankruptcy { market, bank, sub_account }.into());
        }
    }

    /// Lets time pass and prices move.
    pub(super) fn drift(&mut self) {
        let pass = match self.random.below(100) {
            0..70 => self.random.between(400, 2_000),
            70..97 => self.random.between(2_000, 40_000),
            _ => 3_600_000,
        };
        self.world.pass_ms(pass);
        for market in 0..usize::from(MARKETS) {
            let bps = match self.random.below(1_000) {
                0..900 => self.random.below(40),
                900..990 => self.random.below(250),
                _ => self.random.below(1_800),
            };
            let move_by = self.world.prices[market] / 10_000 * bps;
            let price = &mut self.world.prices[market];
            *price = if self.random.percent(50) { *price + move_by } else { *price - move_by };
        }
        self.publish();
    }

    /// Publishes all prices and refreshes all rows.
    pub(super) fn publish(&mut self) {
        self.world.bank_prices[usize::from(WSOL)] = self.world.prices[usize::from(SOL)];
        for index in 0..MARKETS {
            let feed = crate::market::market_feed(index);
            crate::oracle::publish(&mut self.world.machine, feed, self.world.prices[usize::from(index)]);
        }
        for index in [USDC, WSOL] {
            let feed = crate::market::bank_feed(index);
            crate::oracle::publish(&mut self.world.machine, feed, self.world.bank_prices[usize::from(index)]);
        }
        let refreshing = self.world.refreshing(&[0, 1, 2], &[0, 1]);
        self.step(&refreshing.into());
    }
}
