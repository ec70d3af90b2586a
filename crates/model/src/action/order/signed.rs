//! Orders that were signed off the chain: anybody may place them, once, until they expire.
//!
//! The trader signs a message: a [`SignedHeader`] and behind it up to [`MAX_SIGNED_ORDERS`] [`OrderParams`], or a text that
//! says the same ([`crate::account::order::signed_text`]), in an off-chain envelope or not. The caller has verified the signature;
//! everything that the message says is judged here.

use crate::account::order::OrderParams;
use crate::account::order::signed_text::{self, begins};
use crate::account::sub_account::{SubAccount, SubAccountMut};
use crate::action::Context;
use crate::action::order::place::{PlaceOrders, PlaceReport};
use crate::error::{Error, Result};
use crate::event::EventSink;
use crate::num::Checked;
use crate::time::{Millis, Slot};

/// Most orders of one message: an entry with both legs of a bracket.
pub const MAX_SIGNED_ORDERS: usize = 3;
/// What every message begins with.
pub const DOMAIN: [u8; 16] = *b"kedge orders v1\n";
/// Longest time for which a message can be placed after the slot at which it was signed.
pub const MAX_SIGNED_MS: Millis = Millis(600_000);
/// How far ahead of the highest number the next one, and a revocation, may be. A number is for good: without a bound one
/// step to the end of the range, by a delegate too, would end all signing. Wide enough for the Unix time in seconds.
pub const MAX_NUMBER_STEP: u64 = 1 << 32;
/// How far behind the highest number a message may still come in.
const WINDOW: u64 = 128;

account_bytes! {
    /// First part of a signed message.
    pub struct SignedHeader [104] {
        /// [`DOMAIN`].
        0 => pub domain: [u8; 16],
        /// The program for which the message is meant; zero in what is read from a text, where the sub-account tells.
        16 => pub program: [u8; 32] as pubkey,
        /// Address of the sub-account.
        48 => pub sub_account: [u8; 32] as pubkey,
        /// Number of the message: each is accepted once, and not when it is more than 127 behind the highest.
        80 => pub nonce: u64,
        /// Slot at which it was signed.
        88 => pub slot: u64,
        /// Last slot in which it can be placed.
        96 => pub max_slot: u64,
    }
}

/// Longest message in bytes; a text may be longer.
pub const MAX_MESSAGE: usize = SIGNED_HEADER_BYTES.wrapping_add(MAX_SIGNED_ORDERS.wrapping_mul(ORDER_BYTES));
const SIGNED_HEADER_BYTES: usize = core::mem::size_of::<SignedHeader>();
const ORDER_BYTES: usize = core::mem::size_of::<OrderParams>();

/// A message as it was signed.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct SignedMessage {
    /// First part.
    pub header: SignedHeader,
    /// Name of the market, where a text says it: the reader saw no number only.
    pub(crate) market: Option<[u8; 16]>,
    pub(crate) orders: [OrderParams; MAX_SIGNED_ORDERS],
    pub(crate) count: usize,
}

impl SignedMessage {
    /// Reads a message from the bytes that were signed.
    ///
    /// # Errors
    /// [`Error::SignedFormUnknown`] for another beginning, [`Error::SignedLengthWrong`], and for a text
    /// [`Error::SignedTextInvalid`].
    pub fn read(signed: &[u8]) -> Result<Self> {
        let mut message = Self::default();
        message.fill(signed)?;
        Ok(message)
    }

    /// [`Self::read`] into an empty message, which saves the copies of it.
    pub fn fill(&mut self, signed: &[u8]) -> Result<()> {
        if !begins(signed, &DOMAIN) {
            return signed_text::read(signed_text::text_of(signed).ok_or(Error::SignedFormUnknown)?, self);
        }
        let (head, rest) = signed.split_at_checked(SIGNED_HEADER_BYTES).ok_or(Error::SignedLengthWrong)?;
        bytemuck::bytes_of_mut(&mut self.header).copy_from_slice(head);
        let orders = bytemuck::cast_slice_mut::<OrderParams, u8>(&mut self.orders);
        let orders = orders.get_mut(..rest.len()).ok_or(Error::SignedLengthWrong)?;
        orders.copy_from_slice(rest);
        self.count = rest.len().wrapping_div(ORDER_BYTES);
        if rest.is_empty() || self.count.wrapping_mul(ORDER_BYTES) != rest.len() {
            return Err(Error::SignedLengthWrong);
        }
        Ok(())
    }

    /// Whether its text names this market; no message in bytes has a name in it, and all fit.
    pub fn is_in(&self, name: &str) -> bool {
        let Some(said) = self.market else { return true };
        let (said, spare) = said.split_at_checked(name.len()).unwrap_or_default();
        said == name.as_bytes() && spare.iter().all(|byte| *byte == 0)
    }

    /// Whether it was signed as a text.
    pub const fn is_text(&self) -> bool {
        self.market.is_some()
    }

    /// The orders.
    pub fn orders(&self) -> &[OrderParams] {
        self.orders.get(..self.count).unwrap_or(&self.orders)
    }

    /// Writes the bytes to sign into a buffer and returns them.
    ///
    /// # Errors
    /// [`Error::SignedLengthWrong`] for no order or more than [`MAX_SIGNED_ORDERS`].
    pub fn write<'a>(
        header: &SignedHeader,
        orders: &[OrderParams],
        buffer: &'a mut [u8; MAX_MESSAGE],
    ) -> Result<&'a [u8]> {
        if orders.is_empty() || orders.len() > MAX_SIGNED_ORDERS {
            return Err(Error::SignedLengthWrong);
        }
        let length = SIGNED_HEADER_BYTES.wrapping_add(orders.len().wrapping_mul(ORDER_BYTES));
        let bytes = buffer.get_mut(..length).ok_or(Error::SignedLengthWrong)?;
        let (head, rest) = bytes.split_at_mut_checked(SIGNED_HEADER_BYTES).ok_or(Error::SignedLengthWrong)?;
        head.copy_from_slice(bytemuck::bytes_of(header));
        for (part, order) in rest.chunks_exact_mut(ORDER_BYTES).zip(orders) {
            part.copy_from_slice(bytemuck::bytes_of(order));
        }
        Ok(bytes)
    }
}

/// Places the orders of a signed message.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct PlaceSigned<'a> {
    /// The message.
    pub message: &'a SignedMessage,
    /// Authority that signed the message.
    pub signer: [u8; 32],
    /// Address of the program.
    pub program: [u8; 32],
    /// Address of the sub-account that was passed.
    pub sub_account: [u8; 32],
}

impl PlaceSigned<'_> {
    /// Places all orders or none, as their owner would: active now, with auctions that begin now. Who withholds a
    /// message gains nothing: its auction has not run meanwhile, and nobody trades at the vAMM against a price from before
    /// the placing.
    ///
    /// # Errors
    /// [`Error::WrongAuthority`], [`Error::SignedOtherAccount`], [`Error::SignedOtherProgram`],
    /// [`Error::WrongMarket`], [`Error::SignedTooEarly`], [`Error::SignedTooLong`], [`Error::SignedOrderExpired`],
    /// [`Error::SignedOrderReused`], [`Error::SignedNumberTooFar`], and those of placing.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        account: &mut SubAccountMut<'_>,
    ) -> Result<PlaceReport> {
        let (header, slot) = (&self.message.header, context.clock.slot);
        account.head.require_trader(&self.signer)?;
        if !begins(&header.sub_account, &self.sub_account) {
            return Err(Error::SignedOtherAccount);
        }
        match &self.message.market {
            // The account's address is of this program alone.
            Some(name) if !begins(name, &context.market.name) => return Err(Error::WrongMarket),
            None if !begins(&header.program, &self.program) => return Err(Error::SignedOtherProgram),
            _ => {}
        }
        if header.slot > slot {
            return Err(Error::SignedTooEarly);
        }
        if Slot(header.max_slot).since(Slot(header.slot)) > MAX_SIGNED_MS.slots_up(context.board.slot_time())? {
            return Err(Error::SignedTooLong);
        }
        if slot > header.max_slot {
            return Err(Error::SignedOrderExpired);
        }
        account.head.accept_signed(header.nonce)?;
        PlaceOrders { orders: self.message.orders() }.execute(context, account)
    }
}

/// Makes all signed messages up to a number worthless.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct RevokeSigned {
    /// The number; later ones stay good.
    pub up_to: u64,
}

impl RevokeSigned {
    /// Revokes them.
    ///
    /// # Errors
    /// [`Error::SignedOrderReused`] when a higher number was already placed or revoked,
    /// [`Error::SignedNumberTooFar`] for one beyond [`MAX_NUMBER_STEP`].
    pub fn execute(self, account: &mut SubAccount) -> Result<()> {
        if self.up_to <= account.signed_nonce {
            return Err(Error::SignedOrderReused);
        }
        require_near(self.up_to.minus(account.signed_nonce)?)?;
        account.signed_nonce = self.up_to;
        account.signed_window = [u64::MAX; 2];
        Ok(())
    }
}

/// Refuses a number too far ahead of the highest.
fn require_near(ahead: u64) -> Result<()> {
    if ahead <= MAX_NUMBER_STEP { Ok(()) } else { Err(Error::SignedNumberTooFar) }
}

impl SubAccount {
    /// Takes note of a message's number. Numbers need not come in order, but each comes once.
    ///
    /// # Errors
    /// [`Error::SignedOrderReused`] for one that was there, lies 128 or more behind the highest, or is zero;
    /// [`Error::SignedNumberTooFar`] for one beyond [`MAX_NUMBER_STEP`].
    pub fn accept_signed(&mut self, nonce: u64) -> Result<()> {
        let [mut recent, mut older] = self.signed_window;
        if nonce > self.signed_nonce {
            let ahead = nonce.minus(self.signed_nonce)?;
            require_near(ahead)?;
            (recent, older) = match ahead {
                0..64 => {
                    let by = u32::try_from(ahead).map_err(|_| Error::Overflow)?;
                    let carried = recent.wrapping_shr(64u32.wrapping_sub(by));
                    (recent.wrapping_shl(by), older.wrapping_shl(by) | carried)
                }
                64..WINDOW => {
                    let by = u32::try_from(ahead.wrapping_sub(64)).map_err(|_| Error::Overflow)?;
                    (0, recent.wrapping_shl(by))
                }
                _ => (0, 0),
            };
            recent |= 1;
            self.signed_nonce = nonce;
        } else {
            let behind = self.signed_nonce.minus(nonce)?;
            let word = match behind {
                0..64 => &mut recent,
                64..WINDOW => &mut older,
                _ => return Err(Error::SignedOrderReused),
            };
            let bit = 1u64.wrapping_shl(u32::try_from(behind & 63).map_err(|_| Error::Overflow)?);
            if nonce == 0 || *word & bit != 0 {
                return Err(Error::SignedOrderReused);
            }
            *word |= bit;
        }
        self.signed_window = [recent, older];
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_number_is_accepted_once_and_only_inside_the_window() {
        let mut account = SubAccount::default();
        let mut used = BTreeSet::new();
        let mut random = 1u64;
        for round in 0..20_000u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Around the front, now and then far ahead.
            let reach = if round % 97 == 0 { 400 } else { 40 };
            let nonce = (account.signed_nonce + (random >> 33) % reach).saturating_sub((random >> 50) % 150);
            let front = account.signed_nonce;
            let fresh = nonce != 0 && !used.contains(&nonce) && (nonce > front || front - nonce < WINDOW);
            assert_eq!(account.accept_signed(nonce).is_ok(), fresh, "{nonce} at {front}");
            used.insert(nonce);
        }
    }

    #[test]
    fn a_message_reads_as_it_was_written_and_no_other_form_does() {
        let header = SignedHeader { domain: DOMAIN, nonce: 7, slot: 8, max_slot: 9, ..SignedHeader::default() };
        let order = |id: u64| OrderParams { client_id: id, side: 1, ..OrderParams::default() };
        for count in 1..=MAX_SIGNED_ORDERS {
            let orders: std::vec::Vec<OrderParams> = (1..=count as u64).map(order).collect();
            let mut buffer = [0; MAX_MESSAGE];
            let bytes = SignedMessage::write(&header, &orders, &mut buffer).expect("a message").to_vec();
            let read = SignedMessage::read(&bytes).expect("the same message");
            assert_eq!((read.header, read.orders(), read.is_text()), (header, orders.as_slice(), false));
            for length in [DOMAIN.len(), 103, 104, bytes.len() - 1] {
                assert_eq!(SignedMessage::read(&bytes[..length]).err(), Some(Error::SignedLengthWrong));
            }
            assert_eq!(SignedMessage::read(&[bytes.as_slice(), &[0]].concat()).err(), Some(Error::SignedLengthWrong));
            let digits: std::string::String = bytes.iter().map(|b| std::format!("{b:02x}")).collect();
            let longer = [bytes.as_slice(), &[0; 3 * ORDER_BYTES]].concat();
            assert_eq!(SignedMessage::read(&longer).err(), Some(Error::SignedLengthWrong));
            for other in [digits.as_bytes(), digits.to_uppercase().as_bytes(), b"0x", b"", &bytes[1..]] {
                assert_eq!(SignedMessage::read(other).err(), Some(Error::SignedFormUnknown));
            }
        }
        let mut buffer = [0; MAX_MESSAGE];
        assert!(SignedMessage::write(&header, &[], &mut buffer).is_err());
        assert!(SignedMessage::write(&header, &[order(1); MAX_SIGNED_ORDERS + 1], &mut buffer).is_err());
    }

    #[test]
    fn revoking_leaves_later_numbers() {
        let mut account = SubAccount::default();
        account.accept_signed(5).expect("new");
        RevokeSigned { up_to: 100 }.execute(&mut account).expect("higher");
        assert_eq!(RevokeSigned { up_to: 100 }.execute(&mut account), Err(Error::SignedOrderReused));
        assert_eq!(account.accept_signed(99), Err(Error::SignedOrderReused));
        assert_eq!(account.accept_signed(100), Err(Error::SignedOrderReused));
        account.accept_signed(101).expect("later");
    }

    #[test]
    fn no_step_ends_the_numbers() {
        let mut account = SubAccount::default();
        for far in [u64::MAX, MAX_NUMBER_STEP + 1] {
            let before = account;
            assert_eq!(RevokeSigned { up_to: far }.execute(&mut account), Err(Error::SignedNumberTooFar));
            assert_eq!(account.accept_signed(far), Err(Error::SignedNumberTooFar));
            assert_eq!(account, before);
        }
        RevokeSigned { up_to: MAX_NUMBER_STEP }.execute(&mut account).expect("the largest step");
        account.accept_signed(2 * MAX_NUMBER_STEP).expect("the largest step of a message");
        account.accept_signed(2 * MAX_NUMBER_STEP + 1).expect("and the next after it");
    }
}
