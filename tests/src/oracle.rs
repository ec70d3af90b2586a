//! Price accounts of every kind, owned by their oracle programs.

use kedge_interface::address::pyth;
use solana_account::Account;
use solana_pubkey::{Pubkey, pubkey};

use crate::Machine;

/// Exponent of the written prices.
const EXPONENT: i32 = -8;

/// Contents of a `PriceUpdateV2` account.
#[derive(Clone, Copy, Debug)]
pub struct Update {
    /// Id of the feed.
    pub feed: [u8; 32],
    /// Price at 1e6.
    pub price: u64,
    /// Confidence at 1e6.
    pub confidence: u64,
    /// Publish time in Unix seconds.
    pub publish_time: i64,
    /// Slot of posting.
    pub posted_slot: u64,
    /// Number of signatures; `None` for full verification.
    pub signatures: Option<u8>,
}

impl Update {
    /// The account's 134 bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut data = vec![0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd];
        data.extend([0x11; 32]);
        match self.signatures {
            None => data.push(1),
            Some(count) => data.extend([0, count]),
        }
        data.extend(self.feed);
        let scaled = |value: u64| i64::try_from(value * 100).expect("a price");
        data.extend(scaled(self.price).to_le_bytes());
        data.extend(scaled(self.confidence).to_le_bytes());
        data.extend(EXPONENT.to_le_bytes());
        data.extend(self.publish_time.to_le_bytes());
        data.extend((self.publish_time - 1).to_le_bytes());
        data.extend(scaled(self.price).to_le_bytes());
        data.extend(scaled(self.confidence).to_le_bytes());
        data.extend(self.posted_slot.to_le_bytes());
        data.resize(134, 0);
        data
    }
}

/// Address of a feed's account.
pub fn address(feed: &[u8; 32]) -> Pubkey {
    pyth::feed(&pyth::PUSH_ORACLE, 0, feed)
}

/// Writes a fully verified update of the present moment, with a confidence of 1 bp.
pub fn publish(machine: &mut Machine, feed: [u8; 32], price: u64) {
    let update = Update {
        feed,
        price,
        confidence: price / 10_000,
        publish_time: machine.time(),
        posted_slot: machine.slot,
        signatures: None,
    };
    write(machine, &update);
}

/// Writes an update at its feed's address.
pub fn write(machine: &mut Machine, update: &Update) {
    put(machine, address(&update.feed), pyth::RECEIVER, update.bytes());
}

/// Writes an account of an oracle program.
pub fn put(machine: &mut Machine, address: Pubkey, owner: Pubkey, data: Vec<u8>) {
    let account = Account { lamports: machine.rent(data.len()), data, owner, ..Account::default() };
    machine.write(address, account);
}

/// The Pyth oracle program, owner of push accounts.
pub const PYTH_PUSH: Pubkey = pubkey!("FsJ3A3u2vn5cTVofAjvy6y5kwABJAqYWpe4975bi2epH");
/// Switchboard's on-demand program.
pub const SWITCHBOARD_ON_DEMAND: Pubkey = pubkey!("SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv");
/// Switchboard's v2 program.
pub const SWITCHBOARD_V2: Pubkey = pubkey!("SW1TCH7qEPTdLsDHRgPuMQjbQxKdH2aBStViMFnt64f");

/// Contents of an account that holds its own feed, for all kinds.
#[derive(Clone, Copy, Debug)]
pub struct Quote {
    /// Price at 1e6.
    pub price: u64,
    /// Confidence or standard deviation at 1e6.
    pub confidence: u64,
    /// Publish time in Unix seconds.
    pub publish_time: i64,
    /// Slot of the publication.
    pub slot: u64,
}

/// A zeroed account with these pieces at their offsets.
fn account(size: usize, pieces: &[(usize, &[u8])]) -> Vec<u8> {
    let mut data = vec![0; size];
    for (at, bytes) in pieces {
        data[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    data
}

impl Quote {
    /// A push price account (version 2) with eight decimals; status 1 is trading.
    pub fn pyth_push(&self, status: u32) -> Vec<u8> {
        let words = [0xa1b2_c3d4, 2, 3, 3_312, 1, EXPONENT.unsigned_abs().wrapping_neg()];
        let header: Vec<u8> = words.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
        let time = self.publish_time.to_le_bytes();
        let (price, confidence) = ((self.price * 100).to_le_bytes(), (self.confidence * 100).to_le_bytes());
        let (status, slot) = (status.to_le_bytes(), self.slot.to_le_bytes());
        account(3_312, &[(0, &header), (96, &time), (208, &price), (216, &confidence), (224, &status), (232, &slot)])
    }

    /// An on-demand feed with this number of samples, all of one slot, posted when they were signed.
    pub fn switchboard_on_demand(&self, samples: u8) -> Vec<u8> {
        let wide = |value: u64| (i128::from(value) * 1_000_000_000_000).to_le_bytes();
        let (value, deviation) = (wide(self.price), wide(self.confidence));
        let (lowest, highest) = (wide(self.price - self.confidence), wide(self.price + self.confidence));
        let (time, slot) = (self.publish_time.to_le_bytes(), self.slot.to_le_bytes());
        let pieces: [(usize, &[u8]); 12] = [
            (0, &[0xc4, 0x1b, 0x6c, 0xc4, 0x0a, 0xd7, 0xdb, 0x28]),
            (2_215, &[1]),
            (2_216, &time),
            (2_264, &value),
            (2_280, &deviation),
            (2_296, &value),
            (2_328, &lowest),
            (2_344, &highest),
            (2_360, &[samples]),
            (2_368, &slot),
            (2_376, &slot),
            (2_384, &slot),
        ];
        account(3_208, &pieces)
    }

    /// A v2 feed whose latest round has this number of results.
    pub fn switchboard_v2(&self, results: u32) -> Vec<u8> {
        let decimal = |value: u64| {
            let mut bytes = (i128::from(value) * 100).to_le_bytes().to_vec();
            bytes.extend(EXPONENT.unsigned_abs().to_le_bytes());
            bytes
        };
        let round = [
            decimal(self.price),
            decimal(self.confidence),
            decimal(self.price - self.confidence),
            decimal(self.price + self.confidence),
        ]
        .concat();
        let pieces: [(usize, &[u8]); 6] = [
            (0, &[0xd9, 0xe6, 0x41, 0x65, 0xc9, 0xa2, 0x1b, 0x7d]),
            (236, &1u32.to_le_bytes()),
            (341, &results.to_le_bytes()),
            (350, &self.slot.to_le_bytes()),
            (358, &self.publish_time.to_le_bytes()),
            (366, &round),
        ];
        account(3_851, &pieces)
    }
}
