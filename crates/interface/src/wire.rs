//! Instruction arguments as bytes: little-endian integers, the model's structs byte for byte, vectors behind a
//! 32-bit length (the framework's Borsh-compatible encoding).

use kedge_model::account::exchange::FeeSchedule;
use kedge_model::account::order::OrderParams;
use kedge_model::action::{BankParams, MakerRef, MarketParams, ModifyParams, OrderFilter};

/// A type of instruction arguments.
pub trait Wire: Sized {
    /// Name of the type as in the IDL.
    const TYPE: &'static str;

    /// Appends the value's bytes.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes a value off the front; `None` when bytes are missing.
    fn read(data: &mut &[u8]) -> Option<Self>;
}

macro_rules! pod {
    ($($ty:ty as $name:literal)*) => { $(
        impl Wire for $ty {
            const TYPE: &'static str = $name;

            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(bytemuck::bytes_of(self));
            }

            fn read(data: &mut &[u8]) -> Option<Self> {
                let (value, rest) = data.split_at_checked(size_of::<Self>())?;
                *data = rest;
                Some(bytemuck::pod_read_unaligned(value))
            }
        }
    )* };
}

// Account structs are the host's bytes too: every supported target is little-endian.
#[cfg(target_endian = "big")]
compile_error!("the exchange's structs are little-endian");

pod! {
    u8 as "u8"
    u16 as "u16"
    u32 as "u32"
    u64 as "u64"
    i64 as "i64"
    [u8; 16] as "[u8; 16]"
    [u8; 32] as "[u8; 32]"
    OrderParams as "OrderParams"
    ModifyParams as "ModifyParams"
    OrderFilter as "OrderFilter"
    MakerRef as "MakerRef"
    FeeSchedule as "FeeSchedule"
    MarketParams as "MarketParams"
    BankParams as "BankParams"
}

impl Wire for bool {
    const TYPE: &'static str = "bool";

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn read(data: &mut &[u8]) -> Option<Self> {
        match u8::read(data)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

macro_rules! vectors {
    ($($ty:ty as $name:literal)*) => { $(
        impl Wire for Vec<$ty> {
            const TYPE: &'static str = $name;

            fn write(&self, out: &mut Vec<u8>) {
                // A longer vector fits no transaction; the program refuses the saturated length.
                out.extend_from_slice(&u32::try_from(self.len()).unwrap_or(u32::MAX).to_le_bytes());
                for item in self {
                    item.write(out);
                }
            }

            fn read(data: &mut &[u8]) -> Option<Self> {
                let length = u32::read(data)?;
                // No allocation in advance: the length is foreign input.
                let mut items = Vec::new();
                for _ in 0..length {
                    items.push(<$ty>::read(data)?);
                }
                Some(items)
            }
        }
    )* };
}

vectors! {
    u8 as "Vec<u8>"
    u32 as "Vec<u32>"
    OrderParams as "Vec<OrderParams>"
    MakerRef as "Vec<MakerRef>"
}
