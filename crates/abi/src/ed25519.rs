//! The instruction of the ed25519 program in front of a signed order: one signature, with key and message in the same
//! instruction. Layout: count u8, padding u8, seven u16 (signature's place and instruction, key's place and instruction,
//! message's place, length and instruction), then key, signature, message.

/// Bytes of the count and the padding.
const HEADER: usize = 2;
/// Bytes of the one signature's offsets and instruction indices.
const DESCRIPTION: usize = 14;
/// Offset of the key as this crate lays the data out; the signature follows, then the message.
const KEY_AT: u16 = 16;
const SIGNATURE_AT: u16 = KEY_AT + 32;
/// Offset of the message as this crate lays the data out.
pub const MESSAGE_AT: u16 = SIGNATURE_AT + 64;
/// Instruction index of a part that stands in the same instruction.
const HERE: u16 = u16::MAX;

/// The bytes in front of key, signature and a message of `length` bytes.
pub fn head(length: u16) -> [u8; HEADER + DESCRIPTION] {
    let words = [SIGNATURE_AT, HERE, KEY_AT, HERE, MESSAGE_AT, length, HERE];
    let mut head = [0; HEADER + DESCRIPTION];
    head[0] = 1;
    for (place, word) in head[HEADER..].chunks_exact_mut(2).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    head
}

/// Key and message of an instruction's only signature; `None` for another number of signatures, and for parts in other
/// instructions, whose data the reader does not have.
#[inline]
pub fn parts(data: &[u8]) -> Option<([u8; 32], &[u8])> {
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

    fn data(message: &[u8]) -> Vec<u8> {
        let length = u16::try_from(message.len()).unwrap();
        [head(length).as_slice(), &[7; 32], &[9; 64], message].concat()
    }

    #[test]
    fn key_and_message_are_those_of_the_only_signature() {
        let data = data(b"buy");
        assert_eq!(data.len(), usize::from(MESSAGE_AT) + 3);
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
