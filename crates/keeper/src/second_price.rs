//! A second price for own trades.
//!
//! What a keeper serves for everybody is judged by the program. What a maker or a liquidator trades for itself goes by
//! the price that its endpoint tells, and an endpoint that makes one up takes the trader's money. Each endpoint is
//! therefore asked alone, and a trade needs two whose prices are the one that it was decided at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kedge_client::failover::Endpoints;
use kedge_client::{Client, SharedSigner};
use kedge_interface::instruction::Decoded;
use kedge_model::num::PPM;
use kedge_model::quantity::{Ppm, Price};
use solana_commitment_config::CommitmentConfig;
use solana_pubkey::Pubkey;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use kedge_sender::alarm::Alarms;
use kedge_sender::{Call, Plan, Trade};
use kedge_state::World;
use kedge_state::pyth::Alternatives;
use kedge_state::snapshot::SnapshotReader;

/// Time between two looks at an endpoint.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Endpoints that must tell of a price.
const ENOUGH: usize = 2;
/// Name of the alarm.
const ALARM: &str = "second_price";

/// When two prices are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How far they may be apart.
    pub tolerance: Ppm,
    /// How old an endpoint's may be.
    pub max_age: Duration,
}

/// Prices by market, and when they were told.
type Told = BTreeMap<u16, (Price, Instant)>;

/// Asks every endpoint alone. Dropping it ends that.
pub struct SecondPrices {
    told: Arc<[Mutex<Told>]>,
    terms: Terms,
    alarms: Alarms,
    tasks: Vec<JoinHandle<()>>,
}

impl SecondPrices {
    /// Begins to ask.
    #[must_use]
    pub fn start(
        endpoints: &Endpoints,
        commitment: CommitmentConfig,
        reader: &SharedSigner,
        alternatives: &Alternatives,
        terms: Terms,
        alarms: Alarms,
    ) -> Self {
        let each = endpoints.each();
        let told: Arc<[Mutex<Told>]> = each.iter().map(|_| Mutex::default()).collect();
        let tasks = each.into_iter().enumerate().map(|(place, alone)| {
            let client = Client::over(alone, commitment, "", Arc::clone(reader));
            tokio::spawn(follow(client, alternatives.clone(), Arc::clone(&told), place))
        });
        let tasks = tasks.collect();
        Self { told, terms, alarms, tasks }
    }

    /// What of a plan may be sent: all of it, or without a second price what takes back orders of the keeper's own that
    /// stand; `None` when that is nothing. A ladder cancels in front, whether anything stands or not: without the orders
    /// behind it that would be paid for at every look.
    #[must_use]
    pub fn allowed(&self, plan: &Plan, world: &World) -> Option<Plan> {
        let mut markets = plan.calls.iter().filter_map(traded);
        let Some(market) = markets.find(|market| !self.confirms(*market, world.oracle(*market))) else {
            if plan.calls.iter().any(|call| traded(call).is_some()) {
                self.alarms.end(ALARM);
            }
            return Some(plan.clone());
        };
        self.alarms.raise(ALARM, format!("no second endpoint tells of the price of market {market}"));
        let stands = |account: &Pubkey, market: Option<u16>| {
            let own = world.accounts.get(account);
            own.is_none_or(|own| match market {
                Some(market) => own.orders_in(market).next().is_some(),
                None => own.orders.iter().any(|order| order.is_open()),
            })
        };
        let back = |call: &&Call| match &call.instruction {
            Decoded::CancelOrder(_) => true,
            Decoded::CancelAll(cancel) => stands(&cancel.sub_account, call.market),
            _ => false,
        };
        let calls: Vec<Call> = plan.calls.iter().filter(back).cloned().collect();
        (!calls.is_empty()).then_some(Plan { refresh: Vec::new(), calls })
    }

    /// Whether enough endpoints tell of this price.
    #[must_use]
    pub fn confirms(&self, market: u16, price: Price) -> bool {
        let same = |told: &&Mutex<Told>| {
            let told = locked(told);
            told.get(&market).is_some_and(|(other, at)| {
                let apart = u128::from(other.0.abs_diff(price.0)) * u128::from(PPM);
                at.elapsed() <= self.terms.max_age && apart <= u128::from(price.0) * u128::from(self.terms.tolerance.0)
            })
        };
        !price.is_zero() && self.told.iter().filter(same).count() >= ENOUGH
    }
}

impl Drop for SecondPrices {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// The market in which a call trades for the keeper's own account.
fn traded(call: &Call) -> Option<u16> {
    call.market.filter(|_| matches!(call.verb().trade, Trade::Order | Trade::TakeOver))
}

async fn follow(client: Client, alternatives: Alternatives, told: Arc<[Mutex<Told>]>, place: usize) {
    let mut reader = None;
    loop {
        if reader.is_none() {
            reader = SnapshotReader::with(client.clone(), &alternatives).await.ok();
        }
        let world = match &reader {
            Some(reader) => reader.rest().await.and_then(|rest| reader.world(&rest)).ok(),
            None => None,
        };
        match &world {
            Some(world) => {
                let now = Instant::now();
                let prices = (0..world.exchange.markets).map(|market| (market, (world.oracle(market), now)));
                *locked(&told[place]) = prices.collect();
                let listed = (usize::from(world.exchange.markets), usize::from(world.exchange.banks));
                let known =
                    reader.as_ref().map(|reader| (reader.directory().markets.len(), reader.directory().banks.len()));
                if known != Some(listed) {
                    reader = None;
                }
            }
            // What it knows may have changed.
            None => reader = None,
        }
        sleep(LOOK_EVERY).await;
    }
}

fn locked(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use kedge_model::account::order::Side;

    use super::*;
    use kedge_state::testing::{TestExchange, limit};

    fn second_price(prices: &[u64]) -> SecondPrices {
        let terms = Terms { tolerance: Ppm(5_000), max_age: Duration::from_secs(5) };
        let told = prices.iter().map(|price| Mutex::new(Told::from([(0, (Price(*price), Instant::now()))])));
        SecondPrices { told: told.collect(), terms, alarms: Alarms::default(), tasks: Vec::new() }
    }

    #[test]
    fn a_price_needs_two_endpoints() {
        let price = Price(200_000_000);
        assert!(!second_price(&[price.0]).confirms(0, price), "one alone");
        assert!(second_price(&[price.0, 200_999_000]).confirms(0, price));
        assert!(!second_price(&[price.0, 201_001_000]).confirms(0, price), "over half a percent");
        assert!(second_price(&[price.0, 1, 199_500_000]).confirms(0, price), "the third agrees");
        assert!(!second_price(&[price.0, price.0]).confirms(1, price), "another market");
        assert!(!second_price(&[0, 0]).confirms(0, Price::ZERO));
        let mut old = second_price(&[price.0; 2]);
        old.terms.max_age = Duration::ZERO;
        assert!(!old.confirms(0, price));
    }

    #[test]
    fn without_a_second_price_own_orders_are_taken_back_and_nothing_else_is_traded() {
        let world = TestExchange::new().world();
        let account = Pubkey::new_unique();
        let place = Call::place(0, account, vec![limit(Side::Long, 199_000_000, 1_000_000_000)]);
        let cancel = Call::cancel_all(account, Some(0));
        let refreshed = Plan { refresh: vec![0], calls: vec![cancel.clone(), place.clone()] };
        let alone = second_price(&[200_000_000]);
        assert_eq!(alone.allowed(&Plan::of(place), &world), None);
        assert!(alone.alarms.stands(ALARM));
        assert_eq!(alone.allowed(&refreshed, &world), Some(Plan::of(cancel)));
        let service = Plan::of(Call::update_amm(0));
        assert_eq!(alone.allowed(&service, &world), Some(service));
        let both = second_price(&[200_000_000, 200_100_000]);
        assert_eq!(both.allowed(&refreshed, &world), Some(refreshed));
        assert!(!both.alarms.stands(ALARM));
    }

    #[test]
    fn without_a_second_price_nothing_is_paid_to_cancel_what_does_not_stand() {
        let mut exchange = TestExchange::new();
        let account = exchange.trader(10_000_000_000);
        let order = limit(Side::Long, 199_000_000, 1_000_000_000);
        let cancel = Call::cancel_all(account, Some(0));
        let place = Call::place(0, account, vec![order]);
        let ladder = Plan { refresh: Vec::new(), calls: vec![cancel.clone(), place] };
        let alone = second_price(&[200_000_000]);
        assert_eq!(alone.allowed(&ladder, &exchange.world()), None);
        exchange.place(account, order);
        assert_eq!(alone.allowed(&ladder, &exchange.world()), Some(Plan::of(cancel)));
    }
}
