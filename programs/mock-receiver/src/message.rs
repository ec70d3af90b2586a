//! Price messages of the accumulator, big-endian.

use pinocchio::error::ProgramError;

/// Tag of a price message; the other kinds have no place in a price account.
const PRICE_FEED: u8 = 0;
/// Bytes of a message's fields. Later versions append to them.
pub(crate) const FIELDS: usize = 84;
/// Widths of what follows the feed id: price, confidence, exponent, publish time, previous publish time, average price,
/// its confidence.
pub(crate) const WIDTHS: [usize; 7] = [8, 8, 4, 8, 8, 8, 8];

const FEED: usize = 32;
const PUBLISH_TIME: usize = 52;

/// The fields of a price message as they are signed.
pub(crate) struct Message<'a>(&'a [u8; FIELDS]);

impl<'a> Message<'a> {
    /// Reads a message; what a later version has appended is left.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, ProgramError> {
        match bytes.split_first() {
            Some((&PRICE_FEED, fields)) => fields.first_chunk().map(Self).ok_or(ProgramError::InvalidInstructionData),
            _ => Err(ProgramError::InvalidInstructionData),
        }
    }

    /// Feed id.
    pub(crate) fn feed(&self) -> &[u8] {
        &self.0[..FEED]
    }

    /// Unix seconds of publication.
    pub(crate) fn publish_time(&self) -> i64 {
        self.0[PUBLISH_TIME..].first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes))
    }

    /// Writes the fields little-endian, as accounts have them.
    pub(crate) fn write(&self, target: &mut [u8; FIELDS]) {
        target.copy_from_slice(self.0);
        let mut rest = &mut target[FEED..];
        for width in WIDTHS {
            let (field, after) = rest.split_at_mut(width);
            field.reverse();
            rest = after;
        }
    }
}
