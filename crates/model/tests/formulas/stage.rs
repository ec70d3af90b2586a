//! A market, its board and two accounts: what actions need around the numbers that a formula is about.

use kedge_model::account::bank::Bank;
use kedge_model::account::board::{BankRow, MarketRow, PriceBoard, PriceRow};
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::{Market, MarketStatus};
use kedge_model::account::order::Order;
use kedge_model::account::position::{Position, status};
use kedge_model::account::sub_account::{SubAccount, SubAccountMut, status as marks};
use kedge_model::action::Context;
use kedge_model::clock::Clock;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Ppm, Price, Size};

/// The moment of all formulas.
pub(super) const NOW: i64 = 1_800_000_000;
pub(super) const SLOT: u64 = 1_000_000;
/// More than anything needs.
pub(super) const PLENTY: u64 = 1 << 62;

/// All that an action can ask for.
pub(super) struct Stage {
    pub exchange: Exchange,
    pub board: Box<PriceBoard>,
    pub market: Market,
    pub bank: Bank,
    pub account: SubAccount,
    pub other: SubAccount,
    pub orders: Vec<Order>,
    pub clock: Clock,
}

/// A fresh row at a price.
pub(super) fn row(price: Price) -> PriceRow {
    PriceRow {
        price,
        twap_5m: price,
        twap_1h: price,
        publish_time: NOW,
        publish_slot: SLOT,
        quorum_time: NOW,
        sample_time: NOW,
        source_count: 1,
        quorum: 1,
        max_age: 10,
        max_confidence: Ppm(1_000_000),
        jump_limit: Ppm(50_000),
        ..PriceRow::default()
    }
}

impl Stage {
    /// A market at a price, a quote bank of full weight, and two accounts of different owners.
    pub(super) fn new(price: Price) -> Self {
        let mut board = Box::new(PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() });
        board.markets[0] = MarketRow {
            price: row(price),
            initial_margin: Ppm(1_000_000),
            maintenance_margin: Ppm(50_000),
            listed: 1,
            ..MarketRow::default()
        };
        board.banks[0] = BankRow {
            price: row(Price(1_000_000)),
            initial_weight: Ppm(1_000_000),
            maintenance_weight: Ppm(1_000_000),
            decimals: 6,
            listed: 1,
            ..BankRow::default()
        };
        let market = Market {
            version: Market::VERSION,
            status: MarketStatus::Active as u8,
            step: Size(1),
            min_order: Size(1),
            tick: Price(1),
            max_position: Size(u64::MAX),
            max_open_interest: Size(u64::MAX),
            price_band: Ppm(50_000),
            ..Market::default()
        };
        let account = SubAccount { version: SubAccount::VERSION, authority: [1; 32], ..SubAccount::default() };
        let other = SubAccount { authority: [2; 32], ..account };
        Self {
            exchange: Exchange {
                version: Exchange::VERSION,
                default_auction_ms: 5_000,
                max_auction_ms: 60_000,
                ..Exchange::default()
            },
            board,
            market,
            bank: Bank {
                version: Bank::VERSION,
                market_pools: Amount(PLENTY),
                deposits: Amount(PLENTY),
                ..Bank::default()
            },
            account,
            other,
            orders: vec![Order::default(); 4],
            clock: Clock { slot: SLOT, unix_time: NOW },
        }
    }

    /// Puts a position into the account, isolated with its own tokens.
    pub(super) fn isolate(&mut self, position: Position) {
        self.account.positions[0] = Position { status: status::USED | status::ISOLATED | position.status, ..position };
        self.account.status |= marks::HAS_ISOLATED;
    }

    /// Runs an action with the context, the bank, the account and the other one.
    pub(super) fn run<T>(
        &mut self,
        action: impl FnOnce(&mut Context<'_, NoEvents>, &mut Bank, &mut SubAccountMut<'_>, &mut SubAccountMut<'_>) -> T,
    ) -> T {
        let mut context = Context {
            exchange: &self.exchange,
            board: &self.board,
            market: &mut self.market,
            clock: self.clock,
            sink: &mut NoEvents,
        };
        let mut account = SubAccountMut { head: &mut self.account, orders: &mut self.orders };
        let mut other = SubAccountMut { head: &mut self.other, orders: &mut [] };
        action(&mut context, &mut self.bank, &mut account, &mut other)
    }
}
