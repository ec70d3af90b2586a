//! A chain inside the process.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use kedge_client::{Client, ComputeLimit, PriorityFee, SendConfig, Sender, SharedSigner, read_clock};
use kedge_interface::address::PROGRAM_ID;
use kedge_localnet::{Localnet, LocalnetConfig};
use kedge_model::clock::Clock;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_pubkey::{Pubkey, pubkey};
use solana_signer::Signer;

use crate::listing::dollars;

/// Lamports of a participant, for fees and rent.
pub const LAMPORTS: u64 = 20_000_000_000;
const CLOCK: Pubkey = pubkey!("SysvarC1ock11111111111111111111111111111111");

/// Starts the chain on the wanted port, or on a free one when the port is taken.
///
/// # Errors
/// When the chain does not start on a free port either.
pub fn start(config: &LocalnetConfig) -> Result<Localnet> {
    match Localnet::start(config.clone()) {
        Err(kedge_localnet::Error::Start(_)) if config.rpc_port.is_some() => {
            let free = LocalnetConfig { rpc_port: None, ..config.clone() };
            Localnet::start(free).context("the local chain did not start")
        }
        started => Ok(started?),
    }
}

/// Puts the exchange's program on the chain.
///
/// # Errors
/// When the bytecode cannot be read, or the chain refuses it.
pub fn deploy(localnet: &Localnet, program: &Path) -> Result<()> {
    let elf = std::fs::read(program).with_context(|| format!("{}: run `make program`", program.display()))?;
    localnet.deploy(PROGRAM_ID, &elf).context("the chain refused the program")
}

/// A sender for a wallet, over a connection of its own.
pub fn sender(localnet: &Localnet, wallet: &Arc<Keypair>) -> Sender {
    let payer: SharedSigner = Arc::clone(wallet) as SharedSigner;
    let config = SendConfig {
        compute: ComputeLimit::Fixed(1_000_000),
        priority: PriorityFee::None,
        poll: Duration::from_millis(20),
        ..SendConfig::default()
    };
    Sender::new(Client::with(localnet.rpc_url(), CommitmentConfig::processed(), localnet.ws_url(), payer), config)
}

/// Gives a wallet [`LAMPORTS`], and `amount` dollars of the mint. Returns the address of its token account.
///
/// # Errors
/// When the chain does not answer.
pub fn fund(localnet: &Localnet, owner: Pubkey, mint: Pubkey, amount: u64) -> Result<Pubkey> {
    localnet.airdrop(owner, LAMPORTS)?;
    Ok(localnet.set_token_account(owner, mint, dollars(amount).0)?)
}

/// Funds the participants, and sends the transactions with which they join.
///
/// # Errors
/// The first participant that cannot join, by name.
pub async fn onboard(localnet: &Localnet, participants: &crate::participants::Participants) -> Result<()> {
    let mint = participants.mint.pubkey();
    for member in &participants.members {
        let _ = fund(localnet, member.wallet.pubkey(), mint, member.deposit)?;
    }
    crate::bootstrap::onboard(participants, |wallet| sender(localnet, wallet)).await
}

/// Slot and Unix time, in seconds, of the chain.
///
/// # Errors
/// When the chain does not answer, or its clock account is missing or too short.
pub fn clock(localnet: &Localnet) -> Result<Clock> {
    let account = localnet.account(CLOCK)?.context("the chain has no clock")?;
    read_clock(&account.data).context("the clock's account is too short")
}
