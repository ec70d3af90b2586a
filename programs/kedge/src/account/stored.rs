//! Which structs are accounts: their discriminators, sizes and tails.

use bytemuck::Pod;
use kedge_model::Layout;
use kedge_model::bank::Bank;
use kedge_model::board::PriceBoard;
use kedge_model::exchange::Exchange;
use kedge_model::market::Market;
use kedge_model::order::Order;
use kedge_model::sub_account::{MAX_ORDERS, SubAccount};
use kedge_model::trader::Trader;

/// A model struct that is the content of an account of this program.
pub trait Stored: Pod + Layout {
    /// The first 8 bytes of the account, little-endian: Anchor's `sha256("account:<Name>")`.
    const DISCRIMINATOR: u64;
    /// What follows the struct, repeated to the end of the account; [`NoTail`] for nothing.
    type Item: Pod;
    /// Most tail items that the account may hold.
    const MAX_ITEMS: usize;

    /// Size of the account without tail items.
    const BASE_SPACE: usize = 8 + size_of::<Self>();

    /// Size of the account with a number of tail items.
    #[inline(always)]
    fn space(items: usize) -> usize {
        Self::BASE_SPACE + items * size_of::<Self::Item>()
    }

    /// Number of tail items in an account of this size; `None` when the size fits no whole number of them.
    #[inline(always)]
    fn items_in(space: usize) -> Option<usize> {
        let tail = space.checked_sub(Self::BASE_SPACE)?;
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

/// Anchor's discriminator of `account:<Name>`.
pub const fn discriminator(preimage: &str) -> u64 {
    let hash = sha2_const_stable::Sha256::new().update(preimage.as_bytes()).finalize();
    let mut first = [0u8; 8];
    let mut i = 0;
    while i < 8 {
        first[i] = hash[i];
        i += 1;
    }
    u64::from_le_bytes(first)
}

/// Declares account structs.
macro_rules! stored {
    ($( $name:ident $(with $max:ident of $item:ty)? ; )*) => { $(
        impl Stored for $name {
            const DISCRIMINATOR: u64 = discriminator(concat!("account:", stringify!($name)));
            stored!(@tail $($max $item)?);
        }
        const _: () = assert!(align_of::<$name>() <= 8, "account data is aligned to 8 bytes");
        const _: () = assert!(size_of::<$name>() % 8 == 0, "the tail starts aligned");
    )* };
    (@tail) => {
        type Item = NoTail;
        const MAX_ITEMS: usize = 0;
    };
    (@tail $max:ident $item:ty) => {
        type Item = $item;
        const MAX_ITEMS: usize = $max;
    };
}

stored! {
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
        const { assert!(PriceBoard::BASE_SPACE <= crate::account::GROWTH_STEP, "the board is created in one step") }
    }

    #[test]
    fn discriminators_are_those_of_the_framework() {
        // sha256("account:Counter") as the framework's own test has it.
        #[anchor_lang::account]
        struct Counter {
            count: u64,
        }
        let framework = <Counter as anchor_lang::Discriminator>::DISCRIMINATOR;
        assert_eq!(discriminator("account:Counter").to_le_bytes(), framework);
    }
}
