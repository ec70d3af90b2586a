//! Mints and token accounts, written directly.

use kedge_interface::address::TOKEN_PROGRAM;
use solana_account::Account;
use solana_program_option::COption;
use solana_program_pack::Pack;
use solana_pubkey::Pubkey;
use spl_token_interface::state::{Account as TokenAccount, AccountState, Mint};

use crate::Machine;

fn stored(machine: &Machine, data: Vec<u8>) -> Account {
    Account { lamports: machine.rent(data.len()), data, owner: TOKEN_PROGRAM, ..Account::default() }
}

/// Writes a mint of the SPL Token program.
pub fn mint(machine: &mut Machine, address: Pubkey, decimals: u8) {
    let mint = Mint { decimals, is_initialized: true, supply: u64::MAX / 2, ..Mint::default() };
    let mut data = vec![0; Mint::LEN];
    mint.pack_into_slice(&mut data);
    let account = stored(machine, data);
    machine.write(address, account);
}

/// Writes a token account with a balance.
pub fn wallet(machine: &mut Machine, address: Pubkey, mint: Pubkey, owner: Pubkey, amount: u64) {
    let wallet = TokenAccount {
        mint,
        owner,
        amount,
        state: AccountState::Initialized,
        is_native: COption::None,
        ..TokenAccount::default()
    };
    let mut data = vec![0; TokenAccount::LEN];
    wallet.pack_into_slice(&mut data);
    let account = stored(machine, data);
    machine.write(address, account);
}

/// Balance of a token account.
pub fn amount(machine: &Machine, address: &Pubkey) -> u64 {
    TokenAccount::unpack(&machine.data(address)).expect("a token account").amount
}

/// Decimals of a mint.
pub fn decimals(machine: &Machine, mint: &Pubkey) -> u8 {
    Mint::unpack(&machine.data(mint)).expect("a mint").decimals
}
