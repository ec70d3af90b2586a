//! Markets, banks and accounts to start from.

use super::{Account, BOOK, BTC, DOLLAR, ONE, SOL, START, World};
use kedge_model::account::bank::Bank;
use kedge_model::account::board::{PriceBoard, PriceSource, SourceKind};
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::{Market, MarketStatus};
use kedge_model::action::{
    AmmParams, BankParams, ListBank, ListMarket, MarketParams, PoolKind, RowParams, SetMarketStatus,
};
use kedge_model::clock::Clock;
use kedge_model::error::Result;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Ppm, Price, Size};
use kedge_model::time::Seconds;

fn source(key: u8) -> PriceSource {
    PriceSource { key: [key; 32], kind: SourceKind::PythPull as u8, ..PriceSource::default() }
}

/// Two sources of which one is enough, 10 s, 0.5 % confidence, jumps beyond 5 %.
pub(crate) fn row_params(quorum: u8) -> RowParams {
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
pub(crate) fn market_params(name: &[u8], price: Price, depth: u64, step: u64, tick: u64) -> MarketParams {
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
    pub(crate) fn new(accounts: usize) -> Self {
        let mut world = Self {
            exchange: Exchange::new(255, [9; 32], [8; 32]).unwrap().with_treasury([5; 32]).unwrap(),
            board: Box::new(PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() }),
            markets: Vec::new(),
            banks: Vec::new(),
            vaults: Vec::new(),
            accounts: (0..accounts)
                .map(|index| Account::new(u8::try_from(index / 2 + 1).unwrap(), u16::try_from(index % 2).unwrap()))
                .collect(),
            clock: Clock { slot: 1_000_000, unix_time: START },
            vault: None,
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
        for market in [BTC, SOL, BOOK] {
            world.open_market(market).unwrap();
        }
        world
    }

    /// [`World::new`] with money: the vAMMs have 200,000, the insurance funds 20,000, every sub-account so many.
    pub(crate) fn funded(accounts: usize, dollars: u64) -> Self {
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

    pub(crate) fn list_bank(&mut self, params: &BankParams, decimals: u8) {
        let mut bank = Bank::default();
        let list = ListBank { params, mint: [7; 32], vault: [6; 32], decimals };
        let _ = list.execute(&mut self.exchange, &mut self.board, &mut bank).unwrap();
        self.banks.push(bank);
        self.vaults.push(0);
    }

    pub(crate) fn list_market(&mut self, params: &MarketParams) {
        let mut market = Market::default();
        let list = ListMarket { params };
        let _ = list.execute(&mut self.exchange, &mut self.board, &mut market, self.clock).unwrap();
        self.markets.push(market);
        self.dust_bound.push(0);
    }

    pub(crate) fn open_market(&mut self, market: usize) -> Result<()> {
        let open = SetMarketStatus { status: MarketStatus::Active, length: Seconds::DAY };
        open.execute(&self.board, &mut self.markets[market], self.clock, &mut NoEvents)
    }
}
