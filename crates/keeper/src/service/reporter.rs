//! What a runner does and sees, told to log, metrics and health.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kedge_sender::alarm::Alarms;
use kedge_sender::{Plan, RequestSender};
use kedge_state::error::Error;
use kedge_state::mirror::{Blind, Counts};
use kedge_state::{Directory, World};
use solana_pubkey::Pubkey;
use tracing::{error, info, warn};

use crate::job_runner::{JobRunner, Ticked};
use crate::runner::Observer;

use crate::config::Config;
use crate::config::endpoints::SourceKind;
use crate::service::connection::discreet;
use crate::service::decisions::tell;
use crate::service::gauges::{Seen, locked};
use crate::service::http::Health;
use crate::service::metrics::Metrics;
use crate::service::throttle::Throttle;

/// How long a source may be down, or the exchange unread, before that is told.
const SILENCE: Duration = Duration::from_secs(10);
/// Alarms that a look raises and ends.
const ACCOUNT: &str = "sub-account";
const READING: &str = "reading";

/// Tells log, metrics and health what a runner does.
pub(super) struct Reporter<'c> {
    config: &'c Config,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    alarms: Alarms,
    seen: Arc<Mutex<Seen>>,
    /// The sub-account that earns and trades, and the wallet that must be its own.
    account: Option<Pubkey>,
    wallet: Pubkey,
    /// Why the last look could not be relied on, and how many accounts it could not read.
    blind: Option<Blind>,
    unreadable: usize,
    /// Why the last look failed, since when each did, and when that is told.
    unread: Option<(String, Instant)>,
    failing: Throttle,
    /// Whether it was told that the recording ended.
    unrecorded: bool,
    source: Silence,
}

impl<'c> Reporter<'c> {
    /// One that has seen nothing. `account` is the sub-account that the jobs earn and trade for, `wallet` who signs.
    pub(super) fn new(
        config: &'c Config,
        (metrics, health, alarms): (&Arc<Metrics>, &Arc<Health>, &Alarms),
        seen: &Arc<Mutex<Seen>>,
        (account, wallet): (Option<Pubkey>, Pubkey),
    ) -> Self {
        Self {
            config,
            metrics: Arc::clone(metrics),
            health: Arc::clone(health),
            alarms: alarms.clone(),
            seen: Arc::clone(seen),
            account,
            wallet,
            blind: None,
            unreadable: 0,
            unread: None,
            failing: Throttle::default(),
            unrecorded: false,
            source: Silence::new(),
        }
    }

    /// Raises an alarm while the sub-account is not there or not ours: its jobs do nothing then, and say nothing.
    fn look_after_account(&self, world: &World) {
        let Some(account) = self.account else { return };
        let missing = match world.accounts.get(&account) {
            None => Some(format!(
                "sub-account {account} does not exist, or cannot be read: create it with `kedge create`, or correct \
                 [account]"
            )),
            Some(own) if own.head.require_trader(&self.wallet.to_bytes()).is_err() => {
                Some(format!("sub-account {account} is not ours: {} may not trade for it", self.wallet))
            }
            Some(_) => None,
        };
        match missing {
            Some(reason) => self.alarms.raise(ACCOUNT, reason),
            None => self.alarms.end(ACCOUNT),
        }
    }

    /// Tells health why what is seen cannot be relied on.
    fn tell_health(&self) {
        let unread = self.unread.as_ref().map(|(reason, _)| reason.as_str());
        self.health.set_blind(self.blind.map(|blind| blindness(blind, unread)));
    }
}

/// Why what is seen cannot be relied on. That accounts are polled instead is said while that works.
fn blindness(blind: Blind, unread: Option<&str>) -> String {
    match (blind, unread) {
        (Blind::Down | Blind::Unconnected, Some(reason)) => {
            format!("the stream of changes is down, and the exchange cannot be read either: {reason}")
        }
        _ => blind.to_string(),
    }
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

impl Observer for Reporter<'_> {
    fn decided(&mut self, job_runner: &JobRunner, plan: &Plan, world: &World) {
        tell(&*job_runner.job, plan, world, self.config.keeper.dry_run);
    }

    fn ticked(&mut self, job_runner: &JobRunner, ticked: Ticked, took: Duration) {
        let job = job_runner.job.name();
        self.metrics.ticked(job, ticked.decided, ticked.sent, took);
        self.metrics.figured(job, &job_runner.job.figures());
        if let Some(news) = job_runner.job.news() {
            warn!(job, news, "changed its mind");
        }
    }

    fn looked(&mut self, world: &World, _: &Directory, requests: &RequestSender) -> ControlFlow<()> {
        let slot = world.clock.slot;
        {
            let mut seen = locked(&self.seen);
            // A chain that stands still, or an endpoint that says so, is no sign of life.
            if slot != seen.slot {
                *seen = Seen { slot, at: Instant::now() };
            }
        }
        self.look_after_account(world);
        if self.unread.take().is_some() {
            self.alarms.end(READING);
            self.tell_health();
        }
        self.metrics.mirror_slot.set(i64::try_from(slot).unwrap_or(i64::MAX));
        self.metrics.under_way.set(i64::try_from(requests.under_way()).unwrap_or(i64::MAX));
        self.metrics.spent_day.set(i64::try_from(requests.purse().spent()).unwrap_or(i64::MAX));
        self.metrics.resent.set(i64::try_from(requests.resent()).unwrap_or(i64::MAX));
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
            Some(false) if self.unread.is_some() => {
                error!(from, "no changes come, and the exchange cannot be read either");
            }
            Some(false) => error!(from, "no changes come: the exchange is read every keeper.poll_ms only"),
            None => {}
        }
    }

    fn seen(&mut self, blind: Option<Blind>, unreadable: usize) {
        self.metrics.seen(blind.is_none() && self.unread.is_none(), unreadable);
        if blind != self.blind {
            self.blind = blind;
            self.tell_health();
            let unread = self.unread.as_ref().map(|(reason, _)| reason.as_str());
            match blind {
                Some(Blind::Unconnected) => {}
                Some(why) => warn!(why = blindness(why, unread), "BLIND: what is seen cannot be relied on"),
                None => info!("what is seen can be relied on"),
            }
        }
        if unreadable != self.unreadable {
            self.unreadable = unreadable;
            warn!(accounts = unreadable, "sub-accounts that cannot be read are left out");
        }
    }

    fn recorded(&mut self, outcome: Result<u64, &str>) {
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
        if let Some(times) = self.failing.happened() {
            warn!(reason, times, "the exchange could not be read");
        }
        let since = self.unread.as_ref().map_or_else(Instant::now, |(_, since)| *since);
        if since.elapsed() >= SILENCE {
            self.alarms.raise(READING, format!("the exchange cannot be read: {reason}"));
        }
        self.unread = Some((reason, since));
        self.tell_health();
        ControlFlow::Continue(())
    }
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

    #[test]
    fn that_accounts_are_polled_is_said_while_they_can_be_read() {
        assert_eq!(blindness(Blind::Down, None), "the stream of changes is down: all accounts are polled");
        let said = blindness(Blind::Down, Some("the RPC endpoint: connection refused"));
        assert_eq!(
            said,
            "the stream of changes is down, and the exchange cannot be read either: the RPC endpoint: connection refused"
        );
        assert!(!blindness(Blind::Unconnected, Some("no answer")).contains("polled"));
        assert_eq!(blindness(Blind::Unbalanced(3), Some("no answer")), Blind::Unbalanced(3).to_string());
    }
}
