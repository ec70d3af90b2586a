//! Orders signed off the chain: the signed bytes, their transport form, and the instructions that place them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kedge_interface::PROGRAM_ID;
use kedge_interface::address;
use kedge_interface::instruction::{Instruction, PlaceSignedOrders, user};
use kedge_model::Error as Rule;
use kedge_model::account::order::OrderParams;
use kedge_model::account::order::signed_text::{self, ENVELOPE};
use kedge_model::action::{DOMAIN, MAX_MESSAGE, MAX_SIGNED_MS, SignedHeader, SignedMessage};
use serde_json::{Value, json};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::{Signer, SignerError};

/// Reach of [`next_number`] above the highest number that an account has seen. A revocation up to this far ahead covers
/// every message that is numbered so, seen or unseen.
pub const NUMBERS_AHEAD: u64 = 1_000;

/// Longest life in milliseconds to sign a message for. It is below the exchange's limit, which counts in slots, by as
/// much as the measured slot time may change until the message is placed.
pub const LONGEST_MS: u64 = MAX_SIGNED_MS.0 / 10 * 9;

/// Why a signed message cannot be placed.
#[derive(Debug, thiserror::Error)]
pub enum SignedError {
    /// The text is not of the form that [`SignedOrders::to_json`] writes.
    #[error("it is not a signed message: {0}")]
    Format(&'static str),
    /// The signature is another signer's, or of another message.
    #[error("the signature is not {signer}'s, or the message was changed after it was signed")]
    Signature {
        /// The signer that the message names.
        signer: Pubkey,
    },
    /// The signature fits none of the forms in which wallets sign a text.
    #[error(
        "the signature is not {signer}'s of this text: neither of its letters alone nor in an off-chain envelope of \
         version 0 or 1; copy text and signature whole"
    )]
    TextSignature {
        /// The signer that the message names.
        signer: Pubkey,
    },
    /// The signed bytes are hexadecimal digits of other bytes.
    #[error("what was signed are hexadecimal digits: sign the bytes that they stand for, or the text")]
    Hexadecimal,
    /// The signed bytes break a rule of signed messages.
    #[error("{}", .0.message())]
    Message(Rule),
    /// The orders have no text form.
    #[error("no text says this: one to three orders of one market are signed as a text, none of which fills at once")]
    Unspeakable,
    /// The message is for another program.
    #[error("the message is for another exchange: program {program}, not {PROGRAM_ID}")]
    OtherExchange {
        /// The program that the message names.
        program: Pubkey,
    },
    /// The wallet did not sign.
    #[error("signing: {0}")]
    Sign(#[from] SignerError),
}

/// A message with the signature of its owner or delegate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOrders {
    /// Owner or delegate of the sub-account.
    pub signer: Pubkey,
    /// Signature over `message`.
    pub signature: Signature,
    /// The signed bytes.
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
/// either is placed need two numbers: of messages with one number, only the first placed counts.
pub fn next_number(highest: u64) -> u64 {
    highest.saturating_add(1)
}

impl SignedOrders {
    /// Signs orders of one market.
    ///
    /// ```text
    /// offset  bytes  field         (docs/signed-orders.md, with a vector)
    /// 0       104    header: domain 16, program 32, sub-account 32, number 8, slot 8, last slot 8
    /// 104     72 n   orders
    /// ```
    ///
    /// # Errors
    /// [`SignedError::Message`] for no order or more than three, [`SignedError::Sign`].
    pub fn sign(signer: &dyn Signer, header: &SignedHeader, orders: &[OrderParams]) -> Result<Self, SignedError> {
        let mut buffer = [0; MAX_MESSAGE];
        let message = SignedMessage::write(header, orders, &mut buffer).map_err(SignedError::Message)?;
        let signature = signer.try_sign_message(message)?;
        Ok(Self { signer: signer.try_pubkey()?, signature, message: message.to_vec() })
    }

    /// Signs the text of orders in the off-chain envelope of this exchange ([`envelope`]).
    ///
    /// # Errors
    /// [`SignedError::Sign`].
    pub fn sign_text(signer: &dyn Signer, text: &str) -> Result<Self, SignedError> {
        let key = signer.try_pubkey()?;
        let message = envelope(text, &key, &PROGRAM_ID.to_bytes());
        Ok(Self { signer: key, signature: signer.try_sign_message(&message)?, message })
    }

    /// A text's signature from a wallet, over the text alone or over one of the envelopes in which wallets sign texts.
    ///
    /// # Errors
    /// [`SignedError::TextSignature`].
    pub fn of_text(signer: Pubkey, signature: Signature, text: &str) -> Result<Self, SignedError> {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes();
        let enclosed = |header: &[u8]| [&ENVELOPE[..], header, text.as_bytes()].concat();
        let first = |format: u8| enclosed(&[&[0, format][..], &length].concat());
        let forms = [
            envelope(text, &signer, &PROGRAM_ID.to_bytes()),
            envelope(text, &signer, &[0; 32]),
            first(0),
            first(1),
            enclosed(&[&[1, 1][..], signer.as_ref()].concat()),
            text.as_bytes().to_vec(),
        ];
        let held = forms.into_iter().find(|message| signature.verify(signer.as_ref(), message));
        Ok(Self { signer, signature, message: held.ok_or(SignedError::TextSignature { signer })? })
    }

    /// The decoded message, once the signature and the exchange are verified.
    ///
    /// # Errors
    /// [`SignedError::Signature`], [`SignedError::Hexadecimal`], [`SignedError::Message`] with the rule that the
    /// program would refuse it by, [`SignedError::OtherExchange`].
    pub fn verify(&self) -> Result<SignedMessage, SignedError> {
        if !self.signature.verify(self.signer.as_ref(), &self.message) {
            return Err(SignedError::Signature { signer: self.signer });
        }
        let message = SignedMessage::read(&self.message).map_err(|rule| match rule {
            Rule::SignedFormUnknown if is_hexadecimal(&self.message) => SignedError::Hexadecimal,
            rule => SignedError::Message(rule),
        })?;
        let program = Pubkey::new_from_array(message.header.program);
        // A text names the sub-account, whose address belongs to one program.
        if program == PROGRAM_ID || message.is_text() {
            Ok(message)
        } else {
            Err(SignedError::OtherExchange { program })
        }
    }

    /// The two instructions that place the message, in a row; any account may send them. A refresh of the prices that
    /// the account's margin needs goes before both.
    pub fn instructions(&self, message: &SignedMessage) -> [Instruction; 2] {
        let market = message.orders().first().map_or(0, |order| order.market);
        let sub_account = Pubkey::new_from_array(message.header.sub_account);
        let place = PlaceSignedOrders { market: address::market(market), sub_account };
        [user::signature(&self.signer, self.signature.as_array(), &self.message), place.into()]
    }

    /// The transport form: signer and signature in base58, the bytes of the message in base64.
    pub fn to_json(&self) -> Value {
        json!({
            "signer": self.signer.to_string(),
            "signature": self.signature.to_string(),
            "message": STANDARD.encode(&self.message),
        })
    }

    /// Reads what [`Self::to_json`] wrote, or `text` instead of `message` for a text that a wallet signed; other fields
    /// are ignored.
    ///
    /// * `signature`: replaces the field of this name.
    ///
    /// # Errors
    /// [`SignedError::Format`], [`SignedError::TextSignature`].
    pub fn from_json(text: &str, signature: Option<Signature>) -> Result<Self, SignedError> {
        let value: Value = serde_json::from_str(text).map_err(|_| SignedError::Format("not JSON"))?;
        let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        let format = SignedError::Format;
        let signer = field("signer").parse().map_err(|_| format("`signer` is not an address"))?;
        let signature = match signature {
            Some(signature) => signature,
            None if field("signature").is_empty() => {
                return Err(format("it has no `signature` yet: --signature names what the wallet gave"));
            }
            None if is_hexadecimal(field("signature").as_bytes()) => {
                return Err(format("`signature` is in hexadecimal; write it in base58"));
            }
            None => field("signature").parse().map_err(|_| format("`signature` is not a signature"))?,
        };
        if value.get("message").is_none() && !field("text").is_empty() {
            return Self::of_text(signer, signature, field("text"));
        }
        if is_hexadecimal(field("message").as_bytes()) {
            return Err(format("`message` is in hexadecimal; write it in base64"));
        }
        let message = STANDARD.decode(field("message")).map_err(|_| format("`message` is not base64"))?;
        Ok(Self { signer, signature, message })
    }
}

/// The text of a message, for its owner to read and sign.
///
/// * `market`: the name of the market of all orders.
///
/// # Errors
/// [`SignedError::Unspeakable`].
pub fn text(header: &SignedHeader, market: &str, orders: &[OrderParams]) -> Result<String, SignedError> {
    let (mut text, account) = (String::new(), Pubkey::new_from_array(header.sub_account).to_string());
    signed_text::write(&mut text, header, (market, &account), orders).map_err(|_| SignedError::Unspeakable)?;
    Ok(text)
}

/// A text in an envelope of Solana's off-chain messages: version 0, restricted ASCII, one signer.
///
/// * `domain`: the application. This exchange's is its program id; the exchange accepts any.
pub fn envelope(text: &str, signer: &Pubkey, domain: &[u8; 32]) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes();
    [&ENVELOPE[..], &[0], domain, &[0, 1], signer.as_ref(), &length, text.as_bytes()].concat()
}

/// Whether the text is hexadecimal digits, of either case and with or without `0x`, of at least a signature's length.
fn is_hexadecimal(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"0x").unwrap_or(text);
    digits.len() >= 128 && digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit)
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
        let read = SignedOrders::from_json(&json.to_string(), None).expect("the same");
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
        assert!(matches!(domain.verify(), Err(SignedError::Message(Rule::SignedFormUnknown))));
        let mut json = good.to_json();
        json["message"] = "%".into();
        for text in ["", "[]", "{}", "{\"signer\": 5}", &json.to_string()] {
            assert!(matches!(SignedOrders::from_json(text, None), Err(SignedError::Format(_))), "{text}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_words() {
        let good = signed(|_| ());
        let key = Keypair::new_from_array([7; 32]);
        let said = |message: &[u8]| {
            let signature = key.sign_message(message);
            let signed = SignedOrders { signer: key.pubkey(), signature, message: message.to_vec() };
            signed.verify().expect_err("not a message").to_string()
        };
        let lower: String = good.message.iter().map(|byte| format!("{byte:02x}")).collect();
        for digits in [lower.clone(), lower.to_uppercase(), format!("0x{lower}")] {
            assert!(said(digits.as_bytes()).contains("hexadecimal"), "{digits}");
            let mut json = good.to_json();
            json["message"] = digits.clone().into();
            let found = SignedOrders::from_json(&json.to_string(), None).expect_err("digits").to_string();
            assert!(found.contains("base64"), "{found}");
            json["signature"] = digits.into();
            assert!(
                SignedOrders::from_json(&json.to_string(), None).expect_err("digits").to_string().contains("base58")
            );
        }
        assert!(said(&good.message[..120]).contains("72 more"));
        assert!(said(b"Kedge orders in SOL-PERP, market 4: buy one and a half at whatever price there is, and quickly at that").contains("last letter"));
        assert!(said(b"buy one SOL").contains("begins neither"));
    }

    #[test]
    fn a_text_counts_in_every_form_in_which_wallets_sign_it() {
        let key = Keypair::new_from_array([7; 32]);
        let order = OrderParams { market: 2, size: Size(5_000_000_000), ..OrderParams::default() };
        let header = header(&Pubkey::new_from_array([3; 32]), 7, 100, 200);
        let text = text(&header, "SOL-PERP", &[order]).expect("it can be said");
        let length = (text.len() as u16).to_le_bytes();
        let forms = [
            text.as_bytes().to_vec(),
            envelope(&text, &key.pubkey(), &[0; 32]),
            [b"\xffsolana offchain\0\0".as_slice(), &length, text.as_bytes()].concat(),
            [b"\xffsolana offchain\x01\x01".as_slice(), key.pubkey().as_ref(), text.as_bytes()].concat(),
            SignedOrders::sign_text(&key, &text).expect("signed").message,
        ];
        for form in forms {
            let json = json!({ "signer": key.pubkey().to_string(), "text": text });
            let found = SignedOrders::from_json(&json.to_string(), Some(key.sign_message(&form))).expect("found");
            assert_eq!(found.message, form);
            let message = found.verify().expect("verified");
            assert_eq!((message.header.nonce, message.orders(), message.is_text()), (7, &[order][..], true));
        }
        let other = key.sign_message(b"another text");
        assert!(matches!(
            SignedOrders::of_text(key.pubkey(), other, &text),
            Err(SignedError::TextSignature { signer }) if signer == key.pubkey()
        ));
        let none = json!({ "signer": key.pubkey().to_string(), "text": text }).to_string();
        assert!(SignedOrders::from_json(&none, None).expect_err("unsigned").to_string().contains("--signature"));
        let at_once = OrderParams { flags: kedge_model::account::order::flags::FILL_OR_KILL, ..order };
        assert!(super::text(&header, "SOL-PERP", &[at_once]).is_err());
    }
}
