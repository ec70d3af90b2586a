//! The sums behind a statement.

use std::collections::BTreeMap;

use kedge_model::account::bank::{Bank, DEFAULTS};
use kedge_model::account::board::Purpose;
use kedge_model::account::market::Market;
use kedge_model::account::position::Position;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::account::trader::Trader;
use kedge_model::clock::Clock;
use kedge_model::rule::margin::{self, MarginKind};
use kedge_model::rule::tranche::{Holding, Tranche};
use solana_pubkey::Pubkey;

use super::Snapshot;
use super::statement::{Below, Break, Line, Margins, Rules, Statement, Sum, Unit};
use crate::names;
use crate::pockets::{is_default, is_short, pockets};

impl Statement {
    /// Adds up all accounts of a snapshot.
    #[must_use]
    pub fn of(snapshot: &Snapshot, rules: Rules) -> Self {
        let mut said = Self {
            slot: snapshot.slot,
            time: snapshot.clock.unix_time,
            counts: [snapshot.markets.len(), snapshot.banks.len(), snapshot.traders.len(), snapshot.accounts.len()],
            ..Self::default()
        };
        for (address, why) in &snapshot.strange {
            said.rule(format!("account {address}: {why}"));
        }
        said.listed("markets", snapshot.exchange.markets, snapshot.markets.iter().map(|(_, market)| market.index));
        said.listed("banks", snapshot.exchange.banks, snapshot.banks.iter().map(|(_, bank)| bank.index));
        said.check(|| "exchange".into(), snapshot.exchange.invariant());
        said.check(|| "price board".into(), snapshot.board.invariant());
        people(&mut said, snapshot);
        for (address, account) in &snapshot.accounts {
            let mut own = account.clone();
            said.check(|| format!("sub-account {address}"), own.as_mut().invariant());
            orders(&mut said, snapshot, address, account);
        }
        let sums = Sums::of(snapshot);
        for (_, market) in &snapshot.markets {
            ledger(&mut said, snapshot, market, sums.markets.get(&market.index).copied().unwrap_or_default());
        }
        for (_, bank) in &snapshot.banks {
            tokens(&mut said, snapshot, bank, &sums, rules);
        }
        said.margins = margins(snapshot);
        said
    }

    fn check(&mut self, who: impl FnOnce() -> String, outcome: kedge_model::Result<()>) {
        self.checked += 1;
        if let Err(error) = outcome {
            self.rule(format!("{}: {}", who(), error.name()));
        }
    }

    /// Notes a violated invariant without an amount.
    fn rule(&mut self, what: String) {
        self.breaks_by(what, "its own rule".into());
    }

    /// Notes a violated invariant with its figures, which move on a live chain: `what` has to be the same in the next
    /// read.
    fn breaks_by(&mut self, what: String, amount: String) {
        self.broken.push(Break { what, amount });
    }

    fn line(&mut self, what: String, left: i128, right: i128, unit: Unit) {
        self.lines.push(Line { what, left, right, unit });
    }

    /// The exchange's count equals the accounts found, and each index is there once.
    fn listed(&mut self, what: &str, count: u16, found: impl Iterator<Item = u16>) {
        if !found.eq(0..count) {
            let what = format!("{what}: not each that the exchange lists is there once");
            self.breaks_by(what, format!("it lists {count}"));
        }
    }
}

/// Base and claims of all positions in one market.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    longs: i128,
    shorts: i128,
    claims: i128,
    unsettled: i128,
}

/// Totals of one pass over all sub-accounts.
struct Sums {
    markets: BTreeMap<u16, Held>,
    balances: BTreeMap<u16, i128>,
}

impl Sums {
    fn of(snapshot: &Snapshot) -> Self {
        let mut sums = Self { markets: BTreeMap::new(), balances: BTreeMap::new() };
        for (_, account) in &snapshot.accounts {
            for position in account.head.positions.iter().filter(|position| position.is_used()) {
                let held = sums.markets.entry(position.market).or_default();
                held.longs += i128::from(position.base.0.max(0));
                held.shorts -= i128::from(position.base.0.min(0));
                held.claims += i128::from(position.quote.0);
                held.unsettled += unsettled(snapshot, position);
            }
            for balance in account.head.balances.iter().filter(|balance| balance.used == 1) {
                *sums.balances.entry(balance.bank).or_default() += i128::from(balance.amount.0);
            }
            // Isolated collateral is a part of the quote bank's deposits.
            *sums.balances.entry(Bank::QUOTE).or_default() += isolated(&account.head);
        }
        sums
    }
}

fn unsettled(snapshot: &Snapshot, position: &Position) -> i128 {
    let row = snapshot.board.market(position.market).ok();
    let payment = row.and_then(|row| position.unsettled_funding(row.funding(position.base)).ok());
    payment.map_or(0, |payment| i128::from(payment.0))
}

fn isolated(head: &SubAccount) -> i128 {
    head.positions.iter().map(|position| i128::from(position.isolated.0)).sum()
}

/// The equations of a market's ledger.
fn ledger(said: &mut Statement, snapshot: &Snapshot, market: &Market, held: Held) {
    let title = names::market(snapshot, market);
    said.check(|| title.clone(), market.invariant());
    let users = held.longs - held.shorts;
    said.line(format!("{title}: users' base = minus the vAMM's"), users, -i128::from(market.amm.base.0), Unit::BASE);
    said.line(names::equation(&title, names::LONGS), held.longs, market.long_interest.0.into(), Unit::BASE);
    said.line(names::equation(&title, names::SHORTS), held.shorts, market.short_interest.0.into(), Unit::BASE);
    said.line(names::equation(&title, names::CLAIMS), held.claims, market.users_quote.0.into(), Unit::USDC);
    let ledger = i128::from(market.users_quote.0)
        + i128::from(market.amm.quote.0)
        + i128::from(market.fees.0)
        + i128::from(market.insurance_fees.0)
        + i128::from(market.funding_pot.0);
    said.line(
        format!("{title}: claims + vAMM + fees + funding pot = pool"),
        ledger,
        market.pnl_pool.0.into(),
        Unit::USDC,
    );
    if snapshot.board.market(market.index).is_err() {
        said.rule(format!("{title}: the board has no row for it"));
    }
    let amount = i128::from(market.funding_pot.0) + i128::from(market.deficit.0) - held.unsettled;
    said.dust.push(Sum { of: title, amount, unit: Unit::USDC });
}

/// The equations of a bank's claims and its vault.
fn tokens(said: &mut Statement, snapshot: &Snapshot, bank: &Bank, sums: &Sums, rules: Rules) {
    let (index, quote) = (bank.index, bank.index == Bank::QUOTE);
    let unit = if quote { Unit { digits: bank.decimals.into(), ..Unit::USDC } } else { Unit::tokens(bank.decimals) };
    said.check(|| format!("bank {index}"), bank.invariant());
    let balances = sums.balances.get(&index).copied().unwrap_or_default();
    said.line(names::equation(&names::bank(index), names::DEPOSITS), balances, bank.deposits.0.into(), unit);
    if quote {
        let pools = snapshot.markets.iter().map(|(_, m)| i128::from(m.pnl_pool.0) + i128::from(m.insurance_fund.0));
        let total = bank.market_pools.0.into();
        said.line("markets' pools and insurance = the bank's total".into(), pools.sum(), total, unit);
        defaults(said, bank, unit);
        shares(said, snapshot, ("staked insurance", &bank.tranche), |trader| trader.insurance);
        if bank.backstop.exists() {
            shares(said, snapshot, ("backstop vault", &bank.backstop.tranche), |trader| trader.vault);
            vault(said, snapshot, bank);
        }
    }
    let Some(Some(vault)) = snapshot.vaults.get(usize::from(index)) else {
        said.rule(format!("bank {index}: its vault is not a token account"));
        return;
    };
    // Both sides are of the second answer. The line above, of the first answer, checks the deposits against the
    // balances.
    let (claims, tokens) = (vault.claims, i128::from(vault.tokens));
    let donated = if rules.exact_vaults { 0 } else { (tokens - claims).max(0) };
    let what = names::equation(&names::bank(index), names::VAULT);
    said.line(what, claims, tokens - donated, unit);
    if donated > 0 {
        said.donated.push(Sum { of: format!("bank {index}"), amount: donated, unit });
    }
}

/// Each default that the bank remembers: who paid, and what was lost.
fn defaults(said: &mut Statement, bank: &Bank, unit: Unit) {
    let oldest = bank.next_default.saturating_sub(DEFAULTS as u64);
    for number in oldest..bank.next_default {
        let Some(record) = bank.default_record(number) else {
            said.rule(format!("default {number}: the ring has another record in its place"));
            continue;
        };
        let steps = [
            record.fees,
            record.insurance_fees,
            record.protocol,
            record.amm,
            record.insurance,
            record.staked,
            record.backstop,
            record.deficit,
        ];
        let paid: i128 = steps.iter().map(|step| i128::from(step.0)).sum();
        said.line(format!("default {number}: lines of the waterfall = loss"), paid, record.loss.0.into(), unit);
    }
}

/// The shares of all people against those of a pot, and of its generations that have ended.
fn shares(
    said: &mut Statement,
    snapshot: &Snapshot,
    (pot, tranche): (&str, &Tranche),
    of: impl Fn(&Trader) -> Holding,
) {
    let unit = Unit { name: "shares", digits: 0 };
    let held = |generation: u64| -> i128 {
        let held = snapshot.traders.iter().map(|(_, trader)| of(trader));
        held.filter(|held| held.generation == generation).map(|held| i128::from(held.shares)).sum()
    };
    said.line(format!("people's shares = the {pot}'s"), held(tranche.generation), tranche.shares.into(), unit);
    for back in 1..=tranche.generation.min(2) {
        let generation = tranche.generation.saturating_sub(back);
        let Some(ended) = tranche.ended.get(usize::from(generation & 1 == 1)) else { continue };
        let what = format!("people's shares of generation {generation} of the {pot} = what is left of it");
        said.line(what, held(generation), ended.shares.into(), unit);
    }
}

/// The vault's sub-account: it is there, and holds nothing but dollars and cross positions, which its value counts.
fn vault(said: &mut Statement, snapshot: &Snapshot, bank: &Bank) {
    let Some((address, account)) = snapshot.accounts.iter().find(|(_, account)| bank.backstop.owns(&account.head))
    else {
        said.rule("backstop vault: its sub-account is not there".into());
        return;
    };
    let head = &account.head;
    let other = head.balances.iter().any(|balance| balance.used == 1 && balance.bank != Bank::QUOTE);
    if other || head.positions.iter().any(Position::is_isolated) {
        said.rule(format!("backstop vault {address}: holds what its shares do not count"));
    }
}

/// Each trader's counter of sub-accounts against the accounts found.
fn people(said: &mut Statement, snapshot: &Snapshot) {
    let mut open: BTreeMap<[u8; 32], usize> = BTreeMap::new();
    for (_, account) in &snapshot.accounts {
        *open.entry(account.head.authority).or_default() += 1;
    }
    for (address, trader) in &snapshot.traders {
        said.check(|| format!("trader {address}"), trader.invariant());
        let found = open.remove(&trader.authority).unwrap_or_default();
        if found != usize::from(trader.sub_accounts) {
            let counted = trader.sub_accounts;
            let what = format!("trader {address}: miscounts its sub-accounts");
            said.breaks_by(what, format!("has {found} and counts {counted}"));
        }
    }
    // The vault's sub-account is the program's own.
    if let Some((_, bank)) = snapshot.banks.iter().find(|(_, bank)| bank.index == Bank::QUOTE) {
        open.remove(&bank.backstop.authority);
    }
    for authority in open.into_keys() {
        let authority = Pubkey::new_from_array(authority);
        said.rule(format!("authority {authority}: has sub-accounts and no trader account"));
    }
}

/// Orders and positions name listed markets and banks, and ids that were given out.
fn orders(
    said: &mut Statement,
    snapshot: &Snapshot,
    address: &Pubkey,
    account: &kedge_interface::account::SubAccountData,
) {
    let market = |index: u16| snapshot.markets.get(usize::from(index)).map(|(_, market)| market);
    for (_, order) in account.open_orders() {
        let Some(market) = market(order.market) else {
            said.rule(format!("sub-account {address}: an order in market {}, which is not there", order.market));
            continue;
        };
        if order.seq >= market.next_order_seq && order.seq != 0 {
            said.rule(format!("sub-account {address}: order {} has a number that was not given out", order.id));
        }
        if order.id >= account.head.next_order_id {
            said.rule(format!("sub-account {address}: order {} has an id that was not given out", order.id));
        }
    }
    for position in account.head.positions.iter().filter(|position| position.is_used()) {
        if market(position.market).is_none() {
            let index = position.market;
            said.rule(format!("sub-account {address}: a position in market {index}, which is not there"));
        }
    }
}

/// The margin of every pocket at the board's last prices of any age: a liquidation refreshes the prices first.
fn margins(snapshot: &Snapshot) -> Margins {
    let mut margins = Margins::default();
    // A clock before every price, so that none is too old.
    let timeless = Clock { slot: 0, unix_time: 0 };
    for (address, account) in &snapshot.accounts {
        let head = &account.head;
        for pocket in pockets(head) {
            let mut positions = head.positions.iter().filter(|position| pocket.holds(position) && !position.is_empty());
            if positions.next().is_none() {
                continue;
            }
            margins.pockets += 1;
            if is_default(head, pocket) {
                margins.in_default += usize::from(is_short(head, pocket));
                continue;
            }
            let (kind, purpose) = (MarginKind::Maintenance, Purpose::Liquidate);
            let margin = margin::margin_of(head, pocket, &snapshot.board, kind, purpose, &timeless);
            match margin.and_then(|margin| margin.free()) {
                Ok(free) if free.0 < 0 => margins.below.push(Below {
                    account: address.to_string(),
                    isolated: match pocket {
                        kedge_model::account::pocket::Pocket::Cross => None,
                        kedge_model::account::pocket::Pocket::Isolated(market) => Some(market),
                    },
                    lacks: free.0.saturating_neg(),
                }),
                Ok(_) => {}
                Err(_) => margins.unpriced += 1,
            }
        }
    }
    margins.below.sort_by_key(|below| std::cmp::Reverse(below.lacks));
    margins
}
