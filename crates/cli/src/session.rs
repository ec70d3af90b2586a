//! Connection, signer and settings of a command.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kedge_client::prices::{self, AddressBook, Row};
use kedge_client::shown::{discreet, printable_json, printable_lines};
use kedge_client::{Client, Found, Outcome, PriorityFee, Secret, SendConfig, Sender, SharedSigner};
use kedge_interface::account::SubAccountData;
use kedge_model::account::board::PriceBoard;
use kedge_model::clock::Clock;
use serde_json::json;
use solana_instruction::Instruction;
use solana_keypair::{Keypair, read_keypair_file};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::Signer;

use crate::args::{Cli, Guards};
use crate::config::Defaults;
use crate::error::{CliError, Result};
use crate::output::{Output, colour, wrap};

/// Context of a command.
pub(crate) struct Session {
    /// The connection. Its payer is the keypair, or a random one for commands that only read.
    pub client: Client,
    /// Whether standard output shows colours.
    pub colour: bool,
    /// Limits that ask first, and whether to send at all.
    pub guards: Guards,
    /// Whether a person reads along: progress is shown and questions are asked, unless JSON is wanted.
    pub attended: bool,
    /// Questions that sending would have asked, collected with --dry-run.
    pub doubts: RefCell<Vec<String>>,
    /// Path of the keypair, which need not exist.
    pub keypair_path: PathBuf,
    /// The default market.
    pub market: Option<String>,
    /// Landed transactions that the command's JSON does not name yet ([`Self::named`]).
    pub landed: RefCell<Vec<Signature>>,
    keypair: core::result::Result<Pubkey, String>,
    send: SendConfig,
    /// Whether output is JSON.
    pub json: bool,
    book: AddressBook,
}

impl Session {
    /// A session for a command line. A keypair that cannot be read is an error only of commands that sign.
    ///
    /// # Errors
    /// [`CliError::Usage`] for an invalid endpoint and for a configuration that cannot be read.
    pub(crate) fn new(cli: &Cli, defaults: &Defaults) -> Result<Self> {
        if let Some(broken) = &defaults.broken {
            return Err(CliError::Usage(broken.clone()));
        }
        let url = endpoint(&cli.url)?;
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
        Ok(Self {
            client: Client::new(url.expose(), payer),
            colour: colour(),
            guards: cli.guards.clone(),
            attended: !cli.json && std::io::stderr().is_terminal(),
            doubts: RefCell::default(),
            keypair_path: path,
            market: defaults.market.as_ref().map(|(market, _)| market.clone()),
            landed: RefCell::default(),
            keypair,
            send: SendConfig { priority, patience, ..default },
            json: cli.json,
            book,
        })
    }

    /// The named market, or the default one.
    ///
    /// # Errors
    /// [`CliError::Usage`] without either.
    pub(crate) fn market<'a>(&'a self, named: Option<&'a str>) -> Result<&'a str> {
        named.or(self.market.as_deref()).ok_or_else(|| {
            CliError::Usage("name a market (`kedge markets` lists them), or one for good: `kedge init --market`".into())
        })
    }

    /// Address of the keypair.
    ///
    /// # Errors
    /// [`CliError::Usage`] when it cannot be read.
    pub(crate) fn signer(&self) -> Result<Pubkey> {
        self.keypair.clone().map_err(CliError::Usage)
    }

    /// Outcome of a transaction: as known now or, with `wait`, as soon as it is certain.
    pub(crate) async fn outcome(&self, signature: Signature, last_valid: Option<u64>, wait: bool) -> Result<Outcome> {
        let sender = self.asker();
        if wait {
            return Ok(sender.await_outcome(signature, last_valid).await?);
        }
        Ok(sender.outcome(signature, last_valid).await)
    }

    /// All readable sub-accounts; none, with a note, when the endpoint does not list them.
    pub(crate) async fn everybody(&self) -> Vec<Found<SubAccountData>> {
        match self.client.all_sub_accounts_at().await {
            Ok(all) => all.value.found,
            Err(error) => {
                self.note(&format!("only the vAMM is asked: the endpoint does not list resting orders ({error})"));
                Vec::new()
            }
        }
    }

    /// Notes on standard error what the command had to do without.
    pub(crate) fn note(&self, text: &str) {
        let text = discreet(text);
        if self.json {
            eprintln!("{}", printable_json(&json!({ "note": text }).to_string()));
        } else {
            eprint!("{}", printable_lines(&wrap("note:  ", &text)));
        }
    }

    /// Reports on standard error what a command has done before it fails.
    pub(crate) fn done_before(&self, done: &Output) {
        if self.json {
            eprintln!("{}", printable_json(&json!({ "done": done.json }).to_string()));
        } else {
            eprint!("{}", done.shown());
        }
    }

    /// The sender of the keypair's transactions.
    ///
    /// # Errors
    /// As [`Self::signer`].
    pub(crate) fn sender(&self) -> Result<Sender> {
        self.signer()?;
        Ok(self.asker())
    }

    /// A sender for questions about transactions, which needs no keypair.
    fn asker(&self) -> Sender {
        Sender::new(self.client.clone(), self.send.clone())
    }

    /// Choice of the priority fee.
    pub(crate) fn priority(&self) -> PriorityFee {
        self.send.priority
    }

    /// A refresh of the rows whose price is past half of its age limit; `None` when all are younger.
    pub(crate) async fn refresh(&self, board: &PriceBoard, rows: &[Row], clock: &Clock) -> Result<Option<Instruction>> {
        let old = prices::old_rows(board, rows, clock);
        if old.is_empty() { Ok(None) } else { self.refresh_all(board, &old).await.map(Some) }
    }

    /// A refresh of the rows, at any age.
    pub(crate) async fn refresh_all(&self, board: &PriceBoard, rows: &[Row]) -> Result<Instruction> {
        // Without an answer the default account is used.
        let book = self.book.clone().discover(&self.client, board).await.unwrap_or_else(|_| self.book.clone());
        Ok(prices::refresh_instruction(board, rows, &book)?)
    }
}

/// Default path of the keypair.
pub(crate) fn default_keypair() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    home.join(".config/solana/id.json")
}

/// The endpoint of a typed URL or cluster name.
///
/// # Errors
/// [`CliError::Usage`] for any other text, which is not quoted: it may be a key.
pub(crate) fn endpoint(typed: &Secret) -> Result<Secret> {
    let known = match typed.expose() {
        "localhost" | "localnet" | "l" => "http://127.0.0.1:8899",
        "devnet" | "d" => "https://api.devnet.solana.com",
        "testnet" | "t" => "https://api.testnet.solana.com",
        "mainnet-beta" | "mainnet" | "m" => "https://api.mainnet-beta.solana.com",
        _ if typed.is_http() => typed.expose(),
        _ => {
            return Err(CliError::Usage(
                "the endpoint (--url or KEDGE_URL) is not an address that begins with http:// or https://, nor \
                 localhost, devnet, testnet or mainnet-beta"
                    .into(),
            ));
        }
    };
    Ok(Secret::from(known))
}

fn read(path: &Path) -> core::result::Result<Keypair, String> {
    let shown = path.display();
    if let Err(error) = std::fs::metadata(path) {
        return Err(format!(
            "cannot read the keypair {shown}: {error}; `kedge keygen` makes one, --keypair names another"
        ));
    }
    // The parser's message may quote the key.
    read_keypair_file(path).map_err(|_| format!("{shown} is not a keypair file; name another with --keypair"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_address_or_a_cluster_and_is_never_quoted() {
        let meant = |typed: &str| endpoint(&Secret::from(typed)).map(|url| url.expose().to_owned());
        assert_eq!(meant("devnet").unwrap(), "https://api.devnet.solana.com");
        assert_eq!(meant("HTTPS://Host:1/x").unwrap(), "HTTPS://Host:1/x");
        for typed in ["host.invalid/s3cret", "s3cret", "http://", "ftp://s3cret", "", "https:/s3cret"] {
            let said = meant(typed).unwrap_err().to_string();
            assert!(said.contains("--url") && !said.contains("s3cret"), "{typed}: {said}");
        }
    }
}
