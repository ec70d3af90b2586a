//! What every sub-account holds, in columns that cannot be negative.

use kedge_interface::account::SubAccountData;
use kedge_model::account::bank::Bank;
use kedge_model::account::market::Market;
use solana_pubkey::Pubkey;

use super::tree::{Node, Overflow, Tree};
use crate::{Snapshot, names};

/// A bank's column.
pub(super) const TOKENS: &str = "tokens";
/// A market's columns.
const PARTS: [&str; 4] = [LONGS, SHORTS, CLAIMS, DEBTS];
pub(super) const LONGS: &str = "longs";
pub(super) const SHORTS: &str = "shorts";
pub(super) const CLAIMS: &str = "claims";
pub(super) const DEBTS: &str = "debts";

/// Holdings of all sub-accounts, by address.
///
/// A bank has one column, the tokens of each account, isolated collateral included. A market has four: base that is
/// long, base that is short, quote that the position is owed, quote that it owes. Nothing depends on a price, so that each
/// column's sum is a total that the chain keeps itself, to the last unit; and a debt stands beside the claims, where it
/// cannot make them look smaller.
#[derive(Clone, Debug)]
pub struct Claims {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Accounts by address with their amounts by column, smallest units.
    pub accounts: Vec<(Pubkey, Vec<u128>)>,
}

impl Claims {
    /// The claims of a snapshot.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let banks = snapshot.banks.iter().map(|(_, bank)| column(&names::bank(bank.index), TOKENS));
        let titles = snapshot.markets.iter().map(|(_, market)| names::market(snapshot, market));
        let markets = titles.flat_map(|title| PARTS.map(|part| column(&title, part)));
        let columns = banks.chain(markets).collect();
        let accounts = snapshot.accounts.iter().map(|(address, account)| (*address, amounts(snapshot, account)));
        Self { columns, accounts: accounts.collect() }
    }

    /// The tree over the claims.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn tree(&self) -> Result<Tree, Overflow> {
        let leaves = self.accounts.iter().map(|(address, amounts)| Node::leaf(address, amounts)).collect();
        Tree::over(leaves, self.columns.len())
    }
}

/// Name of a column of a bank or market.
pub(super) fn column(of: &str, part: &str) -> String {
    format!("{of} {part}")
}

fn amounts(snapshot: &Snapshot, account: &SubAccountData) -> Vec<u128> {
    let banks = snapshot.banks.iter().map(|(_, bank)| tokens(account, bank));
    banks.chain(snapshot.markets.iter().flat_map(|(_, market)| position(account, market))).collect()
}

fn tokens(account: &SubAccountData, bank: &Bank) -> u128 {
    let balances = account.head.balances.iter().filter(|balance| balance.used == 1 && balance.bank == bank.index);
    let balance: u128 = balances.map(|balance| u128::from(balance.amount.0)).sum();
    let isolated = account.head.positions.iter().map(|position| u128::from(position.isolated.0));
    if bank.index == Bank::QUOTE { balance + isolated.sum::<u128>() } else { balance }
}

fn position(account: &SubAccountData, market: &Market) -> [u128; 4] {
    let held = account.head.positions.iter().filter(|position| position.is_used() && position.market == market.index);
    held.fold([0; 4], |[longs, shorts, claims, debts], position| {
        let (base, quote) = (position.base.0, position.quote.0);
        let part =
            |number: i64, wanted: bool| if (number < 0) == wanted { u128::from(number.unsigned_abs()) } else { 0 };
        [longs + part(base, false), shorts + part(base, true), claims + part(quote, false), debts + part(quote, true)]
    })
}
