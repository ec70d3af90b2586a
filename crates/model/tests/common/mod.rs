//! A whole exchange in memory: what the on-chain program holds in accounts, driven by the same actions.
//!
//! The runtime reverts a failed instruction, so every action runs on a copy that is kept only when it succeeds.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod amm;
pub mod changes;
pub mod check;
pub mod conditional;
pub mod ops;
pub mod pockets;
mod setup;
pub mod story;
pub mod waiting;

#[allow(unused_imports, reason = "each test binary uses its part")]
pub use setup::market_params;

use kedge_model::action::{
    Bankruptcy, BankruptcyReport, CancelOrders, Context, Deposit, ExpireOrders, ExpireReport, FillOrder, FillReport,
    FundPool, FundingReport, IsolatePosition, Liquidate, LiquidationReport, MakerRef, Matched, MergePosition,
    ModifyOrder, ModifyParams, ModifyReport, OrderFilter, PlaceAndMake, PlaceAndTake, PlaceOrders, PoolKind,
    ReplaceOrders, ReplaceReport, SetLeverage, SettlePnl, SettleReport, SliceOrder, SliceReport, TakeReport,
    TrailOrder, TrailReport, TransferIsolated, TriggerOrder, TriggerReport, UpdateFunding, Withdraw,
};
use kedge_model::bank::Bank;
use kedge_model::board::{OraclePrice, PriceBoard, Purpose, RefreshReport};
use kedge_model::clock::Clock;
use kedge_model::error::Result;
use kedge_model::event::NoEvents;
use kedge_model::exchange::Exchange;
use kedge_model::margin::{Margin, MarginKind, margin, margin_for};
use kedge_model::market::Market;
use kedge_model::order::{Order, OrderKind, OrderParams, STATUS_OPEN, Side, flags};
use kedge_model::position::Position;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};
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

    /// All orders, those that wait included.
    pub fn open(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(|order| order.is_open())
    }

    /// The order with this id.
    pub fn find(&self, id: u32) -> Option<Order> {
        self.open().find(|order| order.id == id).copied()
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

impl World {
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

    /// Gives a position a pocket of its own.
    pub fn isolate(&mut self, account: usize, market: usize, amount: u64) -> Result<()> {
        self.attempt(|w| {
            let isolate = IsolatePosition { market: Self::index(market), amount: Amount(amount) };
            isolate.execute(&w.exchange, &w.board, &mut w.accounts[account].head, w.clock, &mut NoEvents)
        })
    }

    /// Moves collateral into an isolated position, or out of it.
    pub fn transfer_isolated(&mut self, account: usize, market: usize, amount: i64) -> Result<()> {
        self.attempt(|w| {
            let transfer = TransferIsolated { market: Self::index(market), amount: Quote(amount) };
            transfer.execute(&w.exchange, &w.board, &mut w.accounts[account].head, w.clock, &mut NoEvents)
        })
    }

    /// Gives up an isolated pocket.
    pub fn merge(&mut self, account: usize, market: usize) -> Result<()> {
        self.attempt(|w| {
            let merge = MergePosition { market: Self::index(market) };
            merge.execute(&w.exchange, &w.board, &mut w.accounts[account].head, w.clock, &mut NoEvents)
        })
    }

    /// Sets the user's own initial margin ratio.
    pub fn leverage(&mut self, account: usize, market: usize, ratio: u32) -> Result<()> {
        self.attempt(|w| {
            let set = SetLeverage { market: Self::index(market), ratio: Ppm(ratio) };
            set.execute(&w.board, &mut w.accounts[account].head, w.clock)
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
        let refs = self.refs(usize::from(params.market), taker, makers);
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
        let refs = self.refs(market, taker, makers);
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
        Ok(self.join(market, maker, taker, make)?.size)
    }

    /// [`Self::make`] with all that it matched.
    pub fn join(&mut self, market: usize, maker: usize, taker: usize, make: PlaceAndMake) -> Result<Matched> {
        self.on_market(market, &[maker, taker], |context, _, accounts| {
            let [maker, taker] = accounts else { panic!("two accounts were borrowed") };
            make.execute(context, maker, taker, &mut [])
        })
    }

    /// Places several orders in one instruction and returns the first's id.
    pub fn place_all(&mut self, account: usize, orders: &[OrderParams]) -> Result<u32> {
        self.on_market(usize::from(orders[0].market), &[account], |context, _, accounts| {
            Ok(PlaceOrders { orders }.execute(context, &mut accounts[0])?.first_id)
        })
    }

    /// Changes an order.
    pub fn modify(&mut self, market: usize, account: usize, params: ModifyParams) -> Result<ModifyReport> {
        self.on_market(market, &[account], |context, _, accounts| {
            ModifyOrder { params }.execute(context, &mut accounts[0])
        })
    }

    /// Cancels some orders and places others; what is gone is passed over unless `strict`.
    pub fn replace(
        &mut self,
        market: usize,
        account: usize,
        cancel: &[u32],
        orders: &[OrderParams],
        strict: bool,
    ) -> Result<ReplaceReport> {
        self.on_market(market, &[account], |context, _, accounts| {
            ReplaceOrders { cancel, orders, strict }.execute(context, &mut accounts[0])
        })
    }

    /// Cancels what fits a filter; returns how many.
    pub fn cancel_orders(&mut self, account: usize, filter: OrderFilter, ids: &[u32]) -> Result<u32> {
        self.attempt(|w| {
            let cancel = CancelOrders { filter, ids };
            Ok(cancel.execute(&mut w.accounts[account].borrow(), &mut NoEvents)?.cancelled)
        })
    }

    /// Runs a service to an account's orders in a market, for a sub-account that gets the fee or for nobody.
    fn serve<T>(
        &mut self,
        market: usize,
        owner: usize,
        crank: Option<usize>,
        run: impl FnOnce(&mut Context<'_, NoEvents>, &mut SubAccountMut<'_>, Option<&mut SubAccountMut<'_>>) -> Result<T>,
    ) -> Result<T> {
        let accounts: Vec<usize> = std::iter::once(owner).chain(crank).collect();
        self.on_market(market, &accounts, |context, _, accounts| {
            let (owner, crank) = accounts.split_first_mut().unwrap();
            run(context, owner, crank.first_mut())
        })
    }

    pub fn trigger(&mut self, market: usize, owner: usize, id: u32, crank: Option<usize>) -> Result<TriggerReport> {
        let trigger = TriggerOrder { order_id: id, slot: 0 };
        self.serve(market, owner, crank, |context, owner, crank| trigger.execute(context, owner, crank))
    }

    pub fn trail(&mut self, market: usize, owner: usize, id: u32, crank: Option<usize>) -> Result<TrailReport> {
        let trail = TrailOrder { order_id: id, slot: 0 };
        self.serve(market, owner, crank, |context, owner, crank| trail.execute(context, owner, crank))
    }

    pub fn slice(&mut self, market: usize, owner: usize, id: u32, crank: Option<usize>) -> Result<SliceReport> {
        let slice = SliceOrder { order_id: id, slot: 0 };
        self.serve(market, owner, crank, |context, owner, crank| slice.execute(context, owner, crank))
    }

    pub fn expire(&mut self, market: usize, owner: usize, ids: &[u32], crank: Option<usize>) -> Result<ExpireReport> {
        let expire = ExpireOrders { ids };
        self.serve(market, owner, crank, |context, owner, crank| expire.execute(context, owner, crank))
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
            let [account, liquidator] = accounts else { panic!("two accounts were borrowed") };
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
            let clock = w.clock;
            let mut borrowed = w.accounts[account].borrow();
            let market_mut = &mut w.markets[market];
            let report = Bankruptcy.execute(
                &w.exchange,
                &mut w.board,
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

    /// [`Self::maker_refs`] and as many of the taker's own resting orders as there is room for.
    pub fn refs(&self, market: usize, taker: usize, makers: &[usize]) -> Vec<MakerRef> {
        let mut refs = self.maker_refs(market, makers);
        for (slot, order) in self.accounts[taker].orders.iter().enumerate() {
            if order.status == STATUS_OPEN && usize::from(order.market) == market && refs.len() < 16 {
                let slot = u8::try_from(slot).unwrap();
                refs.push(MakerRef { order_id: order.id, account: MakerRef::OWN, slot, padding: [0; 2] });
            }
        }
        refs
    }

    pub fn margin(&self, account: usize, kind: MarginKind, purpose: Purpose) -> Result<Margin> {
        margin(&self.accounts[account].head, &self.board, kind, purpose, &self.clock)
    }

    /// Margin of the pocket that a market's position is in.
    pub fn margin_in(&self, account: usize, market: usize, kind: MarginKind, purpose: Purpose) -> Result<Margin> {
        margin_for(&self.accounts[account].head, Self::index(market), &self.board, kind, purpose, &self.clock)
    }

    /// Maintenance margin of that pocket as a liquidator sees it.
    pub fn health_in(&self, account: usize, market: usize) -> Margin {
        self.margin_in(account, market, MarginKind::Maintenance, Purpose::Liquidate).unwrap()
    }

    /// Maintenance margin of the cross pocket as a liquidator sees it.
    pub fn health(&self, account: usize) -> Margin {
        self.margin(account, MarginKind::Maintenance, Purpose::Liquidate).unwrap()
    }

    /// What an account is worth at the oracles: balances and isolated tokens in full, claims, funding, positions.
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
            let quote = self.board.bank(0).unwrap().price.price;
            total += i128::from(pnl.0) + i128::from(position.isolated.0) * i128::from(quote.0) / 1_000_000;
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

/// A market order with the exchange's own auction.
pub fn at_market(market: usize, side: Side, size: u64) -> OrderParams {
    OrderParams { kind: OrderKind::Market as u8, ..limit(market, side, size, 0) }
}

/// An order that waits for a trigger; limit kinds with a limit at the trigger.
pub fn waiting(market: usize, kind: OrderKind, side: Side, size: u64, trigger: u64) -> OrderParams {
    let price = if kind.rests() { trigger } else { 0 };
    OrderParams { kind: kind as u8, trigger_price: Price(trigger), ..limit(market, side, size, price) }
}

/// A leg of the order before it, or with a size one of two of which one cancels the other.
pub fn leg(params: OrderParams) -> OrderParams {
    OrderParams { flags: params.flags | flags::LEG | flags::REDUCE_ONLY, ..params }
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
