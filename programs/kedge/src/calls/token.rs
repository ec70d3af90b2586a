//! Moving SPL tokens.
//!
//! Only the SPL Token program itself is called, with its plain `Transfer`: the program checks that both sides
//! hold the same mint and that the authority may move the tokens, and the vault is known by its address, which
//! the bank stores. Token-2022 mints are refused when a bank is created.

use anchor_lang::pinocchio::cpi::{CpiAccount, Seed, Signer, invoke_signed_unchecked};
use anchor_lang::pinocchio::instruction::{InstructionAccount, InstructionView};
use anchor_lang::{AccountView, address_eq};

use anchor_spl::mint::Mint;
use anchor_spl::token::TokenAccount;
use kedge_abi::address::ASSOCIATED_TOKEN_PROGRAM;
use kedge_model::account::bank::Bank;
use kedge_model::quantity::Amount;

use crate::account::{Address32, Sole};
use crate::error::{AccountError, Outcome};
use crate::pda::{EXCHANGE_SIGNER, ExchangeAddress, SplToken, VAULT_SEED};

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
    let seeds = EXCHANGE_SIGNER.map(Seed::from);
    transfer(vault, to, exchange, amount, &[Signer::from(&seeds)]);
    Ok(())
}

/// Moves tokens out of a bank's vault, and checks that what is left covers the claims on it: one copy for all that pays out.
///
/// Errors: [`kedge_model::Error::InsufficientVault`].
#[inline(never)]
pub fn pay_out(
    token: &Sole<SplToken>,
    bank: &Bank,
    vault: &AccountView,
    to: &AccountView,
    exchange: &AccountView,
    amount: u64,
) -> Outcome {
    withdraw(token, vault, to, exchange, amount)?;
    Ok(bank.require_covered(self::amount(vault)?)?)
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

/// The SPL Token program's `InitializeAccount3` instruction.
const INITIALIZE_ACCOUNT_3: u8 = 18;

/// Refuses another token account than the bank's vault.
#[inline(always)]
pub fn require_vault(bank: &Bank, vault: &AccountView) -> Outcome {
    if vault.address().as_array() == &bank.vault { Ok(()) } else { Err(AccountError::AccountWrongVault.into()) }
}

/// Refuses another account than the one associated with an owner and a mint. That it is there and whose tokens it holds is
/// for the SPL Token program to say.
pub fn require_associated(account: &AccountView, owner: &[u8; 32], mint: &[u8; 32]) -> Outcome {
    let seeds = [&owner[..], SplToken::ADDRESS.as_ref(), &mint[..]];
    match anchor_lang::find_and_verify_program_address(&seeds, &ASSOCIATED_TOKEN_PROGRAM, account.address()) {
        Ok(_) => Ok(()),
        Err(_) => Err(kedge_model::Error::WrongOwner.into()),
    }
}

/// Tokens in a token account whose address the caller has checked.
#[inline(always)]
pub fn amount(account: &AccountView) -> Outcome<Amount> {
    // SAFETY: nothing else refers to the bytes while they are read.
    let data = unsafe { account.borrow_unchecked() };
    let account: &TokenAccount = bytemuck::try_from_bytes(data).map_err(|_| AccountError::AccountWrongVault)?;
    Ok(Amount(account.amount()))
}

/// Decimals of a mint of the SPL Token program.
///
/// Errors: [`AccountError::TokenProgramUnsupported`] for mints of another program, Token-2022 among them,
/// [`AccountError::AccountWrongMint`] for an account that is no initialised mint.
pub fn mint_decimals(mint: &AccountView) -> Outcome<u8> {
    if !address_eq(mint.owner(), &SplToken::ADDRESS) {
        return Err(AccountError::TokenProgramUnsupported.into());
    }
    // SAFETY: nothing else refers to the bytes while they are read.
    let data = unsafe { mint.borrow_unchecked() };
    match bytemuck::try_from_bytes::<Mint>(data) {
        Ok(mint) if mint.is_initialized() => Ok(mint.decimals()),
        _ => Err(AccountError::AccountWrongMint.into()),
    }
}

/// Creates a bank's vault at its derived address; the exchange account is its authority. Returns the bump.
pub fn create_vault(payer: &AccountView, vault: &AccountView, mint: &AccountView, index: &[u8]) -> Outcome<u8> {
    let seeds = [VAULT_SEED, index];
    let bump = anchor_lang::find_and_verify_program_address(&seeds, &crate::ID, vault.address())
        .map_err(|_| AccountError::AccountWrongAddress)?;
    let bump_seed = [bump];
    let signer: [&[u8]; 3] = [VAULT_SEED, index, &bump_seed];
    anchor_lang::create_account_signed(payer, vault, size_of::<TokenAccount>(), &SplToken::ADDRESS, &signer)?;
    let mut data = [0u8; 33];
    data[0] = INITIALIZE_ACCOUNT_3;
    data[1..].copy_from_slice(ExchangeAddress::ADDRESS.as_array());
    let accounts = [InstructionAccount::writable(vault.address()), InstructionAccount::readonly(mint.address())];
    let instruction = InstructionView { program_id: &SplToken::ADDRESS, data: &data, accounts: &accounts };
    // SAFETY: the callee writes only the vault, into whose data this program holds no reference.
    unsafe { invoke_signed_unchecked(&instruction, &[CpiAccount::from(vault), CpiAccount::from(mint)], &[]) };
    Ok(bump)
}
