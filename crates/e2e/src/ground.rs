//! The validator with the exchange on it, wallets on disk, and the keepers' binaries: what every run stands on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use kedge_client::{Client, ComputeLimit, PriorityFee, SendConfig, Sender, SharedSigner};
use kedge_demo::cast::{Cast, Member};
use kedge_demo::listing::{self, dollars};
use kedge_demo::replay::Tape;
use kedge_demo::stage;
use kedge_interface::address::token_account;
use kedge_state::snapshot::SnapshotReader;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::args::Places;
use crate::genesis::Genesis;
use crate::validator::{EXCHANGE, MOCK, Validator};

/// Members that come on board side by side.
const BOARDING: usize = 16;
/// How long the first price may take.
const FIRST_PRICE: Duration = Duration::from_secs(60);

/// What a run stands on.
pub struct Ground {
    /// Everybody with a wallet.
    pub cast: Cast,
    /// The chain.
    pub validator: Validator,
    /// Folder for everything that is written.
    pub folder: PathBuf,
    /// The keeper's binary.
    pub keeper: PathBuf,
    started: Instant,
}

impl Ground {
    /// Writes wallets and the first slot's accounts, and starts the validator.
    pub async fn start(places: &Places, cast: Cast, port: u16) -> Result<Self> {
        let started = Instant::now();
        let folder = std::path::absolute(&places.out)?;
        let keeper = match &places.keeper {
            Some(keeper) => keeper.clone(),
            None => std::env::current_exe()?.with_file_name("kedge-keeper"),
        };
        ensure!(keeper.is_file(), "{} is not there: build it, or name it with --keeper", keeper.display());
        for name in [EXCHANGE, MOCK] {
            let program = places.programs.join(name);
            ensure!(program.is_file(), "{} is not there: build it with `make program`", program.display());
        }
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| folder.display().to_string());
            }
            _ => {}
        }
        let (accounts, wallets) = (folder.join("accounts"), folder.join("wallets"));
        std::fs::create_dir_all(&accounts)?;
        std::fs::create_dir_all(&wallets)?;
        let mut genesis = Genesis::new(&accounts, cast.mint.pubkey());
        genesis.wallet(cast.admin.pubkey(), dollars(stage::pools()).0)?;
        genesis.wallet(cast.crank.pubkey(), 0)?;
        genesis.wallet(cast.visitor.pubkey(), dollars(100_000).0)?;
        write_wallet(&wallets.join("admin.json"), &cast.admin)?;
        write_wallet(&wallets.join("crank.json"), &cast.crank)?;
        write_wallet(&wallets.join("visitor.json"), &cast.visitor)?;
        for member in &cast.members {
            genesis.wallet(member.wallet.pubkey(), dollars(member.deposit).0)?;
            write_wallet(&wallets.join(format!("{}.json", member.name)), &member.wallet)?;
        }
        genesis.mint(cast.admin.pubkey())?;
        // Whoever the test chain gives its money to: nobody here needs it.
        let treasury = Keypair::new().pubkey();
        let mut validator = Validator::new(&places.validator, &folder, &accounts, &places.programs, treasury, port);
        let took = validator.start().await?;
        let ground = Self { cast, validator, folder, keeper, started };
        ground.say(&format!("validator {} after {:.1} s", ground.validator.url(), took.as_secs_f64()));
        Ok(ground)
    }

    /// A line with the time since the start.
    pub fn say(&self, what: &str) {
        println!("{:6.1} s  {what}", self.started.elapsed().as_secs_f64());
    }

    /// A wallet's file.
    pub fn wallet(&self, name: &str) -> PathBuf {
        self.folder.join("wallets").join(format!("{name}.json"))
    }

    /// Sends for a wallet, straight to the validator.
    pub fn sender(&self, wallet: &Arc<Keypair>) -> Sender {
        let url = self.validator.url();
        let payer: SharedSigner = Arc::clone(wallet) as SharedSigner;
        let config = SendConfig {
            compute: ComputeLimit::Fixed(400_000),
            priority: PriorityFee::None,
            poll: Duration::from_millis(100),
            ..SendConfig::default()
        };
        let client = Client::with(&url, CommitmentConfig::processed(), &kedge_client::ws_url(&url), payer);
        Sender::new(client, config)
    }

    /// A client that reads straight from the validator.
    pub fn reader(&self) -> Client {
        self.sender(&self.cast.crank).client().clone()
    }

    /// Creates the exchange and lists bank and markets.
    pub async fn list(&self, tape: &Tape) -> Result<()> {
        stage::list_by(&self.sender(&self.cast.admin), self.cast.mint.pubkey(), tape, 1.0, listing::fees(1.0)).await?;
        self.say("listed the USDC bank and SOL, BTC, ETH perpetuals, funded vAMMs and insurance");
        Ok(())
    }

    /// Waits for the first prices of whoever publishes them, and opens the markets.
    pub async fn open(&self) -> Result<()> {
        let started = Instant::now();
        let feed = SnapshotReader::new(self.reader()).await?;
        loop {
            let world = feed.poll().await?;
            let fresh = |market: &kedge_model::market::Market| {
                world
                    .fresh
                    .market(market.index)
                    .is_ok_and(|row| row.price.publish_time + 10 >= world.clock.unix_time && !row.price.price.is_zero())
            };
            if world.markets.iter().all(fresh) {
                break;
            }
            ensure!(started.elapsed() < FIRST_PRICE, "no price after {} s", FIRST_PRICE.as_secs());
            sleep(Duration::from_millis(200)).await;
        }
        stage::open_by(&self.sender(&self.cast.admin)).await?;
        self.say("prices are in, markets are open");
        Ok(())
    }

    /// Brings the members on board; each signs for itself.
    pub async fn board(&self) -> Result<()> {
        let permits = Arc::new(Semaphore::new(BOARDING));
        let mut joining = JoinSet::new();
        for member in &self.cast.members {
            let (sender, permits) = (self.sender(&member.wallet), Arc::clone(&permits));
            let instructions = self.welcome(member);
            let name = member.name.clone();
            joining.spawn(async move {
                let _permit = permits.acquire_owned().await;
                sender.send(&instructions, &[]).await.map_err(|error| (name, error))
            });
        }
        while let Some(joined) = joining.join_next().await {
            if let Err((name, error)) = joined? {
                return Err(error).with_context(|| format!("{name} could not join"));
            }
        }
        self.say(&format!("{} wallets on board", self.cast.members.len()));
        Ok(())
    }

    fn welcome(&self, member: &Member) -> Vec<kedge_interface::Instruction> {
        let owner: Pubkey = member.wallet.pubkey();
        stage::welcome(member, owner, token_account(&owner, &self.cast.mint.pubkey()))
    }
}

/// A keypair file that only its owner may read.
fn write_wallet(path: &Path, wallet: &Keypair) -> Result<()> {
    let text = serde_json::to_string(&wallet.to_bytes().to_vec())?;
    stage::write_private(path, &text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_wallet_is_its_owner_s_alone() {
        let path = std::env::temp_dir().join(format!("kedge-e2e-wallet-{}.json", std::process::id()));
        let wallet = Keypair::new();
        write_wallet(&path, &wallet).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        let read: Vec<u8> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((mode & 0o777, &read[..]), (0o600, &wallet.to_bytes()[..]));
    }
}
