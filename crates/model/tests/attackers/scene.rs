//! An exchange with honest people on it, and one person with several wallets.

use super::chance::Chance;
use super::common::lifecycle::{self, settle_market, settle_position};
use super::common::{BOOK, BTC, DOLLAR, ONE, SOL, World, limit, with};
use super::truth::{Brought, Truth};
use kedge_model::action::{CancelAll, UpdateAmm};
use kedge_model::event::{CancelReason, NoEvents};
use kedge_model::exchange::operation;
use kedge_model::order::{Side, flags};
use kedge_model::quantity::Amount;

/// Wallets of the one person: two sub-accounts of one key, and two keys more.
pub const WALLETS: [usize; 4] = [0, 1, 2, 4];
/// Quotes around the oracle, and rests on both sides of the market without a vAMM.
pub const MAKER: usize = 6;
/// Hold positions for their own reasons and do nothing else.
pub const HOLDERS: [usize; 2] = [8, 10];
/// Keeps the exchange, and takes over what is liquidatable.
pub const KEEPER: usize = 12;
/// Has money and wants nothing.
pub const BYSTANDER: usize = 14;
/// The markets.
pub const MARKETS: [usize; 3] = [BTC, SOL, BOOK];

/// What the weather of an episode is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// The keeper stops for some slots now and then.
    pub lapses: bool,
    /// The operator pauses the vAMM's updates.
    pub paused_updates: bool,
    /// A market has an expiry about two hours ahead.
    pub expires: Option<usize>,
    /// Liquidations have a budget.
    pub budget: bool,
    /// A price falls by a fifth in a moment, then nothing moves.
    pub crash: bool,
    /// Nobody touches the exchange for more than an hour.
    pub silence: bool,
}

/// The exchange, the truth, and what the person's wallets were worth.
#[derive(Clone)]
pub struct Scene {
    pub world: World,
    pub truth: Truth,
    pub weather: Weather,
    /// Slots for which the keeper still sleeps.
    pub asleep: u64,
    /// What the wallets held at the start, and what their positions gained with the true prices since.
    explained: i128,
    /// Slots in which the keeper has worked without a pause since the last crash.
    pub kept_slots: u64,
    /// Rows of markets in settlement, as they were frozen.
    pub frozen: Vec<(usize, Vec<u8>)>,
    /// The plan that the person carried out last.
    pub plan: Vec<super::person::Act>,
    /// A market where a claim was written off while a debtor's pocket was worth more than nothing.
    pub written_off: Option<usize>,
    /// Slots for which somebody has been below maintenance at the true price, by account and market.
    pub due: Vec<((usize, usize), u64)>,
}

impl Scene {
    pub fn new(weather: Weather, chance: &mut Chance) -> Self {
        let mut world = World::funded(16, 20_000);
        world.deposit(MAKER, 0, 2_000_000 * DOLLAR).unwrap();
        world.deposit(KEEPER, 0, 50_000_000 * DOLLAR).unwrap();
        for holder in HOLDERS {
            world.deposit(holder, 0, 2_000_000 * DOLLAR).unwrap();
        }
        for wallet in [2, 4] {
            world.deposit(wallet, 0, 400_000 * DOLLAR).unwrap();
        }
        // Somebody who refers people; the person names him as the referrer of its first wallet.
        let bystander = world.accounts[BYSTANDER].head.authority;
        world.accounts[0].head.referrer = bystander;
        let _ = world.take(HOLDERS[0], super::common::ioc(BTC, Side::Long, ONE / 2, 70_000 * DOLLAR), &[]);
        let _ = world.take(HOLDERS[1], super::common::ioc(SOL, Side::Short, 50 * ONE, 100 * DOLLAR), &[]);
        for market in &mut world.markets {
            market.liquidation_budget = Amount(if weather.budget { 50 * DOLLAR } else { 0 });
        }
        if let Some(market) = weather.expires {
            let time = world.clock.unix_time + chance.between(7_300, 9_000);
            lifecycle::set_expiry(&mut world, market, time).unwrap();
        }
        let truth = Truth::new(&world);
        let mut scene = Self {
            world,
            truth,
            weather,
            asleep: 0,
            explained: 0,
            kept_slots: 0,
            frozen: Vec::new(),
            plan: Vec::new(),
            written_off: None,
            due: Vec::new(),
        };
        scene.explained = scene.wealth();
        scene
    }

    /// What the person's wallets are worth at the true prices.
    pub fn wealth(&self) -> i128 {
        WALLETS.iter().map(|wallet| self.worth(*wallet)).sum()
    }

    /// What an account is worth at the true prices.
    pub fn worth(&self, account: usize) -> i128 {
        let head = &self.world.accounts[account].head;
        let mut total = i128::from(head.balance(0).0);
        for position in head.positions.iter().filter(|position| position.is_used()) {
            let market = usize::from(position.market);
            let row = self.world.board.market(position.market).unwrap();
            let funding = position.unsettled_funding(row.funding(position.base)).unwrap();
            total += i128::from(position.isolated.0) + i128::from(position.quote.0) + i128::from(funding.0);
            total += i128::from(position.base.0) * i128::from(self.value_price(market)) / i128::from(ONE);
        }
        total
    }

    /// Whether an account is worth less than nine tenths of what its positions must have for maintenance, at the true
    /// prices: below that, no rounding, spread or average is in doubt.
    pub fn is_short(&self, account: usize) -> bool {
        let positions = self.world.accounts[account].head.positions.iter().filter(|position| position.is_used());
        let needed = |position: &kedge_model::position::Position| {
            let ratio = self.world.board.market(position.market).unwrap().maintenance_margin.0;
            let price = self.truth.price(usize::from(position.market));
            i128::from(position.base.0).abs() * i128::from(price) / i128::from(ONE) * i128::from(ratio) / 1_000_000
        };
        self.worth(account) * 10 < positions.map(needed).sum::<i128>() * 9
    }

    /// What a unit is worth: the true price, or the settlement price once it is fixed.
    fn value_price(&self, market: usize) -> u64 {
        let state = &self.world.markets[market];
        if state.is_settling() { state.settlement_price.0 } else { self.truth.price(market) }
    }

    /// Money left the exchange for a pocket where it counts as much.
    pub fn take_out(&mut self, amount: i128) {
        self.explained -= amount;
    }

    /// What the wallets gained beyond what their positions explain. The settlement price of a market is what its
    /// positions were sold for, so the change to it is explained like any move of a price.
    pub fn unexplained(&self) -> i128 {
        self.wealth() - self.explained
    }

    /// Lets something pass that moves prices and no money: what the wallets gain by it is explained.
    fn explain(&mut self, pass: impl FnOnce(&mut Self)) {
        let before = self.wealth();
        pass(self);
        self.explained += self.wealth() - before;
    }

    /// Time passes, and the keeper does its work if it is awake.
    pub fn advance(&mut self, slots: u64, chance: &mut Chance) {
        self.explain(|scene| {
            scene.world.clock.slot += slots;
            let elapsed = (scene.world.clock.slot - 1_000_000) * 2 / 5;
            scene.world.clock.unix_time = super::common::START + i64::try_from(elapsed).unwrap();
            if scene.weather.crash {
                scene.truth.calm();
            }
            let world = &scene.world;
            scene.truth.step(world, slots, chance);
        });
        if self.asleep == 0 && self.weather.lapses && chance.percent(6) {
            self.asleep = 1 + chance.below(30);
        }
        if self.asleep > 0 {
            self.asleep = self.asleep.saturating_sub(slots);
            self.kept_slots = 0;
        } else {
            self.keep();
            self.kept_slots += slots;
        }
    }

    /// Moves the true price of a market at once.
    pub fn crash(&mut self, market: usize, ppm: i64) {
        self.explain(|scene| scene.truth.shift(market, ppm));
        self.kept_slots = 0;
    }

    /// Refreshes a row with what the caller chooses to bring.
    pub fn refresh(&mut self, market: usize, choice: [Brought; 2]) -> bool {
        let seen = self.truth.brought(market, choice);
        let (clock, micros) = (self.world.clock, self.world.board.slot_micros());
        let row = self.world.board.market_mut(World::index(market)).unwrap();
        row.price.refresh(&seen, &clock, micros).is_ok_and(|report| report.updated)
    }

    /// An honest keeper's round.
    fn keep(&mut self) {
        let _ = self.world.refresh_bank(0, DOLLAR);
        for market in MARKETS {
            let _ = self.refresh(market, [Brought::Newest; 2]);
            if !self.weather.paused_updates {
                let _ = self.world.on_market(market, &[], |context, _, _| UpdateAmm.execute(context).map(|_| ()));
            }
            if self.world.clock.unix_time - self.world.markets[market].funding_time >= 3_600 {
                let _ = self.world.fund(market);
            }
        }
        self.quote();
        self.take_over();
        self.wind_up();
    }

    /// The honest maker's quotes: around the oracle where there is a vAMM, at the oracle's price where there is none.
    fn quote(&mut self) {
        let all = CancelAll { market: None, reason: CancelReason::Requested };
        let _ = all.execute(&mut self.world.accounts[MAKER].borrow(), &mut NoEvents);
        for market in [BTC, BOOK] {
            let oracle = self.world.oracle(market).0;
            let tick = self.world.markets[market].tick.0;
            let away = (oracle / 1_000).div_ceil(tick) * tick;
            let size = if market == BTC { ONE / 2 } else { 20 * ONE };
            for side in [Side::Long, Side::Short] {
                let sign = if side == Side::Long { -1 } else { 1 };
                let order = with(flags::OFFSET | flags::POST_ONLY, limit(market, side, size, 0));
                let offset = i64::try_from(away).unwrap() * sign;
                let order = kedge_model::order::OrderParams {
                    price: kedge_model::quantity::Price(u64::from_ne_bytes(offset.to_ne_bytes())),
                    ..order
                };
                let _ = self.world.place(MAKER, order);
            }
        }
    }

    /// Takes over what is liquidatable, and ends what is in default.
    fn take_over(&mut self) {
        for account in 0..self.world.accounts.len() {
            if account == KEEPER {
                continue;
            }
            for market in MARKETS {
                let position = self.world.accounts[account].position(market);
                if !position.is_used() {
                    continue;
                }
                // Losses go to the pool and profits to the pocket, as far as each goes.
                let _ = self.world.settle(market, account);
                if !position.base.is_zero() {
                    let _ = self.world.liquidate(market, account, KEEPER, u64::MAX >> 8);
                } else if position.quote.0 < 0 {
                    let _ = self.world.bankrupt(market, account);
                }
            }
        }
    }

    /// Settles what has expired.
    fn wind_up(&mut self) {
        for market in MARKETS {
            let state = &self.world.markets[market];
            let due = state.expiry_time != 0 && self.world.clock.unix_time >= state.expiry_time;
            if due && !state.is_settling() {
                let mut settled = false;
                self.explain(|scene| settled = settle_market(&mut scene.world, market).is_ok());
                if settled {
                    self.frozen.push((market, self.row_bytes(market)));
                }
            }
            if self.world.markets[market].is_settling() {
                for account in 0..self.world.accounts.len() {
                    let solvent = self.solvent_debtor(market);
                    let settled = settle_position(&mut self.world, market, account);
                    if solvent && settled.is_ok_and(|report| !report.written_off.is_zero()) {
                        self.written_off = Some(market);
                    }
                }
            }
        }
    }

    /// Whether somebody owes a market in settlement and could pay: what a pocket is worth counts the debt already.
    fn solvent_debtor(&self, market: usize) -> bool {
        let owes = |account: &usize| {
            let position = self.world.accounts[*account].position(market);
            position.base.is_zero() && position.quote.0 < 0 && position.isolated.is_zero()
        };
        (0..self.world.accounts.len()).filter(owes).any(|account| self.worth(account) > i128::from(DOLLAR))
    }

    /// Days go by in quiet steps of an hour, in which the keeper works.
    pub fn days(&mut self, days: u64, chance: &mut Chance) {
        for _ in 0..days * 24 {
            self.truth.calm();
            self.asleep = 0;
            self.advance(9_000, chance);
        }
    }

    /// The bytes of a market's row.
    pub fn row_bytes(&self, market: usize) -> Vec<u8> {
        bytemuck::bytes_of(self.world.board.market(World::index(market)).unwrap()).to_vec()
    }

    /// The operator's switch over the vAMM's updates.
    pub fn apply_switches(&mut self) {
        if self.weather.paused_updates {
            self.world.exchange.paused |= operation::UPDATE_AMM;
        }
    }
}
