//! A small exchange for tests, in the engine's memory: one market at 200 with a vAMM, one quote bank.
#![expect(clippy::missing_panics_doc, reason = "a test that cannot be set up fails")]

use std::sync::Arc;

use kedge_engine::{Accounts, Kind, Moment, State, apply};
use kedge_interface::account::{Account as Stored, SubAccountData};
use kedge_interface::address;
use kedge_interface::instruction::{
    CreateSubAccount, CreateTrader, Decoded, Deposit, FundPool, Initialize, IsolatePosition, ListBank, ListMarket,
    PlaceAndMake, PlaceOrders,
};
use kedge_interface::{BOARD, EXCHANGE};
use kedge_model::account::bank::Bank;
use kedge_model::account::board::{PriceBoard, PriceSource, SourceKind};
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::{Market, MarketStatus};
use kedge_model::account::order::{OrderKind, OrderParams, Side};
use kedge_model::action::{AmmParams, BankParams, MarketParams, PoolKind, RowParams};
use kedge_model::clock::Clock;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Ppm, Price, Size};
use kedge_model::time::Millis;
use solana_pubkey::Pubkey;

use crate::pyth::{OWNER, feed_address};
use crate::{Account, Directory, World, oracles};
use kedge_interface::pyth::PriceUpdate;

const ADMIN: Pubkey = Pubkey::new_from_array([1; 32]);
const MINT: Pubkey = Pubkey::new_from_array([3; 32]);
const FEED: [u8; 32] = [7; 32];

/// A test exchange with its clock.
#[derive(Clone, Debug)]
pub struct TestExchange {
    /// Accounts of the exchange.
    pub state: State,
    /// Slot and Unix time of the chain.
    pub clock: Clock,
    directory: Arc<Directory>,
}

/// A limit order in market 0; price in millionths of a dollar, size in billionths of a coin.
#[must_use]
pub fn limit(side: Side, price: u64, size: u64) -> OrderParams {
    let (kind, side) = (OrderKind::Limit as u8, side as u8);
    OrderParams { kind, side, price: Price(price), size: Size(size), ..OrderParams::default() }
}

/// A market order in market 0 with the default auction.
#[must_use]
pub fn market_order(side: Side, size: u64) -> OrderParams {
    OrderParams { kind: OrderKind::Market as u8, side: side as u8, size: Size(size), ..OrderParams::default() }
}

impl Default for TestExchange {
    fn default() -> Self {
        Self::new()
    }
}

impl TestExchange {
    /// An exchange whose market opens at 200 dollars.
    #[must_use]
    pub fn new() -> Self {
        let clock = Clock { slot: 1_000, unix_time: 1_738_540_800 };
        let mut exchange = Self { state: State::default(), clock, directory: Arc::default() };
        exchange.state.mints.insert(MINT, 6);
        let (market, bank, vault) = (address::market(0), address::bank(0), address::vault(0));
        exchange.run(Decoded::Initialize(Initialize { admin: ADMIN, pauser: [2; 32], treasury: [9; 32] }));
        exchange.run(Decoded::ListBank(ListBank { admin: ADMIN, bank, mint: MINT, vault, params: bank_params() }));
        exchange.run(Decoded::ListMarket(ListMarket { admin: ADMIN, market, params: market_params() }));
        let fund = FundPool {
            payer: ADMIN,
            bank,
            market,
            source: ADMIN,
            vault,
            kind: PoolKind::Amm as u8,
            amount: 1_000_000_000_000,
        };
        exchange.run(Decoded::FundPool(fund));
        exchange.change(market, |market: &mut Market| market.status = MarketStatus::Active as u8);
        // Wider than any tier allows, so that a test's fall of a tenth is not a jump.
        exchange.change(BOARD, |board: &mut PriceBoard| board.markets[0].price.jump_limit = Ppm(300_000));
        exchange.directory = Arc::new(Directory::of(exchange.board(), 1, 1));
        exchange.publish(200_000_000);
        exchange.refresh();
        exchange
    }

    /// Applies an instruction. Panics when it fails.
    pub fn run(&mut self, instruction: Decoded) {
        let outcome = apply(&mut self.state, &instruction, &Moment::from(self.clock), &mut NoEvents);
        let _ = outcome.unwrap_or_else(|refusal| panic!("{refusal:?}: {instruction:?}"));
    }

    /// Advances the clock.
    pub fn advance(&mut self, slots: u64, seconds: i64) {
        self.clock.slot += slots;
        self.clock.unix_time += seconds;
    }

    /// Writes a new price into the oracle's account, millionths of a dollar; the board keeps its price until
    /// [`Self::refresh`].
    pub fn publish(&mut self, price: u64) {
        let update = PriceUpdate {
            feed_id: FEED,
            price: i64::try_from(price).unwrap(),
            confidence: price / 2_000,
            exponent: -6,
            publish_time: self.clock.unix_time,
            posted_slot: self.clock.slot,
        };
        self.state.oracles.insert(feed_address(&FEED), (OWNER, update.encode()));
    }

    /// Refreshes the board's row from the oracle.
    pub fn refresh(&mut self) {
        self.state.write(BOARD, *self.world_without_accounts().fresh);
    }

    /// The world that a keeper would see.
    #[must_use]
    pub fn world(&self) -> World {
        let mut world = self.world_without_accounts();
        for (at, account) in &self.state.accounts {
            if let Stored::SubAccount(account) = account {
                world.accounts.insert(*at, Account::from((**account).clone()));
            }
        }
        world
    }

    fn world_without_accounts(&self) -> World {
        let exchange: &Exchange = self.state.read(&EXCHANGE).unwrap();
        let mut world = World::new(self.clock, *exchange, Box::new(*self.board()));
        world.markets.push(*self.state.read(&address::market(0)).unwrap());
        world.banks.push(*self.state.read(&address::bank(0)).unwrap());
        world.directory = Arc::clone(&self.directory);
        world.oracles = oracles::observe(&world.board, &world.directory, &self.state.oracles, &self.clock);
        world.refresh();
        world
    }

    /// Addresses of the listed market and bank.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory)
    }

    /// Changes an account without an instruction.
    pub fn change<T: Kind>(&mut self, at: Pubkey, change: impl FnOnce(&mut T)) {
        let mut content: T = self.state.read::<T>(&at).unwrap().clone();
        change(&mut content);
        self.state.write(at, content);
    }

    /// Sets the market's expiry, Unix seconds, also in the past.
    pub fn expire(&mut self, time: i64) {
        self.change(address::market(0), |market: &mut Market| market.expiry_time = time);
        self.change(BOARD, |board: &mut PriceBoard| board.markets[0].expiry_time = time);
    }

    /// Sets the vAMM's depth to zero.
    pub fn without_amm(&mut self) {
        self.change(address::market(0), |market: &mut Market| {
            (market.amm.sqrt_k, market.amm.base_reserve, market.amm.quote_reserve) = (Size(0), Size(0), Size(0));
        });
    }

    /// Has the liquidator's discount begin at a share and grow for so many milliseconds.
    pub fn ramped(&mut self, start: Ppm, milliseconds: u64) {
        self.change(address::market(0), |market: &mut Market| {
            (market.liquidator_fee_start, market.liquidation_ramp) = (start, Millis(milliseconds));
        });
    }

    /// Isolates the sub-account's position, with collateral in millionths of a dollar.
    pub fn isolate(&mut self, account: Pubkey, amount: u64) {
        let (signer, market) = (self.owner(account), 0);
        self.run_fresh(Decoded::IsolatePosition(IsolatePosition { signer, sub_account: account, market, amount }));
    }

    /// Applies an instruction to a refreshed board, and restores the board afterwards.
    fn run_fresh(&mut self, instruction: Decoded) {
        let board = *self.board();
        self.refresh();
        self.run(instruction);
        self.state.write(BOARD, board);
    }

    /// Creates a trader and a sub-account with a balance in millionths of a dollar. Returns its address.
    pub fn trader(&mut self, balance: u64) -> Pubkey {
        let person = Pubkey::new_unique();
        let account = address::sub_account(&person, 0);
        self.run(Decoded::CreateTrader(CreateTrader::of(person, person)));
        self.run(Decoded::CreateSubAccount(CreateSubAccount::of(person, person, 0, "main", 16)));
        self.run(Decoded::Deposit(Deposit::of(person, person, account, Bank::QUOTE, balance)));
        // Later in the order of addresses than those before: what is decided first must not be left to chance.
        let at = Pubkey::new_unique();
        if let Some(opened) = self.state.accounts.remove(&account) {
            self.state.accounts.insert(at, opened);
        }
        at
    }

    /// Authority of a sub-account.
    #[must_use]
    pub fn owner(&self, account: Pubkey) -> Pubkey {
        self.sub_account(account).head.authority.into()
    }

    /// A sub-account.
    #[must_use]
    pub fn sub_account(&self, account: Pubkey) -> &SubAccountData {
        self.state.read(&account).unwrap()
    }

    /// The price board.
    #[must_use]
    pub fn board(&self) -> &PriceBoard {
        self.state.read(&BOARD).unwrap()
    }

    /// Places an order. Returns its id.
    pub fn place(&mut self, account: Pubkey, order: OrderParams) -> u32 {
        let id = self.sub_account(account).head.next_order_id;
        let (signer, market) = (self.owner(account), address::market(0));
        self.run_fresh(Decoded::PlaceOrders(PlaceOrders { signer, market, sub_account: account, orders: vec![order] }));
        id
    }

    /// The buyer buys from the seller.
    pub fn trade(&mut self, buyer: Pubkey, seller: Pubkey, size: u64, price: u64) {
        let order = OrderParams {
            auction_start: Price(price),
            auction_end: Price(price),
            auction_ms: 5_000,
            ..limit(Side::Long, price, size)
        };
        let order_id = self.place(buyer, order);
        self.refresh();
        self.run(Decoded::PlaceAndMake(PlaceAndMake {
            signer: self.owner(seller),
            market: address::market(0),
            maker: seller,
            taker: buyer,
            order_id,
            slot: 0,
            size,
            worst_price: price,
            min_position: i64::MIN / 2,
            max_position: i64::MAX / 2,
            sharers: Vec::new(),
        }));
    }
}

fn row(kind: SourceKind, key: [u8; 32]) -> RowParams {
    let mut sources = [PriceSource::default(); 4];
    sources[0] = PriceSource { key, kind: kind as u8, ..PriceSource::default() };
    RowParams {
        sources,
        quorum: 1,
        max_confidence: Ppm(20_000),
        max_age: 60,
        jump_limit: Ppm(50_000),
        ..RowParams::default()
    }
}

fn bank_params() -> BankParams {
    BankParams {
        row: row(SourceKind::Fixed, [0; 32]),
        deposit_cap: Amount(u64::MAX),
        initial_weight: Ppm(1_000_000),
        maintenance_weight: Ppm(1_000_000),
        ..BankParams::default()
    }
}

fn market_params() -> MarketParams {
    MarketParams {
        row: row(SourceKind::PythPull, FEED),
        amm: AmmParams {
            sqrt_k: Size(1_000_000_000_000_000),
            peg: Price(200_000_000),
            inventory_limit: Size(10_000_000_000_000),
            concentration: 1_200_000,
            base_spread: Ppm(2_000),
            max_spread: Ppm(20_000),
            inventory_spread: Ppm(2_000),
            max_fill_fraction: 100,
            margin: Ppm(100_000),
            update_budget: Ppm(500_000),
            flat_share: Ppm(10_000),
            volatility_factor: Ppm(500_000),
            retreat_factor: Ppm(500_000),
            leverage_spread: Ppm(2_000),
            revenue_spread: Ppm(5_000),
            drawdown_limit: Ppm(300_000),
            jit_share: Ppm(500_000),
            depth_step: Ppm(1_000),
            ..AmmParams::default()
        },
        initial_margin: Ppm(100_000),
        maintenance_margin: Ppm(50_000),
        funding_cap: Ppm(1_000),
        price_band: Ppm(50_000),
        liquidator_fee: Ppm(5_000),
        liquidator_fee_small: Ppm(10_000),
        insurance_fee: Ppm(5_000),
        liquidation_buffer: Ppm(5_000),
        small_position: Amount(1_000_000_000),
        min_order: Size(100_000_000),
        step: Size(10_000_000),
        tick: Price(1_000),
        max_open_interest: Size(1_000_000_000_000_000),
        max_position: Size(1_000_000_000_000_000),
        insurance_cap: Amount(100_000_000_000),
        ..MarketParams::default()
    }
}
