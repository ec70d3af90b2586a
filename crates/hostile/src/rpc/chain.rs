//! The true state that servers report or falsify.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use solana_account::Account;
use solana_pubkey::Pubkey;

use super::exchange;

/// The first slot.
const FIRST_SLOT: u64 = 300_000_000;
/// Slots without a block before the first one.
const SKIPPED: u64 = 20_000_000;
/// Slot time.
const SLOT: Duration = Duration::from_millis(400);

/// Outcome of transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The transaction lands in the next slot.
    Lands,
    /// The transaction lands and the program refuses it with this error.
    Refused(u32),
    /// The transaction is never included.
    Dropped,
}

/// A transaction that a server received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// First signature of the transaction, base58.
    pub signature: String,
    /// The transaction itself.
    pub bytes: Vec<u8>,
    /// Slot of the first receipt.
    pub slot: u64,
    /// Number of receipts.
    pub times: u32,
    /// Outcome of the transaction.
    pub fate: Fate,
}

#[derive(Debug)]
struct State {
    accounts: BTreeMap<Pubkey, Account>,
    received: Vec<Received>,
    fate: Fate,
    /// Custom error number with which simulations fail; `None` for success.
    simulated: Option<u32>,
}

/// A chain. A clone shares its state.
#[derive(Clone, Debug)]
pub struct Chain {
    started: Instant,
    slot_time: Duration,
    state: Arc<Mutex<State>>,
}

impl Default for Chain {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Chain {
    /// A chain with the exchange, and for each owner a sub-account 0 with a thousand dollars.
    #[must_use]
    pub fn new(owners: &[Pubkey]) -> Self {
        let accounts = exchange::accounts(FIRST_SLOT, unix_time(), owners);
        let state = State { accounts, received: Vec::new(), fate: Fate::Lands, simulated: None };
        Self { started: Instant::now(), slot_time: SLOT, state: Arc::new(Mutex::new(state)) }
    }

    /// The same with another slot time, for blockhashes that expire within a test.
    #[must_use]
    pub fn with_slots(self, slot_time: Duration) -> Self {
        Self { slot_time, ..self }
    }

    /// The present slot.
    #[must_use]
    pub fn slot(&self) -> u64 {
        FIRST_SLOT + u64::try_from(self.started.elapsed().as_millis() / self.slot_time.as_millis()).unwrap_or(0)
    }

    /// The present block height.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.slot() - SKIPPED
    }

    /// Sets the outcome of transactions from now on.
    pub fn set_fate(&self, fate: Fate) {
        self.locked().fate = fate;
    }

    /// Sets the custom error number with which simulations fail from now on; `None` for success.
    pub fn set_simulated(&self, error: Option<u32>) {
        self.locked().simulated = error;
    }

    pub(super) fn simulated(&self) -> Option<u32> {
        self.locked().simulated
    }

    /// The transactions that any server received, passed on or not, each once.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.locked().received.clone()
    }

    /// Receives a transaction at a server; `None` for invalid bytes. `passed` is false for a server that keeps it.
    pub(super) fn receive(&self, bytes: Vec<u8>, passed: bool) -> Option<String> {
        let signature = bs58::encode(bytes.get(1..65)?).into_string();
        let slot = self.slot();
        let mut state = self.locked();
        let fate = if passed { state.fate } else { Fate::Dropped };
        match state.received.iter_mut().find(|received| received.signature == signature) {
            Some(known) => {
                known.times += 1;
                if known.fate == Fate::Dropped {
                    known.fate = fate;
                }
            }
            None => state.received.push(Received { signature: signature.clone(), bytes, slot, times: 1, fate }),
        }
        Some(signature)
    }

    /// The bytes of a transaction that was passed on.
    pub(super) fn bytes(&self, signature: &str) -> Option<Vec<u8>> {
        let state = self.locked();
        state.received.iter().find(|received| received.signature == signature).map(|received| received.bytes.clone())
    }

    /// Slot and error number of a transaction that has landed.
    pub(super) fn outcome(&self, signature: &str) -> Option<(u64, Option<u32>)> {
        let slot = self.slot();
        let state = self.locked();
        let received = state.received.iter().find(|received| received.signature == signature)?;
        let landed = received.slot + 1;
        match received.fate {
            Fate::Dropped => None,
            _ if slot < landed => None,
            Fate::Lands => Some((landed, None)),
            Fate::Refused(error) => Some((landed, Some(error))),
        }
    }

    /// The accounts now, with clock and prices as of the present slot.
    pub(super) fn accounts(&self) -> BTreeMap<Pubkey, Account> {
        let mut accounts = self.locked().accounts.clone();
        exchange::tick(&mut accounts, self.slot(), unix_time());
        accounts
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn unix_time() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(0)
}
