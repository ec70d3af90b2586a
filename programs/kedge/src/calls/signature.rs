//! What the ed25519 program has verified for the instruction behind it.

use anchor_lang::AccountView;
use anchor_lang::pinocchio::account::Ref;
use anchor_lang::pinocchio::sysvars::instructions::Instructions;
use kedge_abi::address::ED25519_PROGRAM;
use kedge_abi::ed25519::parts;
use kedge_model::Error;

use crate::error::Outcome;

/// Hands the signer and the message of the instruction right in front of this one to `read`.
///
/// That instruction must be one of the ed25519 program with exactly one signature whose signature, key and message
/// all lie in it: a description may point into other instructions, whose data this program would not see.
///
/// Errors: [`Error::SignedOrderInvalid`].
pub fn verified<T>(sysvar: &AccountView, read: impl FnOnce([u8; 32], &[u8]) -> Outcome<T>) -> Outcome<T> {
    let instructions = Instructions::<Ref<'_, [u8]>>::try_from(sysvar)?;
    let before = instructions.get_instruction_relative(-1).map_err(|_| Error::SignedOrderInvalid)?;
    if *before.get_program_id() != ED25519_PROGRAM {
        return Err(Error::SignedOrderInvalid.into());
    }
    let (signer, message) = parts(before.get_instruction_data()).ok_or(Error::SignedOrderInvalid)?;
    read(signer, message)
}
