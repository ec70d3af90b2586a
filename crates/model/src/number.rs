//! Enums whose number stands in accounts, arguments and records.

/// Defines a fieldless enum, one byte wide, with `ALL` of its variants by number and the one with a number.
///
/// `else` names the error for another number; without it, `from_number` returns an option.
macro_rules! numbered {
    (
        $(#[$meta:meta])*
        pub enum $name:ident $(else $error:ident)? {
            $( $(#[$doc:meta])* $variant:ident = $number:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name {
            $( $(#[$doc])* $variant = $number, )*
        }

        impl $name {
            /// All of them, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            numbered!(@from $($error)? { $($variant = $number)* });
        }
    };
    (@from $error:ident { $($variant:ident = $number:literal)* }) => {
        /// The one with this number.
        ///
        /// # Errors
        #[doc = concat!("[`crate::Error::", stringify!($error), "`].")]
        #[inline]
        pub const fn from_number(number: u8) -> crate::error::Result<Self> {
            match number {
                $( $number => Ok(Self::$variant), )*
                _ => Err(crate::error::Error::$error),
            }
        }
    };
    (@from { $($variant:ident = $number:literal)* }) => {
        /// The one with this number.
        #[inline]
        pub const fn from_number(number: u8) -> Option<Self> {
            match number {
                $( $number => Some(Self::$variant), )*
                _ => None,
            }
        }
    };
}
