use solana_account::Account;
use solana_program_option::COption;
use solana_program_pack::{IsInitialized, Pack};
use solana_pubkey::Pubkey;
use spl_associated_token_account_interface::address::get_associated_token_address;
use spl_token_interface::state::{Account as TokenAccount, AccountState, Mint};
use surfpool_core::surfnet::svm::SurfnetSvm;

use crate::{Error, Localnet, Result};

impl Localnet {
    /// Writes an SPL Token mint with no supply. `authority` may mint and freeze.
    ///
    /// # Errors
    /// [`Error::Account`] when the chain refuses it.
    pub fn create_mint(&self, mint: Pubkey, decimals: u8, authority: Pubkey) -> Result<()> {
        let state = Mint {
            mint_authority: COption::Some(authority),
            supply: 0,
            decimals,
            is_initialized: true,
            freeze_authority: COption::Some(authority),
        };
        self.chain.with_svm(|svm| write(svm, mint, &state))
    }

    /// Sets the balance of the owner's associated token account of `mint` to `amount` smallest units, creates the
    /// account when it is missing, and adjusts the mint's supply. Returns the token account's address.
    ///
    /// # Errors
    /// [`Error::NotAMint`] when `mint` is no SPL Token mint, [`Error::Overflow`] when the supply does not fit.
    pub fn set_token_account(&self, owner: Pubkey, mint: Pubkey, amount: u64) -> Result<Pubkey> {
        let address = get_associated_token_address(&owner, &mint);
        self.chain.with_svm(|svm| {
            let mut supply: Mint = read(svm, mint)?.ok_or(Error::NotAMint(mint))?;
            let mut token = read::<TokenAccount>(svm, address)?.unwrap_or(TokenAccount {
                mint,
                owner,
                amount: 0,
                delegate: COption::None,
                state: AccountState::Initialized,
                is_native: COption::None,
                delegated_amount: 0,
                close_authority: COption::None,
            });
            supply.supply = supply
                .supply
                .checked_sub(token.amount)
                .and_then(|others| others.checked_add(amount))
                .ok_or(Error::Overflow(mint))?;
            token.amount = amount;
            write(svm, mint, &supply)?;
            write(svm, address, &token)
        })?;
        Ok(address)
    }

    /// Balance of the owner's associated token account of `mint` in the mint's smallest unit; zero when there is none.
    ///
    /// # Errors
    /// [`Error::Account`] when the chain's storage fails.
    pub fn token_balance(&self, owner: Pubkey, mint: Pubkey) -> Result<u64> {
        let address = get_associated_token_address(&owner, &mint);
        self.chain.with_svm(|svm| Ok(read::<TokenAccount>(svm, address)?.map_or(0, |token| token.amount)))
    }
}

fn read<T: Pack + IsInitialized>(svm: &SurfnetSvm, address: Pubkey) -> Result<Option<T>> {
    let account = svm.get_account(&address).map_err(|error| Localnet::refused(address, error))?;
    Ok(account
        .filter(|account| account.owner == spl_token_interface::ID)
        .and_then(|account| T::unpack(&account.data).ok()))
}

fn write<T: Pack>(svm: &mut SurfnetSvm, address: Pubkey, state: &T) -> Result<()> {
    let mut data = vec![0; T::LEN];
    state.pack_into_slice(&mut data);
    let account = Account {
        lamports: svm.inner.minimum_balance_for_rent_exemption(T::LEN),
        data,
        owner: spl_token_interface::ID,
        executable: false,
        rent_epoch: u64::MAX,
    };
    svm.set_account(&address, account).map_err(|error| Localnet::refused(address, error))
}
