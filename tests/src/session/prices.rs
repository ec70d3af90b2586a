//! Prices that walk, jump and crash, and the accounts that they catch.

use crate::market::{SOL, USDC, WSOL};
use kedge_interface::address;
use kedge_interface::instruction::{Instruction, Liquidate, LiquidateWithFill, SettleBankruptcy, SettlePnl};

use super::{MARKETS, Session, Tally};
use crate::world::User;

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
        // Round after round, as each of its positions is the first to be reduced.
        for _ in 0..20 {
            let taken = |tally: &Tally| ["liquidate", "liquidate_with_fill"].map(|name| tally.done.get(name).copied());
            let done = taken(&self.tally);
            for market in &markets {
                let step = self.reduction(weak, strong, *market);
                self.step(&step);
            }
            if taken(&self.tally) == done {
                break;
            }
        }
        for index in markets {
            let (market, bank, sub_account) = (address::market(index), address::bank(USDC), weak.sub);
            self.step(&SettlePnl { market, bank, sub_account, owner: vec![] }.into());
            self.step(&SettleBankruptcy { market, bank, sub_account }.into());
        }
    }

    /// A step against a weak account's position: into the market, or taken over.
    fn reduction(&mut self, weak: User, strong: User, index: u16) -> Instruction {
        let (signer, market) = (strong.authority, address::market(index));
        let (sub_account, liquidator, max_size) = (weak.sub, strong.sub, u64::MAX);
        if self.random.percent(50) {
            let makers = self.makers(&[weak, strong]);
            let maker_accounts = makers.iter().map(|maker| maker.sub).collect();
            let makers = self.world.maker_refs(index, &makers);
            return LiquidateWithFill { signer, market, sub_account, liquidator, max_size, makers, maker_accounts }
                .into();
        }
        Liquidate { signer, market, sub_account, liquidator, max_size, limit_price: 0 }.into()
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
