//! Slots of account writes, from surfpool's plugin events and from this crate's own writes.

use std::{
    collections::{HashMap, VecDeque, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};

/// Number of writes that are kept: the WebSocket's notices are of recent writes.
const MOST: usize = 16_384;

/// The latest account writes.
#[derive(Default)]
pub(crate) struct Journal(Mutex<Writes>);

#[derive(Default)]
struct Writes {
    /// Latest slot that wrote the content with this hash.
    slots: HashMap<u64, u64>,
    order: VecDeque<(u64, u64)>,
}

impl Journal {
    fn locked(&self) -> MutexGuard<'_, Writes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a write of an account.
    pub(crate) fn note(&self, slot: u64, lamports: u64, data: &[u8]) {
        let content = content(lamports, data);
        let mut writes = self.locked();
        writes.slots.insert(content, slot);
        writes.order.push_back((content, slot));
        while writes.order.len() > MOST {
            let Some((content, slot)) = writes.order.pop_front() else { break };
            if writes.slots.get(&content) == Some(&slot) {
                writes.slots.remove(&content);
            }
        }
    }

    /// Latest slot in which an account with this content, in base64, was written.
    pub(crate) fn slot(&self, lamports: u64, base64: &str) -> Option<u64> {
        let data = BASE64_STANDARD.decode(base64).ok()?;
        self.locked().slots.get(&content(lamports, &data)).copied()
    }
}

/// Hash of an account's content. The exchange's accounts name their owners; for others it matters little which of two
/// equal accounts is meant.
fn content(lamports: u64, data: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (lamports, data).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_latest_slot_of_a_content_and_forgets_the_oldest() {
        let journal = Journal::default();
        let text = |data: &[u8]| BASE64_STANDARD.encode(data);
        journal.note(5, 1, b"one");
        journal.note(7, 1, b"two");
        journal.note(9, 1, b"one");
        assert_eq!(journal.slot(1, &text(b"one")), Some(9));
        assert_eq!((journal.slot(1, &text(b"two")), journal.slot(2, &text(b"two"))), (Some(7), None));
        for number in 0..MOST as u64 {
            journal.note(10 + number, number, b"more");
        }
        assert_eq!((journal.slot(1, &text(b"one")), journal.slot(3, &text(b"more"))), (None, Some(13)));
        assert_eq!(journal.locked().order.len(), MOST);
    }
}
