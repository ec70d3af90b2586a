//! Operands: the edges of every width, then random numbers of random widths.

/// Pairs of operands that the compiled program is tried with.
const PAIRS: usize = 10_000;

/// The pairs, the same on every run.
pub(crate) fn pairs() -> Vec<(u128, u128)> {
    let edges = edges();
    let mut random = Random(0x6b65_6467_6521_2121);
    let mut pairs: Vec<_> = edges.iter().flat_map(|a| edges.iter().map(move |b| (*a, *b))).collect();
    assert!(pairs.len() < PAIRS / 2, "{} pairs of edges leave no room for random ones", pairs.len());
    while pairs.len() < PAIRS {
        let (a, b) = (random.number(), random.number());
        pairs.push(match random.word() % 4 {
            // Around a multiple of `b`, where a digit of the quotient is easily one off.
            0 => (
                b.wrapping_mul(a >> (random.word() % 128)).wrapping_add(u128::from(random.word() % 3)).wrapping_sub(1),
                b,
            ),
            1 => (a.wrapping_neg(), b),
            2 => (a, b.wrapping_neg()),
            _ => (a, b),
        });
    }
    pairs
}

fn edges() -> Vec<u128> {
    let mut edges = vec![0, 3, 5, 7, 10, 1_000_000, 1_000_000_007, 10_000_000_000, u128::MAX - 1, u128::MAX];
    for bit in [0, 1, 8, 16, 31, 32, 33, 47, 63, 64, 65, 95, 96, 97, 126, 127] {
        edges.extend([(1u128 << bit) - 1, 1 << bit, (1 << bit) + 1]);
    }
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number of 1 to 128 bits, every width as likely.
    fn number(&mut self) -> u128 {
        let value = u128::from(self.word()) << 64 | u128::from(self.word());
        value >> (self.word() % 128)
    }
}
