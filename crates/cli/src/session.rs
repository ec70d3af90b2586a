//! The connection, the signer, and sending.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kedge_client::prices::{self, AddressBook, Row};
use kedge_client::{Client, FetchError, Landed, PriorityFee, Secret, SendConfig, Sender, SharedSigner};
use kedge_interface::account::SubAccountData;
use kedge_model::board::PriceBoard;
use kedge_model::clock::Clock;
use solana_instruction::Instruction;
use solana_keypair::{Keypair, read_keypair_file};
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::args::{Cli, Which};
use crate::config::Defaults;
use crate::error::{CliError, Result};
use crate::output::colour;
use crate::view::old_rows;

/// What every command works with.
pub struct Session {
    /// The connection. Its payer is the keypair, or nobody for commands that only read.
    pub client: Client,
    /// Whether to paint.
    pub colour: bool,
    /// Where the keypair is, or would be.
    pub keypair_path: PathBuf,
    /// The market that is meant where none is named.
    pub market: Option<String>,
    keypair: core::result::Result<Pubkey, String>,
    priority: PriorityFee,
    book: AddressBook,
}

impl Session {
    /// A session as the command line asks. A keypair that cannot be read matters only to commands that sign.
    ///
    /// Errors: an endpoint that is none, and a configuration that cannot be read.
    pub fn new(cli: &Cli, defaults: &Defaults) -> Result<Self> {
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
        let default = SendConfig::default().priority;
        let book = cli.price_account.iter().fold(AddressBook::default(), |book, (feed, at)| book.with(*feed, *at));
        Ok(Self {
            client: Client::new(url.expose(), payer),
            colour: colour(),
            keypair_path: path,
            market: defaults.market.as_ref().map(|(market, _)| market.clone()),
            keypair,
            priority: cli.priority_fee.map_or(default, PriorityFee::Fixed),
            book,
        })
    }

    /// The market that is meant: what was named, or the default. Errors: neither.
    pub fn market<'a>(&'a self, named: Option<&'a str>) -> Result<&'a str> {
        named.or(self.market.as_deref()).ok_or_else(|| {
            CliError::Usage("name a market (`kedge markets` lists them), or one for good: `kedge init --market`".into())
        })
    }

    /// Address of the keypair. Errors: when there is none.
    pub fn signer(&self) -> Result<Pubkey> {
        self.keypair.clone().map_err(CliError::Usage)
    }

    /// Address of the sub-account that is meant. Errors: when it is the keypair's and there is none.
    pub fn sub_account(&self, which: &Which) -> Result<Pubkey> {
        let authority = match which.authority {
            Some(authority) => authority,
            None => self.signer()?,
        };
        Ok(kedge_interface::address::sub_account(&authority, which.id))
    }

    /// The sub-account that is meant, with its address.
    ///
    /// Errors: [`CliError::NotFound`], with what to do.
    pub async fn account(&self, which: &Which) -> Result<(Pubkey, SubAccountData)> {
        let address = self.sub_account(which)?;
        match self.client.sub_account(address).await {
            Ok(account) => Ok((address, account)),
            Err(FetchError::Missing { .. }) => {
                let (whose, what) = match which.authority {
                    Some(authority) => (format!("{authority} has"), "`kedge accounts --authority` lists what is there"),
                    None => ("you have".into(), "`kedge accounts` lists yours, `kedge create` makes one"),
                };
                Err(CliError::NotFound(format!(
                    "{whose} no sub-account {}; {what}{}",
                    which.id,
                    self.others(which).await
                )))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Which sub-accounts there are instead, as far as the endpoint says.
    async fn others(&self, which: &Which) -> String {
        let owner = which.authority.or_else(|| self.signer().ok());
        let Some(owner) = owner else { return String::new() };
        let found = self.client.sub_accounts_of(&owner).await.unwrap_or_default();
        let ids: Vec<String> = found.iter().map(|account| account.data.head.id.to_string()).collect();
        match &ids[..] {
            [] => String::new(),
            [id] => format!("; there is sub-account {id}: --id {id}, or for good `kedge init --account {id}`"),
            ids => format!("; there are {}: --id names one, for good `kedge init --account`", ids.join(", ")),
        }
    }

    /// Sends instructions signed by the keypair and waits for them.
    pub async fn send(&self, instructions: &[Instruction]) -> Result<Landed> {
        self.signer()?;
        let config = SendConfig { priority: self.priority, ..SendConfig::default() };
        Ok(Sender::new(self.client.clone(), config).send(instructions, &[]).await?)
    }

    /// Tries instructions signed by the keypair, and sends nothing. Errors: why they would be refused.
    pub async fn simulate(&self, instructions: &[Instruction]) -> Result<()> {
        self.signer()?;
        Sender::new(self.client.clone(), SendConfig::default()).simulate(instructions, &[]).await?;
        Ok(())
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

/// Where a keypair is looked for that nobody has named.
pub fn default_keypair() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    home.join(".config/solana/id.json")
}

/// The endpoint behind what was typed: an address, or the name of a cluster. Errors: neither; it is not quoted, since it may
/// be a key.
pub fn endpoint(typed: &Secret) -> Result<Secret> {
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
    // What the parser says may quote what it read.
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
