//! What the ed25519 program has verified for the instruction behind it.

use anchor_lang::AccountView;
use anchor_lang::Address;
use anchor_lang::pinocchio::account::Ref;
use anchor_lang::pinocchio::sysvars::instructions::Instructions;
use kedge_model::Error;

use crate::error::Outcome;

/// The ed25519 program: the runtime verifies its instructions before the transaction runs.
const ED25519: Address = Address::from_str_const("Ed25519SigVerify111111111111111111111111111");
/// Number of signatures and padding, then the description of the first signature.
const HEADER: usize = 2;
const DESCRIPTION: usize = 14;
/// In a description: the data is in the same instruction.
const HERE: u16 = u16::MAX;

/// Hands the signer and the message of the instruction right in front of this one to `read`.
///
/// That instruction must be one of the ed25519 program with exactly one signature whose signature, key and message
/// all lie in it: a description may point into other instructions, whose data this program would not see.
///
/// Errors: [`Error::SignedOrderInvalid`].
pub fn verified<T>(sysvar: &AccountView, read: impl FnOnce([u8; 32], &[u8]) -> Outcome<T>) -> Outcome<T> {
    let instructions = Instructions::<Ref<'_, [u8]>>::try_from(sysvar)?;
    let before = instructions.get_instruction_relative(-1).map_err(|_| Error::SignedOrderInvalid)?;
    if *before.get_program_id() != ED25519 {
        return Err(Error::SignedOrderInvalid.into());
    }
    let (signer, message) = parts(before.get_instruction_data()).ok_or(Error::SignedOrderInvalid)?;
    read(signer, message)
}

/// Key and message of the one signature of an instruction's data.
fn parts(data: &[u8]) -> Option<([u8; 32], &[u8])> {
    let (&[count, _], description) = data.split_first_chunk::<HEADER>()?;
    let words: &[u8; DESCRIPTION] = description.first_chunk()?;
    let word = |at: usize| u16::from_le_bytes([words[2 * at], words[2 * at + 1]]);
    let [_, signature_in, key_at, key_in, message_at, length, message_in] = core::array::from_fn(word);
    if count != 1 || [signature_in, key_in, message_in] != [HERE; 3] {
        return None;
    }
    let (key_at, message_at) = (usize::from(key_at), usize::from(message_at));
    let key = *data.get(key_at..)?.first_chunk::<32>()?;
    Some((key, data.get(message_at..message_at + usize::from(length))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instruction(message: &[u8]) -> Vec<u8> {
        let words = [48u16, HERE, 16, HERE, 112, message.len() as u16, HERE];
        let mut data = vec![1, 0];
        data.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        data.extend([7; 32]);
        data.extend([9; 64]);
        data.extend(message);
        data
    }

    #[test]
    fn key_and_message_are_those_of_the_only_signature() {
        let data = instruction(b"buy");
        assert_eq!(parts(&data), Some(([7; 32], b"buy".as_slice())));
        // More or fewer signatures than one, or parts that lie in another instruction.
        for (at, value) in [(0, 0), (0, 2), (4, 0), (8, 0), (14, 0), (5, 0), (9, 0), (15, 0)] {
            let mut changed = data.clone();
            changed[at] = value;
            assert_eq!(parts(&changed), None, "byte {at}");
        }
        for length in 0..data.len() {
            assert_eq!(parts(&data[..length]), None, "{length} bytes");
        }
    }
}
