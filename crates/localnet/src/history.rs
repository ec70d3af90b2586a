//! Bounds the memory of a chain that runs for hours: old transactions are forgotten, as validators do.

use std::collections::VecDeque;

use surfpool_core::surfnet::svm::SurfnetSvm;

/// A transaction is kept while its blockhash is valid (150 slots), or it could run twice; the margin covers clients
/// that still ask for its status.
const UNTOUCHABLE_SLOTS: u64 = 300;

/// The slots whose blocks hold transactions, oldest first.
pub(crate) struct History {
    limit: usize,
    blocks: VecDeque<(u64, usize)>,
    transactions: usize,
}

impl History {
    /// Keeps the newest `limit` transactions, and always those of the last 300 slots.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, blocks: VecDeque::new(), transactions: 0 }
    }

    /// Notes the block that closed last and drops transactions above the limit. Called once a slot.
    pub(crate) fn turn(&mut self, svm: &mut SurfnetSvm) {
        let open = svm.get_latest_absolute_slot();
        let closed = open.saturating_sub(1);
        if self.blocks.back().is_none_or(|(slot, _)| *slot < closed)
            && let Ok(Some(block)) = svm.blocks.get(&closed)
        {
            self.transactions += block.signatures.len();
            self.blocks.push_back((closed, block.signatures.len()));
        }
        while self.transactions > self.limit
            && let Some((slot, count)) = self.blocks.front().copied()
            && slot + UNTOUCHABLE_SLOTS < open
        {
            self.blocks.pop_front();
            self.transactions -= count;
            forget(svm, slot);
        }
    }
}

/// Removes a slot's transactions. The in-memory stores cannot fail; a failure would only keep an entry longer.
fn forget(svm: &mut SurfnetSvm, slot: u64) {
    let Ok(Some(block)) = svm.blocks.take(&slot) else {
        return;
    };
    for signature in block.signatures {
        let key = signature.to_string();
        let _ = svm.transactions.take(&key);
        let _ = svm.profile_tag_map.take(&key);
    }
}
