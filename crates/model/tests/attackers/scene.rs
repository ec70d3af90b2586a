//! An exchange with honest people on it, and one person with several wallets.

use super::chance::Chance;
use super::common::lifecycle;
use super::common::{BOOK, BTC, DOLLAR, ONE, SOL, START, World, ioc, limit};
use super::rules::Broken;
use super::truth::{Brought, Truth};
use super::weather::Weather;
use kedge_model::account::board::{LEAST_SAMPLED, SETTLEMENT_WINDOW};
use kedge_model::account::exchange::operation;
use kedge_model::account::order::Side;
use kedge_model::account::position::Position;
use kedge_model::quantity::{Amount, Size};

/// Wallets of the one person: two sub-accounts of one key, and two keys more.
pub(crate) const WALLETS: [usize; 4] = [0, 1, 2, 4];
/// Quotes around the oracle, and rests on both sides of the market without a vAMM.
pub(crate) const MAKER: usize = 6;
/// Hold positions for their own reasons and do nothing else.
pub(crate) const HOLDERS: [usize; 2] = [8, 10];
/// Keeps the exchange, and takes over what is liquidatable.
pub(crate) const KEEPER: usize = 12;
/// Has money and wants nothing.
pub(crate) const BYSTANDER: usize = 14;
/// Has other tokens than dollars, and holds the market without a vAMM with them.
pub(crate) const SAVER: usize = 16;
/// Wants to trade, and asks whether that is possible.
pub(crate) const TRADER: usize = 18;
/// Honest people who trade at nearly all the leverage there is, and hold a trifle of another token.
pub(crate) const CROWD: [usize; 2] = [20, 22];
/// The markets.
pub(crate) const MARKETS: [usize; 3] = [BTC, SOL, BOOK];

/// Slots within which a price may be traded at that was true before: those for which a row is live, and the one second
/// that sources count in.
const LIVE_SLOTS: u64 = 9;

/// A step of a liquidation, and how much of its requirement the pocket was short before.
#[derive(Clone, Copy)]
pub(crate) struct TakeOver {
    pub market: usize,
    pub slot: u64,
    pub account: usize,
    pub liquidator: usize,
    /// Parts per million.
    pub short: i128,
}

/// For how long a position has waited to be taken over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    /// Account and market.
    pub of: (usize, usize),
    /// What is left of it.
    pub size: Size,
    /// Rounds of the keeper.
    pub rounds: u64,
    pub slots: u64,
}

/// The exchange, the truth, and what the person's wallets were worth.
#[derive(Clone)]
pub(crate) struct Scene {
    pub world: World,
    pub truth: Truth,
    pub weather: Weather,
    /// Slots for which the keeper still sleeps.
    pub asleep: u64,
    /// The token whose sources have fallen silent.
    pub muted: Option<usize>,
    /// What the wallets held at the start, and what their positions gained with the true prices since.
    explained: i128,
    /// Slots in which the keeper has worked without a pause since the last crash.
    pub kept_slots: u64,
    /// Rows of markets in settlement, as they were frozen.
    pub frozen: Vec<(usize, Vec<u8>)>,
    /// The plan that the person carried out last.
    pub plan: Vec<super::person::Act>,
    /// A rule that was broken while somebody acted.
    pub broken: Option<Broken>,
    /// Steps of liquidations of the last minutes.
    pub taken_over: Vec<TakeOver>,
    /// Whom the budget has held back in the keeper's last round, by account and market.
    pub held_back: Vec<(usize, usize)>,
    /// Who is below maintenance at the true price, and for how long.
    pub due: Vec<Due>,
}

impl Scene {
    pub(crate) fn new(weather: Weather, chance: &mut Chance) -> Self {
        let mut world = World::funded(24, 20_000);
        for rich in [MAKER, HOLDERS[0], HOLDERS[1], TRADER] {
            world.deposit(rich, 0, 2_000_000 * DOLLAR).unwrap();
        }
        world.deposit(KEEPER, 0, 50_000_000 * DOLLAR).unwrap();
        for wallet in [2, 4] {
            world.deposit(wallet, 0, 400_000 * DOLLAR).unwrap();
        }
        // Somebody who refers people; the person names him as the referrer of its first wallet.
        let bystander = world.accounts[BYSTANDER].head.authority;
        world.accounts[0].head.referrer = bystander;
        let _ = world.take(HOLDERS[0], ioc(BTC, Side::Long, ONE / 2, 70_000 * DOLLAR), &[]);
        let _ = world.take(HOLDERS[1], ioc(SOL, Side::Short, 50 * ONE, 100 * DOLLAR), &[]);
        if weather.saves {
            // Of two tokens the one whose price will be known.
            let bank = if weather.mute == Some(2) { 1 } else { 2 };
            save(&mut world, bank, chance.pick(&[Side::Long, Side::Short]));
        }
        if weather.crowded {
            crowd(&mut world, chance);
        }
        for market in &mut world.markets {
            market.liquidation_budget = Amount(if weather.budget { 5_000 * DOLLAR } else { 0 });
        }
        if let Some(market) = weather.expires {
            let time = world.clock.unix_time + chance.between(7_300, 9_000);
            lifecycle::set_expiry(&mut world, market, time).unwrap();
        }
        if weather.paused_updates {
            world.pause(world.exchange.paused | operation::UPDATE_AMM);
        }
        let truth = Truth::new(&world, weather.trend, weather.jumps);
        let mut scene = Self {
            world,
            truth,
            weather,
            asleep: 0,
            muted: None,
            explained: 0,
            kept_slots: 0,
            frozen: Vec::new(),
            plan: Vec::new(),
            broken: None,
            taken_over: Vec::new(),
            held_back: Vec::new(),
            due: Vec::new(),
        };
        scene.explained = scene.wealth();
        scene
    }

    /// What the person's wallets are worth at the true prices.
    fn wealth(&self) -> i128 {
        WALLETS.iter().map(|wallet| self.worth(*wallet)).sum()
    }

    /// What an account is worth at the true prices.
    pub(crate) fn worth(&self, account: usize) -> i128 {
        let head = &self.world.accounts[account].head;
        let mut total = i128::from(head.balance(0).0);
        for (bank, unit) in [(1, DOLLAR), (2, ONE)] {
            let price = self.world.board.banks[usize::from(bank)].price.price.0;
            total += i128::from(head.balance(bank).0) * i128::from(price) / i128::from(unit);
        }
        for position in positions(head) {
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
    pub(crate) fn is_short(&self, account: usize) -> bool {
        let needed = |position: &Position| {
            let ratio = self.world.board.market(position.market).unwrap().maintenance_margin.0;
            let price = self.truth.price(usize::from(position.market));
            i128::from(position.base.0).abs() * i128::from(price) / i128::from(ONE) * i128::from(ratio) / 1_000_000
        };
        let needed: i128 = positions(&self.world.accounts[account].head).map(needed).sum();
        self.worth(account) * 10 < needed * 9
    }

    /// What a unit is worth: the true price; in the hour before an expiry what the market will be settled at if that stays,
    /// which is the average of the hour; the settlement price once it is fixed.
    fn value_price(&self, market: usize) -> u64 {
        let (state, truth) = (&self.world.markets[market], self.truth.price(market));
        if state.is_settling() {
            return state.settlement_price.0;
        }
        let row = &self.world.board.markets[market];
        let opens = row.expiry_time - SETTLEMENT_WINDOW.0.cast_signed();
        if row.expiry_time == 0 || self.world.clock.unix_time < opens || row.settlement_seconds == 0 {
            return truth;
        }
        let ahead = u64::try_from(row.expiry_time - row.price.sample_time).unwrap_or(0);
        let rest = ahead.max(LEAST_SAMPLED.0.saturating_sub(u64::from(row.settlement_seconds)));
        (row.settlement_sum + truth * rest) / (u64::from(row.settlement_seconds) + rest)
    }

    /// Money left the exchange for a pocket where it counts as much.
    pub(crate) fn take_out(&mut self, amount: i128) {
        self.explained -= amount;
    }

    /// What the wallets gained beyond what their positions explain. The settlement price of a market is what its
    /// positions were sold for, so the change to it is explained like any move of a price.
    pub(crate) fn unexplained(&self) -> i128 {
        self.wealth() - self.explained
    }

    /// [`Self::unexplained`], and what the wallets would gain if the hour ended now: who trades before its end knows what
    /// it will charge.
    pub(crate) fn prospect(&self) -> i128 {
        let mut total = self.unexplained();
        if !self.weather.hour_ends {
            return total;
        }
        let mut ahead = self.clone();
        for market in [BTC, SOL].into_iter().filter(|market| self.bases()[*market] != 0) {
            let (now, last) = (self.world.clock.unix_time, &mut ahead.world.markets[market].funding_time);
            *last = (*last).min(now - 3_600);
            let _ = ahead.world.fund(market);
        }
        total += ahead.unexplained() - self.unexplained();
        total
    }

    /// Lets something pass that moves prices and no money: what the wallets gain by it is explained.
    pub(crate) fn explain<R>(&mut self, pass: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.wealth();
        let done = pass(self);
        self.explained += self.wealth() - before;
        done
    }

    /// Fills an order that has been there since a slot. Somebody may trade with it at a price that was true since then and a
    /// moment ago; a gain up to that is explained, and no more: nobody has an order that is free to meet older prices.
    pub(crate) fn filling(&mut self, since: u64, fill: impl FnOnce(&mut Self) -> bool) -> bool {
        let bases = self.bases();
        let before = self.wealth();
        let done = fill(self);
        let gain = self.wealth() - before;
        if done && gain > 0 {
            let since = since.max(self.world.clock.slot.saturating_sub(LIVE_SLOTS));
            let after = self.bases();
            let option: i128 =
                MARKETS.map(|market| self.option(market, after[market] - bases[market], since)).iter().sum();
            self.explained += gain.min(option);
        }
        done
    }

    /// What a trade is worth now at the best true price since a slot.
    fn option(&self, market: usize, base: i128, since: u64) -> i128 {
        let (low, high) = self.truth.range_since(market, since);
        let then = if base > 0 { low } else { high };
        base * (i128::from(self.truth.price(market)) - i128::from(then)) / i128::from(ONE)
    }

    /// What the wallets hold of each market together.
    fn bases(&self) -> [i128; 3] {
        MARKETS.map(|market| {
            WALLETS.iter().map(|wallet| i128::from(self.world.accounts[*wallet].position(market).base.0)).sum()
        })
    }

    /// Time passes; a habit of the person's comes before the keeper, who does its work if it is awake.
    pub(crate) fn advance(&mut self, slots: u64, habit: Option<super::person::Act>, chance: &mut Chance) {
        let jumped = self.explain(|scene| {
            scene.world.clock.slot += slots;
            let elapsed = (scene.world.clock.slot - 1_000_000) * 2 / 5;
            scene.world.clock.unix_time = START + i64::try_from(elapsed).unwrap();
            if scene.weather.crash {
                scene.truth.calm();
            }
            let world = &scene.world;
            scene.truth.step(world, slots, chance)
        });
        if let Some(habit) = habit {
            habit.run(self);
        }
        if self.asleep == 0 && jumped && chance.percent(50) {
            self.asleep = 5 + chance.below(26);
        }
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

    /// Moves all true prices at once.
    pub(crate) fn crash(&mut self, ppm: i64) {
        self.explain(|scene| MARKETS.map(|market| scene.truth.shift(market, ppm)));
        self.kept_slots = 0;
    }

    /// Whether a row is so far from the truth that somebody who watches both would act now.
    pub(crate) fn is_tempting(&self) -> bool {
        MARKETS.into_iter().any(|market| {
            let (truth, row) = (self.truth.price(market), self.world.oracle(market).0);
            truth.abs_diff(row) * 1_000 > row * 3
        })
    }

    /// Refreshes a row with what the caller chooses to bring. In the hour before an expiry that says what positions are
    /// worth, and is a move of a price.
    pub(crate) fn refresh(&mut self, market: usize, choice: [Brought; 2]) -> bool {
        let seen = self.truth.brought(market, choice);
        self.explain(|scene| {
            let (clock, micros) = (scene.world.clock, scene.world.board.slot_time());
            let row = scene.world.board.market_mut(World::index(market)).unwrap();
            row.refresh(&seen, &clock, micros).is_ok_and(|report| report.updated)
        })
    }

    /// The bytes of a market's row.
    pub(crate) fn row_bytes(&self, market: usize) -> Vec<u8> {
        bytemuck::bytes_of(self.world.board.market(World::index(market)).unwrap()).to_vec()
    }
}

/// Positions in use.
fn positions(head: &kedge_model::account::sub_account::SubAccount) -> impl Iterator<Item = &Position> {
    head.positions.iter().filter(|position| position.is_used())
}

/// The saver brings tokens of a bank worth 60,000 dollars and holds a side of the market without a vAMM, from a holder.
fn save(world: &mut World, bank: usize, side: Side) {
    let (price, unit) = if bank == 1 { (1, DOLLAR) } else { (150, ONE) };
    world.deposit(SAVER, bank, 60_000 / price * unit).unwrap();
    world.withdraw(SAVER, 0, 14_000 * DOLLAR).unwrap();
    let price = world.oracle(BOOK).0;
    world.place(HOLDERS[1], limit(BOOK, side.opposite(), 60 * ONE, price)).unwrap();
    let _ = world.take(SAVER, ioc(BOOK, side, 60 * ONE, price), &[HOLDERS[1]]).unwrap();
}

/// The crowd opens positions of one market on one side, against the holders or the vAMM.
fn crowd(world: &mut World, chance: &mut Chance) {
    let (market, side) = (chance.pick(&MARKETS), chance.pick(&[Side::Long, Side::Short]));
    for (account, tenths) in CROWD.into_iter().zip([80, 90]) {
        let price = world.oracle(market).0;
        let step = world.markets[market].step.0;
        let size = 20_000 * DOLLAR * tenths / 10 * 1_000 / (price / 1_000_000) / step * step;
        world.place(HOLDERS[0], limit(market, side.opposite(), size, price)).unwrap();
        let _ = world.take(account, ioc(market, side, size, price), &[HOLDERS[0]]).unwrap();
        world.deposit(account, 1 + usize::try_from(chance.below(2)).unwrap(), 1_000).unwrap();
    }
}
