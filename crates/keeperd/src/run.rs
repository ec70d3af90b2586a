//! `kedge-keeper run`: all jobs on one mirror until a signal comes.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use kedge_client::Client;
use kedge_keeper::alarm::Alarms;
use kedge_keeper::compose::Directory;
use kedge_keeper::core::mirror::{Blind, Counts};
use kedge_keeper::desk::{Desk, Ticked};
use kedge_keeper::error::Error;
use kedge_keeper::lease::Standing;
use kedge_keeper::outbox::{Outbox, Purse};
use kedge_keeper::shard::Shard;
use kedge_keeper::shift::{Onlooker, Permit, Shift};
use kedge_keeper::watch::Watch;
use kedge_keeper::{Plan, World};
use solana_pubkey::Pubkey;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use crate::auditor;
use crate::config::Config;
use crate::config::endpoints::SourceKind;
use crate::connection::{self, discreet, open_ways, own_keypair, sender, sub_account};
use crate::crew;
use crate::decisions::tell;
use crate::fleet::Fleet;
use crate::http::{Health, Http};
use crate::metrics::Metrics;
use crate::needs::needs;
use crate::publish;
use crate::receipts;
use crate::signals::Signals;
use crate::source;

/// Time between two looks at the chain's slot.
const SLOT_EVERY: Duration = Duration::from_millis(500);
/// Time between two looks at the lease.
const STANDING_EVERY: Duration = Duration::from_millis(200);
/// Looks at the slot between two looks at the balance.
const BALANCE_EVERY: u32 = 40;
/// What a slot takes when the chain does not say.
const SLOT_MS: u128 = 400;
/// How long a source may be down before that is told.
const SILENCE: Duration = Duration::from_secs(10);
/// How long the last receipts may take to be counted.
const LAST_RECEIPTS: Duration = Duration::from_secs(2);

/// Runs until SIGINT or SIGTERM or a break that the auditor finds, then waits for what is under way and prints a summary.
/// Returns the exit code.
pub async fn run(config: &Config) -> Result<u8> {
    let started = Instant::now();
    let mut signals = Signals::catch()?;
    connection::keep_memory_private()?;
    // A dry run signs nothing, but its key is the same one.
    let sender = sender(config, own_keypair(&config.wallet.keypair)?)?;
    for way in open_ways(config) {
        warn!(way, "unencrypted over a network: whoever is on the way reads keys and changes answers");
    }
    let client = sender.client().clone();
    let wallet = client.payer_address();
    let account = sub_account(config, &wallet);
    require(config, &client, &wallet).await?;
    let alternatives = publish::alternatives(config)?;
    let mut watch = source::watch(config, client.clone(), alternatives.clone()).await?;
    let fleet = Arc::new(Fleet::join(config).await?);

    let metrics = Metrics::new();
    let alarms = Alarms::default();
    let health = Health::new(config.http.max_age_slots, alarms.clone());
    let _http = serve(config, &metrics, &health)?;
    let relay = connection::relay(config).await?;
    let witness = connection::witness(config, &client, &alternatives, &alarms);
    let trades = config.keeper.jobs.iter().any(|job| job.needs_account());
    if trades && witness.is_none() {
        warn!("own trades go by the prices of one endpoint alone");
    }
    let desks = crew::desks(config, &sender, relay, witness, account);
    let jobs: Vec<&'static str> = desks.iter().map(|desk| desk.job.name()).collect();
    let dry_run = config.keeper.dry_run;
    info!(wallet = wallet.to_string(), rpc = config.rpc.url.masked(), jobs = jobs.join(","), dry_run, "started");

    let may_act: Permit = {
        let fleet = Arc::clone(&fleet);
        Arc::new(move || fleet.standing().is_none_or(Standing::works))
    };
    let sending = config.send.sending(config.keeper.at_once, Duration::from_millis(config.rpc.fastest_slot_ms));
    let purse = Purse::new(sending.lamports_a_day);
    let publishing = publish::start(config, &sender, &metrics, &may_act, &purse).await?;
    let (outbox, receipts) = Outbox::with(client.clone(), sending, purse, alarms.clone()).await?;
    let heard = desks.iter().map(|desk| Arc::clone(&desk.job)).collect();
    let receipts = tokio::spawn(receipts::follow(receipts, heard, Arc::clone(&metrics), config.clone()));
    let seen = Arc::new(Mutex::new(Seen { slot: 0, at: Instant::now() }));
    let least = (config.wallet.min_balance_sol * 1e9) as u64;
    metrics.least_balance.set(i64::try_from(least).unwrap_or(i64::MAX));
    let gauging = gauge(client.clone(), Arc::clone(&seen), Arc::clone(&metrics), Arc::clone(&health), least);
    let gauges = tokio::spawn(gauging);
    let telling = tokio::spawn(tell_alarms(alarms.clone(), Arc::clone(&metrics), config.clone()));
    let standing = tokio::spawn(stand(Arc::clone(&fleet), Arc::clone(&metrics), config.clone()));
    let mut shift = Shift::new(desks, outbox, dry_run).while_permitted(may_act);
    let share = config.shard;
    if share.count > 1 {
        shift = shift.sharing(Shard::new(share.index, share.count, share.grace_slots));
    }
    let mut teller = Teller {
        config,
        metrics: Arc::clone(&metrics),
        health: Arc::clone(&health),
        seen,
        blind: None,
        unreadable: 0,
        unrecorded: false,
        source: Silence::new(),
    };

    // A task of its own: adding up a large exchange must not hold up who decides.
    let mut auditing = tokio::spawn(auditor::work(config.clone(), client, Arc::clone(&metrics)));
    let (signal, code) = tokio::select! {
        signal = signals.next() => (signal, 0),
        code = &mut auditing => ("a break", code.unwrap_or(1)),
        () = shift.work(&mut watch, &mut teller) => ("the end of the work", 0),
    };
    drop(publishing);
    auditing.abort();
    telling.abort();
    // No longer ready: whoever balances over several copies should look elsewhere.
    stop(gauges).await;
    health.set_age(u64::MAX);
    info!(signal, under_way = shift.outbox.under_way(), "stopping");
    wind_down(config, &mut shift, &mut watch, &mut teller, &mut signals).await;
    drop(shift);
    stop(standing).await;
    fleet.leave().await;
    let _ = timeout(LAST_RECEIPTS, receipts).await;
    println!("{}", summary(&jobs, &metrics, started.elapsed()));
    Ok(code)
}

/// Cancels what is quoted and waits for what is under way, as long as patience lasts and no second signal comes.
async fn wind_down(
    config: &Config,
    shift: &mut Shift,
    watch: &mut Watch,
    teller: &mut Teller<'_>,
    signals: &mut Signals,
) {
    let (began, patience) = (Instant::now(), Duration::from_secs(config.keeper.patience_s));
    let withdrawn = tokio::select! {
        withdrawn = shift.close(watch, teller, patience) => withdrawn,
        _ = signals.next() => false,
    };
    if !withdrawn {
        warn!(life_s = config.maker.life_s, "stopped before all quotes were known to be cancelled: they expire");
    }
    let settled = tokio::select! {
        settled = shift.outbox.settle(patience.saturating_sub(began.elapsed())) => settled,
        _ = signals.next() => false,
    };
    if !settled {
        warn!(under_way = shift.outbox.under_way(), "stopped before everything under way had an outcome");
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
/// A sub-account that is not there or not ours, and a market that is not listed: no waiting helps.
async fn require(config: &Config, client: &Client, wallet: &Pubkey) -> Result<()> {
    for need in needs(config, client, wallet).await {
        let Err(missing) = need.outcome else { continue };
        let reason = discreet(&format!("{missing:#}"), config);
        ensure!(!matches!(need.what, "sub-account" | "markets"), "{}: {reason}", need.what);
        error!(need = need.what, reason, "not what the jobs need");
    }
    Ok(())
}

/// The last look at the exchange.
struct Seen {
    slot: u64,
    at: Instant,
}

/// Tells log, metrics and health what a shift does.
struct Teller<'c> {
    config: &'c Config,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    seen: Arc<Mutex<Seen>>,
    /// Why the last look could not be relied on, and how many accounts it could not read.
    blind: Option<Blind>,
    unreadable: usize,
    /// Whether it was told that the recording ended.
    unrecorded: bool,
    source: Silence,
}

/// A source of changes that is down, and whether that was told.
struct Silence {
    since: Option<Instant>,
    told: bool,
}

impl Silence {
    /// Down since now, as at a start.
    fn new() -> Self {
        Self { since: Some(Instant::now()), told: false }
    }

    /// What to tell of a source that is up or not: that it has been down for a while, and that it is up again.
    fn look(&mut self, up: bool) -> Option<bool> {
        if up {
            self.since = None;
            return std::mem::take(&mut self.told).then_some(true);
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        let tells = !self.told && since.elapsed() >= SILENCE;
        self.told |= tells;
        tells.then_some(false)
    }
}

impl Onlooker for Teller<'_> {
    fn taken(&mut self, job: &'static str, plan: &Plan, world: &World) {
        tell(job, plan, world, self.config.keeper.dry_run);
    }

    fn ticked(&mut self, desk: &Desk, ticked: Ticked, took: Duration) {
        let job = desk.job.name();
        self.metrics.ticked(job, ticked.decided, ticked.sent, took);
        self.metrics.figured(job, &desk.job.figures());
        if let Some(news) = desk.job.news() {
            warn!(job, news, "changed its mind");
        }
    }

    fn looked(&mut self, world: &World, _: &Directory, outbox: &Outbox) -> ControlFlow<()> {
        let slot = world.clock.slot;
        {
            let mut seen = locked(&self.seen);
            // A chain that stands still, or an endpoint that says so, is no sign of life.
            if slot != seen.slot {
                *seen = Seen { slot, at: Instant::now() };
            }
        }
        self.metrics.mirror_slot.set(i64::try_from(slot).unwrap_or(i64::MAX));
        self.metrics.under_way.set(i64::try_from(outbox.under_way()).unwrap_or(i64::MAX));
        self.metrics.spent_day.set(i64::try_from(outbox.purse().spent()).unwrap_or(i64::MAX));
        self.metrics.resent.set(i64::try_from(outbox.resent()).unwrap_or(i64::MAX));
        ControlFlow::Continue(())
    }

    fn mirrored(&mut self, counts: Counts, up: bool) {
        self.metrics.mirrored(&counts, up);
        if self.config.source.kind == SourceKind::Poll {
            return;
        }
        let from = match self.config.source.kind {
            SourceKind::Yellowstone => self.config.source.url.masked(),
            SourceKind::Websocket | SourceKind::Poll => self.config.ws_url().masked(),
        };
        match self.source.look(up) {
            Some(true) => info!(from, "changes come by themselves again"),
            Some(false) => error!(from, "no changes come: the exchange is read every keeper.poll_ms only"),
            None => {}
        }
    }

    fn seen(&mut self, blind: Option<Blind>, unreadable: usize) {
        self.metrics.seen(blind.is_none(), unreadable);
        if blind != self.blind {
            self.blind = blind;
            self.health.set_blind(blind.map(|blind| blind.to_string()));
            match blind {
                Some(Blind::Unconnected) => {}
                Some(why) => warn!(why = why.to_string(), "BLIND: what is seen cannot be relied on"),
                None => info!("what is seen can be relied on"),
            }
        }
        if unreadable != self.unreadable {
            self.unreadable = unreadable;
            warn!(accounts = unreadable, "sub-accounts that cannot be read are left out");
        }
    }

    fn recorded(&mut self, outcome: std::result::Result<u64, &str>) {
        match outcome {
            Ok(bytes) => drop(self.metrics.recorded.set(i64::try_from(bytes).unwrap_or(i64::MAX))),
            Err(reason) if !self.unrecorded => {
                self.unrecorded = true;
                warn!(reason, "nothing is recorded any more");
            }
            Err(_) => {}
        }
    }

    fn failed(&mut self, error: Error) -> ControlFlow<()> {
        self.metrics.polls_failed.inc();
        let reason = discreet(&error.to_string(), self.config);
        warn!(reason, "the exchange could not be read");
        ControlFlow::Continue(())
    }
}

/// Keeps the mirror's age and the wallet's balance up to date. The age is by the chain's slot, and by our clock when the
/// endpoint does not answer.
async fn gauge(client: Client, seen: Arc<Mutex<Seen>>, metrics: Arc<Metrics>, health: Arc<Health>, least: u64) {
    let (mut looks, mut low) = (0, false);
    loop {
        let chain = client.rpc().get_slot().await.unwrap_or(0);
        let (slot, silence) = {
            let seen = locked(&seen);
            (seen.slot, seen.at.elapsed().as_millis())
        };
        let silent = u64::try_from(silence / SLOT_MS).unwrap_or(u64::MAX);
        let age = chain.saturating_sub(slot).max(silent);
        metrics.mirror_age.set(i64::try_from(age).unwrap_or(i64::MAX));
        health.set_age(if slot == 0 { u64::MAX } else { age });
        metrics.endpoints(&client.endpoints().health());
        if looks % BALANCE_EVERY == 0
            && let Ok(lamports) = client.rpc().get_balance(&client.payer_address()).await
        {
            metrics.balance.set(i64::try_from(lamports).unwrap_or(i64::MAX));
            if lamports < least && !low {
                error!(lamports, least, wallet = client.payer_address().to_string(), "the wallet runs out of SOL");
            }
            low = lamports < least;
        }
        looks += 1;
        sleep(SLOT_EVERY).await;
    }
}

/// Tells of every alarm once when it begins, and once when it ends.
async fn tell_alarms(alarms: Alarms, metrics: Arc<Metrics>, config: Config) {
    let mut known: BTreeSet<&'static str> = BTreeSet::new();
    loop {
        let standing = alarms.standing();
        metrics.alarms.set(i64::try_from(standing.len()).unwrap_or(i64::MAX));
        for (alarm, reason) in &standing {
            if known.insert(alarm) {
                let reason = discreet(reason, &config);
                warn!(alarm, reason, "not ready");
            }
        }
        known.retain(|alarm| {
            let stands = standing.iter().any(|(standing, _)| standing == alarm);
            if !stands {
                info!(alarm, "the alarm has ended");
            }
            stands
        });
        sleep(STANDING_EVERY).await;
    }
}

/// Tells of how this copy stands among those that share its lease.
async fn stand(fleet: Arc<Fleet>, metrics: Arc<Metrics>, config: Config) {
    let mut known = None;
    loop {
        let standing = fleet.standing();
        metrics.lease_held.set(standing.map_or(1, Standing::number));
        if standing != known {
            known = standing;
            let reason = discreet(&fleet.reason(), &config);
            match standing {
                Some(Standing::Held) => info!("holds the lease: works"),
                Some(Standing::Waits) => info!(reason, "does not hold the lease: stands by"),
                Some(Standing::Alone) => warn!(reason, "nobody answers for the lease: works without it"),
                None => {}
            }
        }
        sleep(STANDING_EVERY).await;
    }
}

/// Ends a task for good.
async fn stop(task: JoinHandle<()>) {
    task.abort();
    let _ = task.await;
}

fn summary(jobs: &[&'static str], metrics: &Metrics, ran: Duration) -> String {
    let mut text = format!("ran for {} s\n{:<12}{:>10}{:>10}{:>10}", ran.as_secs(), "job", "decided", "sent", "landed");
    for job in jobs {
        let [decided, sent, landed] = metrics.totals(job);
        text.push_str(&format!("\n{job:<12}{decided:>10}{sent:>10}{landed:>10}"));
    }
    text
}

fn locked(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_stays_down_is_told_once_and_its_return_too() {
        let mut source = Silence::new();
        assert_eq!((source.look(false), source.look(true)), (None, None), "a start takes a moment");
        assert_eq!(source.look(false), None);
        source.since = Instant::now().checked_sub(SILENCE);
        assert_eq!([source.look(false), source.look(false), source.look(true)], [Some(false), None, Some(true)]);
        assert_eq!(source.look(true), None);
    }
}
