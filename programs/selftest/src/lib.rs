//! Proves the program toolchain: the same functions run on the host and, compiled, on the virtual
//! machine, and the test compares their results.
//!
//! Instruction data: one byte of [`Operation`], then pairs of operands, 16 little-endian bytes
//! each. Return data: one 16-byte result per pair.

mod memory;
mod mix;
mod operation;

pub use operation::Operation;

#[cfg(target_arch = "bpf")]
use kedge_libcalls as _;

use pinocchio::{AccountView, Address, ProgramResult, entrypoint, error::ProgramError};

/// Bytes of one pair of operands.
pub const PAIR: usize = 32;

/// Pairs of operands that one instruction takes at most: the results fill the return data.
pub const MAX_PAIRS: usize = 32;

entrypoint!(process);

/// Computes one operation on every pair.
///
/// # Errors
/// `InvalidInstructionData` when the operation is unknown or the operands are no whole pairs or
/// too many.
pub fn process(_program: &Address, _accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let (code, operands) = data.split_first().ok_or(ProgramError::InvalidInstructionData)?;
    let operation = Operation::from_code(*code).ok_or(ProgramError::InvalidInstructionData)?;
    let (pairs, rest) = operands.as_chunks::<PAIR>();
    if !rest.is_empty() || pairs.len() > MAX_PAIRS {
        return Err(ProgramError::InvalidInstructionData);
    }
    let mut results = [0u8; MAX_PAIRS * 16];
    for (pair, result) in pairs.iter().zip(results.as_chunks_mut::<16>().0) {
        let (a, b) = pair.split_at(16);
        let a = u128::from_le_bytes(a.try_into().map_err(|_| ProgramError::InvalidInstructionData)?);
        let b = u128::from_le_bytes(b.try_into().map_err(|_| ProgramError::InvalidInstructionData)?);
        *result = operation.compute(a, b).to_le_bytes();
    }
    give_back(&results[..pairs.len() * 16]);
    Ok(())
}

#[cfg(target_os = "solana")]
fn give_back(results: &[u8]) {
    // SAFETY: the slice is valid for the call, which only reads it.
    unsafe { solana_define_syscall::definitions::sol_set_return_data(results.as_ptr(), results.len() as u64) }
}

#[cfg(not(target_os = "solana"))]
fn give_back(_results: &[u8]) {}
