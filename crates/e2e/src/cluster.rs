//! The validator with the exchange on it, wallets on disk, and the keepers' binary.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use kedge_client::{Client, ComputeLimit, PriorityFee, SendConfig, Sender, SharedSigner};
use kedge_state::snapshot::SnapshotReader;
use kedge_testbed::listing::{self, dollars, feeds, pools};
use kedge_testbed::participants::Participants;
use kedge_testbed::recorded::RecordedPrices;
use kedge_testbed::{bootstrap, wallets};
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::time::sleep;

use crate::args::Places;
use kedge_testbed::cluster::{EXCHANGE, Genesis, MOCK, Validator};

/// Longest wait for the first price.
const FIRST_PRICE: Duration = Duration::from_secs(60);

/// A cluster under test.
pub(crate) struct Cluster {
    /// Wallets and their roles.
    pub participants: Participants,
    /// The validator.
    pub validator: Validator,
    /// Folder of ledger, logs, configurations and figures.
    pub folder: PathBuf,
    /// The keeper's binary.
    pub keeper: PathBuf,
    started: Instant,
}

impl Cluster {
    /// Writes wallets and the first slot's accounts, and starts the validator.
    pub(crate) async fn start(places: &Places, participants: Participants, port: u16) -> Result<Self> {
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
        let (accounts, keys) = (folder.join("accounts"), folder.join("wallets"));
        std::fs::create_dir_all(&accounts)?;
        std::fs::create_dir_all(&keys)?;
        let mut genesis = Genesis::new(&accounts, participants.mint.pubkey());
        genesis.wallet(participants.admin.pubkey(), dollars(pools()).0)?;
        genesis.wallet(participants.crank.pubkey(), 0)?;
        genesis.wallet(participants.visitor.pubkey(), dollars(100_000).0)?;
        wallets::write(&keys.join("admin.json"), &participants.admin)?;
        wallets::write(&keys.join("crank.json"), &participants.crank)?;
        wallets::write(&keys.join("visitor.json"), &participants.visitor)?;
        for member in &participants.members {
            genesis.wallet(member.wallet.pubkey(), dollars(member.deposit).0)?;
            wallets::write(&keys.join(format!("{}.json", member.name)), &member.wallet)?;
        }
        genesis.mint(participants.admin.pubkey())?;
        // The validator gives its initial supply to a wallet without a use here.
        let treasury = Keypair::new().pubkey();
        let mut validator = Validator::new(&places.validator, &folder, &accounts, &places.programs, treasury, port);
        let took = validator.start().await?;
        let cluster = Self { participants, validator, folder, keeper, started };
        cluster.say(&format!("validator {} after {:.1} s", cluster.validator.url(), took.as_secs_f64()));
        Ok(cluster)
    }

    /// Prints a line with the time since the start.
    pub(crate) fn say(&self, what: &str) {
        println!("{:6.1} s  {what}", self.started.elapsed().as_secs_f64());
    }

    /// Path of a wallet's keypair file.
    pub(crate) fn wallet(&self, name: &str) -> PathBuf {
        self.folder.join("wallets").join(format!("{name}.json"))
    }

    /// A sender for a wallet, straight to the validator.
    pub(crate) fn sender(&self, wallet: &Arc<Keypair>) -> Sender {
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

    /// A client straight to the validator.
    pub(crate) fn reader(&self) -> Client {
        self.sender(&self.participants.crank).client().clone()
    }

    /// Creates the exchange and lists bank and markets.
    pub(crate) async fn list(&self, recorded: &RecordedPrices) -> Result<()> {
        let (admin, mint) = (self.sender(&self.participants.admin), self.participants.mint.pubkey());
        bootstrap::list(&admin, mint, &listing::listing(recorded, 1.0, listing::fees(1.0))).await?;
        self.say("listed the USDC bank and SOL, BTC, ETH perpetuals, funded vAMMs and insurance");
        Ok(())
    }

    /// Waits for the first published prices and opens the markets.
    pub(crate) async fn open(&self) -> Result<()> {
        let started = Instant::now();
        let feed = SnapshotReader::new(self.reader()).await?;
        loop {
            let world = feed.poll().await?;
            let fresh = |market: &kedge_model::account::market::Market| {
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
        bootstrap::open(&self.sender(&self.participants.admin), &feeds()).await?;
        self.say("prices are in, markets are open");
        Ok(())
    }

    /// Sends the transactions with which the participants join.
    pub(crate) async fn board(&self) -> Result<()> {
        bootstrap::onboard(&self.participants, |wallet| self.sender(wallet)).await?;
        self.say(&format!("{} wallets on board", self.participants.members.len()));
        Ok(())
    }
}
