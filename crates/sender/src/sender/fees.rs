//! What a transaction offers for being early.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kedge_client::{Client, recent_price};
use kedge_model::num::PPM;
use kedge_model::quantity::{Amount, Ppm, Price};
use solana_pubkey::Pubkey;
use tokio::time::sleep;

/// Time after which a known price is asked for again.
const ASK_EVERY: Duration = Duration::from_secs(4);
/// Time after which the price of an account that nobody writes any more is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(60);
/// Micro-lamports of a lamport.
const MICRO: u128 = 1_000_000;

/// How the price of a compute unit is found; micro-lamports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Nothing is offered.
    #[default]
    None,
    /// Always the same.
    Fixed(u64),
    /// What recent transactions have paid that wrote the same shared accounts, the dearest of them.
    Recent {
        /// Percentile of the recent slots, 0 to 100.
        percentile: u8,
    },
    /// A share of what the plan earns; for one that earns nothing as [`Self::Recent`].
    Reward {
        /// The share.
        share: Ppm,
        /// Percentile of the recent slots, 0 to 100.
        percentile: u8,
    },
}

/// What is offered, and how much at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bidding {
    /// How the price is found.
    pub strategy: Strategy,
    /// Highest price of a compute unit, micro-lamports.
    pub max_price: u64,
    /// Most for one transaction, lamports.
    pub max_lamports: u64,
    /// The market with the price of SOL, by which rewards in dollars become lamports.
    pub sol_market: u16,
}

impl Default for Bidding {
    fn default() -> Self {
        Self { strategy: Strategy::None, max_price: 1_000_000, max_lamports: 100_000, sol_market: 0 }
    }
}

impl Bidding {
    /// Whether it has to know what plans earn.
    #[must_use]
    pub const fn asks_for_rewards(&self) -> bool {
        matches!(self.strategy, Strategy::Reward { .. })
    }

    /// The percentile of recent prices, when it has to know them.
    const fn percentile(&self) -> Option<u8> {
        match self.strategy {
            Strategy::Recent { percentile } | Strategy::Reward { percentile, .. } => Some(percentile),
            Strategy::None | Strategy::Fixed(_) => None,
        }
    }

    /// The price for a transaction of `units` that earns `worth` lamports, where `recent` is what others paid.
    fn price(&self, units: u32, worth: u64, recent: u64) -> u64 {
        let units = u128::from(units.max(1));
        // Rounded down, so that the caps hold.
        let per_unit = |lamports: u128| u64::try_from(lamports.saturating_mul(MICRO) / units).unwrap_or(u64::MAX);
        let wanted = match self.strategy {
            Strategy::None => 0,
            Strategy::Fixed(price) => price,
            Strategy::Reward { share, .. } if worth > 0 => {
                per_unit(u128::from(worth) * u128::from(share.0) / u128::from(PPM))
            }
            Strategy::Recent { .. } | Strategy::Reward { .. } => recent,
        };
        wanted.min(self.max_price).min(per_unit(self.max_lamports.into()))
    }
}

/// A reward in quote units as lamports, by the price of SOL in quote units; rounded down, 0 without a price.
#[must_use]
pub fn lamports(reward: Amount, sol: Price) -> u64 {
    let lamports = (u128::from(reward.0) * 1_000_000_000).checked_div(u128::from(sol.0)).unwrap_or(0);
    u64::try_from(lamports).unwrap_or(u64::MAX)
}

/// What `units` cost at a price, lamports; rounded up, as the chain does.
#[must_use]
pub(super) fn cost(units: u32, price: u64) -> u64 {
    u64::try_from((u128::from(units) * u128::from(price)).div_ceil(MICRO)).unwrap_or(u64::MAX)
}

struct Known {
    price: Option<u64>,
    asked: Instant,
    used: Instant,
}

/// Bids, and knows what others pay: asked for beside the sending, so that no transaction waits for it.
pub(super) struct Fees {
    bidding: Bidding,
    known: Mutex<HashMap<Pubkey, Known>>,
    /// What transactions paid whatever they wrote.
    any: AtomicU64,
}

impl Fees {
    pub(super) fn new(bidding: Bidding) -> Self {
        Self { bidding, known: Mutex::default(), any: AtomicU64::new(0) }
    }

    pub(super) fn bidding(&self) -> &Bidding {
        &self.bidding
    }

    /// The price to offer for a transaction of `units` that writes the shared accounts `contended`.
    pub(super) fn price(&self, contended: &[Pubkey], units: u32, worth: u64) -> u64 {
        let recent = if self.bidding.percentile().is_some() { self.recent(contended) } else { 0 };
        self.bidding.price(units, worth, recent)
    }

    /// The dearest of the accounts; what is not known yet costs what anything does.
    fn recent(&self, contended: &[Pubkey]) -> u64 {
        let (mut known, now) = (self.locked(), Instant::now());
        let any = self.any.load(Ordering::Relaxed);
        let prices = contended.iter().map(|account| {
            let known = known.entry(*account).or_insert(Known { price: None, asked: now, used: now });
            known.used = now;
            known.price.unwrap_or(any)
        });
        prices.max().unwrap_or(any).max(any)
    }

    /// Asks again and again for the prices of what was written lately. Ends at once when nobody wants to know.
    pub(super) async fn follow(self: Arc<Self>, client: Client) {
        let Some(percentile) = self.bidding.percentile() else { return };
        loop {
            // One that cannot be had stays as it was.
            if let Ok(price) = recent_price(&client, &[], percentile).await {
                self.any.store(price, Ordering::Relaxed);
            }
            for account in self.due() {
                let found = recent_price(&client, &[account], percentile).await.ok();
                if let Some(known) = self.locked().get_mut(&account) {
                    known.asked = Instant::now();
                    known.price = found.or(known.price);
                }
            }
            sleep(ASK_EVERY / 4).await;
        }
    }

    fn due(&self) -> Vec<Pubkey> {
        let mut known = self.locked();
        known.retain(|_, known| known.used.elapsed() < FORGET_AFTER);
        let due = known.iter().filter(|(_, known)| known.price.is_none() || known.asked.elapsed() >= ASK_EVERY);
        due.map(|(account, _)| *account).collect()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Pubkey, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use solana_keypair::Keypair;

    use super::*;
    use kedge_hostile::answer::serve;

    fn bidding(strategy: Strategy) -> Bidding {
        Bidding { strategy, max_price: 50_000, max_lamports: 8_000, sol_market: 0 }
    }

    #[test]
    fn every_strategy_has_its_price_and_its_caps() {
        let none = bidding(Strategy::None);
        assert_eq!(none.price(200_000, 1_000_000, 700), 0);
        let fixed = bidding(Strategy::Fixed(1_500));
        assert_eq!(fixed.price(200_000, 0, 700), 1_500);
        let recent = bidding(Strategy::Recent { percentile: 60 });
        assert_eq!(recent.price(200_000, 1_000_000, 700), 700);
        // The price has a cap, and so has the transaction: 8,000 lamports are 40,000 a unit of 200,000.
        assert_eq!(recent.price(100_000, 0, 70_000), 50_000);
        assert_eq!(recent.price(200_000, 0, 70_000), 40_000);
        assert_eq!(cost(200_000, 40_000), 8_000);
        // A tenth of 40,000 lamports over 300,000 units, rounded down: the share is never exceeded.
        let reward = bidding(Strategy::Reward { share: Ppm(100_000), percentile: 60 });
        assert_eq!(reward.price(300_000, 40_000, 700), 13_333);
        assert_eq!(cost(300_000, 13_333), 4_000);
        assert_eq!(reward.price(300_000, 0, 700), 700);
        assert_eq!(reward.price(0, u64::MAX, 0), 50_000);
    }

    #[test]
    fn rewards_become_lamports() {
        // Half a dollar at 200 dollars a coin.
        assert_eq!(lamports(Amount(500_000), Price(200_000_000)), 2_500_000);
        assert_eq!(lamports(Amount(1), Price(200_000_000)), 5);
        assert_eq!(lamports(Amount(500_000), Price(0)), 0);
        assert_eq!(lamports(Amount(u64::MAX), Price(1)), u64::MAX);
    }

    /// Recent slots: the market costs 10 to 50 a unit, anything else 5.
    fn slots(account: Option<&str>, market: &Pubkey) -> Value {
        let of_market = account == Some(&market.to_string());
        let price = |slot: u64| if of_market { 10 * slot } else { 5 };
        let slots = (1..=5).map(|slot| json!({ "slot": slot, "prioritizationFee": price(slot) }));
        json!({ "result": slots.collect::<Vec<_>>() })
    }

    #[tokio::test]
    async fn what_is_written_is_asked_for_beside_the_sending() {
        let market = Pubkey::new_from_array([1; 32]);
        let url = serve(move |asked| {
            assert_eq!(asked["method"], "getRecentPrioritizationFees");
            slots(asked["params"][0][0].as_str(), &market)
        });
        let client = Client::new(&url.await, Arc::new(Keypair::new()));
        let fees = Arc::new(Fees::new(bidding(Strategy::Recent { percentile: 80 })));
        let task = tokio::spawn(Arc::clone(&fees).follow(client.clone()));
        let wait = async |account: Pubkey, price: u64| {
            let started = Instant::now();
            while fees.price(&[account], 100_000, 0) != price {
                assert!(started.elapsed() < Duration::from_secs(20), "{}", fees.price(&[account], 100_000, 0));
                sleep(Duration::from_millis(10)).await;
            }
        };
        // The fourth of five slots is the eightieth percentile.
        wait(market, 40).await;
        wait(Pubkey::new_from_array([2; 32]), 5).await;
        task.abort();
        let idle = Arc::new(Fees::new(bidding(Strategy::Fixed(9))));
        idle.follow(client).await;
    }

    #[test]
    fn the_dearest_account_sets_the_price() {
        let fees = Fees::new(bidding(Strategy::Recent { percentile: 60 }));
        let [market, bank, board] = [1, 2, 3].map(|byte| Pubkey::new_from_array([byte; 32]));
        assert_eq!(fees.price(&[market, bank], 100_000, 0), 0);
        assert_eq!(fees.due().len(), 2, "both are asked for");
        fees.any.store(20, Ordering::Relaxed);
        assert_eq!(fees.price(&[board], 100_000, 0), 20);
        for (account, price) in [(market, 900), (bank, 10)] {
            fees.locked().get_mut(&account).unwrap().price = Some(price);
        }
        assert_eq!(fees.price(&[market, bank], 100_000, 0), 900);
        assert_eq!(fees.price(&[bank], 100_000, 0), 20, "no cheaper than anything");
        assert_eq!(fees.due(), [board]);
    }
}
