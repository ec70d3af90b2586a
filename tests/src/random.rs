//! A small random number generator whose numbers depend on the seed alone.

/// Where choices come from.
#[derive(Clone, Debug)]
pub enum Random {
    /// SplitMix64.
    Seeded(u64),
    /// Bytes of a fuzzer, two for each choice, and how many of them are spent.
    Bytes(std::sync::Arc<[u8]>, usize),
}

impl Random {
    /// Starts from a seed.
    pub const fn new(seed: u64) -> Self {
        Self::Seeded(seed)
    }

    /// Choices that a fuzzer makes; when its bytes are spent, each is zero.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.into(), 0)
    }

    /// Whether every byte of a fuzzer is spent. A seed never is.
    pub fn is_spent(&self) -> bool {
        matches!(self, Self::Bytes(bytes, at) if *at >= bytes.len())
    }

    /// Any number. Of a fuzzer's two bytes every further bit is mixed, so that equal bytes are equal choices.
    pub fn draw(&mut self) -> u64 {
        let state = match self {
            Self::Seeded(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                *state
            }
            Self::Bytes(bytes, at) => {
                let pair = [bytes.get(*at), bytes.get(*at + 1)].map(|byte| byte.copied().unwrap_or(0));
                *at += 2;
                return mixed_above(u16::from_le_bytes(pair));
            }
        };
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True in `chance` of 100 draws.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// An element of a list.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let count = u64::try_from(list.len()).expect("a short list");
        &list[usize::try_from(self.below(count)).expect("a short list")]
    }
}

/// A number that is `low` modulo 2^16, so that a fuzzer steers small choices by its bytes, with mixed bits above for the
/// large ones.
fn mixed_above(low: u16) -> u64 {
    let above = u64::from(low).wrapping_mul(0x9e37_79b9_7f4a_7c15) & !0xffff;
    above | u64::from(low)
}
