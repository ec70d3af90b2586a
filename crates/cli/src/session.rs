//! The connection, the signer, and sending.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kedge_client::prices::{self, AddressBook, Row};
use kedge_client::{Client, Landed, PriorityFee, SendConfig, Sender, SharedSigner};
use kedge_model::board::PriceBoard;
use kedge_model::clock::Clock;
use solana_instruction::Instruction;
use solana_keypair::{Keypair, read_keypair_file};
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::args::{Cli, Guards};
use crate::dry;
use crate::error::{CliError, Result};
use crate::output::colour;
use crate::view::old_rows;

/// What every command works with.
pub struct Session {
    /// The connection. Its payer is the keypair, or nobody for commands that only read.
    pub client: Client,
    /// Whether to paint.
    pub colour: bool,
    /// Limits beyond which to ask, and whether to send at all.
    pub guards: Guards,
    /// Whether somebody reads along who wants no JSON: progress is shown, and questions are asked.
    pub attended: bool,
    /// What would have been asked before sending, with --dry-run.
    pub doubts: RefCell<Vec<String>>,
    keypair: core::result::Result<Pubkey, String>,
    priority: PriorityFee,
    book: AddressBook,
}

impl Session {
    /// A session as the command line asks. A keypair that cannot be read matters only to commands that sign.
    pub fn new(cli: &Cli) -> Self {
        let path = cli.keypair.clone().unwrap_or_else(default_keypair);
        let (payer, keypair): (SharedSigner, _) = match read(&path) {
            Ok(keypair) => {
                let address = keypair.pubkey();
                (Arc::new(keypair), Ok(address))
            }
            Err(reason) => (Arc::new(Keypair::new()), Err(reason)),
        };
        let default = SendConfig::default().priority;
        let book = cli.price_account.iter().fold(AddressBook::default(), |book, (feed, at)| book.with(*feed, *at));
        Self {
            client: Client::new(&cli.url, payer),
            colour: colour(),
            guards: cli.guards.clone(),
            attended: !cli.json && std::io::stderr().is_terminal(),
            doubts: RefCell::default(),
            keypair,
            priority: cli.priority_fee.map_or(default, PriorityFee::Fixed),
            book,
        }
    }

    /// Address of the keypair. Errors: when there is none.
    pub fn signer(&self) -> Result<Pubkey> {
        self.keypair.clone().map_err(CliError::Usage)
    }

    /// Sends instructions signed by the keypair and waits for them.
    ///
    /// Errors: with --dry-run always, [`CliError::Dry`] where they would have been accepted.
    pub async fn send(&self, instructions: &[Instruction]) -> Result<Landed> {
        let sender = self.sender()?;
        if self.guards.dry_run {
            return Err(CliError::Dry(Box::new(dry::run(self, instructions).await?)));
        }
        self.confirm_fee(instructions).await?;
        sender.send(instructions, &[]).await.map_err(|error| self.advise(error.into()))
    }

    /// What sends for the keypair. Errors: when there is none.
    pub fn sender(&self) -> Result<Sender> {
        self.signer()?;
        Ok(Sender::new(self.client.clone(), SendConfig { priority: self.priority, ..SendConfig::default() }))
    }

    /// How the priority fee is chosen.
    pub fn priority(&self) -> PriorityFee {
        self.priority
    }

    /// A refresh of those rows whose price is past half of its age limit; `None` when all are young.
    pub async fn refresh(&self, board: &PriceBoard, rows: &[Row], clock: &Clock) -> Result<Option<Instruction>> {
        let old = old_rows(board, rows, clock);
        if old.is_empty() { Ok(None) } else { self.refresh_all(board, &old).await.map(Some) }
    }

    /// A refresh of these rows, however young.
    pub async fn refresh_all(&self, board: &PriceBoard, rows: &[Row]) -> Result<Instruction> {
        let book = self.book.clone().discover(&self.client, board).await?;
        Ok(prices::refresh_instruction(board, rows, &book)?)
    }
}

fn default_keypair() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    home.join(".config/solana/id.json")
}

fn read(path: &Path) -> core::result::Result<Keypair, String> {
    read_keypair_file(path)
        .map_err(|error| format!("cannot read the keypair {}: {error}; name another with --keypair", path.display()))
}
