//! The end of a run: every equation of the exchange, and a digest of its state.

use anyhow::{Result, anyhow, ensure};
use kedge_audit::{Rules, Snapshot, Statement, Vault};
use kedge_engine::State;
use kedge_model::account::bank::Bank;

use crate::venue::Venue;

/// FNV-1a over every account, vault and price, in the order of their addresses.
pub(crate) fn digest(state: &State) -> String {
    let mut digest = 0xcbf2_9ce4_8422_2325u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            digest = (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for (at, account) in &state.accounts {
        add(at.as_ref());
        add(&account.encode());
    }
    for (at, tokens) in &state.vaults {
        add(at.as_ref());
        add(&tokens.to_le_bytes());
    }
    for (at, (owner, data)) in &state.oracles {
        add(at.as_ref());
        add(owner.as_ref());
        add(data);
    }
    format!("{digest:016x}")
}

/// Adds up every ledger, as the auditor does, to the unit.
///
/// # Errors
/// With the first equations that do not hold, and without an exchange or a price board.
pub(crate) fn audit(venue: Venue) -> Result<()> {
    let statement = Statement::of(&snapshot(venue)?, Rules { exact_vaults: true });
    let breaks = statement.breaks();
    let shown: Vec<String> = breaks.iter().take(5).map(|one| format!("{}: {}", one.what, one.amount)).collect();
    ensure!(breaks.is_empty(), "{} equations do not hold, the first: {}", breaks.len(), shown.join("; "));
    Ok(())
}

/// The exchange for the auditor. The state is used up: a million accounts are there once.
fn snapshot(venue: Venue) -> Result<Snapshot> {
    let (clock, state) = (venue.clock, venue.state);
    let tokens = state.vaults.get(&venue.vault).copied().unwrap_or_default();
    let collected = Snapshot::collect(clock.slot, clock, state.accounts.into_iter().map(Ok), Vec::new());
    let mut snapshot = collected.map_err(|missing| anyhow!("there is no {missing}"))?;
    let claims = |bank: &Bank| bank.claims().map_or(-1, |claims| i128::from(claims.0));
    snapshot.vaults = snapshot.banks.iter().map(|(_, bank)| Some(Vault { tokens, claims: claims(bank) })).collect();
    Ok(snapshot)
}
