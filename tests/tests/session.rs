//! Thousands of random transactions on the real bytecode: users, makers, keepers and liquidators in three markets, with
//! walking, jumping and crashing prices.
//!
//! After every transaction all books balance, and every account is byte for byte what the model's actions, run natively
//! on copies, make of it; a refusal is the model's own.

#[path = "session/changes.rs"]
mod changes;
#[path = "session/wind_down.rs"]
mod wind_down;

use std::collections::BTreeMap;

use kedge_interface::address;
use kedge_interface::instruction::{
    CancelAll, CancelOrder, Deposit, Instruction, IsolatePosition, Liquidate, MergePosition, PlaceOrders, SetBuilder,
    SetLeverage, SettleBankruptcy, SettlePnl, SweepFees, Transfer, TransferIsolated, UpdateAmm, UpdateFeeTier,
    UpdateFunding, Withdraw, name_of,
};
use kedge_model::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::quantity::{Price, Size};
use kedge_tests::agreement::Agreed;
use kedge_tests::conditional;
use kedge_tests::market::{DOLLAR, SOL, USDC, WSOL};
use kedge_tests::random::Random;
use kedge_tests::{User, World};
use solana_pubkey::Pubkey;

const USERS: usize = 8;
const MARKETS: u16 = 3;

/// How often each instruction went through and was refused, and with what.
#[derive(Default)]
struct Tally {
    done: BTreeMap<&'static str, u64>,
    refused: BTreeMap<String, u64>,
}

struct Session {
    world: World,
    random: Random,
    patron: (Pubkey, Pubkey),
    seconds: Vec<Pubkey>,
    /// Market and direction of a crash, and how many moves of it are left.
    crash: (usize, bool, u64),
    tally: Tally,
}

impl Session {
    fn open(seed: u64) -> Self {
        let mut world = World::with_markets(MARKETS);
        let mut random = Random::new(seed);
        for number in 0..USERS {
            let dollars = random.between(500, 40_000);
            match world.users.last().copied() {
                Some(referrer) if number % 3 == 2 => world.referred(referrer, dollars),
                _ => world.rich(dollars),
            };
        }
        let users = world.users.clone();
        for (user, builder) in users.iter().zip(users.iter().skip(2)) {
            let (authority, sub_account) = (user.authority, user.sub);
            let builder = builder.authority.to_bytes();
            world.run(SetBuilder { authority, sub_account, builder, fee: 300 }).expect("a builder is approved");
        }
        let seconds = users
            .iter()
            .map(|user| world.create_sub_account(user.authority, 1, 8).expect("a second sub-account"))
            .collect();
        let patron = world.token_owner(kedge_tests::world::key(4, 1), USDC, 1_000_000_000 * DOLLAR);
        Self { world, random, patron, seconds, crash: (0, false, 0), tally: Tally::default() }
    }

    fn user(&mut self) -> User {
        let users = self.world.users.clone();
        *self.random.pick(&users)
    }

    fn market(&mut self) -> u16 {
        u16::try_from(self.random.below(u64::from(MARKETS))).expect("few markets")
    }

    /// A market that the user is in, else any.
    fn market_of(&mut self, user: User) -> u16 {
        let used: Vec<u16> =
            self.world.sub(&user.sub).head.positions.iter().filter(|p| p.is_used()).map(|p| p.market).collect();
        if used.is_empty() { self.market() } else { *self.random.pick(&used) }
    }

    fn makers(&mut self, without: &[User]) -> Vec<User> {
        let mut makers: Vec<User> = self.world.users.iter().copied().filter(|user| !without.contains(user)).collect();
        let count = usize::try_from(self.random.below(5)).expect("few makers");
        while makers.len() > count {
            let at = usize::try_from(self.random.below(makers.len() as u64)).expect("few makers");
            makers.swap_remove(at);
        }
        makers
    }

    fn order(&mut self, user: User, market: u16) -> OrderParams {
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
        // Every third order wants most of the leverage that the account has.
        let dollars = if random.percent(65) { random.between(5, 3_000) } else { random.between(5, 5 + dollars * 9) };
        let size = u128::from(dollars * DOLLAR) * 1_000_000_000 / u128::from(oracle);
        let size = u64::try_from(size).expect("a size") / step * step;
        let kind = if random.percent(35) { OrderKind::Market } else { OrderKind::Limit };
        let flags =
            *random.pick(&[0, 0, 0, 0, flags::REDUCE_ONLY, flags::REDUCE_ONLY, flags::POST_ONLY, flags::BUILDER]);
        let named = kind == OrderKind::Limit && flags & flags::POST_ONLY == 0 && random.percent(25);
        let start = if side == Side::Long { oracle.min(price) } else { oracle.max(price) };
        OrderParams {
            client_id: random.below(6),
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

    fn open_order(&mut self, user: User) -> Option<u32> {
        let ids: Vec<u32> = self.world.sub(&user.sub).open_orders().map(|(_, order)| order.id).collect();
        (!ids.is_empty()).then(|| *self.random.pick(&ids))
    }

    /// An order whose auction runs.
    fn auction(&mut self) -> Option<(User, u32)> {
        let mut found = Vec::new();
        for user in &self.world.users {
            let data = self.world.sub(&user.sub);
            let running = data.open_orders().filter(|(_, order)| order.in_auction(self.world.slot));
            found.extend(running.map(|(_, order)| (*user, order.id)));
        }
        (!found.is_empty()).then(|| *self.random.pick(&found))
    }

    /// Somebody whose maintenance margin is not met, else anybody.
    fn weakest(&mut self) -> User {
        let (board, now) = (self.world.board(), self.world.now());
        let below = |user: &&User| {
            let head = self.world.sub(&user.sub).head;
            let kind = kedge_model::margin::MarginKind::Maintenance;
            let purpose = kedge_model::board::Purpose::Liquidate;
            let mut markets = head.positions.iter().filter(|p| p.is_used()).map(|p| p.market);
            markets.any(|market| {
                let margin = kedge_model::margin::margin_for(&head, market, &board, kind, purpose, &now);
                margin.is_ok_and(|margin| !margin.is_met())
            })
        };
        let found = self.world.users.iter().find(below).copied();
        found.unwrap_or_else(|| self.user())
    }

    /// Somebody with a debt and no position in a market, else anybody in any market.
    fn debtor(&mut self) -> (User, u16) {
        for user in &self.world.users {
            let head = self.world.sub(&user.sub).head;
            if let Some(debt) = head.positions.iter().find(|p| p.is_used() && p.base.is_zero() && p.quote.0 < 0) {
                return (*user, debt.market);
            }
        }
        (self.user(), self.market())
    }

    /// An order that waits, comes in slices or belongs to another; or an entry with its bracket.
    fn conditional(&mut self, user: User) -> Vec<OrderParams> {
        let market = self.market_of(user);
        let plain = self.order(user, market);
        conditional::orders(&self.world, &mut self.random, user, plain)
    }

    /// Something about an isolated position or the user's own leverage.
    fn pocket(&mut self, user: User) -> Instruction {
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
            // As little as carries the position, or any part of the balance.
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

    fn next(&mut self) -> Option<Instruction> {
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
        // Every other user has dollars alone, and can lose everything.
        let single = self.world.users.iter().position(|other| *other == user).is_some_and(|at| at % 2 == 0);
        let bank = if single || self.random.percent(60) { USDC } else { WSOL };
        let amount =
            if bank == USDC { self.random.between(1, 4_000) * DOLLAR } else { self.random.between(1, 20_000_000_000) };
        let wallet = self.world.wallet(user, bank);
        Some(match self.random.below(100) {
            0..6 => Deposit::of(user.authority, wallet, user.sub, bank, amount).into(),
            6..12 => Withdraw::of(user.authority, wallet, user.sub, bank, amount).into(),
            12..14 => {
                let at = self.world.users.iter().position(|other| *other == user).expect("a user");
                Transfer { authority: user.authority, from: user.sub, to: self.seconds[at], bank, amount: amount / 10 }
                    .into()
            }
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
            68..73 => {
                let (taker, id) = self.auction()?;
                let maker = self.user();
                let size = self.order(maker, SOL).size.0;
                self.world.making(maker, taker, id, size, if self.random.percent(50) { DOLLAR } else { 1 << 40 }).into()
            }
            73..76 => UpdateAmm { market: address::market(self.market()) }.into(),
            76..78 => UpdateFunding { market: address::market(self.market()) }.into(),
            78..86 => {
                let (user, market) = if self.random.percent(40) { self.debtor() } else { (user, self.market_of(user)) };
                SettlePnl { market: address::market(market), bank: address::bank(USDC), sub_account: user.sub }.into()
            }
            86..88 => SweepFees { market: address::market(self.market()), bank: address::bank(USDC) }.into(),
            88..95 => {
                let (weak, liquidator) = (self.weakest(), user);
                let market = self.market_of(weak);
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

    /// A step of a crash: half a percent to four in half a minute to five, at times far more at once.
    fn crash(&mut self) {
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

    /// A keeper that takes one weak account to its end: takes over, settles, and settles the default.
    fn clean_up(&mut self) {
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
    fn drift(&mut self) {
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
    fn publish(&mut self) {
        self.world.bank_prices[usize::from(WSOL)] = self.world.prices[usize::from(SOL)];
        for index in 0..MARKETS {
            let feed = kedge_tests::market::market_feed(index);
            kedge_tests::oracle::publish(&mut self.world.machine, feed, self.world.prices[usize::from(index)]);
        }
        for index in [USDC, WSOL] {
            let feed = kedge_tests::market::bank_feed(index);
            kedge_tests::oracle::publish(&mut self.world.machine, feed, self.world.bank_prices[usize::from(index)]);
        }
        let refreshing = self.world.refreshing(&[0, 1, 2], &[0, 1]);
        self.step(&refreshing.into());
    }

    /// Sends one instruction and compares with the model.
    fn step(&mut self, instruction: &Instruction) {
        let name = name_of(&instruction.data).expect("an instruction of the program");
        match self.world.run_in_agreement(instruction) {
            Agreed::Done => *self.tally.done.entry(name).or_default() += 1,
            Agreed::Refused(error) => *self.tally.refused.entry(format!("{name} {error:?}")).or_default() += 1,
            Agreed::Duplicate => *self.tally.refused.entry(format!("{name} duplicate")).or_default() += 1,
        }
    }
}

fn session(seed: u64, transactions: u64) -> Tally {
    let mut session = Session::open(seed);
    let mut sent = 0;
    while sent < transactions {
        if session.random.percent(45) {
            session.drift();
        } else if session.random.percent(8) {
            session.crash();
            session.drift();
            session.clean_up();
        }
        if let Some(instruction) = session.next() {
            session.step(&instruction);
        }
        sent += 1;
        if sent == transactions * 9 / 10 {
            session.wind_down(u16::try_from(seed).expect("a small seed") % MARKETS);
        }
    }
    session.tally
}

#[test]
fn random_sessions_keep_the_books_and_agree_with_the_model() {
    let mut total = Tally::default();
    for seed in 1..=10 {
        let tally = session(seed, 2_000);
        for (name, count) in tally.done {
            *total.done.entry(name).or_default() += count;
        }
        for (name, count) in tally.refused {
            *total.refused.entry(name).or_default() += count;
        }
    }
    println!("{:#?}\n{:#?}", total.done, total.refused);
    // A generator that no longer reaches something would prove nothing about it.
    for name in [
        "deposit",
        "withdraw",
        "transfer",
        "place_orders",
        "cancel_order",
        "cancel_all",
        "cancel_orders",
        "modify_order",
        "replace_orders",
        "place_and_take",
        "place_and_make",
        "fill_order",
        "refresh_prices",
        "update_amm",
        "update_funding",
        "settle_pnl",
        "sweep_fees",
        "liquidate",
        "settle_bankruptcy",
        "set_expiry",
        "set_market_status",
        "settle_market",
        "settle_position",
        "delist_market",
        "fund_pool",
        "isolate_position",
        "transfer_isolated",
        "merge_position",
        "set_leverage",
        "trigger_order",
        "trail_order",
        "slice_order",
        "expire_orders",
    ] {
        assert!(total.done.get(name).is_some_and(|count| *count > 0), "{name} never went through");
    }
}
