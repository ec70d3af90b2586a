//! Account data: 8 bytes of discriminator, the model's struct, and for sub-accounts the orders.

use kedge_model::Layout;
use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::order::Order;
use kedge_model::account::sub_account::{MAX_ORDERS, SubAccount};
use kedge_model::account::trader::Trader;

pub use kedge_abi::account::{AccountKind, DISCRIMINATOR_SIZE, KINDS};

/// Why account data cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The size does not fit the account kind.
    #[error("{kind} data of {found} bytes does not fit")]
    Size {
        /// Name of the expected kind.
        kind: &'static str,
        /// Size of the data in bytes.
        found: usize,
    },
    /// The discriminator is of another kind.
    #[error("the account is not a {kind}")]
    Kind {
        /// Name of the expected kind.
        kind: &'static str,
    },
}

fn body<T: AccountKind>(data: &[u8]) -> Result<&[u8], DecodeError> {
    let size = DecodeError::Size { kind: T::NAME, found: data.len() };
    let (head, body) = data.split_first_chunk::<8>().ok_or(size)?;
    if *head != T::DISCRIMINATOR {
        return Err(DecodeError::Kind { kind: T::NAME });
    }
    if body.len() < size_of::<T>() { Err(size) } else { Ok(body) }
}

/// Reads an account without a tail; the data may stand at any alignment.
///
/// # Errors
/// [`DecodeError`], also for bytes after the struct.
pub fn decode<T: AccountKind>(data: &[u8]) -> Result<T, DecodeError> {
    let body = body::<T>(data)?;
    bytemuck::try_pod_read_unaligned(body).map_err(|_| DecodeError::Size { kind: T::NAME, found: data.len() })
}

/// A sub-account with its orders, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubAccountData {
    /// The fixed part of the account.
    pub head: SubAccount,
    /// All order slots, free ones included: an order's index is its slot.
    pub orders: Vec<Order>,
}

impl SubAccountData {
    /// Open orders with their slots, in slot order.
    pub fn open_orders(&self) -> impl Iterator<Item = (usize, &Order)> {
        self.orders.iter().enumerate().filter(|(_, order)| order.is_open())
    }

    /// The form that the model's actions take.
    pub fn as_mut(&mut self) -> kedge_model::account::sub_account::SubAccountMut<'_> {
        kedge_model::account::sub_account::SubAccountMut { head: &mut self.head, orders: &mut self.orders }
    }
}

/// Size in bytes of a sub-account with `orders` order slots.
pub const fn sub_account_space(orders: usize) -> usize {
    SubAccount::SPACE + orders * size_of::<Order>()
}

/// Reads a sub-account with its orders; the data may stand at any alignment.
///
/// # Errors
/// [`DecodeError`].
pub fn decode_sub_account(data: &[u8]) -> Result<SubAccountData, DecodeError> {
    let (head, tail) = body::<SubAccount>(data)?.split_at(size_of::<SubAccount>());
    let slots = tail.chunks_exact(size_of::<Order>());
    if !slots.remainder().is_empty() || slots.len() > MAX_ORDERS {
        return Err(DecodeError::Size { kind: SubAccount::NAME, found: data.len() });
    }
    Ok(SubAccountData {
        head: bytemuck::pod_read_unaligned(head),
        orders: slots.map(bytemuck::pod_read_unaligned).collect(),
    })
}

/// The bytes that [`decode_sub_account`] reads.
pub fn encode_sub_account(head: &SubAccount, orders: &[Order]) -> Vec<u8> {
    let parts: [&[u8]; 3] = [&SubAccount::DISCRIMINATOR, bytemuck::bytes_of(head), bytemuck::cast_slice(orders)];
    parts.concat()
}

/// A decoded account of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the account of the same name")]
pub enum Account {
    Exchange(Box<Exchange>),
    PriceBoard(Box<PriceBoard>),
    Market(Box<Market>),
    Bank(Box<Bank>),
    Trader(Box<Trader>),
    SubAccount(Box<SubAccountData>),
}

impl Account {
    /// The bytes that [`decode_any`] reads.
    pub fn encode(&self) -> Vec<u8> {
        fn bytes<T: AccountKind>(value: &T) -> Vec<u8> {
            [T::DISCRIMINATOR.as_slice(), bytemuck::bytes_of(value)].concat()
        }
        match self {
            Self::Exchange(value) => bytes(&**value),
            Self::PriceBoard(value) => bytes(&**value),
            Self::Market(value) => bytes(&**value),
            Self::Bank(value) => bytes(&**value),
            Self::Trader(value) => bytes(&**value),
            Self::SubAccount(value) => encode_sub_account(&value.head, &value.orders),
        }
    }
}

/// Decodes an account of any kind; `None` when the discriminator is of no known kind.
///
/// # Errors
/// [`DecodeError`] when the kind is known and the size does not fit.
pub fn decode_any(data: &[u8]) -> Result<Option<Account>, DecodeError> {
    let Some(head) = data.first_chunk::<8>() else { return Ok(None) };
    Ok(Some(match *head {
        Exchange::DISCRIMINATOR => Account::Exchange(Box::new(decode(data)?)),
        PriceBoard::DISCRIMINATOR => Account::PriceBoard(Box::new(decode(data)?)),
        Market::DISCRIMINATOR => Account::Market(Box::new(decode(data)?)),
        Bank::DISCRIMINATOR => Account::Bank(Box::new(decode(data)?)),
        Trader::DISCRIMINATOR => Account::Trader(Box::new(decode(data)?)),
        SubAccount::DISCRIMINATOR => Account::SubAccount(Box::new(decode_sub_account(data)?)),
        _ => return Ok(None),
    }))
}

/// A name zero-padded to 16 bytes; a longer one is cut.
#[must_use]
pub fn name_bytes(name: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (slot, byte) in bytes.iter_mut().zip(name.bytes()) {
        *slot = byte;
    }
    bytes
}

/// A zero-padded UTF-8 name as text.
pub fn name(bytes: &[u8; 16]) -> String {
    let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}
