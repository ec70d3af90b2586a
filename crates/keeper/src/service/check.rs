//! `kedge-keeper check`: whether everything that the jobs need is there.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use kedge_client::http::{Bounded, Limits};
use kedge_client::{Client, Update};
use kedge_interface::PROGRAM_ID;
use solana_keypair::Keypair;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client::rpc_client::RpcClientConfig;
use solana_signer::Signer;
use tokio::time::timeout;

use crate::config::{Config, names};
use crate::service::connection::{client, discreet, is_open_to_others, keypair, open_ways};
use crate::service::needs::needs;
use crate::service::print::say;
use crate::service::publishing;
use crate::service::replica::Replica;
#[cfg(feature = "yellowstone")]
use crate::service::source;

/// How long the WebSocket endpoint may take.
const WEBSOCKET: Duration = Duration::from_secs(5);

/// Prints a table, one line a check; whether all passed.
pub(super) async fn check(config: &Config) -> bool {
    let mut table = Table { config, passed: true };
    table.line("configuration", Ok(format!("jobs {}", names(&config.keeper.jobs))));
    let key = keypair(&config.wallet.keypair);
    let wallet = key.as_ref().ok().map(Keypair::pubkey);
    // Whatever only reads needs no key.
    let reader = Arc::new(key.as_ref().map_or_else(|_| Keypair::new(), Keypair::insecure_clone));
    let client = match client(config, reader) {
        Ok(client) => client,
        Err(error) => {
            table.line("RPC endpoint", Err::<String, _>(error));
            return false;
        }
    };
    table.line("key file", key.map(|key| key.pubkey().to_string()));
    if wallet.is_some() {
        table.line("key file mode", mode(config));
    }
    let open = open_ways(config);
    if !open.is_empty() {
        table.warn("encryption", &format!("{}: whoever is on the way reads keys and changes answers", open.join(", ")));
    }
    let slot = client.rpc().get_slot().await.with_context(|| config.rpc.url.masked());
    let reachable = slot.is_ok();
    table.line("RPC endpoint", slot.map(|slot| format!("{}, slot {slot}", config.rpc.url.masked())));
    for url in &config.rpc.backups {
        let limits = Limits { timeout: Duration::from_millis(config.rpc.timeout_ms), ..Limits::default() };
        let Ok(backup) = Bounded::new(url.expose(), limits) else { continue };
        let backup = RpcClient::new_sender(backup, RpcClientConfig::default());
        let slot = backup.get_slot().await.with_context(|| url.masked());
        table.line("backup endpoint", slot.map(|slot| format!("{}, slot {slot}", url.masked())));
    }
    if reachable {
        table.line("chain clock", clock(config, &client).await);
        table.line("WebSocket endpoint", websocket(config, &client).await);
        table.line("program", program(&client).await);
        table.line("exchange", exchange(&client).await);
        if let Some(outcome) = yellowstone(config).await.transpose() {
            table.line("Yellowstone", outcome);
        }
        if let Some(outcome) = Replica::check(config).await.transpose() {
            table.line("lease", outcome);
        }
        if let Some(outcome) = publishing::check(config, &client).await.transpose() {
            table.line("publishing", outcome);
        }
        if let Some(wallet) = wallet {
            for need in needs(config, &client, &wallet).await {
                table.line(need.what, need.outcome);
            }
        }
    }
    table.passed
}

struct Table<'c> {
    config: &'c Config,
    passed: bool,
}

impl Table<'_> {
    /// What should be known and fails nothing.
    fn warn(&mut self, what: &str, said: &str) {
        say(&format!("{what:<20}{:<6}{}", "WARN", discreet(said, self.config)));
    }

    fn line(&mut self, what: &str, outcome: Result<String>) {
        let (word, said) = match outcome {
            Ok(said) => ("ok", said),
            Err(error) => {
                self.passed = false;
                ("FAIL", format!("{error:#}"))
            }
        };
        say(&format!("{what:<20}{word:<6}{}", discreet(&said, self.config)));
    }
}

fn mode(config: &Config) -> Result<String> {
    let path = &config.wallet.keypair;
    ensure!(!is_open_to_others(path), "others may read {}: chmod 600 it", path.display());
    Ok("nobody else may read it".into())
}

async fn clock(config: &Config, client: &Client) -> Result<String> {
    let chain = client.clock().await?;
    let ours = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let lag = i64::try_from(ours).unwrap_or(i64::MAX).saturating_sub(chain.unix_time);
    let most = config.rpc.max_clock_lag_s;
    ensure!(
        most == 0 || lag <= i64::try_from(most).unwrap_or(i64::MAX),
        "slot {} is {lag} s old, over {most}: the endpoint is behind",
        chain.slot
    );
    Ok(format!("slot {} is {lag} s old", chain.slot))
}

async fn websocket(config: &Config, client: &Client) -> Result<String> {
    let shown = config.ws_url().masked();
    let mut changes = client.subscribe();
    let connected = timeout(WEBSOCKET, async {
        // One that cannot be reached is lost again and again.
        while let Some(update) = changes.next().await {
            if matches!(update, Update::Connected | Update::Change(_)) {
                return true;
            }
        }
        false
    });
    match connected.await {
        Ok(true) => Ok(shown),
        _ => bail!("{shown} takes no subscription: jobs would look at the exchange every keeper.poll_ms only"),
    }
}

/// Whether the source answers; `None` for another source.
#[cfg(feature = "yellowstone")]
async fn yellowstone(config: &Config) -> Result<Option<String>> {
    let Some(access) = source::yellowstone(config)? else { return Ok(None) };
    let shown = config.source.url.masked();
    let version = access.version().await.with_context(|| shown.clone())?;
    Ok(Some(format!("{shown}, version {}", version.chars().take(80).collect::<String>())))
}

/// The configuration refuses it in a build without it.
#[cfg(not(feature = "yellowstone"))]
async fn yellowstone(_: &Config) -> Result<Option<String>> {
    Ok(None)
}

async fn program(client: &Client) -> Result<String> {
    let found = client.accounts(&[PROGRAM_ID]).await?.into_iter().flatten().next();
    let account = found.with_context(|| format!("there is nothing at {PROGRAM_ID}: another cluster?"))?;
    ensure!(account.executable, "{PROGRAM_ID} is not a program");
    Ok(PROGRAM_ID.to_string())
}

async fn exchange(client: &Client) -> Result<String> {
    let exchange = client.exchange().await.context("not initialised")?;
    let paused = match exchange.paused_now(&client.clock().await.context("no clock")?) {
        0 => "nothing paused".into(),
        bits => format!("paused: {bits:#b}"),
    };
    let count = |number: u16, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    Ok(format!("{}, {}, {paused}", count(exchange.markets, "market"), count(exchange.banks, "bank")))
}
