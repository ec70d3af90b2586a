//! A whole exchange in memory: what the on-chain program holds in accounts, driven by the same actions.
//!
//! The runtime reverts a failed instruction, so every action runs on a copy that is kept only when it succeeds.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod check;
pub mod ops;

use kedge_model::action::{
    AmmParams, BankParams, Bankruptcy, BankruptcyReport, Context, Deposit, FillOrder, FillReport, FundPool,
    FundingReport, Liquidate, LiquidationReport, ListBank, ListMarket, MakerRef, MarketParams, PlaceAndMake,
    PlaceAndTake, PlaceOrders, PoolKind, RowParams, SettlePnl, SettleReport, TakeReport, UpdateFunding, Withdraw,
};
use kedge_model::bank::Bank;
use kedge_model::board::{OraclePrice, PriceBoard, PriceSource, Purpose, RefreshReport, SourceKind};
use kedge_model::clock::Clock;
use kedge_model::error::Result;
use kedge_model::event::NoEvents;
use kedge_model::exchange::Exchange;
use kedge_model::margin::{Margin, MarginKind, margin};
use kedge_model::market::Market;
use kedge_model::order::{Order, OrderKind, OrderParams, STATUS_OPEN, Side, flags};
use kedge_model::position::Position;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Size};
use kedge_model::sub_account::{SubAccount, SubAccountMut};

/// Slots of a sub-account's tail in these tests.
pub const TAIL: usize = 16;
/// One dollar in quote units.
pub const DOLLAR: u64 = 1_000_000;
/// One base unit.
pub const ONE: u64 = 1_000_000_000;
/// The market with a vAMM that most tests use.
pub const BTC: usize = 0;
/// A second market with a vAMM.
pub const SOL: usize = 1;
/// A market of makers alone.
pub const BOOK: usize = 2;
/// Start of the tests' time.
pub const START: i64 = 1_800_000_000;

/// A sub-account with its tail.
#[derive(Clone, Debug, Default)]
pub struct Account {
    pub head: SubAccount,
    pub orders: Vec<Order>,
}

impl Account {
    pub fn new(owner: u8, id: u16) -> Self {
        let head = SubAccount { version: SubAccount::VERSION, id, authority: [owner; 32], ..SubAccount::default() };
        Self { head, orders: vec![Order::default(); TAIL] }
    }

    pub fn borrow(&mut self) -> SubAccountMut<'_> {
        SubAccountMut { head: &mut self.head, orders: &mut self.orders }
    }

    pub fn position(&self, market: usize) -> Position {
        self.head.position(u16::try_from(market).unwrap()).copied().unwrap_or_default()
    }

    pub fn open(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(|order| order.status == STATUS_OPEN)
    }
}

/// The exchange, its accounts, and the tokens that the vaults hold.
#[derive(Clone)]
pub struct World {
    pub exchange: Exchange,
    pub board: Box<PriceBoard>,
    pub markets: Vec<Market>,
    pub banks: Vec<Bank>,
    pub vaults: Vec<u64>,
    pub accounts: Vec<Account>,
    pub clock: Clock,
    /// Upper bound of the units that rounding may have left in each market's pot so far.
    pub dust_bound: Vec<i128>,
}

fn source(key: u8) -> PriceSource {
    PriceSource { key: [key; 32], kind: SourceKind::PythPull as u8, ..PriceSource::default() }
}

/// Two sources of which one is enough, 10 s, 0.5 % confidence, jumps beyond 5 %.
pub fn row_params(quorum: u8) -> RowParams {
    RowParams {
        sources: [source(1), source(2), PriceSource::default(), PriceSource::default()],
        quorum,
        max_confidence: Ppm(5_000),
        max_age: 10,
        jump_limit: Ppm(50_000),
        ..RowParams::default()
    }
}

/// A market of 10x at a price, with a vAMM of a depth (in whole base units) or without one.
pub fn market_params(name: &[u8], price: Price, depth: u64, step: u64, tick: u64) -> MarketParams {
    let mut padded = [0; 16];
    padded[..name.len()].copy_from_slice(name);
    let depth = depth * ONE;
    MarketParams {
        name: padded,
        row: row_params(2),
        amm: AmmParams {
            sqrt_k: Size(depth),
            peg: price,
            inventory_limit: Size(depth / 50),
            concentration: 1_414_200,
            base_spread: Ppm(1_000),
            max_spread: Ppm(50_000),
            inventory_spread: Ppm(2_000),
            max_fill_fraction: 100,
            margin: Ppm(100_000),
            update_budget: Ppm(500_000),
            flat_share: Ppm(100_000),
        },
        initial_margin: Ppm(100_000),
        maintenance_margin: Ppm(50_000),
        size_premium: 0,
        funding_cap: Ppm(5_000),
        price_band: Ppm(50_000),
        liquidator_fee: Ppm(5_000),
        liquidator_fee_small: Ppm(10_000),
        insurance_fee: Ppm(5_000),
        liquidation_buffer: Ppm(5_000),
        small_position: Amount(1_000 * DOLLAR),
        min_order: Size(step * 10),
        step: Size(step),
        tick: Price(tick),
        max_open_interest: Size(1 << 55),
        max_position: Size(1 << 54),
        insurance_cap: Amount(20_000 * DOLLAR),
        ..MarketParams::default()
    }
}

impl World {
    /// Three markets (BTC 60,000 and SOL 150 with a vAMM, a book market at 2,000), three banks (quote, a second
    /// dollar, SOL), and sub-accounts without money, two to an owner. All prices are fresh.
    pub fn new(accounts: usize) -> Self {
        let mut world = Self {
            exchange: Exchange::new(255, [9; 32], [8; 32]).unwrap(),
            board: Box::new(PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() }),
            markets: Vec::new(),
            banks: Vec::new(),
            vaults: Vec::new(),
            accounts: (0..accounts)
                .map(|index| Account::new(u8::try_from(index / 2 + 1).unwrap(), u16::try_from(index % 2).unwrap()))
                .collect(),
            clock: Clock { slot: 1_000_000, unix_time: START },
            dust_bound: Vec::new(),
        };
        let dollar = BankParams {
            row: row_params(1),
            deposit_cap: Amount(1 << 50),
            initial_weight: Ppm(1_000_000),
            maintenance_weight: Ppm(1_000_000),
            ..BankParams::default()
        };
        world.list_bank(&dollar, 6);
        world.list_bank(&BankParams { initial_weight: Ppm(900_000), maintenance_weight: Ppm(950_000), ..dollar }, 6);
        world.list_bank(&BankParams { initial_weight: Ppm(800_000), maintenance_weight: Ppm(900_000), ..dollar }, 9);
        world.list_market(&market_params(b"BTC-PERP", Price(60_000 * DOLLAR), 1_000, 100_000, 100_000));
        let mut sol = market_params(b"SOL-PERP", Price(150 * DOLLAR), 100_000, 10_000_000, 1_000);
        sol.size_premium = 2;
        world.list_market(&sol);
        world.list_market(&market_params(b"BOOK-PERP", Price(2_000 * DOLLAR), 0, 1_000_000, 10_000));
        let _ = world.refresh_bank(0, DOLLAR).unwrap();
        let _ = world.refresh_bank(1, DOLLAR).unwrap();
        let _ = world.refresh_bank(2, 150 * DOLLAR).unwrap();
        let _ = world.refresh(BTC, 60_000 * DOLLAR).unwrap();
        let _ = world.refresh(SOL, 150 * DOLLAR).unwrap();
        let _ = world.refresh(BOOK, 2_000 * DOLLAR).unwrap();
        world
    }

    /// [`World::new`] with money: the vAMMs have 200,000, the insurance funds 20,000, every sub-account so many.
    pub fn funded(accounts: usize, dollars: u64) -> Self {
        let mut world = Self::new(accounts);
        for account in 0..accounts {
            world.deposit(account, 0, dollars * DOLLAR).unwrap();
        }
        for market in [BTC, SOL] {
            world.fund_pool(market, PoolKind::Amm, 200_000 * DOLLAR).unwrap();
        }
        for market in [BTC, SOL, BOOK] {
            world.fund_pool(market, PoolKind::Insurance, 20_000 * DOLLAR).unwrap();
        }
        world
    }

    pub fn list_bank(&mut self, params: &BankParams, decimals: u8) {
        let mut bank = Bank::default();
        let list = ListBank { params, mint: [7; 32], vault: [6; 32], decimals };
        let _ = list.execute(&mut self.exchange, &mut self.board, &mut bank).unwrap();
        self.banks.push(bank);
        self.vaults.push(0);
    }

    pub fn list_market(&mut self, params: &MarketParams) {
        let mut market = Market::default();
        let list = ListMarket { params };
        let _ = list.execute(&mut self.exchange, &mut self.board, &mut market, self.clock).unwrap();
        self.markets.push(market);
        self.dust_bound.push(0);
    }

    pub fn index(market: usize) -> u16 {
        u16::try_from(market).unwrap()
    }

    pub fn oracle(&self, market: usize) -> Price {
        self.board.market(Self::index(market)).unwrap().price.price
    }

    pub fn state(&self, market: usize) -> u8 {
        self.board.market(Self::index(market)).unwrap().price.state
    }

    /// Moves time by seconds; slots are 400 ms.
    pub fn wait(&mut self, seconds: u64) {
        self.clock.unix_time += i64::try_from(seconds).unwrap();
        self.clock.slot += seconds * 5 / 2;
    }

    fn seen(&self, price: u64) -> OraclePrice {
        OraclePrice {
            price: Price(price),
            confidence: Price(price / 10_000),
            publish_time: self.clock.unix_time,
            publish_slot: self.clock.slot,
        }
    }

    /// Refreshes a market's row from two sources that agree.
    pub fn refresh(&mut self, market: usize, price: u64) -> Result<RefreshReport> {
        self.refresh_from(market, price, 2)
    }

    /// Refreshes a market's row from a number of sources.
    pub fn refresh_from(&mut self, market: usize, price: u64, sources: usize) -> Result<RefreshReport> {
        let seen = [self.seen(price); 2];
        let (clock, micros) = (self.clock, self.board.slot_micros());
        self.board.market_mut(Self::index(market))?.price.refresh(&seen[..sources], &clock, micros)
    }

    /// Refreshes a bank's row.
    pub fn refresh_bank(&mut self, bank: usize, price: u64) -> Result<RefreshReport> {
        let seen = [self.seen(price); 2];
        let (clock, micros) = (self.clock, self.board.slot_micros());
        self.board.bank_mut(Self::index(bank))?.price.refresh(&seen, &clock, micros)
    }

    /// Refreshes all rows at their present prices a second later.
    pub fn tick(&mut self) {
        self.wait(1);
        for bank in 0..self.banks.len() {
            let price = self.board.banks[bank].price.price.0;
            let _ = self.refresh_bank(bank, price).unwrap();
        }
        for market in 0..self.markets.len() {
            let price = self.oracle(market).0;
            let _ = self.refresh(market, price).unwrap();
        }
    }

    /// Moves a market's price there within a minute and confirms it.
    pub fn drive(&mut self, market: usize, price: u64) {
        let from = self.oracle(market).0;
        for part in 1..=10u64 {
            self.wait(6);
            let at = u64::try_from(i128::from(from) + (i128::from(price) - i128::from(from)) * i128::from(part) / 10);
            let _ = self.refresh(market, at.unwrap()).unwrap();
        }
        for _ in 0..4 {
            self.tick();
        }
    }

    /// Runs an action on a copy, keeps the copy when it succeeds.
    pub fn attempt<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let mut copy = self.clone();
        let report = run(&mut copy)?;
        *self = copy;
        Ok(report)
    }

    pub fn deposit(&mut self, account: usize, bank: usize, amount: u64) -> Result<()> {
        self.attempt(|w| {
            let deposit = Deposit { amount: Amount(amount) };
            deposit.execute(&w.exchange, &mut w.banks[bank], &mut w.accounts[account].head, &mut NoEvents)?;
            w.vaults[bank] += amount;
            Ok(())
        })
    }

    pub fn withdraw(&mut self, account: usize, bank: usize, amount: u64) -> Result<()> {
        self.attempt(|w| {
            let (clock, head) = (w.clock, &mut w.accounts[account].head);
            let withdraw = Withdraw { amount: Amount(amount) };
            withdraw.execute(&w.exchange, &w.board, &mut w.banks[bank], head, clock, &mut NoEvents)?;
            w.vaults[bank] -= amount;
            w.banks[bank].require_covered(Amount(w.vaults[bank]))
        })
    }

    pub fn fund_pool(&mut self, market: usize, kind: PoolKind, amount: u64) -> Result<()> {
        self.attempt(|w| {
            let fund = FundPool { kind, amount: Amount(amount) };
            fund.execute(&mut w.banks[0], &mut w.markets[market], [1; 32], &mut NoEvents)?;
            w.vaults[0] += amount;
            Ok(())
        })
    }

    /// Runs an action on a market with the named accounts taken out of the world, in this order.
    pub fn on_market<T>(
        &mut self,
        market: usize,
        accounts: &[usize],
        run: impl FnOnce(&mut Context<'_, NoEvents>, &mut [Bank], &mut [SubAccountMut<'_>]) -> Result<T>,
    ) -> Result<T> {
        self.attempt(|w| {
            let mut taken: Vec<Account> = accounts.iter().map(|&at| std::mem::take(&mut w.accounts[at])).collect();
            let mut borrowed: Vec<SubAccountMut<'_>> = taken.iter_mut().map(Account::borrow).collect();
            let mut context = Context {
                exchange: &w.exchange,
                board: &w.board,
                market: &mut w.markets[market],
                clock: w.clock,
                sink: &mut NoEvents,
            };
            let report = run(&mut context, &mut w.banks, &mut borrowed)?;
            drop(borrowed);
            for (&at, account) in accounts.iter().zip(taken) {
                w.accounts[at] = account;
            }
            w.dust_bound[market] += i128::try_from(accounts.len() * 4 + 4).unwrap();
            Ok(report)
        })
    }

    pub fn place(&mut self, account: usize, params: OrderParams) -> Result<u32> {
        let market = usize::from(params.market);
        self.on_market(market, &[account], |context, _, accounts| {
            Ok(PlaceOrders { orders: &[params] }.execute(context, &mut accounts[0])?.first_id)
        })
    }

    /// Places and takes against all resting orders of the makers.
    pub fn take(&mut self, taker: usize, params: OrderParams, makers: &[usize]) -> Result<TakeReport> {
        let refs = self.maker_refs(usize::from(params.market), makers);
        let accounts: Vec<usize> = std::iter::once(taker).chain(makers.iter().copied()).collect();
        self.on_market(usize::from(params.market), &accounts, |context, _, accounts| {
            let (taker, makers) = accounts.split_first_mut().unwrap();
            PlaceAndTake { order: params, min_fill: Size::ZERO, makers: &refs }.execute(context, taker, makers)
        })
    }

    /// Fills an order against all resting orders of the makers, on behalf of a filler.
    pub fn fill(
        &mut self,
        market: usize,
        taker: usize,
        order_id: u32,
        filler: Option<usize>,
        makers: &[usize],
    ) -> Result<FillReport> {
        let refs = self.maker_refs(market, makers);
        let accounts: Vec<usize> = std::iter::once(taker).chain(filler).chain(makers.iter().copied()).collect();
        self.on_market(market, &accounts, |context, _, accounts| {
            let (taker, rest) = accounts.split_first_mut().unwrap();
            let (filler, makers) = match filler {
                Some(_) => rest.split_first_mut().map(|(filler, makers)| (Some(filler), makers)).unwrap(),
                None => (None, rest),
            };
            FillOrder { order_id, slot: 0, makers: &refs }.execute(context, taker, filler, makers)
        })
    }

    pub fn make(&mut self, market: usize, maker: usize, taker: usize, make: PlaceAndMake) -> Result<Size> {
        self.on_market(market, &[maker, taker], |context, _, accounts| {
            let [maker, taker] = accounts else { unreachable!() };
            Ok(make.execute(context, maker, taker)?.size)
        })
    }

    pub fn settle(&mut self, market: usize, account: usize) -> Result<SettleReport> {
        self.on_market(market, &[account], |context, banks, accounts| {
            SettlePnl.execute(context, &mut banks[0], &mut accounts[0])
        })
    }

    pub fn liquidate(
        &mut self,
        market: usize,
        account: usize,
        liquidator: usize,
        max_size: u64,
    ) -> Result<LiquidationReport> {
        self.on_market(market, &[account, liquidator], |context, _, accounts| {
            let [account, liquidator] = accounts else { unreachable!() };
            let step = Liquidate { max_size: Size(max_size), limit_price: Price::ZERO };
            step.execute(context, account, liquidator)
        })
    }

    pub fn fund(&mut self, market: usize) -> Result<FundingReport> {
        self.attempt(|w| {
            let (row, clock) = (w.board.market_mut(Self::index(market))?, w.clock);
            let report = UpdateFunding.execute(&w.exchange, row, &mut w.markets[market], clock, &mut NoEvents)?;
            w.dust_bound[market] += w.index_dust(market);
            Ok(report)
        })
    }

    pub fn bankrupt(&mut self, market: usize, account: usize) -> Result<BankruptcyReport> {
        self.attempt(|w| {
            let (row, clock) = (w.board.market_mut(Self::index(market))?, w.clock);
            let mut borrowed = w.accounts[account].borrow();
            let market_mut = &mut w.markets[market];
            let report = Bankruptcy.execute(
                &w.exchange,
                row,
                market_mut,
                &mut w.banks[0],
                &mut borrowed,
                clock,
                &mut NoEvents,
            )?;
            w.dust_bound[market] += w.index_dust(market);
            Ok(report)
        })
    }

    /// What rounding an index by one unit may leave in the pot: a unit an account, and the open interest's share.
    fn index_dust(&self, market: usize) -> i128 {
        let interest = self.markets[market].long_interest.0 + self.markets[market].short_interest.0;
        i128::from(interest / 1_000_000_000_000) + 4 + i128::try_from(self.accounts.len()).unwrap()
    }

    /// References to all open orders of the makers in a market, as a keeper would pass them.
    pub fn maker_refs(&self, market: usize, makers: &[usize]) -> Vec<MakerRef> {
        let mut refs = Vec::new();
        for (account, &at) in makers.iter().enumerate() {
            for (slot, order) in self.accounts[at].orders.iter().enumerate() {
                if order.status == STATUS_OPEN && usize::from(order.market) == market && refs.len() < 16 {
                    refs.push(MakerRef {
                        order_id: order.id,
                        account: u8::try_from(account).unwrap(),
                        slot: u8::try_from(slot).unwrap(),
                        padding: [0; 2],
                    });
                }
            }
        }
        refs
    }

    pub fn margin(&self, account: usize, kind: MarginKind, purpose: Purpose) -> Result<Margin> {
        margin(&self.accounts[account].head, &self.board, kind, purpose, &self.clock)
    }

    /// Maintenance margin as a liquidator sees it.
    pub fn health(&self, account: usize) -> Margin {
        self.margin(account, MarginKind::Maintenance, Purpose::Liquidate).unwrap()
    }

    /// What an account is worth at the oracles: balances in full, claims, funding, positions.
    pub fn equity(&self, account: usize) -> i128 {
        let head = &self.accounts[account].head;
        let mut total = 0i128;
        for balance in head.balances.iter().filter(|b| b.used == 1) {
            let row = self.board.bank(balance.bank).unwrap();
            let unit = 10i128.pow(u32::from(row.decimals));
            total += i128::from(balance.amount.0) * i128::from(row.price.price.0) / unit;
        }
        for position in head.positions.iter().filter(|p| p.is_used()) {
            let row = self.board.market(position.market).unwrap();
            let pnl = position.unrealised_pnl(row.price.price, row.funding(position.base)).unwrap();
            total += i128::from(pnl.0);
        }
        total
    }
}

/// A limit order.
pub fn limit(market: usize, side: Side, size: u64, price: u64) -> OrderParams {
    OrderParams {
        market: World::index(market),
        kind: OrderKind::Limit as u8,
        side: side as u8,
        size: Size(size),
        price: Price(price),
        ..OrderParams::default()
    }
}

/// A limit order that takes now and does not rest.
pub fn ioc(market: usize, side: Side, size: u64, price: u64) -> OrderParams {
    OrderParams { flags: flags::IMMEDIATE_OR_CANCEL, ..limit(market, side, size, price) }
}

/// A join of an auction at any price, without position limits.
pub fn join(order_id: u32, size: u64, worst_price: u64) -> PlaceAndMake {
    PlaceAndMake {
        order_id,
        slot: 0,
        size: Size(size),
        worst_price: Price(worst_price),
        min_position: Base(i64::MIN / 2),
        max_position: Base(i64::MAX / 2),
    }
}
