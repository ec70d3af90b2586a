//! Job `auditor` as a task of its own, and `kedge-keeper audit`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use kedge_audit::{Audited, Auditor, Rules, alert};
use kedge_client::Client;
use kedge_client::shown::{printable, printable_json, printable_lines};
use solana_keypair::Keypair;
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::config::Config;
use crate::config::JobName;
use crate::service::connection::{client, discreet, keypair};
use crate::service::metrics::Metrics;
use crate::service::print::{complain, say};
use crate::service::throttle::Throttle;

/// Name of the job.
const JOB: &str = "auditor";
/// Time between two looks at the slot.
const LOOK_EVERY: Duration = Duration::from_millis(400);

/// `kedge-keeper audit`: prints one statement; the exit code.
pub(super) async fn once(config: &Config, json: bool) -> Result<u8> {
    // Reading needs no key.
    let key = keypair(&config.wallet.keypair).unwrap_or_else(|_| Keypair::new());
    let mut auditor = Auditor::new(client(config, Arc::new(key))?, rules(config));
    let audited = auditor.look().await?;
    let said = &audited.statement;
    say(&if json { printable_json(&said.json()) } else { printable_lines(&said.to_string()).into_owned() });
    for one in &audited.breaks {
        complain(&format!("kedge-keeper: {}: {}", printable(&one.what), one.amount));
    }
    Ok(if audited.breaks.is_empty() { 0 } else { config.auditor.exit_code.max(1) })
}

fn rules(config: &Config) -> Rules {
    Rules { exact_vaults: config.auditor.exact_vaults }
}

/// Audits until something is broken; the exit code then. Waits for ever when the job is not configured.
pub(super) async fn work(config: Config, client: Client, metrics: Arc<Metrics>) -> u8 {
    let config = &config;
    if !config.keeper.jobs.contains(&JobName::Auditor) {
        return std::future::pending().await;
    }
    let mut auditor = Auditor::new(client.clone(), rules(config));
    let (mut due, mut failing) = (0, Throttle::default());
    loop {
        let slot = client.rpc().get_slot().await.unwrap_or(0);
        if slot < due {
            sleep(LOOK_EVERY).await;
            continue;
        }
        let started = Instant::now();
        match auditor.look().await {
            Ok(audited) => {
                due = audited.statement.slot.saturating_add(config.auditor.every_slots);
                metrics.audited(&audited, started.elapsed());
                tell(config, &audited);
                if !audited.breaks.is_empty() {
                    raise(config, &audited).await;
                    if config.auditor.exit_code != 0 {
                        return config.auditor.exit_code;
                    }
                }
            }
            Err(unread) => {
                metrics.unread();
                let reason = discreet(&unread.to_string(), config);
                if let Some(times) = failing.happened() {
                    warn!(job = JOB, reason, times, "the exchange could not be audited");
                }
                sleep(LOOK_EVERY).await;
            }
        }
    }
}

fn tell(config: &Config, audited: &Audited) {
    let said = &audited.statement;
    let (slot, sub_accounts, checked) = (said.slot, said.counts[3], said.checked);
    let (below, in_default) = (said.margins.below.len(), said.margins.in_default);
    for one in &audited.unconfirmed {
        warn!(job = JOB, slot, what = one.what, amount = one.amount, "a break that a second read did not find");
    }
    for donated in &said.donated {
        info!(job = JOB, slot, bank = donated.of, donated = donated.show(), "tokens that nobody has a claim on");
    }
    let patience = config.auditor.max_below_slots;
    if patience > 0 && audited.longest_below > patience {
        let worst = said.margins.below.first().map(|below| below.account.as_str()).unwrap_or_default();
        let slots = audited.longest_below;
        warn!(job = JOB, slot, slots, below, worst, "nobody liquidates an account that is below maintenance");
    }
    if audited.breaks.is_empty() {
        info!(job = JOB, slot, sub_accounts, checked, below, in_default, "everything reconciles");
    }
}

/// Logs every break and posts them.
async fn raise(config: &Config, audited: &Audited) {
    let slot = audited.statement.slot;
    for one in &audited.breaks {
        error!(job = JOB, slot, what = one.what, amount = one.amount, "BROKEN");
    }
    let webhook = config.auditor.webhook.expose();
    if webhook.is_empty() {
        return;
    }
    if let Err(reason) = alert(webhook, audited).await {
        warn!(job = JOB, reason, "the alert was not delivered");
    }
}
