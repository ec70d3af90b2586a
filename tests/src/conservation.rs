//! Invariants of every transaction, checked on the accounts' bytes.

use std::collections::BTreeMap;

use kedge_interface::account::{Account, SubAccountData};
use kedge_interface::address;
use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::market::Market;
use kedge_model::account::position::Position;

use crate::machine::Machine;
use crate::token;

/// Tracks the largest rounding dust that the transactions so far can have left in the funding pots.
#[derive(Clone, Debug, Default)]
pub struct Conservation {
    dust_bound: i128,
}

/// All accounts of the program, by kind.
struct Books {
    board: Box<PriceBoard>,
    markets: BTreeMap<u16, Box<Market>>,
    banks: BTreeMap<u16, Box<Bank>>,
    accounts: Vec<SubAccountData>,
}

impl Books {
    fn read(machine: &Machine) -> Option<Self> {
        let mut board = None;
        let (mut markets, mut banks, mut accounts) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for (_, account) in machine.decoded() {
            match account {
                Account::PriceBoard(found) => board = Some(found),
                Account::Market(market) => drop(markets.insert(market.index, market)),
                Account::Bank(bank) => drop(banks.insert(bank.index, bank)),
                Account::SubAccount(account) => accounts.push(*account),
                Account::Exchange(exchange) => exchange.invariant().expect("the exchange is sound"),
                Account::Trader(trader) => trader.invariant().expect("the trader is sound"),
            }
        }
        board.map(|board| Self { board, markets, banks, accounts })
    }

    fn positions(&self, market: u16) -> impl Iterator<Item = &Position> {
        let used = move |position: &&Position| position.is_used() && position.market == market;
        self.accounts.iter().flat_map(move |account| account.head.positions.iter().filter(used))
    }

    fn unsettled(&self, position: &Position) -> i128 {
        let row = self.board.market(position.market).expect("a listed market");
        i128::from(position.unsettled_funding(row.funding(position.base)).expect("in range").0)
    }
}

impl Conservation {
    /// Checks all invariants; there are none before `initialize`.
    ///
    /// # Panics
    /// When an invariant is broken.
    pub fn check(&mut self, machine: &Machine, went_through: bool) {
        let Some(mut books) = Books::read(machine) else { return };
        books.board.invariant().expect("the board is sound");
        for account in &mut books.accounts {
            account.as_mut().invariant().expect("every sub-account is sound");
        }
        if went_through {
            // A unit for each rounding of an account's funding, and the interest's share for a move of an index.
            let interest: u64 =
                books.markets.values().map(|m| m.long_interest.0 + m.short_interest.0).max().unwrap_or(0);
            let accounts = i128::try_from(books.accounts.len()).expect("few accounts");
            self.dust_bound += i128::from(interest / 1_000_000_000_000) + accounts + 16;
        }
        for market in books.markets.values() {
            self.ledger(&books, market);
        }
        claims(&books, machine);
        total(&books, machine);
    }

    fn ledger(&self, books: &Books, market: &Market) {
        market.invariant().expect("every market is sound");
        let (mut longs, mut shorts, mut quote, mut unsettled) = (0i128, 0i128, 0i128, 0i128);
        for position in books.positions(market.index) {
            let base = i128::from(position.base.0);
            longs += base.max(0);
            shorts += (-base).max(0);
            quote += i128::from(position.quote.0);
            unsettled += books.unsettled(position);
        }
        let index = market.index;
        assert_eq!(longs, i128::from(market.long_interest.0), "long interest of market {index}");
        assert_eq!(shorts, i128::from(market.short_interest.0), "short interest of market {index}");
        assert_eq!(longs - shorts, -i128::from(market.amm.base.0), "market {index}: users and vAMM are flat together");
        assert_eq!(quote, i128::from(market.users_quote.0), "sum of the claims in market {index}");
        let dust = i128::from(market.funding_pot.0) - unsettled + i128::from(market.deficit.0);
        assert!(dust >= 0, "market {index}: {} units were received that nobody paid", -dust);
        assert!(dust <= self.dust_bound, "market {index}: {dust} units of dust, at most {}", self.dust_bound);
    }
}

/// Tokens of a sub-account in a bank: its balance, and in the quote bank the collateral of isolated positions.
fn tokens(account: &SubAccountData, bank: u16) -> u64 {
    let isolated: u64 = account.head.positions.iter().map(|position| position.isolated.0).sum();
    account.head.balance(bank).0 + if bank == Bank::QUOTE { isolated } else { 0 }
}

/// The claims on each vault equal its tokens, to the unit.
fn claims(books: &Books, machine: &Machine) {
    for (index, bank) in &books.banks {
        bank.invariant().expect("every bank is sound");
        let balances: u64 = books.accounts.iter().map(|account| tokens(account, *index)).sum();
        assert_eq!(bank.deposits.0, balances, "deposits of bank {index}");
        let vault = token::amount(machine, &address::vault(*index));
        assert_eq!(bank.claims().expect("in range").0, vault, "claims on vault {index}");
    }
    if let Some(quote) = books.banks.get(&Bank::QUOTE) {
        let pools: u64 = books.markets.values().map(|market| market.pnl_pool.0 + market.insurance_fund.0).sum();
        assert_eq!(quote.market_pools.0, pools, "pools of the markets");
    }
}

/// The value of all accounts at the oracle prices equals the money in the quote vault, less the fractions that valuing
/// each position cuts off; it is never more.
fn total(books: &Books, machine: &Machine) {
    let Some(quote) = books.banks.get(&Bank::QUOTE) else { return };
    let mut sum: i128 = books.accounts.iter().map(|account| i128::from(tokens(account, Bank::QUOTE))).sum();
    sum += i128::from(quote.protocol.0) + i128::from(quote.tranche.claims().expect("in range").0);
    sum += i128::from(quote.backstop.claims().expect("in range").0);
    let mut fractions = 0i128;
    for market in books.markets.values() {
        let row = books.board.market(market.index).expect("a listed market");
        let price = row.price.price;
        let mut unsettled = 0i128;
        for position in books.positions(market.index) {
            let pnl = position.unrealised_pnl(row, price).expect("in range");
            sum += i128::from(pnl.0);
            unsettled += books.unsettled(position);
            fractions += 1;
        }
        sum += i128::from(market.amm_equity(price).expect("in range").0);
        sum += i128::from(market.fees.0) + i128::from(market.insurance_fees.0) + i128::from(market.insurance_fund.0);
        sum += i128::from(market.funding_pot.0) - unsettled;
        fractions += 1;
    }
    let money = i128::from(token::amount(machine, &address::vault(Bank::QUOTE)));
    assert!(sum <= money, "{} units more than were put in", sum - money);
    assert!(sum >= money - fractions, "{} units are missing", money - sum);
}
