//! What a transaction asks of the scheduler: compute units, and bytes of accounts.
//!
//! The runtime reserves 64 MiB for a transaction without a limit of loaded data until it has run: 16,384 units of what
//! its writable accounts take in a slot, more than the rest of it. A transaction that loads more than its limit fails
//! and pays its fee, so the limit here is never below the known sizes of the accounts, whatever an endpoint says.

use std::collections::BTreeSet;

use kedge_interface::PROGRAM_ID;
use kedge_interface::address::{ASSOCIATED_TOKEN_PROGRAM, ED25519_PROGRAM, SYSTEM_PROGRAM, TOKEN_PROGRAM};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;
use solana_sdk_ids::compute_budget;

/// Largest limit of loaded data that a transaction may ask for, bytes.
const MOST: u64 = 64 << 20;
/// Bytes of a page, the step in which loaded data is charged.
const PAGE: u64 = 32 << 10;
/// Bytes of an account at most, with the runtime's addition to each: a sub-account with room for 128 orders has 13,840,
/// and accounts of other programs (tokens, mints, price feeds) have a few thousand.
const ACCOUNT: u64 = 16 << 10;
/// Bytes that the runtime counts for a lookup table, whatever its length.
const TABLE: u64 = 8_248;
/// Bytes of a program at most: several times its size today, as it may be upgraded between two releases of a client.
const PROGRAMS: [(Pubkey, u64); 5] = [
    (PROGRAM_ID, 1 << 20),
    (TOKEN_PROGRAM, 256 << 10),
    (ASSOCIATED_TOKEN_PROGRAM, 256 << 10),
    (SYSTEM_PROGRAM, ACCOUNT),
    (ED25519_PROGRAM, ACCOUNT),
];
/// Bytes added to what a simulation loaded, beside a quarter of it: accounts may grow until the transaction lands.
const HEADROOM: u64 = 64 << 10;

/// Limits that a transaction asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Compute limit, units.
    pub units: u32,
    /// Bytes of accounts that a simulation loaded, programs' code among them; `None` where the endpoint did not tell.
    pub loaded: Option<u32>,
}

impl From<u32> for Limits {
    /// A compute limit without a simulation: the limit of loaded data follows from the accounts.
    fn from(units: u32) -> Self {
        Self { units, loaded: None }
    }
}

/// The limit of loaded data for a transaction of these instructions, bytes, in whole pages of 32 KiB: at least a page,
/// at most 64 MiB. `told` is what a simulation loaded. `None`, for 64 MiB, where the instructions call a program of
/// unknown size.
///
/// The limit holds 1 MiB for Kedge, 256 KiB for each token program, 16 KiB for each other account, the payer and the
/// compute-budget program among them, 8,248 bytes for each lookup table; and never less than `told`, a quarter of it
/// and 64 KiB.
#[must_use]
pub fn loaded_data_limit(
    instructions: &[Instruction],
    payer: &Pubkey,
    tables: usize,
    told: Option<u32>,
) -> Option<u32> {
    let called = || instructions.iter().map(|instruction| instruction.program_id);
    let known = called().all(|program| PROGRAMS.iter().any(|(address, _)| *address == program));
    if told.is_none() && !known {
        return None;
    }
    let named = instructions.iter().flat_map(|instruction| &instruction.accounts).map(|meta| meta.pubkey);
    let keys: BTreeSet<Pubkey> = called().chain(named).chain([*payer, compute_budget::ID]).collect();
    let size = |key: &Pubkey| PROGRAMS.iter().find(|(program, _)| program == key).map_or(ACCOUNT, |(_, bytes)| *bytes);
    let tables = u64::try_from(tables).unwrap_or(u64::MAX).saturating_mul(TABLE);
    let expected = keys.iter().map(size).fold(tables, u64::saturating_add);
    let told = told.map_or(0, |told| u64::from(told) + u64::from(told) / 4 + HEADROOM);
    u32::try_from(expected.max(told).div_ceil(PAGE).saturating_mul(PAGE).min(MOST)).ok()
}

#[cfg(test)]
mod tests {
    use kedge_interface::account::sub_account_space;
    use kedge_interface::instruction::{KedgeInstruction, UpdateAmm};
    use kedge_model::account::sub_account::MAX_ORDERS;

    use super::*;

    fn step() -> Instruction {
        UpdateAmm { market: Pubkey::new_unique() }.instruction()
    }

    fn limit(instructions: &[Instruction], tables: usize, told: Option<u32>) -> Option<u32> {
        loaded_data_limit(instructions, &Pubkey::new_from_array([1; 32]), tables, told)
    }

    #[test]
    fn the_largest_account_has_room() {
        assert!(u64::try_from(sub_account_space(MAX_ORDERS)).unwrap() + 64 <= ACCOUNT);
    }

    #[test]
    fn what_an_endpoint_tells_raises_the_limit_and_never_lowers_it() {
        let known = limit(&[step()], 0, None).unwrap();
        assert!((1 << 20..2 << 20).contains(&known), "{known}");
        assert_eq!(limit(&[step()], 0, Some(0)), Some(known));
        assert_eq!(limit(&[step()], 0, Some(500_000)), Some(known));
        let more = limit(&[step()], 0, Some(4_000_000)).unwrap();
        assert!((5_065_536..5_065_536 + 32_768).contains(&more), "{more}");
        assert_eq!(limit(&[step()], 0, Some(u32::MAX)), Some(64 << 20));
        assert!(limit(&[step()], 16, None).unwrap() >= known + 16 * 8_248 - 32_768);
    }

    #[test]
    fn accounts_and_programs_count_once() {
        let other = Instruction { program_id: TOKEN_PROGRAM, ..step() };
        let (one, two) = (limit(&[step()], 0, None), limit(&[step(), step()], 0, None));
        assert!(two.unwrap() - one.unwrap() <= 32_768, "a market more");
        assert!(limit(&[step(), other], 0, None).unwrap() >= one.unwrap() + (256 << 10));
    }

    #[test]
    fn the_size_of_a_foreign_program_is_known_from_a_simulation_alone() {
        let foreign = Instruction { program_id: Pubkey::new_unique(), ..step() };
        assert_eq!(limit(&[step(), foreign.clone()], 0, None), None);
        assert!(limit(&[step(), foreign], 0, Some(3_000_000)).unwrap() >= 3_750_000);
    }
}
