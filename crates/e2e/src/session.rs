//! A running exchange for faults: keepers behind relays that can fail, under constant order flow.

use std::time::Duration;

use anyhow::Result;
use kedge_keeper::config::publish::Publish;
use kedge_testbed::participants::Participants;
use kedge_testbed::recorded::{RecordedPrices, Scenario};

use crate::args::Places;
use crate::cluster::Cluster;
use crate::fleet::{Fleet, Post};
use crate::load::Load;
use crate::market::MOST_SLOTS;
use crate::proxy::Proxy;
use crate::statement::statement;
use crate::verdict::Verdict;
use crate::{ports, prices};

/// Number of takers.
const TAKERS: usize = 24;
/// Pace of the takers, market seconds a second.
const PACE: f64 = 30.0;
/// Time for a recovery before cases are judged: 20 slots and the time of a snapshot.
const AFTER: Duration = Duration::from_secs(20);

/// The exchange at work.
pub(crate) struct Session {
    /// Chain and wallets.
    pub cluster: Cluster,
    /// Relays between keepers and chain.
    pub proxy: Proxy,
    /// The keepers.
    pub fleet: Fleet,
    /// Order flow, and the deadlines of liquidations.
    pub load: Load,
    /// First port of the block.
    pub port: u16,
    /// Configuration of the published prices.
    pub prices: Publish,
}

impl Session {
    /// Starts everything, and trades for a while.
    pub(crate) async fn start(places: &Places) -> Result<Self> {
        let recorded = RecordedPrices::open(&places.data, Scenario::Crash, None, 10)?;
        let opening: Vec<f64> = recorded.paths.iter().map(|path| path.price(recorded.start * 1_000)).collect();
        let port = ports::block()?;
        let cluster = Cluster::start(places, Participants::new(places.seed, TAKERS), port).await?;
        let proxy = Proxy::start(port + 34, port).await?;
        cluster.list(&recorded).await?;
        let prices = prices::restless(&opening, places.seed);
        let mut fleet = Fleet::new(&cluster, &proxy.url(), port + 40, "", &prices)?;
        fleet.get(Post::Oracle).start()?;
        cluster.open().await?;
        cluster.board().await?;
        fleet.start().await?;
        let load = Load::new(&cluster, PACE, places.seed).await?;
        cluster.say("keepers are ready");
        let mut session = Self { cluster, proxy, fleet, load, port, prices };
        session.work(30).await?;
        Ok(session)
    }

    /// Works for some seconds.
    pub(crate) async fn work(&mut self, seconds: u64) -> Result<()> {
        self.load.work(Duration::from_secs(seconds), |_, _| {}).await
    }

    /// Measures from now on how long cases stay open while work goes on; the verdict fails when a case stays too long.
    pub(crate) async fn recover(&mut self, what: &str, verdict: &mut Verdict) -> Result<()> {
        let open = self.load.deadlines.open();
        let slot = self.load.slot();
        self.load.deadlines.measure(slot);
        self.load.work(AFTER, |_, _| {}).await?;
        let (idle, closed) = (self.load.deadlines.idle(), self.load.deadlines.closed().len());
        let figure = format!("{open} open when service came back, {closed} closed, left alone {idle} slots at most");
        verdict.check(
            &format!("{what}: nothing liquidatable was left alone for over 20 slots"),
            idle <= MOST_SLOTS,
            &figure,
        );
        Ok(())
    }

    /// Adds the auditor's statement to the verdict.
    pub(crate) fn audit(&mut self, what: &str, verdict: &mut Verdict) -> Result<()> {
        let (text, holds) = statement(&self.cluster, self.fleet.get(Post::Auditor))?;
        let figure = if holds { "" } else { text.as_str() };
        verdict.check(&format!("{what}: the auditor's statement"), holds, figure);
        Ok(())
    }
}
