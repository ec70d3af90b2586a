//! The connection, the signer, and sending.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kedge_client::prices::{self, AddressBook, Row};
use kedge_client::shown::{discreet, printable_json, printable_lines};
use kedge_client::{Client, Found, Landed, Outcome, PriorityFee, SendConfig, Sender, SharedSigner, Signed};
use kedge_interface::account::SubAccountData;
use kedge_model::board::PriceBoard;
use kedge_model::clock::Clock;
use serde_json::json;
use solana_instruction::Instruction;
use solana_keypair::{Keypair, read_keypair_file};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::Signer;

use crate::args::{Cli, Guards};
use crate::dry;
use crate::error::{CliError, Result};
use crate::output::{colour, wrap};
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
    send: SendConfig,
    json: bool,
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
        let default = SendConfig::default();
        let priority = cli.priority_fee.map_or(default.priority, PriorityFee::Fixed);
        let patience = Duration::from_secs(cli.patience);
        let book = cli.price_account.iter().fold(AddressBook::default(), |book, (feed, at)| book.with(*feed, *at));
        Self {
            client: Client::new(&cli.url, payer),
            colour: colour(),
            guards: cli.guards.clone(),
            attended: !cli.json && std::io::stderr().is_terminal(),
            doubts: RefCell::default(),
            keypair,
            send: SendConfig { priority, patience, ..default },
            json: cli.json,
            book,
        }
    }

    /// Address of the keypair. Errors: when there is none.
    pub fn signer(&self) -> Result<Pubkey> {
        self.keypair.clone().map_err(CliError::Usage)
    }

    /// Sends instructions signed by the keypair and waits until their outcome is certain. The signature is on standard error
    /// before anybody else has it: whatever happens then, it can be looked at.
    ///
    /// Errors: with --dry-run always, [`CliError::Dry`] where they would have been accepted.
    pub async fn send(&self, instructions: &[Instruction]) -> Result<Landed> {
        let sender = self.sender()?;
        if self.guards.dry_run {
            return Err(CliError::Dry(Box::new(dry::run(self, instructions).await?)));
        }
        self.confirm_fee(instructions).await?;
        let signed = sender.prepare(instructions, &[]).await.map_err(|error| self.advise(error.into()))?;
        self.announce(&signed);
        let landed = sender.deliver(&signed).await.and_then(|outcome| outcome.success());
        landed.map_err(|error| self.advise(error.into()))
    }

    /// What became of a transaction, by now or as soon as it is certain.
    pub async fn outcome(&self, signature: Signature, last_valid: Option<u64>, wait: bool) -> Result<Outcome> {
        let sender = self.asker();
        if wait {
            return Ok(sender.await_outcome(signature, last_valid).await?);
        }
        Ok(sender.outcome(signature, last_valid).await)
    }

    /// All sub-accounts that can be read; nobody's, with a note, where the endpoint does not list them.
    pub async fn everybody(&self) -> Vec<Found<SubAccountData>> {
        match self.client.all_sub_accounts_at().await {
            Ok(all) => all.value.found,
            Err(error) => {
                self.note(&format!("only the vAMM is asked: the endpoint does not list resting orders ({error})"));
                Vec::new()
            }
        }
    }

    /// Says on standard error what was done without.
    pub fn note(&self, text: &str) {
        let text = discreet(text);
        if self.json {
            eprintln!("{}", printable_json(&json!({ "note": text }).to_string()));
        } else {
            eprint!("{}", printable_lines(&wrap("note:  ", &text)));
        }
    }

    fn announce(&self, signed: &Signed) {
        for note in signed.notes() {
            self.note(note);
        }
        let life = signed.life();
        if self.json {
            let signed = json!({ "signature": life.signature.to_string(), "last_valid_height": life.last_valid });
            eprintln!("{}", json!({ "signed": signed }));
        } else {
            eprintln!("signed, can land up to block {}\n{}", life.last_valid, life.signature);
        }
    }

    /// What sends for the keypair. Errors: when there is none.
    pub fn sender(&self) -> Result<Sender> {
        self.signer()?;
        Ok(self.asker())
    }

    /// What asks about transactions, for which nobody signs.
    fn asker(&self) -> Sender {
        Sender::new(self.client.clone(), self.send.clone())
    }

    /// How the priority fee is chosen.
    pub fn priority(&self) -> PriorityFee {
        self.send.priority
    }

    /// A refresh of those rows whose price is past half of its age limit; `None` when all are young.
    pub async fn refresh(&self, board: &PriceBoard, rows: &[Row], clock: &Clock) -> Result<Option<Instruction>> {
        let old = old_rows(board, rows, clock);
        if old.is_empty() { Ok(None) } else { self.refresh_all(board, &old).await.map(Some) }
    }

    /// A refresh of these rows, however young.
    pub async fn refresh_all(&self, board: &PriceBoard, rows: &[Row]) -> Result<Instruction> {
        // Where it cannot be looked up, the usual account is taken.
        let book = self.book.clone().discover(&self.client, board).await.unwrap_or_else(|_| self.book.clone());
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
