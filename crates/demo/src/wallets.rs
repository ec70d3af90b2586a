//! Wallets for trading, keeping and administering by hand.

use std::path::{Path, PathBuf};

use anyhow::Result;
use kedge_localnet::Localnet;
use kedge_testbed::cluster::local::fund;
use kedge_testbed::participants::Participants;
use kedge_testbed::wallets;
use solana_keypair::Keypair;
use solana_signer::Signer;

/// Dollars of each wallet, from the faucet of the local chain.
pub const DOLLARS: u64 = 100_000;

/// Files of the wallets.
pub struct Wallets {
    /// A trader's wallet, with SOL and dollars.
    pub visitor: PathBuf,
    /// A keeper's or maker's wallet, with as much.
    pub operator: PathBuf,
    /// The exchange's admin.
    pub admin: PathBuf,
}

impl Wallets {
    /// Funds the wallets and writes them into a folder.
    ///
    /// # Errors
    /// When the chain does not answer or a file cannot be written.
    pub fn leave(localnet: &Localnet, participants: &Participants, out: &Path) -> Result<Self> {
        let leave = |name: &str, wallet: &Keypair| -> Result<PathBuf> {
            // The admin has paid all its dollars into the pools.
            let _ = fund(localnet, wallet.pubkey(), participants.mint.pubkey(), DOLLARS)?;
            let file = out.join(name);
            wallets::write(&file, wallet)?;
            Ok(file)
        };
        Ok(Self {
            visitor: leave("wallet.json", &participants.visitor)?,
            operator: leave("keeper.json", &participants.operator)?,
            admin: leave("admin.json", &participants.admin)?,
        })
    }
}
