//! Changes of a transaction, in words.

use kedge_interface::account::{Account, SubAccountData, decode_any, name};
use kedge_interface::address;
use kedge_model::account::position::Position;
use kedge_model::num::{BASE, Rounding, mul_div};
use kedge_model::quantity::{Amount, Base, Price, Size};
use kedge_units::decimal;
use solana_pubkey::Pubkey;

use crate::describe;
use crate::directory::{Directory, short};

/// Size of a token account, and the offsets of owner and amount behind the mint.
const TOKEN_ACCOUNT: (usize, usize, usize) = (165, 32, 64);

/// An account before and after, `None` where there is none.
pub(crate) struct BeforeAfter {
    /// Address of the account.
    pub address: Pubkey,
    /// Lamports before and after.
    pub lamports: (u64, u64),
    /// Data before.
    pub before: Option<Vec<u8>>,
    /// Data after.
    pub after: Option<Vec<u8>>,
}

/// Changes of the accounts that `owner` owns or trades for, one sentence each. Nothing is said of other accounts.
pub(crate) fn told(directory: &Directory, owner: &Pubkey, snapshots: &[BeforeAfter]) -> Vec<String> {
    let accounts: Vec<_> = snapshots.iter().filter_map(Pair::of).collect();
    let theirs = |pair: &&Pair| pair.head().authority == owner.to_bytes() || pair.head().delegate == owner.to_bytes();
    let any = accounts.iter().any(|pair| theirs(&pair));
    let mut told = Vec::new();
    for pair in accounts.iter().filter(|pair| !any || theirs(pair)) {
        let lines = pair.changes(directory);
        told.extend(lines.into_iter().map(|line| format!("sub-account {}: {line}", pair.head().id)));
    }
    told.extend(snapshots.iter().filter_map(|snapshot| wallet(directory, owner, snapshot)));
    told
}

/// Lamports of rent that accounts other than the payer's take (positive) or return (negative).
pub(crate) fn rent(payer: &Pubkey, snapshots: &[BeforeAfter]) -> i64 {
    let others = snapshots.iter().filter(|snapshot| snapshot.address != *payer);
    let moved: i128 = others.map(|one| i128::from(one.lamports.1) - i128::from(one.lamports.0)).sum();
    i64::try_from(moved).unwrap_or(0)
}

/// A sub-account before and after.
struct Pair {
    before: Option<SubAccountData>,
    after: Option<SubAccountData>,
}

impl Pair {
    fn of(snapshot: &BeforeAfter) -> Option<Self> {
        let read = |bytes: &Option<Vec<u8>>| match decode_any(bytes.as_deref()?) {
            Ok(Some(Account::SubAccount(data))) => Some(*data),
            _ => None,
        };
        let pair = Self { before: read(&snapshot.before), after: read(&snapshot.after) };
        (pair.before.is_some() || pair.after.is_some()).then_some(pair)
    }

    fn head(&self) -> kedge_model::account::sub_account::SubAccount {
        let one = self.after.as_ref().or(self.before.as_ref());
        one.map(|data| data.head).unwrap_or_default()
    }

    fn changes(&self, directory: &Directory) -> Vec<String> {
        match (&self.before, &self.after) {
            (None, Some(new)) => {
                let slots = new.orders.len();
                vec![format!("it is created, called \"{}\", with room for {slots} orders", name(&new.head.name))]
            }
            (Some(_), None) => vec!["it is closed".into()],
            (Some(before), Some(after)) => between(directory, before, after),
            (None, None) => Vec::new(),
        }
    }
}

fn between(directory: &Directory, before: &SubAccountData, after: &SubAccountData) -> Vec<String> {
    let mut told = Vec::new();
    let mut moved = |what: String, from: String, to: String| {
        if from != to {
            told.push(format!("{what} {from} -> {to}"));
        }
    };
    let (old, new) = (&before.head, &after.head);
    for bank in banks(before, after) {
        let tokens = |amount: Amount| directory.tokens(bank, amount);
        moved(directory.bank_name(bank), tokens(old.balance(bank)), tokens(new.balance(bank)));
    }
    for market in markets(before, after) {
        let at = |data: &SubAccountData| data.head.position(market).copied().unwrap_or_default();
        let (was, is) = (at(before), at(after));
        let called = directory.market_name(market);
        let cost = cost(&was, &is).unwrap_or_default();
        moved(format!("{called} position"), decimal::base(was.base), decimal::base(is.base) + &cost);
        moved(format!("{called} own collateral"), decimal::value(was.isolated), decimal::value(is.isolated));
        if was.base == is.base && is.base == Base(0) {
            moved(format!("{called} claim"), decimal::quote(was.quote), decimal::quote(is.quote));
        }
        let margin = |ratio| match ratio {
            kedge_model::quantity::Ppm(0) => "the market's own".to_owned(),
            ratio => decimal::percent(ratio),
        };
        moved(format!("{called} initial margin"), margin(was.custom_margin), margin(is.custom_margin));
    }
    let who = |key: [u8; 32]| if key == [0; 32] { "none".into() } else { short(Pubkey::new_from_array(key)) };
    moved("delegate".into(), who(old.delegate), who(new.delegate));
    moved("builder".into(), who(old.builder), who(new.builder));
    moved("room for orders".into(), before.orders.len().to_string(), after.orders.len().to_string());
    moved("signed messages void up to".into(), old.signed_nonce.to_string(), new.signed_nonce.to_string());
    let find = |data: &SubAccountData, id: u32| data.open_orders().find(|(_, order)| order.id == id).map(|(_, o)| *o);
    for (_, order) in before.open_orders() {
        match find(after, order.id) {
            None => told.push(format!("order {} goes: {}", order.id, describe::order(directory, order))),
            Some(now) if now.filled != order.filled => {
                let (was, is) = (decimal::size(order.filled), decimal::size(now.filled));
                told.push(format!("order {} filled {was} -> {is}", order.id));
            }
            Some(now) if now != *order => {
                told.push(format!("order {} becomes {}", order.id, describe::order(directory, &now)));
            }
            Some(_) => {}
        }
    }
    for (_, order) in after.open_orders().filter(|(_, order)| find(before, order.id).is_none()) {
        told.push(format!("order {} stands: {}", order.id, describe::order(directory, order)));
    }
    told
}

/// Price and fee of a trade; `None` when the position did not trade.
fn cost(was: &Position, is: &Position) -> Option<String> {
    let size = Size(is.base.0.abs_diff(was.base.0));
    let quote = Amount(is.quote.0.abs_diff(was.quote.0));
    let each = mul_div(quote.0, BASE, size.0, Rounding::Down).ok()?;
    let verb = if is.quote.0 < was.quote.0 { "for" } else { "bringing" };
    Some(format!(", {verb} {} with the fee: {} each", decimal::value(quote), decimal::price(Price(each))))
}

fn banks(before: &SubAccountData, after: &SubAccountData) -> Vec<u16> {
    let used = before.head.balances.iter().chain(&after.head.balances).filter(|balance| balance.used == 1);
    sorted(used.map(|balance| balance.bank).collect())
}

fn markets(before: &SubAccountData, after: &SubAccountData) -> Vec<u16> {
    let used = before.head.positions.iter().chain(&after.head.positions).filter(|position| position.is_used());
    sorted(used.map(|position| position.market).collect())
}

fn sorted(mut numbers: Vec<u16>) -> Vec<u16> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Balance of the owner's token account before and after.
fn wallet(directory: &Directory, owner: &Pubkey, snapshot: &BeforeAfter) -> Option<String> {
    let bank = directory.banks.iter().find(|bank| {
        let mint = Pubkey::new_from_array(bank.data.mint);
        snapshot.address == address::token_account(owner, &mint)
            || [&snapshot.before, &snapshot.after].into_iter().flatten().any(|bytes| belongs(bytes, owner, &mint))
    })?;
    let amount = |bytes: &Option<Vec<u8>>| {
        let bytes = bytes.as_ref().and_then(|bytes| bytes.get(TOKEN_ACCOUNT.2..)?.first_chunk::<8>());
        Amount(bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes)))
    };
    let (was, is) = (amount(&snapshot.before), amount(&snapshot.after));
    let tokens = |amount| directory.tokens(bank.data.index, amount);
    (was != is).then(|| format!("wallet: {} {} -> {}", directory.bank_name(bank.data.index), tokens(was), tokens(is)))
}

fn belongs(bytes: &[u8], owner: &Pubkey, mint: &Pubkey) -> bool {
    bytes.len() == TOKEN_ACCOUNT.0
        && bytes.get(..32) == Some(mint.as_ref())
        && bytes.get(TOKEN_ACCOUNT.1..TOKEN_ACCOUNT.2) == Some(owner.as_ref())
}
