//! `kedge-keeper run`: all jobs on one mirror until a signal comes.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use kedge_client::{Client, FetchError, Sender, decimal};
use kedge_sender::alarm::Alarms;
use kedge_sender::lease::Standing;
use kedge_sender::shard::Shard;
use kedge_sender::{Permit, Purse, RequestSender};
use kedge_state::subscribe::Subscriber;
use solana_pubkey::Pubkey;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::{error, info, warn};

use crate::runner::Runner;

use crate::config::{Config, JobName};
use crate::service::auditor;
use crate::service::connection::{self, discreet, open_ways, own_keypair, sender, sub_account};
use crate::service::factory;
use crate::service::gauges::{Balance, Seen, Shown, gauge, stand, tell_alarms};
use crate::service::http::{Health, Http};
use crate::service::metrics::Metrics;
use crate::service::needs::needs;
use crate::service::print::say;
use crate::service::publishing::{self, Publishing};
use crate::service::receipts;
use crate::service::replica::Replica;
use crate::service::reporter::Reporter;
use crate::service::signals::Signals;
use crate::service::source;
use crate::service::waiting::{answered, unanswered};

/// How long the last receipts may take to be counted.
const LAST_RECEIPTS: Duration = Duration::from_secs(2);

/// Runs until SIGINT or SIGTERM or a break that the auditor finds, then waits for what is under way and prints a summary.
/// Returns the exit code.
pub(super) async fn run(config: &Config) -> Result<u8> {
    let started = Instant::now();
    let mut signals = Signals::catch()?;
    connection::keep_memory_private()?;
    // A dry run signs nothing, but its key is the same one.
    let sender = sender(config, own_keypair(&config.wallet.keypair)?)?;
    for way in open_ways(config) {
        warn!(way, "unencrypted over a network: whoever is on the way reads keys and changes answers");
    }
    let (client, wallet) = (sender.client().clone(), sender.client().payer_address());
    let account = sub_account(config, &wallet);
    let jobs = factory::names(config, &sender, account);
    let (metrics, alarms) = (expecting(config, &jobs), Alarms::default());
    let health = Health::new(config.http.max_age_slots, alarms.clone());
    let _http = serve(config, &metrics, &health)?;
    let telling = tokio::spawn(tell_alarms(alarms.clone(), Arc::clone(&metrics), config.clone()));
    let seen = Arc::new(Mutex::new(Seen { slot: 0, at: Instant::now() }));
    let shown = Shown { metrics: Arc::clone(&metrics), health: Arc::clone(&health), alarms: alarms.clone() };
    let pays = !config.keeper.dry_run && !jobs.is_empty();
    let gauging = gauge(client.clone(), Arc::clone(&seen), shown, Balance { least: least(config), pays });
    let gauges = tokio::spawn(gauging);

    let begun = tokio::select! {
        begun = begin(config, &sender, account, &metrics, &alarms) => begun?,
        signal = signals.next() => {
            info!(signal, "stopping before anything has begun");
            return Ok(0);
        }
    };
    let Begun { mut runner, mut subscriber, replica, publishing, receipts } = begun;
    let standing = tokio::spawn(stand(Arc::clone(&replica), Arc::clone(&metrics), config.clone()));
    let mut reporter = Reporter::new(config, (&metrics, &health, &alarms), &seen, (account, wallet));

    // A task of its own: adding up a large exchange must not hold up who decides.
    let mut auditing = tokio::spawn(auditor::work(config.clone(), client, Arc::clone(&metrics)));
    let (signal, code) = tokio::select! {
        signal = signals.next() => (signal, 0),
        code = &mut auditing => ("a break", code.unwrap_or(1)),
        () = runner.work(&mut subscriber, &mut reporter) => ("the end of the work", 0),
    };
    drop(publishing);
    auditing.abort();
    telling.abort();
    // No longer ready: whoever balances over several copies should look elsewhere.
    stop(gauges).await;
    health.set_age(u64::MAX);
    info!(signal, under_way = runner.requests.under_way(), "stopping");
    wind_down(config, &mut runner, &mut subscriber, &mut reporter, &mut signals).await;
    drop(runner);
    stop(standing).await;
    replica.leave().await;
    let _ = timeout(LAST_RECEIPTS, receipts).await;
    say(&summary(&jobs, &metrics, started.elapsed()));
    Ok(code)
}

/// Metrics with every series of the configured jobs.
fn expecting(config: &Config, jobs: &[&'static str]) -> Arc<Metrics> {
    let metrics = Metrics::new();
    metrics.expect(jobs);
    if config.keeper.jobs.contains(&JobName::Oracle) {
        metrics.expect_feeds(config.oracle.publish.feeds.iter().map(|feed| feed.name.as_str()));
    }
    metrics.dry_run.set(config.keeper.dry_run.into());
    metrics.least_balance.set(i64::try_from(least(config)).unwrap_or(i64::MAX));
    // Who has no lease does not stand by while it waits for its node.
    metrics.lease_held.set((!config.lease.is_wanted()).into());
    metrics
}

/// `wallet.min_balance_sol` in lamports.
fn least(config: &Config) -> u64 {
    (config.wallet.min_balance_sol * 1e9) as u64
}

/// All that works.
struct Begun {
    runner: Runner,
    subscriber: Subscriber,
    replica: Arc<Replica>,
    publishing: Option<Publishing>,
    /// Counts receipts until the runner is dropped.
    receipts: JoinHandle<()>,
}

/// Begins the work, as soon as an endpoint answers.
///
/// # Errors
/// As [`require`], and what is configured and cannot be had: a lease, a relay, a source of prices.
async fn begin(
    config: &Config,
    sender: &Sender,
    account: Option<Pubkey>,
    metrics: &Arc<Metrics>,
    alarms: &Alarms,
) -> Result<Begun> {
    let (client, wallet) = (sender.client().clone(), sender.client().payer_address());
    answered(config, alarms, async || Ok(client.rpc().get_slot().await.map_err(FetchError::from)?)).await?;
    answered(config, alarms, async || require(config, &client, &wallet).await).await?;
    let alternatives = publishing::alternatives(config)?;
    let watching = async || source::watch(config, client.clone(), alternatives.clone()).await;
    let subscriber = answered(config, alarms, watching).await?;
    let replica = Arc::new(Replica::join(config).await?);
    let relay = connection::relay(config).await?;
    let second_price = connection::second_price(config, &client, &alternatives, alarms);
    let trades = config.keeper.jobs.iter().any(|job| job.needs_account());
    if trades && second_price.is_none() {
        warn!("own trades go by the prices of one endpoint alone");
    }
    let job_runners = factory::job_runners(config, sender, relay, second_price, account);
    let jobs: Vec<&'static str> = job_runners.iter().map(|job_runner| job_runner.job.name()).collect();
    let dry_run = config.keeper.dry_run;
    info!(wallet = wallet.to_string(), rpc = config.rpc.url.masked(), jobs = jobs.join(","), dry_run, "started");

    let may_act: Permit = {
        let replica = Arc::clone(&replica);
        Arc::new(move || replica.standing().is_none_or(Standing::works))
    };
    let sending = config.send.sending(config.keeper.at_once, Duration::from_millis(config.rpc.fastest_slot_ms));
    let purse = Purse::new(sending.lamports_a_day);
    let publishing = async || publishing::start(config, sender, metrics, &may_act, &purse).await;
    let publishing = answered(config, alarms, publishing).await?;
    let first = async || Ok(RequestSender::with(client.clone(), sending, purse.clone(), alarms.clone()).await?);
    let (requests, receipts) = answered(config, alarms, first).await?;
    let heard = job_runners.iter().map(|job_runner| Arc::clone(&job_runner.job)).collect();
    let receipts = tokio::spawn(receipts::follow(receipts, heard, Arc::clone(metrics), config.clone()));
    let mut runner = Runner::new(job_runners, requests, dry_run).while_permitted(may_act);
    let share = config.shard;
    if share.count > 1 {
        runner = runner.sharing(Shard::new(share.index, share.count, share.grace_slots));
    }
    Ok(Begun { runner, subscriber, replica, publishing, receipts })
}

/// Cancels what is quoted and waits for what is under way, as long as patience lasts and no second signal comes.
async fn wind_down(
    config: &Config,
    runner: &mut Runner,
    subscriber: &mut Subscriber,
    reporter: &mut Reporter<'_>,
    signals: &mut Signals,
) {
    let (began, patience) = (Instant::now(), Duration::from_secs(config.keeper.patience_s));
    let withdrawn = tokio::select! {
        withdrawn = runner.close(subscriber, reporter, patience) => withdrawn,
        _ = signals.next() => false,
    };
    if !withdrawn {
        warn!(life_s = config.maker.life_s, "stopped before all quotes were known to be cancelled: they expire");
    }
    let settled = tokio::select! {
        settled = runner.requests.settle(patience.saturating_sub(began.elapsed())) => settled,
        _ = signals.next() => false,
    };
    if !settled {
        warn!(under_way = runner.requests.under_way(), "stopped before everything under way had an outcome");
    }
}

/// The server for metrics and health, where one is wanted.
fn serve(config: &Config, metrics: &Arc<Metrics>, health: &Arc<Health>) -> Result<Option<Http>> {
    let listen = config.http.listen.as_str();
    if listen.is_empty() {
        return Ok(None);
    }
    let (http, address) = Http::start(listen, Arc::clone(metrics), Arc::clone(health))?;
    info!(address = address.to_string(), "serving /metrics, /healthz and /readyz");
    Ok(Some(http))
}

/// Logs what the jobs need and do not find. What can be put right while they run is an error in the log, and they go on
/// without it.
///
/// # Errors
/// A sub-account that is not there or not ours, and a market that is not listed: no waiting helps. An endpoint that does
/// not answer.
async fn require(config: &Config, client: &Client, wallet: &Pubkey) -> Result<()> {
    let mut missing = Vec::new();
    for need in needs(config, client, wallet).await {
        let Err(reason) = need.outcome else { continue };
        if unanswered(&reason).is_some() {
            return Err(reason);
        }
        missing.push((need.what, discreet(&format!("{reason:#}"), config)));
    }
    for (need, reason) in missing {
        ensure!(!matches!(need, "sub-account" | "markets"), "{need}: {reason}");
        error!(need, reason, "not what the jobs need");
    }
    Ok(())
}

/// Ends a task for good.
async fn stop(task: JoinHandle<()>) {
    task.abort();
    let _ = task.await;
}

/// What each job did, earned (dollars, by the trials of what landed) and paid for signatures, priority and tips (SOL).
fn summary(jobs: &[&'static str], metrics: &Metrics, ran: Duration) -> String {
    let columns = ["decided", "sent", "landed", "earned $", "paid SOL"];
    let line = |name: &str, cells: [String; 5]| {
        cells
            .iter()
            .zip([10, 10, 10, 14, 14])
            .fold(format!("\n{name:<12}"), |line, (cell, wide)| line + &format!("{cell:>wide$}"))
    };
    let mut text = format!("ran for {} s", ran.as_secs()) + &line("job", columns.map(str::to_owned));
    for job in jobs {
        let ([decided, sent, landed], (earned, paid)) = (metrics.totals(job), metrics.balance_of(job));
        let counts = [decided, sent, landed].map(|count| count.to_string());
        let [decided, sent, landed] = counts;
        text += &line(job, [decided, sent, landed, decimal(earned.0, 6, 2), decimal(paid, 9, 0)]);
    }
    text
}

#[cfg(test)]
mod tests {
    use kedge_model::quantity::Amount;

    use super::*;

    #[test]
    fn the_summary_says_what_each_job_earned_and_paid() {
        let metrics = Metrics::new();
        metrics.ticked("filler", 3, 2, Duration::ZERO);
        metrics.landed("filler", Duration::ZERO, 1);
        metrics.earned("filler", Amount(54_106));
        metrics.spent("filler", 10_250);
        let said = summary(&["filler", "amm"], &metrics, Duration::from_secs(61));
        let lines: Vec<Vec<&str>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["ran", "for", "61", "s"]);
        assert_eq!(lines[1], ["job", "decided", "sent", "landed", "earned", "$", "paid", "SOL"]);
        assert_eq!(lines[2], ["filler", "3", "2", "1", "0.054106", "0.00001025"]);
        assert_eq!(lines[3], ["amm", "0", "0", "0", "0.00", "0"]);
    }
}
