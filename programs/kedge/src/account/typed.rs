//! Accounts of this program, read and written in place.

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use anchor_lang::prelude::ProgramError;
use anchor_lang::{AccountView, Address, AnchorAccount, address_eq};

use kedge_model::account::sub_account::{SubAccount, SubAccountMut};

use super::AccountKind;
use crate::error::{AccountError, Outcome};

/// An account that the instruction reads. Declared without attributes.
pub struct Read<T: AccountKind> {
    view: AccountView,
    kind: PhantomData<T>,
}

/// An account that the instruction writes. Declared with `#[account(mut)]`, which makes the framework refuse
/// the same account twice.
pub struct Write<T: AccountKind> {
    view: AccountView,
    kind: PhantomData<T>,
}

/// Owner, discriminator and exact size; about 30 CU. One copy a kind: inlined into every instruction's account list it
/// made a twentieth of the program, and a call costs four units.
#[inline(never)]
fn check<T: AccountKind>(view: &AccountView) -> Result<(), AccountError> {
    check_all::<T>(view)
}

#[inline(always)]
fn check_all<T: AccountKind>(view: &AccountView) -> Result<(), AccountError> {
    if !address_eq(view.owner(), &crate::ID) {
        return Err(AccountError::AccountWrongOwner);
    }
    if T::items_in(view.data_len()).is_none() {
        // Another kind of account mostly has another size: say what is wrong first.
        return Err(if view.data_len() >= 8 && discriminator_of(view) != T::TAG {
            AccountError::AccountWrongType
        } else {
            AccountError::AccountWrongSize
        });
    }
    if discriminator_of(view) != T::TAG {
        return Err(AccountError::AccountWrongType);
    }
    Ok(())
}

/// [`check`] for an account that is written.
#[inline(never)]
fn check_writable<T: AccountKind>(view: &AccountView) -> Result<(), AccountError> {
    if view.is_writable() { check_all::<T>(view) } else { Err(AccountError::AccountNotWritable) }
}

/// The first 8 bytes; the caller has checked that they exist.
#[inline(always)]
fn discriminator_of(view: &AccountView) -> u64 {
    // SAFETY: the data is at least 8 bytes long and aligned to 8 bytes by the runtime.
    unsafe { view.data_ptr().cast::<u64>().read() }
}

impl<T: AccountKind> Read<T> {
    /// The account's address.
    #[inline(always)]
    pub fn address(&self) -> &Address {
        self.view.address()
    }

    /// The tail items.
    #[inline(always)]
    pub fn items(&self) -> &[T::Item] {
        // SAFETY: `check` proved the size; nobody writes the account while it is borrowed for reading, since
        // the framework refuses one account in a mutable and another slot.
        unsafe { tail::<T>(&self.view) }
    }
}

impl<T: AccountKind> Write<T> {
    /// Checks an account that was not declared (a maker) and takes it for writing.
    ///
    /// # Safety
    /// The caller proves that no other live typed account refers to the same account.
    #[inline(always)]
    pub unsafe fn undeclared(view: AccountView) -> Result<Self, AccountError> {
        check_writable::<T>(&view)?;
        Ok(Self { view, kind: PhantomData })
    }

    /// The account, where there is one: `None` for an address at which nothing has been created.
    ///
    /// # Safety
    /// As [`Self::undeclared`].
    #[inline(always)]
    pub unsafe fn if_created(view: AccountView) -> Result<Option<Self>, AccountError> {
        if view.data_len() == 0 && address_eq(view.owner(), &Address::default()) {
            return Ok(None);
        }
        // SAFETY: the caller's.
        unsafe { Self::undeclared(view) }.map(Some)
    }

    /// A freshly created account: its discriminator was written a moment ago.
    ///
    /// # Safety
    /// The account has the size of `T` with its items, and no other typed account refers to it.
    #[inline(always)]
    pub(super) unsafe fn created(view: AccountView) -> Self {
        Self { view, kind: PhantomData }
    }

    /// The account's address.
    #[inline(always)]
    pub fn address(&self) -> &Address {
        self.view.address()
    }

    /// The struct and its tail items, both for writing.
    #[inline(always)]
    pub fn split(&mut self) -> (&mut T, &mut [T::Item]) {
        let items = T::items_in(self.view.data_len()).unwrap_or(0);
        // SAFETY: `check` proved the size; struct and tail do not overlap; `&mut self` is the only way in.
        unsafe {
            let data = self.view.data_mut_ptr();
            (
                &mut *data.add(8).cast::<T>(),
                core::slice::from_raw_parts_mut(data.add(T::SPACE).cast::<T::Item>(), items),
            )
        }
    }

    /// The tail items.
    #[inline(always)]
    pub fn items(&self) -> &[T::Item] {
        // SAFETY: `check` proved the size.
        unsafe { tail::<T>(&self.view) }
    }

    /// The raw account, for growing, closing and calls to other programs.
    #[inline(always)]
    pub fn view_mut(&mut self) -> &mut AccountView {
        &mut self.view
    }

    /// Closes the account: its lamports go to `receiver`, its bytes are wiped.
    pub fn close(&mut self, receiver: &AccountView) -> Outcome {
        if address_eq(self.view.address(), receiver.address()) {
            return Err(AccountError::AccountDuplicate.into());
        }
        let mut receiver = *receiver;
        let total = receiver.lamports().checked_add(self.view.lamports());
        receiver.set_lamports(total.ok_or(ProgramError::ArithmeticOverflow)?);
        self.view.set_lamports(0);
        // SAFETY: `&mut self` proves that no reference into the data is left; the bytes stay mapped until the
        // instruction ends, so that a later read sees an account without discriminator. `close_unchecked` zeroes owner,
        // length and lamports in the account's header.
        unsafe {
            self.view.data_mut_ptr().cast::<u64>().write(0);
            self.view.close_unchecked();
        }
        Ok(())
    }
}

impl Write<SubAccount> {
    /// The sub-account as the model's actions take it.
    #[inline(always)]
    pub fn parts(&mut self) -> SubAccountMut<'_> {
        let (head, orders) = self.split();
        SubAccountMut { head, orders }
    }
}

/// # Safety
/// The account has passed `check::<T>`.
#[inline(always)]
unsafe fn tail<T: AccountKind>(view: &AccountView) -> &[T::Item] {
    let items = T::items_in(view.data_len()).unwrap_or(0);
    // SAFETY: `check` proved that so many items end with the account.
    unsafe { core::slice::from_raw_parts(view.data_ptr().add(T::SPACE).cast::<T::Item>(), items) }
}

macro_rules! typed {
    ($name:ident) => {
        impl<T: AccountKind> Deref for $name<T> {
            type Target = T;

            #[inline(always)]
            fn deref(&self) -> &T {
                // SAFETY: `check` proved owner, kind and size; account data is aligned to 8 bytes.
                unsafe { &*self.view.data_ptr().add(8).cast::<T>() }
            }
        }

        impl<T: AccountKind> AsRef<AccountView> for $name<T> {
            #[inline(always)]
            fn as_ref(&self) -> &AccountView {
                &self.view
            }
        }

        #[doc(hidden)]
        impl<T: AccountKind> anchor_lang::IdlAccountType for $name<T> {
            const __IDL_ADDRESS: Option<&'static str> = None;

            #[cfg(feature = "idl-build")]
            fn __register_idl_deps(
                accounts: &mut anchor_lang::__alloc::vec::Vec<&'static str>,
                types: &mut anchor_lang::__alloc::vec::Vec<&'static str>,
            ) {
                crate::idl::account::<T>(accounts, types);
            }
        }
    };
}
typed!(Read);
typed!(Write);

impl<T: AccountKind> DerefMut for Write<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as for `Deref`, and `&mut self` is the only way in.
        unsafe { &mut *self.view.data_mut_ptr().add(8).cast::<T>() }
    }
}

impl<T: AccountKind> AnchorAccount for Read<T> {
    type Data = T;
    const MIN_DATA_LEN: usize = T::SPACE;

    #[inline(always)]
    fn load(view: AccountView) -> Result<Self, ProgramError> {
        check::<T>(&view)?;
        Ok(Self { view, kind: PhantomData })
    }

    #[inline(always)]
    fn account(&self) -> &AccountView {
        &self.view
    }
}

impl<T: AccountKind> AnchorAccount for Write<T> {
    type Data = T;
    const MIN_DATA_LEN: usize = T::SPACE;

    /// Never called: without `#[account(mut)]` nothing would refuse the same account twice.
    fn load(_: AccountView) -> Result<Self, ProgramError> {
        // Fails to compile when it is used; it names `T` so that nothing is evaluated before.
        const { assert!(T::MAX_ITEMS == usize::MAX, "a Write account needs #[account(mut)]") }
        Err(ProgramError::InvalidAccountData)
    }

    #[inline(always)]
    unsafe fn load_mut(view: AccountView) -> Result<Self, ProgramError> {
        // SAFETY: the framework has refused duplicates of `mut` accounts.
        Ok(unsafe { Self::undeclared(view) }?)
    }

    #[inline(always)]
    fn account(&self) -> &AccountView {
        &self.view
    }
}
