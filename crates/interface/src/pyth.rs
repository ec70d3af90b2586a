//! Bytes of Pyth's pull accounts, `PriceUpdateV2`.

use crate::address::pyth::PUSH_ORACLE;

/// Bytes of a `PriceUpdateV2` account.
pub const SIZE: usize = 134;

const DISCRIMINATOR: [u8; 8] = [0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd];
const FULL: u8 = 1;

/// A price update as Pyth publishes it: `price * 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceUpdate {
    /// Feed id.
    pub feed_id: [u8; 32],
    /// Price mantissa.
    pub price: i64,
    /// Half-width of the confidence interval, in the price's exponent.
    pub confidence: u64,
    /// Exponent.
    pub exponent: i32,
    /// Unix seconds of publication.
    pub publish_time: i64,
    /// Slot at which it was posted.
    pub posted_slot: u64,
}

impl PriceUpdate {
    /// Bytes of an account with a fully verified update.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut data = Vec::with_capacity(SIZE);
        data.extend_from_slice(&DISCRIMINATOR);
        data.extend_from_slice(PUSH_ORACLE.as_ref());
        data.push(FULL);
        data.extend_from_slice(&self.feed_id);
        data.extend_from_slice(&self.price.to_le_bytes());
        data.extend_from_slice(&self.confidence.to_le_bytes());
        data.extend_from_slice(&self.exponent.to_le_bytes());
        data.extend_from_slice(&self.publish_time.to_le_bytes());
        data.extend_from_slice(&self.publish_time.saturating_sub(1).to_le_bytes());
        // The moving average, which the parsers do not read.
        data.extend_from_slice(&self.price.to_le_bytes());
        data.extend_from_slice(&self.confidence.to_le_bytes());
        data.extend_from_slice(&self.posted_slot.to_le_bytes());
        data.resize(SIZE, 0);
        data
    }
}
