//! The wallet and the connection, and what of them may be shown.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kedge_client::failover::{Endpoints, Policy};
use kedge_client::{Client, ComputeLimit, PriorityFee, SendConfig, Sender, SharedSigner};
use kedge_interface::address;
use kedge_keeper::alarm::Alarms;
use kedge_keeper::pyth::Alternatives;
use kedge_keeper::relay::{Jito, Relay};
use kedge_keeper::witness::{Terms, Witness};
use kedge_model::quantity::Ppm;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::{Keypair, read_keypair_file};
use solana_pubkey::Pubkey;

use crate::config::Config;
use crate::config::endpoints::SecondPrice;

/// Reads a keypair file that nobody else may read. The error says what is wrong with the file, never what is in it.
pub fn keypair(path: &Path) -> Result<Keypair> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).with_context(|| format!("{shown} cannot be read"))?;
    ensure!(metadata.is_file(), "{shown} is not a file");
    // What the parser says may quote what it read.
    read_keypair_file(path).map_err(|_| anyhow::anyhow!("{shown} is not a keypair file"))
}

/// Whether others than the owner may read a file.
pub fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// A client at `processed` commitment: a keeper that waits for confirmation comes too late.
pub fn client(config: &Config, signer: SharedSigner) -> Result<Client> {
    let rpc = &config.rpc;
    let policy = Policy {
        timeout: Duration::from_millis(rpc.timeout_ms),
        max_lag: rpc.max_lag_slots,
        max_answer: rpc.max_answer_mb.saturating_mul(1_000_000),
        max_snapshot: rpc.max_snapshot_mb.saturating_mul(1_000_000),
        fastest_slot: Duration::from_millis(rpc.fastest_slot_ms),
        patient: false,
    };
    let urls: Vec<String> = std::iter::once(&config.rpc.url).chain(&config.rpc.backups).cloned().collect();
    let endpoints = Endpoints::new(&urls, policy).context("[rpc]")?;
    Ok(Client::over(endpoints, CommitmentConfig::processed(), &config.ws_url(), signer))
}

/// A sender of rehearsed plans.
pub fn sender(config: &Config, keypair: Keypair) -> Result<Sender> {
    let send =
        SendConfig { compute: ComputeLimit::Fixed(1_000_000), priority: PriorityFee::None, ..SendConfig::default() };
    Ok(Sender::new(client(config, Arc::new(keypair))?, send))
}

/// What own trades need a second price of; `None` where they do not.
pub fn witness(config: &Config, client: &Client, alternatives: &Alternatives, alarms: &Alarms) -> Option<Arc<Witness>> {
    let rpc = &config.rpc;
    let wanted = match rpc.second_price {
        SecondPrice::Always => true,
        SecondPrice::Backups => !rpc.backups.is_empty(),
        SecondPrice::Never => false,
    };
    let trades = config.keeper.jobs.iter().any(|job| job.needs_account());
    let endpoints = client.endpoints().filter(|_| wanted && trades)?;
    let terms = Terms { tolerance: Ppm(rpc.second_price_ppm), max_age: Duration::from_secs(rpc.second_price_s) };
    let (commitment, reader) = (client.commitment(), client.payer());
    Some(Arc::new(Witness::start(endpoints, commitment, reader, alternatives, terms, alarms.clone())))
}

/// The way to the leader that is configured instead of the endpoint.
pub async fn relay(config: &Config) -> Result<Option<Arc<dyn Relay>>> {
    let jito = &config.jito;
    if jito.url.is_empty() {
        return Ok(None);
    }
    let engine = Jito::connect(&jito.url, jito.tip_lamports).await.context("[jito]")?;
    Ok(Some(Arc::new(engine)))
}

/// The sub-account that earns and trades; `None` when none is configured.
pub fn sub_account(config: &Config, wallet: &Pubkey) -> Option<Pubkey> {
    let account = config.account.as_ref()?;
    Some(address::sub_account(&account.authority.unwrap_or(*wallet), account.id))
}

/// An endpoint without its path and user, where providers put their keys.
pub fn masked(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let hidden = if path.len() > 1 { "/..." } else { "" };
    if scheme.is_empty() { format!("{host}{hidden}") } else { format!("{scheme}://{host}{hidden}") }
}

/// A message without the secret parts of the endpoints.
pub fn discreet(message: &str, config: &Config) -> String {
    let mut message = message.to_owned();
    for url in config
        .rpc
        .backups
        .iter()
        .cloned()
        .chain([config.rpc.url.clone(), config.ws_url(), config.jito.url.clone()])
        .chain([config.source.url.0.clone()])
        .chain(config.lease.url.0.split(',').map(|url| url.trim().to_owned()))
        .filter(|url| !url.is_empty())
    {
        let url = url.trim_end_matches('/');
        message = message.replace(url, masked(url).trim_end_matches("/..."));
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_endpoints_are_not_shown() {
        assert_eq!(masked("https://rpc.example.com/v2/s3cret"), "https://rpc.example.com/...");
        assert_eq!(masked("https://me:s3cret@rpc.example.com:8899"), "https://rpc.example.com:8899");
        assert_eq!(masked("https://rpc.example.com?api-key=s3cret"), "https://rpc.example.com/...");
        assert_eq!(masked("http://127.0.0.1:8899"), "http://127.0.0.1:8899");
        let mut config = Config::default();
        config.rpc.url = "https://rpc.example.com/s3cret/".into();
        let said = discreet("error sending to https://rpc.example.com/s3cret/, wss://rpc.example.com/s3cret", &config);
        assert!(!said.contains("s3cret"), "{said}");
    }

    #[test]
    fn a_broken_keypair_file_is_not_quoted() {
        let path = std::env::temp_dir().join(format!("kedge-keeper-broken-{}", std::process::id()));
        std::fs::write(&path, "[1, 2, 3, 4444]").unwrap();
        let said = format!("{:#}", keypair(&path).unwrap_err());
        std::fs::remove_file(&path).unwrap();
        assert!(said.ends_with("is not a keypair file") && !said.contains("4444"), "{said}");
    }
}
