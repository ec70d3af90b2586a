//! Accounts of which there is exactly one: their address is compiled in.

use core::marker::PhantomData;

use anchor_lang::prelude::ProgramError;
use anchor_lang::{AccountView, Address, AnchorAccount, address_eq};

use crate::error::AccountError;

/// A compiled-in address.
pub trait Address32 {
    /// The address.
    const ADDRESS: Address;
    /// The same in base58, for the IDL.
    const BASE58: &'static str;
    /// What a wrong account is refused with.
    const REFUSAL: AccountError;
}

/// The account at a compiled-in address; nothing else about it is checked.
pub struct Sole<A: Address32> {
    view: AccountView,
    which: PhantomData<A>,
}

impl<A: Address32> Sole<A> {
    /// The address.
    #[inline(always)]
    pub fn address(&self) -> &Address {
        self.view.address()
    }
}

impl<A: Address32> core::ops::Deref for Sole<A> {
    type Target = AccountView;

    #[inline(always)]
    fn deref(&self) -> &AccountView {
        &self.view
    }
}

impl<A: Address32> AsRef<AccountView> for Sole<A> {
    #[inline(always)]
    fn as_ref(&self) -> &AccountView {
        &self.view
    }
}

/// Whether an account is the one. One copy an address, as for [`super::Write`].
#[inline(never)]
fn is_at<A: Address32>(view: &AccountView) -> bool {
    address_eq(view.address(), &A::ADDRESS)
}

impl<A: Address32> AnchorAccount for Sole<A> {
    type Data = AccountView;

    #[inline(always)]
    fn load(view: AccountView) -> Result<Self, ProgramError> {
        if !is_at::<A>(&view) {
            return Err(A::REFUSAL.into());
        }
        Ok(Self { view, which: PhantomData })
    }

    #[inline(always)]
    fn account(&self) -> &AccountView {
        &self.view
    }
}

#[doc(hidden)]
impl<A: Address32> anchor_lang::IdlAccountType for Sole<A> {
    const __IDL_ADDRESS: Option<&'static str> = Some(A::BASE58);
}
