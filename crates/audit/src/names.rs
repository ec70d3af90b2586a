//! Names of markets and equations in a statement. Signed statements are checked by them.

use kedge_interface::account::name;
use kedge_model::account::market::Market;

use crate::Snapshot;

/// A bank's equation of balances, behind its title.
pub(crate) const DEPOSITS: &str = "balances = deposits";
/// A bank's equation of tokens.
pub(crate) const VAULT: &str = "deposits + pools + protocol + stakes = tokens in the vault";
/// A market's equation of long base.
pub(crate) const LONGS: &str = "users' longs = open interest";
/// A market's equation of short base.
pub(crate) const SHORTS: &str = "users' shorts = open interest";
/// A market's equation of claims.
pub(crate) const CLAIMS: &str = "claims of positions = the market's total";

/// Title of a bank.
pub(crate) fn bank(index: u16) -> String {
    format!("bank {index}")
}

/// Title of a market: its name, with its number where another has the same name.
pub(crate) fn market(snapshot: &Snapshot, market: &Market) -> String {
    let same = snapshot.markets.iter().filter(|(_, other)| other.name == market.name).count();
    let name = plain(&name(&market.name));
    if same > 1 { format!("{name} (market {})", market.index) } else { name }
}

/// An equation's name.
pub(crate) fn equation(of: &str, rule: &str) -> String {
    format!("{of}: {rule}")
}

/// A text without what would end a line.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}
