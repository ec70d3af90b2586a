//! The macro that declares instructions.

/// Declares instructions. An account is written `name: mode`, with mode `r` (read), `w` (written), `s` (signs) or `ws`;
/// `name: mode = ADDRESS` is filled in and is no field of the struct. `...name: mode` are the accounts after the
/// declared ones; `events` appends the accounts that an instruction with self-call records needs.
macro_rules! instructions {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident = $ix:literal ( $( $(#[doc = $arg_doc:literal])* $arg:ident : $ty:ty ),* $(,)? ) { $($account:tt)* }
    )*) => { $(
        instructions! {
            @collect [$($doc)*] $name $ix [$( [$($arg_doc)*] $arg : $ty; )*] [] [] [] $($account)*
        }
    )* };

    // The event authority and the program itself.
    (@collect $doc:tt $name:ident $ix:literal $args:tt [$($field:tt)*] [$($entry:tt)*] [] events $(, $($rest:tt)*)?) => {
        instructions! {
            @collect $doc $name $ix $args [$($field)*]
            [$($entry)* (event_authority r $crate::address::EVENT_AUTHORITY) (program r $crate::address::PROGRAM_ID)]
            [] $($($rest)*)?
        }
    };
    (@collect $doc:tt $name:ident $ix:literal $args:tt $fields:tt $entries:tt [] ... $trailing:ident : $mode:ident $(,)?) => {
        instructions! { @emit $doc $name $ix $args $fields $entries [$trailing $mode] }
    };
    (
        @collect $doc:tt $name:ident $ix:literal $args:tt [$($field:tt)*] [$($entry:tt)*] []
        $account:ident : $mode:ident = $address:ident $(, $($rest:tt)*)?
    ) => {
        instructions! {
            @collect $doc $name $ix $args [$($field)*] [$($entry)* ($account $mode $crate::address::$address)]
            [] $($($rest)*)?
        }
    };
    (
        @collect $doc:tt $name:ident $ix:literal $args:tt [$($field:tt)*] [$($entry:tt)*] []
        $account:ident : $mode:ident $(, $($rest:tt)*)?
    ) => {
        instructions! {
            @collect $doc $name $ix $args [$($field)* ($account $mode)] [$($entry)* ($account $mode)]
            [] $($($rest)*)?
        }
    };
    (@collect $doc:tt $name:ident $ix:literal $args:tt $fields:tt $entries:tt []) => {
        instructions! { @emit $doc $name $ix $args $fields $entries [] }
    };

    (
        @emit [$($doc:literal)*] $name:ident $ix:literal [$( [$($arg_doc:literal)*] $arg:ident : $ty:ty; )*]
        [$( ($field:ident $field_mode:ident) )*]
        [$( ($account:ident $mode:ident $($address:path)?) )*]
        [$($trailing:ident $trailing_mode:ident)?]
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $(
                #[doc = concat!("Account `", stringify!($field), "`, ", instructions!(@mode $field_mode), ".")]
                pub $field: solana_pubkey::Pubkey,
            )*
            $( $(#[doc = $arg_doc])* pub $arg: $ty, )*
            $(
                #[doc = concat!("Accounts after the declared ones, ", instructions!(@mode $trailing_mode), ".")]
                pub $trailing: Vec<solana_pubkey::Pubkey>,
            )?
        }

        impl $crate::instruction::KedgeInstruction for $name {
            const SPEC: $crate::instruction::InstructionSpec = $crate::instruction::InstructionSpec {
                name: $ix,
                discriminator: $crate::discriminator(concat!("global:", $ix)),
                accounts: &[$( $crate::instruction::AccountSpec {
                    name: stringify!($account),
                    writable: instructions!(@writable $mode),
                    signer: instructions!(@signer $mode),
                    address: instructions!(@address $($address)?),
                } ),*],
                args: &[$( $crate::instruction::ArgSpec {
                    name: stringify!($arg),
                    ty: <$ty as $crate::Wire>::TYPE,
                } ),*],
                trailing: instructions!(@trailing $($trailing_mode)?),
            };

            fn accounts(&self) -> Vec<solana_instruction::AccountMeta> {
                #[allow(unused_mut, reason = "only some instructions take more accounts")]
                let mut accounts = vec![$( solana_instruction::AccountMeta {
                    pubkey: instructions!(@pick self $account $($address)?),
                    is_signer: instructions!(@signer $mode),
                    is_writable: instructions!(@writable $mode),
                } ),*];
                $( accounts.extend(self.$trailing.iter().map(|address| solana_instruction::AccountMeta {
                    pubkey: *address,
                    is_signer: instructions!(@signer $trailing_mode),
                    is_writable: instructions!(@writable $trailing_mode),
                })); )?
                accounts
            }

            fn named_accounts(&mut self) -> Vec<(&'static str, &mut solana_pubkey::Pubkey)> {
                vec![$( (stringify!($field), &mut self.$field) ),*]
            }

            fn data(&self) -> Vec<u8> {
                #[allow(unused_mut, reason = "only some instructions take arguments")]
                let mut data = <Self as $crate::instruction::KedgeInstruction>::SPEC.discriminator.to_vec();
                $( $crate::Wire::write(&self.$arg, &mut data); )*
                data
            }

            fn decode(accounts: &[solana_pubkey::Pubkey], data: &[u8]) -> Option<Self> {
                let spec = <Self as $crate::instruction::KedgeInstruction>::SPEC;
                #[allow(unused_mut, reason = "only some instructions take arguments")]
                let (head, mut rest) = data.split_first_chunk::<8>()?;
                if *head != spec.discriminator {
                    return None;
                }
                $( let $arg = <$ty as $crate::Wire>::read(&mut rest)?; )*
                if !rest.is_empty() {
                    return None;
                }
                let (declared, _trailing) = accounts.split_at_checked(spec.accounts.len())?;
                #[allow(unused_mut, unused_variables, reason = "filled-in accounts are skipped")]
                let mut named = spec.accounts.iter().zip(declared).filter(|(account, _)| account.address.is_none());
                Some(Self {
                    $( $field: *named.next()?.1, )*
                    $( $arg, )*
                    $( $trailing: _trailing.to_vec(), )?
                })
            }
        }

        impl From<$name> for solana_instruction::Instruction {
            fn from(built: $name) -> Self {
                $crate::instruction::KedgeInstruction::instruction(&built)
            }
        }
    };

    (@mode r) => { "read" };
    (@mode w) => { "written" };
    (@mode s) => { "signs" };
    (@mode ws) => { "signs, written" };
    (@writable r) => { false };
    (@writable w) => { true };
    (@writable s) => { false };
    (@writable ws) => { true };
    (@signer r) => { false };
    (@signer w) => { false };
    (@signer s) => { true };
    (@signer ws) => { true };
    (@address) => { None };
    (@address $address:path) => { Some($address) };
    (@trailing) => { None };
    (@trailing $mode:ident) => { Some(instructions!(@writable $mode)) };
    (@pick $this:tt $account:ident) => { $this.$account };
    (@pick $this:tt $account:ident $address:path) => { $address };
}
