//! Account kinds: discriminators, sizes and tails.

use bytemuck::Pod;
use kedge_model::Layout;
use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::order::Order;
use kedge_model::account::sub_account::{MAX_ORDERS, SubAccount};
use kedge_model::account::trader::Trader;

use crate::discriminator;

/// Bytes of the discriminator in front of the struct.
pub const DISCRIMINATOR_SIZE: usize = 8;

/// Largest number of bytes by which one instruction creates or grows an account.
pub const GROWTH_STEP: usize = 10_240;
/// Largest number of orders that one instruction places: its log record has no room for more.
pub use kedge_model::action::MAX_PLACED;

/// A struct of the model that is the content of an account of the program. The kind's name is [`Layout::NAME`].
pub trait AccountKind: Pod + Layout {
    /// The account's first 8 bytes: Anchor's `sha256("account:<Name>")`.
    const DISCRIMINATOR: [u8; 8];
    /// The discriminator as one little-endian word.
    const TAG: u64 = u64::from_le_bytes(Self::DISCRIMINATOR);
    /// Type of the items between the struct and the end of the account; [`NoTail`] for none.
    type Item: Pod;
    /// Largest number of tail items.
    const MAX_ITEMS: usize;

    /// Size of the account in bytes, without tail items.
    const SPACE: usize = DISCRIMINATOR_SIZE + size_of::<Self>();

    /// Size of the account in bytes, with `items` tail items.
    #[inline(always)]
    fn space(items: usize) -> usize {
        Self::SPACE + items * size_of::<Self::Item>()
    }

    /// Number of tail items in an account of this size; `None` when the size fits no whole number of them.
    #[inline(always)]
    fn items_in(space: usize) -> Option<usize> {
        let tail = space.checked_sub(Self::SPACE)?;
        let item = size_of::<Self::Item>();
        if item == 0 {
            return (tail == 0).then_some(0);
        }
        let items = tail / item;
        (items * item == tail && items <= Self::MAX_ITEMS).then_some(items)
    }
}

/// The tail item of accounts without a tail.
pub type NoTail = ();

/// Declares account kinds.
macro_rules! kinds {
    ($( $name:ident $(with $max:ident of $item:ty)? ; )*) => {
        $(
            impl AccountKind for $name {
                const DISCRIMINATOR: [u8; 8] = discriminator(concat!("account:", stringify!($name)));
                kinds!(@tail $($max $item)?);
            }
            const _: () = assert!(align_of::<$name>() <= 8, "account data is aligned to 8 bytes");
            const _: () = assert!(size_of::<$name>() % 8 == 0, "the tail starts aligned");
        )*

        /// Name and discriminator of every account kind.
        pub const KINDS: &[(&str, [u8; 8])] = &[$( ($name::NAME, $name::DISCRIMINATOR) ),*];
    };
    (@tail) => {
        type Item = NoTail;
        const MAX_ITEMS: usize = 0;
    };
    (@tail $max:ident $item:ty) => {
        type Item = $item;
        const MAX_ITEMS: usize = $max;
    };
}

kinds! {
    Exchange;
    PriceBoard;
    Market;
    Bank;
    Trader;
    SubAccount with MAX_ORDERS of Order;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_tails() {
        let base = 8 + size_of::<SubAccount>();
        assert_eq!(SubAccount::items_in(base), Some(0));
        assert_eq!(SubAccount::items_in(base + 96 * 5), Some(5));
        assert_eq!(SubAccount::items_in(base + 96 * MAX_ORDERS), Some(MAX_ORDERS));
        assert_eq!(SubAccount::items_in(base + 96 * (MAX_ORDERS + 1)), None);
        assert_eq!(SubAccount::items_in(base + 95), None);
        assert_eq!(SubAccount::items_in(base - 1), None);
        assert_eq!(Market::items_in(8 + size_of::<Market>()), Some(0));
        assert_eq!(Market::items_in(8 + size_of::<Market>() + 8), None);
    }

    #[test]
    fn names_are_those_of_the_layouts() {
        assert_eq!(KINDS.len(), 6);
        assert!(KINDS.iter().all(|(name, tag)| *tag == discriminator(&format!("account:{name}"))));
    }
}
