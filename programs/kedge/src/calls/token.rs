//! Moving SPL tokens.
//!
//! Only the SPL Token program itself is called, with its plain `Transfer`: the program checks that both sides
//! hold the same mint and that the authority may move the tokens, and the vault is known by its address, which
//! the bank stores. Token-2022 mints are refused when a bank is created.

use anchor_lang::AccountView;
use anchor_lang::pinocchio::cpi::{CpiAccount, Seed, Signer, invoke_signed_unchecked};
use anchor_lang::pinocchio::instruction::{InstructionAccount, InstructionView};

use crate::account::{Address32, Sole};
use crate::error::Outcome;
use crate::pda::{ExchangeAddress, SplToken};

/// The SPL Token program's `Transfer` instruction.
const TRANSFER: u8 = 3;

/// Moves tokens of a signer into a vault.
#[inline(always)]
pub fn deposit(
    _token: &Sole<SplToken>,
    from: &AccountView,
    vault: &AccountView,
    authority: &AccountView,
    amount: u64,
) -> Outcome {
    transfer(from, vault, authority, amount, &[]);
    Ok(())
}

/// Moves tokens out of a vault, signed by the exchange account.
#[inline(always)]
pub fn withdraw(
    _token: &Sole<SplToken>,
    vault: &AccountView,
    to: &AccountView,
    exchange: &AccountView,
    amount: u64,
) -> Outcome {
    let seeds = ExchangeAddress::SIGNER.map(Seed::from);
    transfer(vault, to, exchange, amount, &[Signer::from(&seeds)]);
    Ok(())
}

#[inline(always)]
fn transfer(from: &AccountView, to: &AccountView, authority: &AccountView, amount: u64, signers: &[Signer]) {
    let mut data = [0u8; 9];
    data[0] = TRANSFER;
    data[1..].copy_from_slice(&amount.to_le_bytes());
    let accounts = [
        InstructionAccount::writable(from.address()),
        InstructionAccount::writable(to.address()),
        InstructionAccount::readonly_signer(authority.address()),
    ];
    let instruction = InstructionView { program_id: &SplToken::ADDRESS, data: &data, accounts: &accounts };
    let views = [CpiAccount::from(from), CpiAccount::from(to), CpiAccount::from(authority)];
    // SAFETY: the callee writes only the two token accounts, into whose data this program holds no reference.
    // A failing callee ends the transaction, so there is no result to look at.
    unsafe { invoke_signed_unchecked(&instruction, &views, signers) };
}
