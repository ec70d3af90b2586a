//! Reads the exchange past the keepers' mirror, and counts the orders that the mirror lacks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use kedge_client::Client;
use kedge_state::World;
use kedge_state::snapshot::SnapshotReader;
use solana_pubkey::Pubkey;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Time between two readings.
const READ_EVERY: Duration = Duration::from_secs(2);
/// Slots after which the mirror must have an order.
const HEARD: u64 = 8;

/// Orders that the mirror must have: the slot of the reading, owners and ids.
type Reading = (u64, Vec<(Pubkey, u32)>);

/// Reads in the background until it is dropped.
pub struct Spy {
    reading: Arc<Mutex<Option<Reading>>>,
    task: JoinHandle<()>,
}

impl Spy {
    /// Starts to read.
    ///
    /// # Errors
    /// As [`SnapshotReader::new`].
    pub async fn start(client: Client) -> Result<Self> {
        let feed = SnapshotReader::new(client).await?;
        let reading: Arc<Mutex<Option<Reading>>> = Arc::default();
        let shared = Arc::clone(&reading);
        let task = tokio::spawn(async move {
            loop {
                sleep(READ_EVERY).await;
                if let Ok((slot, world)) = feed.snapshot().await {
                    *shared.lock().unwrap_or_else(PoisonError::into_inner) = Some((slot, orders(slot, &world)));
                }
            }
        });
        Ok(Self { reading, task })
    }

    /// Of the last reading's orders, how many a world has or had, and how many it lacks; `None` while the world is
    /// older than the reading.
    pub fn compare(&self, world: &World) -> Option<(u64, u64)> {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, orders) = reading.take_if(|(slot, _)| *slot <= world.clock.slot)?;
        let known = orders.iter().filter(|(account, id)| {
            // Ids are given in turn: a mirror with a later id has seen the order.
            world.accounts.get(account).is_some_and(|account| account.head.next_order_id > *id)
        });
        let (all, known) = (orders.len() as u64, known.count() as u64);
        Some((known, all - known))
    }
}

impl Drop for Spy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Orders that have been open for [`HEARD`] slots.
fn orders(slot: u64, world: &World) -> Vec<(Pubkey, u32)> {
    let old = |activation: u64| activation.saturating_add(HEARD) <= slot;
    let open = world.accounts.iter().flat_map(|(address, account)| {
        account.open_orders().filter(|(_, order)| old(order.activation_slot)).map(|(_, order)| (*address, order.id))
    });
    open.collect()
}
