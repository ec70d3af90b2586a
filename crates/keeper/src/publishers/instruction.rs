//! Instructions of the Pyth receiver and of its push oracle, arguments in Borsh.

use kedge_interface::address::pyth::{PUSH_ORACLE, RECEIVER, feed};
use kedge_interface::instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;

use super::{Evidence, FeedId, Node, Offer};

/// The Wormhole receiver that keeps the signers of the upgraded Pyth receiver.
pub const WORMHOLE: Pubkey = Pubkey::from_str_const("HDw2E7P8X1SkCyjvoGsfBGAVUutKcj874bXjHrpVYrVL");

/// `sha256("global:post_update_atomic")`, first 8 bytes.
const POST_UPDATE_ATOMIC: [u8; 8] = [49, 172, 84, 192, 175, 180, 52, 234];
/// `sha256("global:post_update")`, first 8 bytes.
const POST_UPDATE: [u8; 8] = [133, 95, 207, 175, 11, 79, 118, 44];
/// `sha256("global:update_price_feed")`, first 8 bytes.
const UPDATE_PRICE_FEED: [u8; 8] = [28, 9, 93, 150, 86, 153, 188, 115];

const SYSTEM: Pubkey = Pubkey::new_from_array([0; 32]);
/// The receiver has 256 treasuries so that payments of fees can run side by side.
const TREASURY: u8 = 0;

/// The receiver's configuration.
#[must_use]
pub fn config() -> Pubkey {
    Pubkey::find_program_address(&[b"config"], &RECEIVER).0
}

/// Addresses that every instruction needs; deriving one takes a search, so they are derived once.
#[derive(Clone, Copy, Debug)]
pub struct Builder {
    payer: Pubkey,
    config: Pubkey,
    treasury: Pubkey,
}

impl Builder {
    /// For a payer, who also owns the price accounts that it creates.
    #[must_use]
    pub fn new(payer: Pubkey) -> Self {
        let treasury = Pubkey::find_program_address(&[b"treasury", &[TREASURY]], &RECEIVER).0;
        Self { payer, config: config(), treasury }
    }

    /// Writes a newer price into the push oracle's account of a feed, and does nothing with an older one.
    ///
    /// The real push oracle wants an account with the verified VAA. No such account is named here, so only the mock
    /// receiver takes it: on public clusters Pyth itself keeps these accounts.
    #[must_use]
    pub fn update_price_feed(&self, shard: u16, offer: &Offer) -> Instruction {
        let feed_id = &offer.message.feed_id;
        let mut data = UPDATE_PRICE_FEED.to_vec();
        update(&mut data, offer);
        data.extend_from_slice(&shard.to_le_bytes());
        data.extend_from_slice(feed_id);
        let accounts = vec![
            meta(self.payer, true, true),
            meta(RECEIVER, false, false),
            meta(SYSTEM, false, false),
            meta(self.config, false, false),
            meta(self.treasury, true, false),
            meta(feed(&PUSH_ORACLE, shard, feed_id), true, false),
            meta(SYSTEM, false, false),
        ];
        Instruction { program_id: PUSH_ORACLE, accounts, data }
    }

    /// Writes a price into an account of our own, which signs, and creates it where there is none. With evidence by
    /// `post_update_atomic`, which any chain takes; without by `post_update` and without an account with a VAA, which
    /// only the mock receiver takes.
    #[must_use]
    pub fn post_update(&self, account: Pubkey, offer: &Offer) -> Instruction {
        let (mut data, first) = match &offer.evidence {
            None => (POST_UPDATE.to_vec(), SYSTEM),
            Some(Evidence { vaa, .. }) => {
                let mut data = POST_UPDATE_ATOMIC.to_vec();
                list(&mut data, vaa);
                (data, guardian_set(vaa))
            }
        };
        update(&mut data, offer);
        let accounts = vec![
            meta(self.payer, true, true),
            meta(first, false, false),
            meta(self.config, false, false),
            meta(self.treasury, true, false),
            meta(account, true, true),
            meta(SYSTEM, false, false),
            meta(self.payer, false, true),
        ];
        Instruction { program_id: RECEIVER, accounts, data }
    }
}

/// Who signs VAAs of the set that a VAA names.
fn guardian_set(vaa: &[u8]) -> Pubkey {
    let index = vaa.get(1..).and_then(|rest| rest.first_chunk::<4>()).copied().unwrap_or_default();
    Pubkey::find_program_address(&[b"GuardianSet", &index], &WORMHOLE).0
}

/// Message, proof, treasury.
fn update(data: &mut Vec<u8>, offer: &Offer) {
    list(data, &offer.bytes);
    let proof: &[Node] = offer.evidence.as_ref().map_or(&[], |evidence| &evidence.proof);
    length(data, proof.len());
    data.extend(proof.iter().flatten());
    data.push(TREASURY);
}

fn list(data: &mut Vec<u8>, bytes: &[u8]) {
    length(data, bytes.len());
    data.extend_from_slice(bytes);
}

fn length(data: &mut Vec<u8>, length: usize) {
    // What is longer does not fit a transaction.
    data.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

fn meta(pubkey: Pubkey, is_writable: bool, is_signer: bool) -> AccountMeta {
    AccountMeta { pubkey, is_signer, is_writable }
}

/// The sponsored account of a feed: shard 0 of the push oracle.
#[must_use]
pub fn sponsored(feed_id: &FeedId) -> Pubkey {
    feed(&PUSH_ORACLE, 0, feed_id)
}
