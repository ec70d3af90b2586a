//! Pyth price accounts, written with the receiver program as owner.

use kedge_interface::address::pyth;
use solana_account::Account;
use solana_pubkey::Pubkey;

use crate::Machine;

/// Exponent of the prices that are written here.
const EXPONENT: i32 = -8;

/// What a `PriceUpdateV2` account says.
#[derive(Clone, Copy, Debug)]
pub struct Update {
    /// Feed.
    pub feed: [u8; 32],
    /// Price at 1e6.
    pub price: u64,
    /// Confidence at 1e6.
    pub confidence: u64,
    /// Unix seconds.
    pub publish_time: i64,
    /// Slot of posting.
    pub posted_slot: u64,
    /// `None` for full verification, else the number of signatures.
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

/// Writes a fully verified update of the present moment with a confidence of 1 bp.
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

/// Writes an update.
pub fn write(machine: &mut Machine, update: &Update) {
    let data = update.bytes();
    let account = Account { lamports: machine.rent(data.len()), data, owner: pyth::RECEIVER, ..Account::default() };
    machine.write(address(&update.feed), account);
}
