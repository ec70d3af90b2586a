use solana_account::Account;
use solana_pubkey::Pubkey;

use crate::{Error, Localnet, Result};

impl Localnet {
    /// Writes an account as given, without a transaction or signature: for instance a Pyth `PriceUpdateV2` that belongs
    /// to the Pyth receiver. `lamports` below the rent exemption of `data` is raised to it, because no program meets
    /// such an account on a cluster.
    ///
    /// # Errors
    /// [`Error::Account`] when the chain refuses it, such as a sysvar with bytes that do not parse.
    pub fn set_account(&self, address: Pubkey, lamports: u64, owner: Pubkey, data: Vec<u8>) -> Result<()> {
        self.chain.with_svm(|svm| {
            let lamports = lamports.max(svm.inner.minimum_balance_for_rent_exemption(data.len()));
            let account = Account { lamports, data, owner, executable: false, rent_epoch: u64::MAX };
            self.chain.write(svm, &address, account).map_err(|error| Self::refused(address, error))
        })
    }

    /// The account at `address`, or `None`.
    ///
    /// # Errors
    /// [`Error::Account`] when the chain's storage fails.
    pub fn account(&self, address: Pubkey) -> Result<Option<Account>> {
        self.chain.with_svm(|svm| svm.get_account(&address)).map_err(|error| Self::refused(address, error))
    }

    /// Adds `lamports` to `address`, which becomes a system account if it did not exist.
    ///
    /// # Errors
    /// [`Error::Overflow`] when the sum does not fit.
    pub fn airdrop(&self, address: Pubkey, lamports: u64) -> Result<()> {
        self.chain.with_svm(|svm| {
            let mut account = svm
                .get_account(&address)
                .map_err(|error| Self::refused(address, error))?
                .unwrap_or_else(|| Account { owner: solana_sdk_ids::system_program::ID, ..Account::default() });
            account.lamports = account.lamports.checked_add(lamports).ok_or(Error::Overflow(address))?;
            self.chain.write(svm, &address, account).map_err(|error| Self::refused(address, error))
        })
    }
}
