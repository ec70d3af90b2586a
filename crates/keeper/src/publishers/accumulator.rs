//! What Hermes hands out as binary: a VAA, and price messages with their proofs, big-endian behind `PNAU`.

use std::sync::Arc;

use super::{Evidence, Message, Node, Offer};

const MAGIC: [u8; 4] = *b"PNAU";
const MAJOR: u8 = 1;
/// The kind of proof: a VAA over the root of a Merkle tree.
const MERKLE: u8 = 0;

/// Bytes of a VAA before its signatures: version, signer set, number of signatures.
const VAA_HEAD: usize = 6;
/// Index of the signer, signature, recovery id.
const SIGNATURE: usize = 66;
/// Most signatures that leave room for the rest of a transaction.
const SIGNATURES: u8 = 5;

/// The prices in an update, each with its proof. Messages of other kinds are left out. `None` when it is none.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<Vec<Offer>> {
    let mut rest = Rest(bytes);
    if *rest.array::<4>()? != MAGIC || *rest.array::<1>()? != [MAJOR] {
        return None;
    }
    // Any minor version is readable: later ones append to the header.
    rest.array::<1>()?;
    let appended = rest.array::<1>()?[0];
    rest.take(appended.into())?;
    if *rest.array::<1>()? != [MERKLE] {
        return None;
    }
    let vaa: Arc<[u8]> = trim(rest.list()?)?.into();
    let updates = rest.array::<1>()?[0];
    let mut offers = Vec::with_capacity(updates.into());
    for _ in 0..updates {
        let bytes = rest.list()?;
        let nodes = rest.array::<1>()?[0];
        let proof: Vec<Node> = (0..nodes).map(|_| rest.array().copied()).collect::<Option<_>>()?;
        if let Some(message) = Message::decode(bytes) {
            let evidence = Some(Evidence { vaa: Arc::clone(&vaa), proof });
            offers.push(Offer { message, bytes: bytes.to_vec(), evidence });
        }
    }
    Some(offers)
}

/// A VAA with its first five signatures: all of a quorum do not fit a transaction together with the price. The account
/// then says how many there were, and each row how many it asks for.
fn trim(vaa: &[u8]) -> Option<Vec<u8>> {
    let (head, signed) = vaa.split_first_chunk::<VAA_HEAD>()?;
    let signatures = head[VAA_HEAD - 1];
    let (all, body) = signed.split_at_checked(usize::from(signatures) * SIGNATURE)?;
    let kept = signatures.min(SIGNATURES);
    let mut trimmed = head.to_vec();
    trimmed[VAA_HEAD - 1] = kept;
    trimmed.extend_from_slice(&all[..usize::from(kept) * SIGNATURE]);
    trimmed.extend_from_slice(body);
    Some(trimmed)
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(head)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    fn list(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(*self.array()?);
        self.take(length.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_short_or_of_another_kind_is_refused() {
        // One signature, a body of two bytes, one message of another kind without a proof.
        let mut vaa = vec![1, 0, 0, 0, 4, 1];
        vaa.extend([7; SIGNATURE]);
        vaa.extend([8, 9]);
        let mut update = b"PNAU".to_vec();
        update.extend([1, 3, 2, 0xaa, 0xbb, 0]);
        update.extend(u16::try_from(vaa.len()).unwrap().to_be_bytes());
        update.extend(&vaa);
        update.extend([1, 0, 3, 1, 2, 3, 0]);
        assert_eq!(parse(&update), Some(vec![]));
        for end in 0..update.len() {
            assert_eq!(parse(&update[..end]), None, "{end}");
        }
        for (place, wrong) in [(0, b'X'), (4, 2), (9, 1)] {
            let mut changed = update.clone();
            changed[place] = wrong;
            assert_eq!(parse(&changed), None, "{place}");
        }
    }

    #[test]
    fn a_trimmed_vaa_keeps_its_first_signatures_and_its_body() {
        let mut vaa = vec![1, 0, 0, 0, 4, 13];
        (0..13u8).for_each(|index| vaa.extend([index; SIGNATURE]));
        vaa.extend(b"body");
        let trimmed = trim(&vaa).unwrap();
        assert_eq!((trimmed[5], trimmed.len()), (5, VAA_HEAD + 5 * SIGNATURE + 4));
        assert!(trimmed.ends_with(b"body") && trimmed[VAA_HEAD + 4 * SIGNATURE] == 4);
        assert_eq!(trim(&vaa[..VAA_HEAD + 12 * SIGNATURE]), None);
    }
}
