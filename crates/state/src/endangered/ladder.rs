//! Bounds on one price from one side, the first to be passed on top.

use std::collections::BinaryHeap;

/// One account's bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// The bound; its complement for rising prices and for the funding clock.
    pub key: u64,
    pub number: u32,
    /// Number of the judgement that made the bound; void after a later one.
    pub generation: u32,
}

/// Number of entries below which void ones are kept.
const FEWEST: usize = 1_024;

/// A heap of bounds that drops void entries when they may be half of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ladder {
    heap: BinaryHeap<Entry>,
    sweep_at: usize,
}

impl Ladder {
    pub(super) fn push(&mut self, entry: Entry, generations: &[u32]) {
        if self.heap.len() >= self.sweep_at.max(FEWEST) {
            self.heap.retain(|entry| entry.is_valid(generations));
            self.sweep_at = self.heap.len().saturating_mul(2);
        }
        self.heap.push(entry);
    }

    /// Removes the entries above a key, or all of them. Their accounts go to `due`, each once, and the accounts'
    /// entries in all ladders are void from here on.
    pub(super) fn take_above(&mut self, key: u64, all: bool, generations: &mut [u32], due: &mut Vec<u32>) {
        while let Some(top) = self.heap.peek()
            && (all || top.key > key)
        {
            if top.is_valid(generations) {
                due.push(top.number);
                let generation = &mut generations[top.number as usize];
                *generation = generation.wrapping_add(1);
            }
            self.heap.pop();
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.heap.capacity() * size_of::<Entry>()
    }
}

impl Entry {
    fn is_valid(&self, generations: &[u32]) -> bool {
        generations.get(self.number as usize) == Some(&self.generation)
    }
}
