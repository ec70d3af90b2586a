//! Creating accounts at derived addresses, and growing them.

use core::marker::PhantomData;

use anchor_lang::prelude::ProgramError;
use anchor_lang::{AccountView, Address, AnchorAccount};

use super::{AccountKind, GROWTH_STEP, Write};
use crate::error::{AccountError, Outcome};

/// An account that the instruction creates. Declared with `#[account(mut)]`.
pub struct New<T: AccountKind> {
    view: AccountView,
    kind: PhantomData<T>,
}

impl<T: AccountKind> New<T> {
    /// Creates the account at the canonical address of `seeds`, with room for `items` tail items.
    ///
    /// All bytes after the discriminator are zero. Returns the account and its bump.
    ///
    /// Errors: [`AccountError::AccountWrongAddress`], [`AccountError::GrowthStepTooLarge`].
    pub fn create(&mut self, payer: &AccountView, seeds: &[&[u8]], items: usize) -> Outcome<(Write<T>, u8)> {
        let space = T::space(items);
        let bump = create_bytes(payer, &self.view, seeds, space)?;
        // SAFETY: the account was created a moment ago with at least 8 bytes and no reference into it exists.
        unsafe {
            let mut view = self.view;
            view.data_mut_ptr().cast::<u64>().write(T::TAG);
            Ok((Write::created(view), bump))
        }
    }
}

#[inline(never)]
fn create_bytes(payer: &AccountView, target: &AccountView, seeds: &[&[u8]], space: usize) -> Outcome<u8> {
    if space > GROWTH_STEP {
        return Err(AccountError::GrowthStepTooLarge.into());
    }
    let bump = anchor_lang::find_and_verify_program_address(seeds, &crate::ID, target.address())
        .map_err(|_| AccountError::AccountWrongAddress)?;
    let bump_seed = [bump];
    let mut signed: arrayvec::ArrayVec<&[u8], 6> = arrayvec::ArrayVec::new();
    for seed in seeds {
        signed.try_push(seed).map_err(|_| ProgramError::MaxSeedLengthExceeded)?;
    }
    signed.try_push(&bump_seed).map_err(|_| ProgramError::MaxSeedLengthExceeded)?;
    anchor_lang::create_account_signed(payer, target, space, &crate::ID, &signed)?;
    Ok(bump)
}

/// Changes the size of an account and pays the rent difference from `payer`. New bytes are zero.
///
/// Errors: [`AccountError::GrowthStepTooLarge`] beyond [`GROWTH_STEP`] in one instruction.
pub fn grow(account: &mut AccountView, space: usize, payer: &AccountView) -> Outcome {
    if space.saturating_sub(account.data_len()) > GROWTH_STEP {
        return Err(AccountError::GrowthStepTooLarge.into());
    }
    // Bytes beyond the old length are zero already: the runtime clears the growth region.
    anchor_lang::realloc_account(account, space, payer, false)?;
    Ok(())
}

impl<T: AccountKind> core::ops::Deref for New<T> {
    type Target = AccountView;

    #[inline(always)]
    fn deref(&self) -> &AccountView {
        &self.view
    }
}

impl<T: AccountKind> AnchorAccount for New<T> {
    type Data = AccountView;

    /// Never called: an account that is created is written.
    fn load(_: AccountView) -> Result<Self, ProgramError> {
        // Fails to compile when it is used; it names `T` so that nothing is evaluated before.
        const { assert!(T::MAX_ITEMS == usize::MAX, "a New account needs #[account(mut)]") }
        Err(ProgramError::InvalidAccountData)
    }

    #[inline(always)]
    unsafe fn load_mut(view: AccountView) -> Result<Self, ProgramError> {
        if !view.is_writable() {
            return Err(AccountError::AccountNotWritable.into());
        }
        if view.data_len() != 0 || *view.owner() != Address::default() {
            return Err(AccountError::AccountAlreadyExists.into());
        }
        Ok(Self { view, kind: PhantomData })
    }

    #[inline(always)]
    fn account(&self) -> &AccountView {
        &self.view
    }
}

#[doc(hidden)]
impl<T: AccountKind> anchor_lang::IdlAccountType for New<T> {
    #[cfg(feature = "idl-build")]
    fn __register_idl_deps(
        accounts: &mut anchor_lang::__alloc::vec::Vec<&'static str>,
        types: &mut anchor_lang::__alloc::vec::Vec<&'static str>,
    ) {
        crate::idl::account::<T>(accounts, types);
    }
}
