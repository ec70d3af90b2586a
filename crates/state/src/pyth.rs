//! Addresses and bytes of Pyth's pull accounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use kedge_interface::address::pyth::{LEGACY_PUSH_ORACLE, PUSH_ORACLE, RECEIVER, feed};
use kedge_model::account::board::{PriceSource, SourceKind, receivers};
use solana_pubkey::Pubkey;

/// The address of a feed's account in shard 0, which Pyth's sponsors keep up to date.
#[must_use]
pub fn feed_address(feed_id: &[u8; 32]) -> Pubkey {
    feed(&PUSH_ORACLE, 0, feed_id)
}

/// [`sponsored`] for a row's source: the account of the legacy push oracle where the row accepts only that one's
/// receiver.
#[must_use]
pub fn source_address(source: &PriceSource) -> Pubkey {
    let legacy = source.receivers() & receivers::UPGRADED == 0;
    if legacy { feed(&LEGACY_PUSH_ORACLE, 0, &source.key) } else { feed_address(&source.key) }
}

/// Accounts beside a feed's sponsored one that operators configure, such as those to which they publish themselves. A
/// row takes any account of an accepted receiver with the right feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alternatives(Arc<BTreeMap<[u8; 32], Vec<Pubkey>>>);

impl Alternatives {
    /// Further accounts from pairs of feed and account.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = ([u8; 32], Pubkey)>) -> Self {
        let mut map: BTreeMap<_, Vec<Pubkey>> = BTreeMap::new();
        for (feed, account) in pairs {
            map.entry(feed).or_default().push(account);
        }
        Self(Arc::new(map))
    }

    /// Whether there are no further accounts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Further accounts of a source; only Pyth's pull feeds have any.
    pub fn of(&self, source: &PriceSource) -> std::slice::Iter<'_, Pubkey> {
        let pull = source.kind == SourceKind::PythPull as u8;
        self.0.get(&source.key).filter(|_| pull).map_or(&[][..], Vec::as_slice).iter()
    }
}

/// The program that owns price accounts.
pub const OWNER: Pubkey = RECEIVER;

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_interface::pyth::PriceUpdate;
    use kedge_oracle::pyth_pull::{Expected, parse};

    const SOL: [u8; 32] = [
        0xef, 0x0d, 0x8b, 0x6f, 0xda, 0x2c, 0xeb, 0xa4, 0x1d, 0xa1, 0x5d, 0x40, 0x95, 0xd1, 0xda, 0x39, 0x2a, 0x0d,
        0x2f, 0x8e, 0xd0, 0xc6, 0xc7, 0xbc, 0x0f, 0x4c, 0xfa, 0xc8, 0xc2, 0x80, 0xb5, 0x6d,
    ];

    #[test]
    fn the_address_is_the_published_one() {
        let of = |owners| source_address(&PriceSource { key: SOL, owners, ..PriceSource::default() });
        let [present, legacy] = [
            solana_pubkey::pubkey!("7AviUf9nL62mcxNbQGKm4nKDQnPjswo6c5MX4D57HmyE"),
            solana_pubkey::pubkey!("7UVimffxr9ow1uXYxsr4LHAcV58mLzhmwaeKvJ1pjLiE"),
        ];
        assert_eq!(
            [of(0), of(receivers::LEGACY), of(receivers::UPGRADED | receivers::LEGACY)],
            [present, legacy, present]
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let update = PriceUpdate {
            feed_id: SOL,
            price: 20_012_345_678,
            confidence: 10_000_001,
            exponent: -8,
            publish_time: 1_738_540_800,
            posted_slot: 77,
        };
        let expected = Expected { feed_id: &SOL, receivers: receivers::UPGRADED, partial_from: None, multiple: 0 };
        let seen = parse(&OWNER, &update.encode(), &expected).expect("a price");
        // The price to the nearest, the confidence up.
        assert_eq!((seen.price.0, seen.confidence.0), (200_123_457, 100_001));
        assert_eq!((seen.publish_time, seen.publish_slot), (1_738_540_800, 77));
    }
}
