//! Price messages as Pyth signs them: big-endian, behind a tag.

use super::FeedId;

/// Tag of a price message.
const PRICE_FEED: u8 = 0;
/// Tag and fields. Later versions append to them.
const SIZE: usize = 85;
/// Exponent of prices that are made here.
const EXPONENT: i32 = -8;
/// Half-width of the confidence interval of prices that are made here, over the price: 5 bps.
const CONFIDENCE: f64 = 0.000_5;

/// A price of one feed: `price * 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Feed.
    pub feed_id: FeedId,
    /// Price mantissa.
    pub price: i64,
    /// Half-width of the confidence interval, the same mantissa.
    pub confidence: u64,
    /// Exponent.
    pub exponent: i32,
    /// Unix seconds of publication.
    pub publish_time: i64,
    /// Of the update before.
    pub previous_publish_time: i64,
    /// Moving average of the price.
    pub average_price: i64,
    /// Moving average of the confidence.
    pub average_confidence: u64,
}

impl Message {
    /// A message about a price in dollars. Prices of this kind go to test chains only.
    #[must_use]
    pub fn of(feed_id: FeedId, dollars: f64, publish_time: i64) -> Self {
        let mantissa = dollars * 1e8;
        // The price is positive and far below the limit; a cast saturates.
        let (price, confidence) = (mantissa.round() as i64, (mantissa * CONFIDENCE).round() as u64);
        Self {
            feed_id,
            price,
            confidence,
            exponent: EXPONENT,
            publish_time,
            previous_publish_time: publish_time.saturating_sub(1),
            average_price: price,
            average_confidence: confidence,
        }
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE);
        bytes.push(PRICE_FEED);
        bytes.extend_from_slice(&self.feed_id);
        bytes.extend_from_slice(&self.price.to_be_bytes());
        bytes.extend_from_slice(&self.confidence.to_be_bytes());
        bytes.extend_from_slice(&self.exponent.to_be_bytes());
        bytes.extend_from_slice(&self.publish_time.to_be_bytes());
        bytes.extend_from_slice(&self.previous_publish_time.to_be_bytes());
        bytes.extend_from_slice(&self.average_price.to_be_bytes());
        bytes.extend_from_slice(&self.average_confidence.to_be_bytes());
        bytes
    }

    /// Reads a message; `None` when it is of another kind or too short. What a later version appended is left.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&PRICE_FEED, fields) = bytes.split_first()? else { return None };
        Some(Self {
            feed_id: *fields.first_chunk()?,
            price: i64::from_be_bytes(at(fields, 32)?),
            confidence: u64::from_be_bytes(at(fields, 40)?),
            exponent: i32::from_be_bytes(at(fields, 48)?),
            publish_time: i64::from_be_bytes(at(fields, 52)?),
            previous_publish_time: i64::from_be_bytes(at(fields, 60)?),
            average_price: i64::from_be_bytes(at(fields, 68)?),
            average_confidence: u64::from_be_bytes(at(fields, 76)?),
        })
    }
}

fn at<const N: usize>(bytes: &[u8], index: usize) -> Option<[u8; N]> {
    bytes.get(index..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publishers::testing::SOL;

    #[test]
    fn what_is_written_is_read() {
        let message = Message { previous_publish_time: 5, ..Message::of(SOL, 171.234_567_89, 1_738_540_800) };
        assert_eq!((message.price, message.confidence), (17_123_456_789, 8_561_728));
        let mut bytes = message.encode();
        assert_eq!((bytes.len(), &bytes[1..33]), (SIZE, &SOL[..]));
        bytes.extend_from_slice(b"appended");
        assert_eq!(Message::decode(&bytes), Some(message));
        assert_eq!(Message::decode(&bytes[..SIZE - 1]), None);
        bytes[0] = 1;
        assert_eq!(Message::decode(&bytes), None, "an average over time is no price");
    }
}
