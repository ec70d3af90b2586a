//! The wallet and the connection, and what of them may be shown.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kedge_client::failover::{Endpoints, Policy};
use kedge_client::{Client, ComputeLimit, PriorityFee, SendConfig, Sender, SharedSigner};
use kedge_interface::address;
use kedge_model::quantity::Ppm;
use kedge_sender::alarm::Alarms;
use kedge_sender::bundle_relay::{Jito, Relay};
use kedge_state::pyth::Alternatives;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::{Keypair, read_keypair_file};
use solana_pubkey::Pubkey;

use crate::second_price::{SecondPrices, Terms};

use crate::config::endpoints::SecondPrice;
use crate::config::{Config, Secret};

/// Reads a keypair file. The error says what is wrong with the file, never what is in it.
pub(super) fn keypair(path: &Path) -> Result<Keypair> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).with_context(|| format!("{shown} cannot be read"))?;
    ensure!(metadata.is_file(), "{shown} is not a file");
    // What the parser says may quote what it read.
    read_keypair_file(path).map_err(|_| anyhow::anyhow!("{shown} is not a keypair file"))
}

/// Reads the keypair file of who signs, which nobody else may read.
pub(super) fn own_keypair(path: &Path) -> Result<Keypair> {
    ensure!(!is_open_to_others(path), "others may read {0}: chmod 600 {0}", path.display());
    keypair(path)
}

/// Whether others than the owner may read a file.
pub(super) fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// A client at `processed` commitment: a keeper that waits for confirmation comes too late.
pub(super) fn client(config: &Config, signer: SharedSigner) -> Result<Client> {
    let rpc = &config.rpc;
    let policy = Policy {
        timeout: Duration::from_millis(rpc.timeout_ms),
        max_lag: rpc.max_lag_slots,
        max_answer: rpc.max_answer_mb.saturating_mul(1_000_000),
        max_snapshot: rpc.max_snapshot_mb.saturating_mul(1_000_000),
        fastest_slot: Duration::from_millis(rpc.fastest_slot_ms),
        patient: false,
    };
    let urls = std::iter::once(&rpc.url).chain(&rpc.backups);
    let urls: Vec<String> = urls.map(|url| url.expose().to_owned()).collect();
    let endpoints = Endpoints::new(&urls, policy).context("[rpc]")?;
    Ok(Client::over(endpoints, CommitmentConfig::processed(), config.ws_url().expose(), signer))
}

/// A sender of tried plans.
pub(super) fn sender(config: &Config, keypair: Keypair) -> Result<Sender> {
    let send =
        SendConfig { compute: ComputeLimit::Fixed(1_000_000), priority: PriorityFee::None, ..SendConfig::default() };
    Ok(Sender::new(client(config, Arc::new(keypair))?, send))
}

/// What own trades need a second price of; `None` where they do not.
pub(super) fn second_price(
    config: &Config,
    client: &Client,
    alternatives: &Alternatives,
    alarms: &Alarms,
) -> Option<Arc<SecondPrices>> {
    let rpc = &config.rpc;
    let wanted = match rpc.second_price {
        SecondPrice::Always => true,
        SecondPrice::Backups => !rpc.backups.is_empty(),
        SecondPrice::Never => false,
    };
    let trades = config.keeper.jobs.iter().any(|job| job.needs_account());
    if !(wanted && trades) {
        return None;
    }
    let endpoints = client.endpoints();
    let terms = Terms { tolerance: Ppm(rpc.second_price_ppm), max_age: Duration::from_secs(rpc.second_price_s) };
    let (commitment, reader) = (client.commitment(), client.payer());
    Some(Arc::new(SecondPrices::start(endpoints, commitment, reader, alternatives, terms, alarms.clone())))
}

/// The way to the leader that is configured instead of the endpoint.
pub(super) async fn relay(config: &Config) -> Result<Option<Arc<dyn Relay>>> {
    let jito = &config.jito;
    if jito.url.is_empty() {
        return Ok(None);
    }
    let engine = Jito::connect(jito.url.expose(), jito.tip_lamports).await.context("[jito]")?;
    Ok(Some(Arc::new(engine)))
}

/// The sub-account that earns and trades; `None` when none is configured.
pub(super) fn sub_account(config: &Config, wallet: &Pubkey) -> Option<Pubkey> {
    let account = config.account.as_ref()?;
    Some(address::sub_account(&account.authority.unwrap_or(*wallet), account.id))
}

/// A message without the secret parts of any endpoint or token, in whatever form a library has put them, and without what
/// a terminal would obey.
pub(super) fn discreet(message: &str, config: &Config) -> String {
    let mut message = kedge_client::shown::discreet(message);
    for secret in config.secrets() {
        for part in secret.parts() {
            message = message.replace(part, "...");
        }
    }
    kedge_client::shown::printable_lines(&message).into_owned()
}

/// Addresses to which what is said travels unencrypted and not only on this machine: whoever is on the way reads keys and
/// changes answers. Scheme and host of each, behind the name of its key.
pub(super) fn open_ways(config: &Config) -> Vec<String> {
    let open = |url: &Secret| {
        let url = url.masked().to_ascii_lowercase();
        let (scheme, host) = url.split_once("://").unwrap_or(("nats", &url));
        let host = host.split('/').next().unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
        let local = name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        matches!(scheme, "http" | "ws" | "nats") && !local
    };
    let found = config.addresses().into_iter().filter(|(_, url)| open(url));
    found.map(|(name, url)| format!("{name} {}", url.masked())).collect()
}

/// Keeps keys out of files: no core dump of this process, and nobody else's debugger in it.
pub(super) fn keep_memory_private() -> Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .context("core dumps cannot be switched off")?;
    // A limit does not hold where the system pipes dumps into a program.
    #[cfg(target_os = "linux")]
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("core dumps cannot be switched off")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_shown_however_a_library_spells_them() {
        let mut config = Config::default();
        config.rpc.url = "https://rpc.example.com?api-key=s3cretkey".into();
        config.rpc.backups = vec!["HTTPS://me:passw0rd@B.example:443/v2/t0pp4th".into()];
        config.source.token = "t0kent0ken".into();
        for said in [
            "error sending request for url (https://rpc.example.com/?api-key=s3cretkey)",
            "wss://rpc.example.com/?api-key=s3cretkey is down",
            "https://b.example/v2/t0pp4th: no answer",
            "host b.example, path /v2/t0pp4th, user me, password passw0rd",
            "metadata { x-token: t0kent0ken }",
            "s3cretkey",
        ] {
            let shown = discreet(said, &config);
            let hidden = ["s3cretkey", "passw0rd", "t0pp4th", "t0kent0ken"];
            assert!(hidden.iter().all(|secret| !shown.contains(secret)), "{shown}");
        }
        assert!(!format!("{config:?}").contains("s3cret"), "{config:?}");
        assert_eq!(discreet("a\u{1b}[2J", &config), "a\\u{1b}[2J");
    }

    #[test]
    fn an_unencrypted_way_over_a_network_is_known() {
        let mut config = Config::default();
        assert_eq!(open_ways(&config), Vec::<String>::new(), "the default is this machine");
        config.rpc.url = "http://10.0.0.5:8899/s3cret".into();
        config.rpc.backups = vec!["https://rpc.example.com/s3cret".into(), "http://[::1]:8899".into()];
        config.lease.url = "nats://me:s3cret@queue:4222, tls://queue:4223,localhost:4222".into();
        let found = open_ways(&config);
        assert_eq!(
            found,
            ["rpc.url http://10.0.0.5:8899/...", "rpc.ws ws://10.0.0.5:8900/...", "lease.url nats://queue:4222"]
        );
    }

    #[test]
    fn a_key_that_others_may_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("kedge-keeper-open-{}", std::process::id()));
        std::fs::write(&path, serde_json::to_string(&Keypair::new().to_bytes().to_vec()).unwrap()).unwrap();
        for (mode, works) in [(0o644, false), (0o640, false), (0o604, false), (0o600, true), (0o400, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(own_keypair(&path).is_ok(), works, "{mode:o}");
        }
        std::fs::remove_file(&path).unwrap();
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
