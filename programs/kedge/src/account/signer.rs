//! Signers.

use anchor_lang::prelude::ProgramError;
use anchor_lang::{AccountView, Address, AnchorAccount};

use crate::error::AccountError;

macro_rules! signer {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        pub struct $name {
            view: AccountView,
        }

        impl $name {
            /// The signer's address.
            #[inline(always)]
            pub fn address(&self) -> &Address {
                self.view.address()
            }
        }

        impl core::ops::Deref for $name {
            type Target = AccountView;

            #[inline(always)]
            fn deref(&self) -> &AccountView {
                &self.view
            }
        }

        impl AsRef<AccountView> for $name {
            #[inline(always)]
            fn as_ref(&self) -> &AccountView {
                &self.view
            }
        }

        #[doc(hidden)]
        impl anchor_lang::IdlAccountType for $name {
            const __IDL_IS_SIGNER: bool = true;
        }
    };
}

signer! {
    /// An account that signed the transaction (error [`AccountError::AccountNotSigner`]).
    Signed
}
signer! {
    /// A signer that pays lamports; declared with `#[account(mut)]`.
    Payer
}

impl AnchorAccount for Signed {
    type Data = AccountView;
    const IS_SIGNER: bool = true;

    #[inline(always)]
    fn load(view: AccountView) -> Result<Self, ProgramError> {
        if !view.is_signer() {
            return Err(AccountError::AccountNotSigner.into());
        }
        Ok(Self { view })
    }

    #[inline(always)]
    fn account(&self) -> &AccountView {
        &self.view
    }
}

impl AnchorAccount for Payer {
    type Data = AccountView;
    const IS_SIGNER: bool = true;

    #[inline(always)]
    fn load(view: AccountView) -> Result<Self, ProgramError> {
        if !view.is_signer() {
            return Err(AccountError::AccountNotSigner.into());
        }
        if !view.is_writable() {
            return Err(AccountError::AccountNotWritable.into());
        }
        Ok(Self { view })
    }

    #[inline(always)]
    unsafe fn load_mut(view: AccountView) -> Result<Self, ProgramError> {
        Self::load(view)
    }

    #[inline(always)]
    fn account(&self) -> &AccountView {
        &self.view
    }
}
