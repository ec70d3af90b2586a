//! Totals of all accounts' positions, by market.

use kedge_model::account::board::MAX_MARKETS;
use kedge_model::account::market::Market;
use kedge_model::account::position::Position;

use crate::Account;

/// Sums over positions, by market.
#[derive(Clone, Debug)]
pub struct Sums {
    markets: Vec<Sum>,
}

/// Longs, shorts and claims of one market.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    long: i128,
    short: i128,
    quote: i128,
}

impl Default for Sums {
    fn default() -> Self {
        Self { markets: vec![Sum::default(); MAX_MARKETS] }
    }
}

impl Sums {
    /// The sums over accounts.
    pub fn of<'a>(accounts: impl IntoIterator<Item = &'a Account>) -> Self {
        let mut sums = Self::default();
        accounts.into_iter().for_each(|account| sums.add(account));
        sums
    }

    /// Adds an account.
    pub fn add(&mut self, account: &Account) {
        self.count(account, 1);
    }

    /// Subtracts an account.
    pub fn remove(&mut self, account: &Account) {
        self.count(account, -1);
    }

    fn count(&mut self, account: &Account, sign: i128) {
        for position in account.head.positions.iter().filter(|position: &&Position| position.is_used()) {
            let Some(sum) = self.markets.get_mut(usize::from(position.market)) else { continue };
            let base = i128::from(position.base.0);
            sum.long += sign * base.max(0);
            sum.short -= sign * base.min(0);
            sum.quote += sign * i128::from(position.quote.0);
        }
    }

    /// Whether the sums equal a market's figures: open interest of both sides and claims of all users.
    #[must_use]
    pub fn fit(&self, market: &Market) -> bool {
        let sum = self.markets.get(usize::from(market.index)).copied().unwrap_or_default();
        sum.long == i128::from(market.long_interest.0)
            && sum.short == i128::from(market.short_interest.0)
            && sum.quote == i128::from(market.users_quote.0)
    }

    /// Whether they differ by more than a tenth of a side's open interest, which is more than changes under way
    /// explain.
    #[must_use]
    pub fn is_far(&self, market: &Market) -> bool {
        let sum = self.markets.get(usize::from(market.index)).copied().unwrap_or_default();
        let far = |held: i128, said: u64| (held - i128::from(said)).unsigned_abs() > u128::from(said) / 10;
        far(sum.long, market.long_interest.0) || far(sum.short, market.short_interest.0)
    }
}
