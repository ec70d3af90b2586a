//! Orders signed off the chain.

use kedge_interface::PROGRAM_ID;
use kedge_interface::instruction::{Instruction, PlaceSignedOrders, SetDelegate, user::signature};
use kedge_model::account::order::OrderParams;
use kedge_model::account::order::signed_text::{self, ENVELOPE};
use kedge_model::action::{DOMAIN, MAX_MESSAGE, SignedHeader, SignedMessage};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::world::{User, World};

/// Slots for which the messages of [`World::signed`] are valid.
pub const LIFE: u64 = 100;

/// The keypair with a number, the same in every run.
pub fn signer(number: u8) -> Keypair {
    Keypair::new_from_array([number; 32])
}

/// The bytes of a message.
pub fn message(header: &SignedHeader, orders: &[OrderParams]) -> Vec<u8> {
    SignedMessage::write(header, orders, &mut [0; MAX_MESSAGE]).expect("one to three orders").to_vec()
}

/// The text of a message.
pub fn text(header: &SignedHeader, market: &str, orders: &[OrderParams]) -> String {
    let (mut text, account) = (String::new(), Pubkey::new_from_array(header.sub_account).to_string());
    signed_text::write(&mut text, header, (market, &account), orders).expect("it can be said");
    text
}

/// A text in an off-chain envelope, as hardware wallets sign it: version 0, for one signer.
pub fn enclosed(text: &str, signer: &Keypair) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text").to_le_bytes();
    let (domain, key) = (PROGRAM_ID, signer.pubkey());
    [&ENVELOPE[..], &[0], domain.as_ref(), &[0, 1], key.as_ref(), &length, text.as_bytes()].concat()
}

/// The instruction that verifies the signer's signature of these bytes.
pub fn verify(signer: &Keypair, message: &[u8]) -> Instruction {
    signature(&signer.pubkey(), signer.sign_message(message).as_array(), message)
}

impl World {
    /// Gives a user a delegate with a keypair for messages.
    pub fn signing_delegate(&mut self, user: User) -> Keypair {
        let signer = signer(77);
        let delegate = signer.pubkey().to_bytes();
        self.run(SetDelegate { authority: user.authority, sub_account: user.sub, delegate })
            .expect("a delegate is named");
        signer
    }

    /// Header of a message signed now.
    pub fn signed_header(&self, user: User, nonce: u64) -> SignedHeader {
        SignedHeader {
            domain: DOMAIN,
            program: PROGRAM_ID.to_bytes(),
            sub_account: user.sub.to_bytes(),
            nonce,
            slot: self.slot,
            max_slot: self.slot + LIFE,
        }
    }

    /// The two instructions that place orders signed now.
    pub fn signed(
        &self,
        user: User,
        signer: &Keypair,
        nonce: u64,
        orders: &[OrderParams],
    ) -> (Instruction, PlaceSignedOrders) {
        let message = message(&self.signed_header(user, nonce), orders);
        let market = kedge_interface::address::market(orders[0].market);
        (verify(signer, &message), PlaceSignedOrders { market, sub_account: user.sub })
    }
}
