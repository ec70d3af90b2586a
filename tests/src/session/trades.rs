//! Instructions of users and keepers.

use crate::User;
use crate::conditional;
use crate::market::{DOLLAR, SOL, USDC, WSOL};
use kedge_interface::address;
use kedge_interface::instruction::{
    CancelAll, CancelOrder, Deposit, Instruction, IsolatePosition, Liquidate, MergePosition, PlaceOrders, SetLeverage,
    SettleBankruptcy, SettlePnl, SweepFees, TakeOver, Transfer, TransferIsolated, UnwindBackstop, UpdateAmm,
    UpdateFeeTier, UpdateFunding, Verify, Withdraw,
};
use kedge_model::account::order::{OrderParams, flags};

use super::Session;

impl Session {
    /// A conditional order, an order in slices, a leg of another, or an entry with its bracket.
    pub(super) fn conditional(&mut self, user: User) -> Vec<OrderParams> {
        let market = self.market_of(user);
        let plain = self.order(user, market);
        conditional::orders(&self.world, &mut self.random, user, plain)
    }

    /// An instruction on an isolated position or the user's own leverage.
    pub(super) fn pocket(&mut self, user: User) -> Instruction {
        let (signer, sub_account) = (user.authority, user.sub);
        let isolated: Vec<u16> =
            self.world.sub(&user.sub).head.positions.iter().filter(|p| p.is_isolated()).map(|p| p.market).collect();
        let market = if isolated.is_empty() || self.random.percent(20) {
            self.market_of(user)
        } else {
            *self.random.pick(&isolated)
        };
        let position = self.world.position(user, market);
        match (position.is_isolated(), self.random.below(10)) {
            // The least that carries the position, or any part of the balance.
            (false, 0..6) => {
                let value = i128::from(position.base.0) * i128::from(self.world.prices[usize::from(market)]);
                let value = u64::try_from(value.unsigned_abs() / 1_000_000_000).expect("a value");
                let amount = if position.base.is_zero() || self.random.percent(30) {
                    self.world.balance(user, USDC) / self.random.between(1, 12)
                } else {
                    value / 10 + self.random.below(value / 20 + DOLLAR)
                };
                IsolatePosition { signer, sub_account, market, amount }.into()
            }
            (true, 0..5) => {
                let part = i64::try_from(position.isolated.0 / self.random.between(1, 9)).expect("in range");
                let amount = if self.random.percent(50) { part } else { -part };
                TransferIsolated { signer, sub_account, market, amount }.into()
            }
            (false, 6..8) | (true, 5..8) => MergePosition { signer, sub_account, market }.into(),
            _ => {
                let ratio = *self.random.pick(&[0, 0, 150_000, 500_000, 1_000_000]);
                SetLeverage { authority: signer, sub_account, market, ratio }.into()
            }
        }
    }

    /// The next instruction; `None` when the choice has nothing to work on.
    pub(super) fn next(&mut self) -> Option<Instruction> {
        let user = self.user();
        if self.random.percent(1) {
            let trader = address::trader(&user.authority);
            return Some(UpdateFeeTier { trader, sub_account: user.sub }.into());
        }
        if self.random.percent(1) {
            return Some(self.market_life(user));
        }
        if self.random.percent(6) {
            return Some(self.pocket(user));
        }
        if self.random.percent(8) {
            let orders = self.conditional(user);
            return Some(self.world.placing(user, &orders).into());
        }
        if self.random.percent(14) {
            let crank = self.user();
            return conditional::service(&self.world, &mut self.random, crank);
        }
        if self.random.percent(10) {
            return self.change(user);
        }
        self.common(user)
    }

    /// A deposit, a withdrawal or a transfer of the user.
    fn money(&self, user: User, draw: u64, bank: u16, amount: u64) -> Instruction {
        let wallet = self.world.wallet(user, bank);
        match draw {
            0..6 => Deposit::of(user.authority, wallet, user.sub, bank, amount).into(),
            6..12 => Withdraw::of(user.authority, wallet, user.sub, bank, amount).into(),
            _ => {
                let at = self.world.users.iter().position(|other| *other == user).expect("a user");
                Transfer { authority: user.authority, from: user.sub, to: self.seconds[at], bank, amount: amount / 10 }
                    .into()
            }
        }
    }

    /// An attempt of the user to take over a position of the account that is closest to liquidation.
    fn liquidation(&mut self, user: User) -> Instruction {
        let (weak, liquidator) = (self.weakest(), user);
        let market = self.market_of(weak);
        if self.random.percent(40) {
            let (market, bank) = (address::market(market), address::bank(USDC));
            return if self.random.percent(70) {
                TakeOver { market, bank, sub_account: weak.sub }.into()
            } else {
                UnwindBackstop { market, bank }.into()
            };
        }
        Liquidate {
            signer: liquidator.authority,
            market: address::market(market),
            sub_account: weak.sub,
            liquidator: liquidator.sub,
            max_size: if self.random.percent(80) { u64::MAX } else { self.order(user, market).size.0 },
            limit_price: 0,
        }
        .into()
    }

    /// One of the instructions that every user sends all the time.
    fn common(&mut self, user: User) -> Option<Instruction> {
        // Every other user has dollars alone, and can lose everything.
        let single = self.world.users.iter().position(|other| *other == user).is_some_and(|at| at % 2 == 0);
        let bank = if single || self.random.percent(60) { USDC } else { WSOL };
        let amount =
            if bank == USDC { self.random.between(1, 4_000) * DOLLAR } else { self.random.between(1, 20_000_000_000) };
        Some(match self.random.below(100) {
            draw @ 0..14 => self.money(user, draw, bank, amount),
            14..34 => {
                let market = self.market();
                let count = if self.random.percent(80) { 1 } else { 3 };
                let orders: Vec<OrderParams> = (0..count).map(|_| self.order(user, market)).collect();
                let orders = orders.into_iter().map(|order| self.dressed(order)).collect();
                PlaceOrders { signer: user.authority, market: address::market(market), sub_account: user.sub, orders }
                    .into()
            }
            34..37 => CancelOrder { signer: user.authority, sub_account: user.sub, id: self.open_order(user)? }.into(),
            37..39 => CancelAll { signer: user.authority, sub_account: user.sub, market: self.market() }.into(),
            39..54 => {
                let market = self.market_of(user);
                let order = self.order(user, market);
                let mut order = self.dressed(order);
                order.flags |= *self.random.pick(&[0, 0, flags::IMMEDIATE_OR_CANCEL, flags::FILL_OR_KILL]);
                let mut makers = self.makers(&[user]);
                if self.random.percent(30) {
                    makers.push(self.second(user));
                }
                self.world.taking(user, order, 0, &makers).into()
            }
            54..68 => {
                let id = self.open_order(user)?;
                let filler = self.user();
                let makers = self.makers(&[user, filler]);
                let reward = filler != user && self.random.percent(70);
                self.world.filling(filler, user, id, reward, &makers).into()
            }
            68..70 => {
                let owners = self.makers(&[]);
                self.world.uncrossing(user, &owners).into()
            }
            70..73 => {
                let (taker, id) = self.auction()?;
                let maker = self.user();
                let size = self.order(maker, SOL).size.0;
                self.world.making(maker, taker, id, size, if self.random.percent(50) { DOLLAR } else { 1 << 40 }).into()
            }
            73..76 => UpdateAmm { market: address::market(self.market()) }.into(),
            76..78 => UpdateFunding { market: address::market(self.market()) }.into(),
            78..86 => {
                let (user, market) = if self.random.percent(40) { self.debtor() } else { (user, self.market_of(user)) };
                SettlePnl {
                    market: address::market(market),
                    bank: address::bank(USDC),
                    sub_account: user.sub,
                    owner: vec![],
                }
                .into()
            }
            86 => SweepFees { market: address::market(self.market()), bank: address::bank(USDC) }.into(),
            87 => Verify::of(USDC, self.world.exchange().markets).into(),
            88..95 => self.liquidation(user),
            95..98 => {
                let (broke, market) = self.debtor();
                let market = address::market(market);
                SettleBankruptcy { market, bank: address::bank(USDC), sub_account: broke.sub }.into()
            }
            _ => {
                let (market, kind) = (self.market(), if self.random.percent(50) { 0 } else { 1 });
                self.world.funding(self.patron, market, kind, self.random.between(1, 500) * DOLLAR).into()
            }
        })
    }
}
