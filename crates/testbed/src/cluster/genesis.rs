//! Accounts of the validator's first slot: wallets with lamports and dollars.

use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kedge_interface::address::{TOKEN_PROGRAM, token_account};
use serde_json::json;
use solana_program_option::COption;
use solana_program_pack::Pack;
use solana_pubkey::Pubkey;
use spl_token_interface::state::{Account as TokenAccount, AccountState, Mint};

/// Lamports of every wallet, for fees and rent.
pub(super) const LAMPORTS: u64 = 50_000_000_000;
/// Lamports that exempt a small account from rent.
const RENT: u64 = 10_000_000;
const SYSTEM: Pubkey = Pubkey::new_from_array([0; 32]);

/// Writes account files into a folder.
pub struct Genesis<'a> {
    folder: &'a Path,
    mint: Pubkey,
    supply: u64,
}

impl<'a> Genesis<'a> {
    /// Writes into `folder`; the dollars are of `mint`.
    pub fn new(folder: &'a Path, mint: Pubkey) -> Self {
        Self { folder, mint, supply: 0 }
    }

    /// Writes a wallet with [`LAMPORTS`] and a token account; `tokens` in smallest units.
    pub fn wallet(&mut self, owner: Pubkey, tokens: u64) -> Result<()> {
        self.write(owner, LAMPORTS, SYSTEM, &[])?;
        let account = TokenAccount {
            mint: self.mint,
            owner,
            amount: tokens,
            delegate: COption::None,
            state: AccountState::Initialized,
            is_native: COption::None,
            delegated_amount: 0,
            close_authority: COption::None,
        };
        self.supply = self.supply.checked_add(tokens).context("more dollars than there can be")?;
        let mut data = vec![0; TokenAccount::LEN];
        account.pack_into_slice(&mut data);
        self.write(token_account(&owner, &self.mint), RENT, TOKEN_PROGRAM, &data)
    }

    /// Writes the mint, whose supply is the tokens of all wallets written before.
    pub fn mint(&self, authority: Pubkey) -> Result<()> {
        let mint = Mint {
            mint_authority: COption::Some(authority),
            supply: self.supply,
            decimals: 6,
            is_initialized: true,
            freeze_authority: COption::None,
        };
        let mut data = vec![0; Mint::LEN];
        mint.pack_into_slice(&mut data);
        self.write(self.mint, RENT, TOKEN_PROGRAM, &data)
    }

    fn write(&self, address: Pubkey, lamports: u64, owner: Pubkey, data: &[u8]) -> Result<()> {
        let account = json!({
            "pubkey": address.to_string(),
            "account": {
                "lamports": lamports,
                "data": [BASE64_STANDARD.encode(data), "base64"],
                "owner": owner.to_string(),
                "executable": false,
                "rentEpoch": u64::MAX,
                "space": data.len(),
            }
        });
        let file = self.folder.join(format!("{address}.json"));
        std::fs::write(&file, account.to_string()).with_context(|| file.display().to_string())
    }
}
