//! Orders signed off the chain: what their owner signs, how it travels, and the instructions with which anybody places it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kedge_interface::PROGRAM_ID;
use kedge_interface::address;
use kedge_interface::instruction::{Instruction, PlaceSignedOrders, user};
use kedge_model::action::{DOMAIN, MAX_MESSAGE, MAX_SIGNED_MS, SignedHeader, SignedMessage};
use kedge_model::order::OrderParams;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::{Signer, SignerError};

/// How far above the highest number that an account has seen a message of [`next_number`] and its like may lie: what
/// revokes all numbers up to this far ahead revokes every such message, also those that nobody has seen.
pub const NUMBERS_AHEAD: u64 = 1_000;

/// Longest time in milliseconds for which a message should be signed: less than the exchange's limit, which it counts in
/// slots, by what its measure of the slot time may change until the message is placed.
pub const LONGEST_MS: u64 = MAX_SIGNED_MS / 10 * 9;

/// Why a signed message cannot be placed.
#[derive(Debug, thiserror::Error)]
pub enum SignedError {
    /// It is not written as [`SignedOrders::to_json`] writes it.
    #[error("it is not a signed message: {0}")]
    Format(&'static str),
    /// Somebody else signed, or something else was signed.
    #[error("the signature is not {signer}'s, or the message was changed after it was signed")]
    Signature {
        /// Who is said to have signed.
        signer: Pubkey,
    },
    /// What was signed is no message of this kind.
    #[error("what was signed is not a message with one to three orders of this exchange")]
    Message,
    /// The message is for another program.
    #[error("the message is for another exchange: program {program}, not {PROGRAM_ID}")]
    OtherExchange {
        /// That program.
        program: Pubkey,
    },
    /// The wallet did not sign.
    #[error("signing: {0}")]
    Sign(#[from] SignerError),
}

/// A message with the signature of its owner or delegate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOrders {
    /// Who signed.
    pub signer: Pubkey,
    /// The signature.
    pub signature: Signature,
    /// The bytes that were signed.
    pub message: Vec<u8>,
}

/// Header of a message for a sub-account of this exchange.
pub fn header(sub_account: &Pubkey, number: u64, slot: u64, last_slot: u64) -> SignedHeader {
    SignedHeader {
        domain: DOMAIN,
        program: PROGRAM_ID.to_bytes(),
        sub_account: sub_account.to_bytes(),
        nonce: number,
        slot,
        max_slot: last_slot,
    }
}

/// The number for the next message of an account whose highest number is `highest`. Two messages that are signed before
/// either is placed need two numbers: of those with the same, only the first that is placed counts.
pub fn next_number(highest: u64) -> u64 {
    highest.saturating_add(1)
}

impl SignedOrders {
    /// Signs orders of one market.
    ///
    /// Errors: [`SignedError::Message`] for no order or more than three, [`SignedError::Sign`].
    pub fn sign(signer: &dyn Signer, header: &SignedHeader, orders: &[OrderParams]) -> Result<Self, SignedError> {
        let mut buffer = [0; MAX_MESSAGE];
        let message = SignedMessage::write(header, orders, &mut buffer).map_err(|_| SignedError::Message)?;
        let signature = signer.try_sign_message(message)?;
        Ok(Self { signer: signer.try_pubkey()?, signature, message: message.to_vec() })
    }

    /// What was signed, once it is certain that the signer signed it and for this exchange.
    ///
    /// Errors: [`SignedError::Signature`], [`SignedError::Message`], [`SignedError::OtherExchange`].
    pub fn verify(&self) -> Result<SignedMessage, SignedError> {
        if !self.signature.verify(self.signer.as_ref(), &self.message) {
            return Err(SignedError::Signature { signer: self.signer });
        }
        let message = SignedMessage::read(&self.message).map_err(|_| SignedError::Message)?;
        let program = Pubkey::new_from_array(message.header.program);
        if program == PROGRAM_ID { Ok(message) } else { Err(SignedError::OtherExchange { program }) }
    }

    /// Both instructions that place the message, in a row: anybody may send them. Prices that the account's margin needs
    /// are refreshed in front of both.
    pub fn instructions(&self, message: &SignedMessage) -> [Instruction; 2] {
        let market = message.orders().first().map_or(0, |order| order.market);
        let sub_account = Pubkey::new_from_array(message.header.sub_account);
        let place = PlaceSignedOrders { market: address::market(market), sub_account };
        [user::signature(&self.signer, self.signature.as_array(), &self.message), place.into()]
    }

    /// How it travels: signer and signature in base58, the bytes of the message in base64.
    pub fn to_json(&self) -> Value {
        json!({
            "signer": self.signer.to_string(),
            "signature": self.signature.to_string(),
            "message": STANDARD.encode(&self.message),
        })
    }

    /// Reads what [`Self::to_json`] wrote; other fields beside it say nothing.
    ///
    /// Errors: [`SignedError::Format`].
    pub fn from_json(text: &str) -> Result<Self, SignedError> {
        let value: Value = serde_json::from_str(text).map_err(|_| SignedError::Format("not JSON"))?;
        let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        let format = SignedError::Format;
        Ok(Self {
            signer: field("signer").parse().map_err(|_| format("`signer` is not an address"))?,
            signature: field("signature").parse().map_err(|_| format("`signature` is not a signature"))?,
            message: STANDARD.decode(field("message")).map_err(|_| format("`message` is not base64"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_model::quantity::Size;
    use solana_keypair::Keypair;

    fn signed(change: impl FnOnce(&mut SignedHeader)) -> SignedOrders {
        let mut header = header(&Pubkey::new_from_array([3; 32]), next_number(6), 100, 200);
        change(&mut header);
        let order = OrderParams { market: 2, size: Size(5), ..OrderParams::default() };
        SignedOrders::sign(&Keypair::new_from_array([7; 32]), &header, &[order]).expect("signed")
    }

    #[test]
    fn what_was_signed_travels_unchanged() {
        let signed = signed(|_| ());
        let mut json = signed.to_json();
        json["remark"] = "anything".into();
        let read = SignedOrders::from_json(&json.to_string()).expect("the same");
        assert_eq!(read, signed);
        let message = read.verify().expect("verified");
        assert_eq!((message.header.nonce, message.orders()[0].size), (7, Size(5)));
        let [front, place] = read.instructions(&message);
        assert_eq!((front.program_id, place.program_id), (address::ED25519_PROGRAM, PROGRAM_ID));
        let accounts: Vec<Pubkey> = place.accounts.iter().map(|account| account.pubkey).collect();
        assert!(accounts.contains(&address::market(2)) && accounts.contains(&Pubkey::new_from_array([3; 32])));
    }

    #[test]
    fn what_was_changed_or_is_meant_for_others_is_refused() {
        let good = signed(|_| ());
        for at in [0, 60, 100, 110, good.message.len() - 1] {
            let mut changed = good.clone();
            changed.message[at] ^= 1;
            assert!(matches!(changed.verify(), Err(SignedError::Signature { .. })), "byte {at}");
        }
        let stranger = SignedOrders { signer: Pubkey::new_unique(), ..good.clone() };
        assert!(matches!(stranger.verify(), Err(SignedError::Signature { .. })));
        let other = signed(|header| header.program = [9; 32]);
        assert!(matches!(other.verify(), Err(SignedError::OtherExchange { program }) if program.to_bytes() == [9; 32]));
        let domain = signed(|header| header.domain = *b"kedge orders v2\n");
        assert!(matches!(domain.verify(), Err(SignedError::Message)));
        let mut json = good.to_json();
        json["message"] = "%".into();
        for text in ["", "[]", "{}", "{\"signer\": 5}", &json.to_string()] {
            assert!(matches!(SignedOrders::from_json(text), Err(SignedError::Format(_))), "{text}");
        }
    }
}
