//! A hash of the books' content alone, equal on every machine.

use super::Books;

/// Odd constants of SplitMix64.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes a word in.
fn mix(state: u64, word: u64) -> u64 {
    let mixed = (state ^ word).wrapping_add(STEP);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Hashes list by list in a fixed order; owners by address, since their numbers depend on the order of arrival.
pub(super) fn of(books: &Books) -> u64 {
    let mut state = 0;
    for (index, market) in (0u64..).zip(&books.markets) {
        for (list, key, entry) in market.lists() {
            let owner = books.address(entry.account).to_bytes();
            let (words, _) = owner.as_chunks::<8>();
            let facts = [index << 8 | u64::from(list), key, entry.seq, entry.size, u64::from(entry.expires_at)];
            let place = u64::from(entry.id) << 8 | u64::from(entry.slot);
            let owner = words.iter().map(|word| u64::from_le_bytes(*word));
            state = facts.into_iter().chain([place]).chain(owner).fold(state, mix);
        }
    }
    state
}
