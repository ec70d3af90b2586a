//! Which structs are accounts: their discriminators, sizes and tails.

use bytemuck::Pod;

/// A model struct that is the content of an account of this program.
pub trait Stored: Pod {
    /// Name in the IDL.
    const NAME: &'static str;
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

/// Anchor's discriminator of an account name.
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

/// Declares account structs: `stored! { Market; SubAccount with 128 of Order; }`.
macro_rules! stored {
    ($( $name:ident $(with $max:literal of $item:ty)? ; )*) => { $(
        impl $crate::account::Stored for $name {
            const NAME: &'static str = stringify!($name);
            const DISCRIMINATOR: u64 =
                $crate::account::discriminator(concat!("account:", stringify!($name)));
            $crate::account::stored!(@tail $($max $item)?);
        }
        const _: () = assert!(align_of::<$name>() <= 8, "account data is aligned to 8 bytes");
        const _: () = assert!(size_of::<$name>() % 8 == 0, "the tail starts aligned");
    )* };
    (@tail) => {
        type Item = $crate::account::NoTail;
        const MAX_ITEMS: usize = 0;
    };
    (@tail $max:literal $item:ty) => {
        type Item = $item;
        const MAX_ITEMS: usize = $max;
    };
}
pub(crate) use stored;
