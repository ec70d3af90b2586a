//! The exchange at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use kedge_model::account::bank::Bank;
use kedge_model::account::board::{OraclePrice, PriceBoard, PriceRow, SourceKind};
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::clock::Clock;
use kedge_model::quantity::Price;
use solana_pubkey::Pubkey;

use crate::book::Books;
use crate::oracles::Asked;
use crate::{Account, Directory};

/// The exchange as of one slot, with the oracle accounts of its rows.
#[derive(Clone, Debug)]
pub struct World {
    /// The chain's clock.
    pub clock: Clock,
    /// Fees and switches.
    pub exchange: Box<Exchange>,
    /// The price board on chain.
    pub board: Box<PriceBoard>,
    /// The board after a refresh of every row now, as a plan that refreshes first sees it.
    pub fresh: Box<PriceBoard>,
    /// Markets by index.
    pub markets: Vec<Market>,
    /// Banks by index.
    pub banks: Vec<Bank>,
    /// Addresses behind the indices of markets and banks.
    pub directory: Arc<Directory>,
    /// Sub-accounts by address.
    pub accounts: BTreeMap<Pubkey, Account>,
    /// Prices of the oracle accounts, by source and its row's conditions.
    pub oracles: BTreeMap<Asked, OraclePrice>,
    /// Accounts that may be liquidatable or in default, while a [`Roll`](crate::endangered::Roll) keeps track of them;
    /// `None` without one, when every account may be.
    pub watched: Option<BTreeSet<Pubkey>>,
    /// The order books, once a caller has asked for them or keeps them up to date.
    books: OnceLock<Books>,
}

impl World {
    /// A world without addresses, oracles or accounts around an exchange.
    #[must_use]
    pub fn new(clock: Clock, exchange: Exchange, board: Box<PriceBoard>) -> Self {
        Self {
            clock,
            exchange: Box::new(exchange),
            fresh: board.clone(),
            board,
            markets: Vec::new(),
            banks: Vec::new(),
            directory: Arc::default(),
            accounts: BTreeMap::new(),
            oracles: BTreeMap::new(),
            watched: None,
            books: OnceLock::new(),
        }
    }

    /// The order books at this moment, built from all accounts unless a caller keeps them up to date.
    #[must_use]
    pub fn books(&self) -> &Books {
        self.books.get_or_init(|| Books::of(&self.accounts, self.clock.slot))
    }

    /// The order books, to keep them up to date: a caller that changes [`World::accounts`] or the clock applies the
    /// change to the books ([`Books::apply`], [`Books::advance`]), or replaces them.
    pub fn books_mut(&mut self) -> &mut Books {
        let _ = self.books();
        self.books.get_mut().unwrap_or_else(|| unreachable!("they were built just now"))
    }

    /// Brings [`World::fresh`] up to date with board, oracles and clock.
    pub fn refresh(&mut self) {
        self.fresh.clone_from(&self.board);
        let (clock, oracles, micros) = (self.clock, &self.oracles, self.board.slot_time());
        // A row that cannot be refreshed keeps its old price; plans that need it are refused.
        for row in self.fresh.markets.iter_mut().filter(|row| row.listed == 1) {
            let seen = observations(&row.price, oracles, &clock);
            let _ = row.refresh(&seen, &clock, micros);
        }
        for row in self.fresh.banks.iter_mut().filter(|row| row.listed == 1) {
            let seen = observations(&row.price, oracles, &clock);
            let _ = row.refresh(&seen, &clock, micros);
        }
    }

    /// The accounts that may be liquidatable or in default, by address.
    pub fn endangered(&self) -> Box<dyn Iterator<Item = (&Pubkey, &Account)> + '_> {
        match &self.watched {
            Some(watched) => Box::new(watched.iter().filter_map(|address| self.accounts.get_key_value(address))),
            None => Box::new(self.accounts.iter()),
        }
    }

    /// The oracle price of a market after a refresh; zero for a market without a price.
    #[must_use]
    pub fn oracle(&self, market: u16) -> Price {
        self.fresh.market(market).map_or(Price::ZERO, |row| row.price.price)
    }

    /// The price at which a position in a market is valued after a refresh: the oracle price, and in the hour before an
    /// expiry the settlement price; zero for a market without a price.
    #[must_use]
    pub fn worth(&self, market: u16) -> Price {
        let row = self.fresh.market(market);
        row.and_then(|row| row.settles_at(row.price.price)).unwrap_or(Price::ZERO)
    }

    /// The given market rows that a refresh would change.
    #[must_use]
    pub fn outdated(&self, markets: impl IntoIterator<Item = u16>) -> Vec<u16> {
        let mut rows: Vec<u16> = markets
            .into_iter()
            .filter(|&market| match (self.board.market(market), self.fresh.market(market)) {
                (Ok(old), Ok(new)) => old.price != new.price,
                _ => false,
            })
            .collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Markets in which an account has a position or an order.
    #[must_use]
    pub fn markets_of(&self, account: &Pubkey) -> Vec<u16> {
        let positions = self.accounts.get(account).map_or(&[][..], |account| &account.head.positions[..]);
        positions.iter().filter(|position| position.is_used()).map(|position| position.market).collect()
    }
}

/// Each source's price now; `None` for a source whose account was not read.
fn observations(row: &PriceRow, oracles: &BTreeMap<Asked, OraclePrice>, clock: &Clock) -> Vec<Option<OraclePrice>> {
    let seen = |source: &kedge_model::account::board::PriceSource| {
        if source.kind == SourceKind::Fixed as u8 {
            return Some(OraclePrice {
                price: Price(1_000_000),
                confidence: Price::ZERO,
                publish_time: clock.unix_time,
                publish_slot: clock.slot,
            });
        }
        oracles.get(&Asked::by(row, source)).copied()
    };
    row.sources().iter().map(seen).collect()
}
