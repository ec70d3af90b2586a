//! Leaving records: by a call of the program to itself (what moves money), or in the log (orders).

use anchor_lang::event::EVENT_IX_TAG;
use anchor_lang::pinocchio::cpi::{CpiAccount, Seed, Signer, invoke_signed_unchecked};
use anchor_lang::pinocchio::instruction::{InstructionAccount, InstructionView};
use anchor_lang::AccountView;

use crate::account::{Address32, Sole};
use crate::pda::EventAuthority;

/// Emits records as the data of one call of the program to itself, which no log limit can cut.
///
/// `payload` begins with 8 free bytes: this writes the tag there by which event decoders know the call.
/// The runtime takes about 1,000 CU for a call, the rest is some 150.
#[inline(always)]
pub fn emit(authority: &Sole<EventAuthority>, payload: &mut [u8]) {
    debug_assert!(payload.len() >= 8);
    payload[..8].copy_from_slice(&EVENT_IX_TAG.to_le_bytes());
    let view: &AccountView = authority.as_ref();
    let accounts = [InstructionAccount::readonly_signer(&EventAuthority::ADDRESS)];
    let instruction = InstructionView { program_id: &crate::ID, data: payload, accounts: &accounts };
    let seeds = EventAuthority::SIGNER.map(Seed::from);
    // SAFETY: the one account handed over is empty and read-only.
    unsafe { invoke_signed_unchecked(&instruction, &[CpiAccount::from(view)], &[Signer::from(&seeds)]) };
}

/// Leaves a record in the log, as a `Program data:` line; about 100 CU and one per byte.
#[inline(always)]
pub fn log(record: &[u8]) {
    anchor_lang::sol_log_data(&[record]);
}
