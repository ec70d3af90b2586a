//! A small exchange for the jobs' tests, made of the model alone.

use kedge_model::action::{
    AmmParams, BankParams, Bankruptcy, CancelAll, Context, ExpireOrders, FillOrder, IsolatePosition, Liquidate,
    ListBank, ListMarket, MarketParams, PlaceAndMake, PlaceAndTake, PlaceOrders, RowParams, SettleMarket, SettlePnl,
    SettlePosition, SliceOrder, TrailOrder, TriggerOrder,
};
use kedge_model::bank::Bank;
use kedge_model::board::{OraclePrice, PriceBoard, PriceSource, SourceKind};
use kedge_model::clock::Clock;
use kedge_model::event::{CancelReason, NoEvents};
use kedge_model::exchange::Exchange;
use kedge_model::market::{Market, MarketStatus};
use kedge_model::order::{Order, OrderKind, OrderParams, Side};
use kedge_model::quantity::{Amount, Ppm, Price, Size};
use kedge_model::sub_account::SubAccount;
use solana_pubkey::Pubkey;

use kedge_sender::plan::{maker_accounts, maker_refs};
use kedge_sender::{Plan, Service, Work};
use kedge_state::oracles::Asked;
use kedge_state::{Account, World};

const FEED: [u8; 32] = [7; 32];

/// The exchange.
pub(crate) struct Stage {
    pub(crate) world: World,
}

/// A limit order in market 0.
pub(crate) fn limit(side: Side, price: u64, size: u64) -> OrderParams {
    OrderParams {
        kind: OrderKind::Limit as u8,
        side: side as u8,
        price: Price(price),
        size: Size(size),
        ..OrderParams::default()
    }
}

/// A market order in market 0 with the default auction.
pub(crate) fn market_order(side: Side, size: u64) -> OrderParams {
    OrderParams { kind: OrderKind::Market as u8, side: side as u8, size: Size(size), ..OrderParams::default() }
}

impl Stage {
    /// One market at 200 with a vAMM, one quote bank.
    pub(crate) fn new() -> Self {
        let clock = Clock { slot: 1_000, unix_time: 1_738_540_800 };
        let mut exchange = Exchange::new(1, [1; 32], [2; 32]).unwrap();
        let mut board = Box::new(PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() });
        let (mut bank, mut market) = (Bank::default(), Market::default());
        ListBank { params: &bank_params(), mint: [3; 32], vault: [4; 32], decimals: 6 }
            .execute(&mut exchange, &mut board, &mut bank)
            .unwrap();
        ListMarket { params: &market_params() }.execute(&mut exchange, &mut board, &mut market, clock).unwrap();
        market.status = MarketStatus::Active as u8;
        // Wider than any tier allows, so that a test's fall of a tenth is not a jump.
        board.markets[0].price.jump_limit = Ppm(300_000);
        market.amm.endow(Amount(1_000_000_000_000)).unwrap();
        market.pnl_pool.0 = 1_000_000_000_000;
        bank.market_pools.0 = 1_000_000_000_000;
        let mut world = World::new(clock, exchange, board);
        world.markets.push(market);
        world.banks.push(bank);
        let mut stage = Self { world };
        stage.publish(0, 200_000_000);
        stage.world.board = stage.world.fresh.clone();
        stage
    }

    /// Sets the market's expiry.
    pub(crate) fn expire(&mut self, time: i64) {
        self.world.markets[0].expiry_time = time;
        self.world.board.markets[0].expiry_time = time;
        self.world.refresh();
    }

    pub(crate) fn without_amm(&mut self) {
        let market = &mut self.world.markets[0];
        market.amm.sqrt_k = Size(0);
        market.amm.base_reserve = Size(0);
        market.amm.quote_reserve = Size(0);
    }

    pub(crate) fn world(&self) -> World {
        self.world.clone()
    }

    /// Lets slots and seconds pass.
    pub(crate) fn advance(&mut self, slots: u64, seconds: i64) {
        self.world.clock.slot += slots;
        self.world.clock.unix_time += seconds;
        self.world.refresh();
    }

    /// A new oracle price; the board on chain does not have it yet.
    pub(crate) fn publish(&mut self, market: u16, price: u64) {
        assert_eq!(market, 0);
        let seen = OraclePrice {
            price: Price(price),
            confidence: Price(price / 2_000),
            publish_time: self.world.clock.unix_time,
            publish_slot: self.world.clock.slot,
        };
        let row = &self.world.board.markets[0].price;
        let asked = Asked::by(row, &row.sources[0]);
        self.world.oracles.insert(asked, seen);
        self.world.refresh();
    }

    /// A trader with a balance.
    pub(crate) fn trader(&mut self, balance: u64) -> Pubkey {
        let address = Pubkey::new_unique();
        let mut head = SubAccount {
            version: SubAccount::VERSION,
            authority: address.to_bytes(),
            next_order_id: 1,
            ..SubAccount::default()
        };
        head.credit(0, Amount(balance)).unwrap();
        self.world.banks[0].deposits.0 += balance;
        self.world.accounts.insert(address, Account { head: Box::new(head), orders: vec![Order::default(); 16] });
        address
    }

    /// Gives the trader's position a pocket of its own.
    pub(crate) fn isolate(&mut self, account: Pubkey, amount: u64) {
        let mut sub = self.world.accounts.remove(&account).unwrap();
        let isolate = IsolatePosition { market: 0, amount: Amount(amount) };
        let (exchange, board, clock) = (&self.world.exchange, &self.world.fresh, self.world.clock);
        isolate.execute(exchange, board, &mut sub.head, clock, &mut NoEvents).unwrap();
        self.world.accounts.insert(account, sub);
    }

    /// Places an order on the refreshed board; returns its id.
    pub(crate) fn place(&mut self, account: Pubkey, order: OrderParams) -> u32 {
        self.on(account, |context, account| {
            PlaceOrders { orders: &[order] }.execute(context, account).unwrap().first_id
        })
    }

    /// The buyer buys from the seller.
    pub(crate) fn trade(&mut self, buyer: Pubkey, seller: Pubkey, size: u64, price: u64) {
        let order = OrderParams {
            price: Price(price),
            auction_start: Price(price),
            auction_end: Price(price),
            auction_ms: 5_000,
            ..limit(Side::Long, price, size)
        };
        let id = self.place(buyer, order);
        let works = vec![Work::Make {
            market: 0,
            maker: seller,
            taker: buyer,
            order_id: id,
            slot: 0,
            size: Size(size),
            worst_price: Price(price),
            min_position: kedge_model::quantity::Base(i64::MIN / 2),
            max_position: kedge_model::quantity::Base(i64::MAX / 2),
            sharers: Vec::new(),
        }];
        self.run(&Plan { refresh: vec![0], works });
    }

    /// Executes a plan for real.
    pub(crate) fn run(&mut self, plan: &Plan) {
        if !plan.refresh.is_empty() {
            self.world.board = self.world.fresh.clone();
        }
        for work in &plan.works {
            self.work(work);
        }
        self.world.markets[0].invariant().unwrap();
        self.world.refresh();
    }

    fn work(&mut self, work: &Work) {
        match work {
            Work::CancelAll { account, market } => {
                let mut sub = self.world.accounts.remove(account).unwrap();
                let cancel = CancelAll { market: *market, reason: CancelReason::Requested };
                let _ = cancel.execute(&mut sub.borrow(), &mut NoEvents).unwrap();
                self.world.accounts.insert(*account, sub);
            }
            Work::Place { account, orders, .. } => {
                let _ = self.on(*account, |context, account| PlaceOrders { orders }.execute(context, account).unwrap());
            }
            Work::Make { maker, taker, order_id, size, worst_price, min_position, max_position, .. } => {
                let action = PlaceAndMake {
                    order_id: *order_id,
                    slot: 0,
                    size: *size,
                    worst_price: *worst_price,
                    min_position: *min_position,
                    max_position: *max_position,
                };
                let mut maker_account = self.world.accounts.remove(maker).unwrap();
                self.on(*taker, |context, taker| {
                    let _ = action.execute(context, &mut maker_account.borrow(), taker, &mut []).unwrap();
                });
                self.world.accounts.insert(*maker, maker_account);
            }
            Work::Liquidate { account, liquidator, max_size, limit_price, .. } => {
                let action = Liquidate { max_size: *max_size, limit_price: *limit_price };
                let mut own = self.world.accounts.remove(liquidator).unwrap();
                self.on(*account, |context, account| {
                    let _ = action.execute(context, account, &mut own.borrow()).unwrap();
                });
                self.world.accounts.insert(*liquidator, own);
            }
            Work::Take { account, order, min_fill, makers, .. } => {
                let refs = kedge_sender::plan::maker_refs(makers);
                let addresses = kedge_sender::plan::maker_accounts(makers);
                let mut accounts: Vec<Account> =
                    addresses.iter().map(|address| self.world.accounts.remove(address).unwrap()).collect();
                let take = PlaceAndTake { order: *order, min_fill: *min_fill, makers: &refs };
                let mut borrowed: Vec<_> = accounts.iter_mut().map(Account::borrow).collect();
                self.on(*account, |context, account| {
                    let _ = take.execute(context, account, &mut borrowed).unwrap();
                });
                self.world.accounts.extend(addresses.into_iter().zip(accounts));
            }
            Work::SettlePnl { account, .. } => {
                let mut bank = self.world.banks[0];
                self.on(*account, |context, account| {
                    let _ = SettlePnl.execute(context, &mut bank, account).unwrap();
                });
                self.world.banks[0] = bank;
            }
            Work::SettleMarket { .. } => {
                let world = &mut self.world;
                let (exchange, board) = (&world.exchange, &mut world.board);
                let market = &mut world.markets[0];
                let _ = SettleMarket.execute(exchange, board, market, world.clock, &mut NoEvents).unwrap();
                world.fresh = world.board.clone();
            }
            Work::SettlePosition { account, .. } => {
                let mut bank = self.world.banks[0];
                self.on(*account, |context, account| {
                    let _ = SettlePosition.execute(context, &mut bank, account).unwrap();
                });
                self.world.banks[0] = bank;
            }
            Work::SettleBankruptcy { account, .. } => {
                let mut sub = self.world.accounts.remove(account).unwrap();
                let world = &mut self.world;
                let _ = Bankruptcy
                    .execute(
                        &world.exchange,
                        &mut world.board,
                        &mut world.markets[0],
                        &mut world.banks[0],
                        &mut sub.borrow(),
                        world.clock,
                        &mut NoEvents,
                    )
                    .unwrap();
                self.world.accounts.insert(*account, sub);
            }
            Work::Serve { service, account, order_id, crank, .. } => {
                let mut paid = crank.map(|address| self.world.accounts.remove(&address).unwrap());
                self.on(*account, |context, owner| {
                    let mut crank = paid.as_mut().map(Account::borrow);
                    let (crank, order_id, slot) = (crank.as_mut(), *order_id, 0);
                    let served = match service {
                        Service::Trigger => TriggerOrder { order_id, slot }.execute(context, owner, crank).map(drop),
                        Service::Trail => TrailOrder { order_id, slot }.execute(context, owner, crank).map(drop),
                        Service::Slice => SliceOrder { order_id, slot }.execute(context, owner, crank).map(drop),
                    };
                    served.unwrap();
                });
                self.world.accounts.extend(crank.zip(paid));
            }
            Work::Expire { account, ids, crank, .. } => {
                let mut paid = crank.map(|address| self.world.accounts.remove(&address).unwrap());
                self.on(*account, |context, owner| {
                    let mut crank = paid.as_mut().map(Account::borrow);
                    let _ = ExpireOrders { ids }.execute(context, owner, crank.as_mut()).unwrap();
                });
                self.world.accounts.extend(crank.zip(paid));
            }
            Work::Fill { taker, order_id, slot, filler: None, makers, sharers, .. } => {
                let addresses = [maker_accounts(makers), sharers.clone()].concat();
                let mut accounts: Vec<Account> =
                    addresses.iter().map(|address| self.world.accounts.remove(address).unwrap()).collect();
                let refs = maker_refs(makers);
                let fill = FillOrder { order_id: *order_id, slot: usize::from(*slot), makers: &refs };
                self.on(*taker, |context, owner| {
                    let mut makers: Vec<_> = accounts.iter_mut().map(Account::borrow).collect();
                    let _ = fill.execute(context, owner, None, &mut makers).unwrap();
                });
                self.world.accounts.extend(addresses.into_iter().zip(accounts));
            }
            other => panic!("no test runs {other:?}"),
        }
    }

    fn on<T>(
        &mut self,
        account: Pubkey,
        run: impl FnOnce(&mut Context<'_, NoEvents>, &mut kedge_model::sub_account::SubAccountMut<'_>) -> T,
    ) -> T {
        let mut sub = self.world.accounts.remove(&account).unwrap();
        let board = self.world.fresh.clone();
        let mut context = Context {
            exchange: &self.world.exchange,
            board: &board,
            market: &mut self.world.markets[0],
            clock: self.world.clock,
            sink: &mut NoEvents,
        };
        let outcome = run(&mut context, &mut sub.borrow());
        self.world.accounts.insert(account, sub);
        outcome
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
