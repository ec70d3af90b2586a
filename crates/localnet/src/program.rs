use solana_account::Account;
use solana_loader_v3_interface::{get_program_data_address, state::UpgradeableLoaderState};
use solana_pubkey::Pubkey;
use solana_sdk_ids::bpf_loader_upgradeable;

use crate::{Localnet, Result};

impl Localnet {
    /// Writes or replaces the program at `program_id`; the next transaction runs the new code. `elf` is a file of
    /// `cargo build-sbf` or `cargo xtask program`. The program belongs to the upgradeable loader and is final.
    ///
    /// # Errors
    /// [`crate::Error::Account`] when the bytecode does not pass the verifier.
    pub fn deploy(&self, program_id: Pubkey, elf: &[u8]) -> Result<()> {
        self.deploy_upgradeable(program_id, elf, None)
    }

    /// Like [`Localnet::deploy`], with an upgrade authority, for code that checks it.
    ///
    /// # Errors
    /// [`crate::Error::Account`] when the bytecode does not pass the verifier.
    pub fn deploy_upgradeable(&self, program_id: Pubkey, elf: &[u8], authority: Option<Pubkey>) -> Result<()> {
        let data_address = get_program_data_address(&program_id);
        let header = UpgradeableLoaderState::ProgramData { slot: 0, upgrade_authority_address: authority };
        let mut data = encode(program_id, &header)?;
        data.resize(UpgradeableLoaderState::size_of_programdata_metadata(), 0);
        data.extend_from_slice(elf);
        let program = encode(program_id, &UpgradeableLoaderState::Program { programdata_address: data_address })?;

        self.chain.with_svm(|svm| {
            // The code first: writing the program account verifies and compiles it.
            for (address, data, executable) in [(data_address, data, false), (program_id, program, true)] {
                let account = Account {
                    lamports: svm.inner.minimum_balance_for_rent_exemption(data.len()),
                    data,
                    owner: bpf_loader_upgradeable::ID,
                    executable,
                    rent_epoch: u64::MAX,
                };
                svm.set_account(&address, account).map_err(|error| Self::refused(program_id, error))?;
            }
            Ok(())
        })
    }
}

fn encode(program_id: Pubkey, state: &UpgradeableLoaderState) -> Result<Vec<u8>> {
    wincode::serialize(state).map_err(|error| Localnet::refused(program_id, error))
}
