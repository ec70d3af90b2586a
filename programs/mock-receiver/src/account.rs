//! The bytes of a price account, `PriceUpdateV2`.

use pinocchio::error::ProgramError;

use crate::message::{FIELDS, Message};

/// Size of the account.
pub const SIZE: usize = 134;

/// `sha256("account:PriceUpdateV2")`, first 8 bytes.
const DISCRIMINATOR: [u8; 8] = [0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd];
const AUTHORITY: usize = 8;
const LEVEL: usize = 40;
const PUBLISH_TIME: usize = 52;

/// How far an update counts as verified. Here nothing is.
#[derive(Clone, Copy)]
pub enum Level {
    /// By this many signatures.
    Partial(u8),
    /// By a quorum.
    Full,
}

/// Writes the account: little-endian, the slot right behind the message, zeros to the end.
pub(crate) fn write(
    data: &mut [u8],
    authority: &[u8; 32],
    level: Level,
    message: &Message<'_>,
    slot: u64,
) -> Result<(), ProgramError> {
    let data: &mut [u8; SIZE] = data.try_into().map_err(|_| ProgramError::InvalidAccountData)?;
    data.fill(0);
    data[..AUTHORITY].copy_from_slice(&DISCRIMINATOR);
    data[AUTHORITY..LEVEL].copy_from_slice(authority);
    let start = match level {
        Level::Partial(signatures) => {
            data[LEVEL + 1] = signatures;
            LEVEL + 2
        }
        Level::Full => {
            data[LEVEL] = 1;
            LEVEL + 1
        }
    };
    let (fields, rest) = data[start..].split_first_chunk_mut::<FIELDS>().ok_or(ProgramError::InvalidAccountData)?;
    message.write(fields);
    rest.first_chunk_mut::<8>().ok_or(ProgramError::InvalidAccountData)?.copy_from_slice(&slot.to_le_bytes());
    Ok(())
}

/// The publish time in an account.
pub(crate) fn publish_time(data: &[u8]) -> Result<i64, ProgramError> {
    if data.len() != SIZE || data[..AUTHORITY] != DISCRIMINATOR {
        return Err(ProgramError::InvalidAccountData);
    }
    let message = if data[LEVEL] == 0 { LEVEL + 2 } else { LEVEL + 1 };
    let bytes = data[message + PUBLISH_TIME..].first_chunk().ok_or(ProgramError::InvalidAccountData)?;
    Ok(i64::from_le_bytes(*bytes))
}
