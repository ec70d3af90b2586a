//! Programs as the upgradeable loader stores them.

use agave_feature_set::FeatureSet;
use kedge_interface::address::TOKEN_PROGRAM;
use litesvm::LiteSVM;
use solana_account::Account;
use solana_loader_v3_interface::get_program_data_address;
use solana_loader_v3_interface::state::UpgradeableLoaderState;
use solana_pubkey::Pubkey;
use solana_sdk_ids::bpf_loader_upgradeable;

/// Lamports of every written account, above any rent exemption.
const LAMPORTS: u64 = 100_000_000_000;

fn stored(state: &UpgradeableLoaderState, size: usize, elf: &[u8]) -> Account {
    let mut data = wincode::serialize(state).expect("the loader's state has a form");
    data.resize(size, 0);
    data.extend_from_slice(elf);
    Account { lamports: LAMPORTS, data, owner: bpf_loader_upgradeable::ID, ..Account::default() }
}

/// The two accounts of a deployed program, with `room` spare bytes.
pub fn deployed(program: Pubkey, elf: &[u8], authority: Pubkey, room: usize) -> [(Pubkey, Account); 2] {
    let programdata_address = get_program_data_address(&program);
    let header = UpgradeableLoaderState::ProgramData { slot: 0, upgrade_authority_address: Some(authority) };
    let mut code = stored(&header, UpgradeableLoaderState::size_of_programdata_metadata(), elf);
    code.data.resize(code.data.len() + room, 0);
    let head = UpgradeableLoaderState::Program { programdata_address };
    let head = stored(&head, UpgradeableLoaderState::size_of_program(), &[]);
    [(programdata_address, code), (program, Account { executable: true, ..head })]
}

/// A buffer account with code for an upgrade.
pub fn buffer(elf: &[u8], authority: Pubkey) -> Account {
    let header = UpgradeableLoaderState::Buffer { authority_address: Some(authority) };
    stored(&header, UpgradeableLoaderState::size_of_buffer_metadata(), elf)
}

/// The SPL Token program before p-token replaced it.
pub fn classic_token() -> Vec<u8> {
    let svm = LiteSVM::default().with_feature_set(FeatureSet::default()).with_builtins().with_default_programs();
    svm.get_account(&TOKEN_PROGRAM).expect("the token program").data
}
