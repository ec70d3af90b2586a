//! Account bytes: plain structs without implicit padding, their offsets frozen at compile time.

/// One field of an account struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name as in the Rust source.
    pub name: &'static str,
    /// Rust type as written in the source.
    pub ty: &'static str,
    /// Byte offset inside the struct (the 8-byte account discriminator is not counted).
    pub offset: usize,
    /// What its bytes stand for when the type does not say: `pubkey`, `bool`, or the name of an enum.
    pub meaning: Option<&'static str>,
    /// What the field means.
    pub docs: &'static [&'static str],
}

/// The described layout of a struct: what generates the IDL's types and the account tables.
pub trait Layout {
    /// Struct name.
    const NAME: &'static str;
    /// Size in bytes.
    const SIZE: usize;
    /// Fields in order of offset, without gaps.
    const FIELDS: &'static [Field];
}

/// What stands behind a field's `as`, if anything does.
pub(crate) const fn meaning(stated: &[&'static str]) -> Option<&'static str> {
    match stated {
        [meaning] => Some(*meaning),
        _ => None,
    }
}

/// Defines a `#[repr(C)]` Pod struct of a stated size whose fields stand at stated offsets.
///
/// Each field is written `OFFSET => pub name: Type`, with `as MEANING` behind it where readers elsewhere should see more
/// than a number (an enum, a flag, a public key); the compiler refuses a field that is elsewhere, a struct
/// of another size, and (through `Pod`) any padding that is not written down. The layout is also readable at
/// run time through [`Layout`].
macro_rules! account_bytes {
    (
        $(#[$meta:meta])*
        pub struct $name:ident [$size:literal] {
            $( $(#[doc = $doc:literal])* $offset:literal => pub $field:ident : $ty:ty $(as $meaning:ident)?, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
        #[repr(C)]
        pub struct $name {
            $( $(#[doc = $doc])* pub $field: $ty, )*
        }

        impl $crate::Layout for $name {
            const NAME: &'static str = stringify!($name);
            const SIZE: usize = $size;
            const FIELDS: &'static [$crate::Field] = &[
                $( $crate::Field {
                    name: stringify!($field),
                    ty: stringify!($ty),
                    offset: $offset,
                    meaning: $crate::layout::meaning(&[$(stringify!($meaning))?]),
                    docs: &[$($doc),*],
                }, )*
            ];
        }

        const _: () = {
            assert!(core::mem::size_of::<$name>() == $size, concat!("size of ", stringify!($name)));
            $( assert!(
                core::mem::offset_of!($name, $field) == $offset,
                concat!("offset of ", stringify!($name), ".", stringify!($field))
            ); )*
        };

        impl Default for $name {
            fn default() -> Self {
                bytemuck::Zeroable::zeroed()
            }
        }
    };
}
