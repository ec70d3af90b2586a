//! A running exchange that faults are tried on: keepers behind relays that can fail, a crowd that trades all the while.

use std::time::Duration;

use anyhow::Result;
use kedge_demo::cast::Cast;
use kedge_demo::replay::{Scenario, Tape};

use crate::args::Places;
use crate::fleet::Fleet;
use crate::floor::Floor;
use crate::ground::Ground;
use crate::market::MOST_SLOTS;
use crate::proxy::Proxy;
use crate::statement::statement;
use crate::verdict::Verdict;
use crate::{ports, prices};

/// Takers of the crowd.
const TAKERS: usize = 24;
/// Market seconds a second for the crowd.
const PACE: f64 = 30.0;
/// What a recovery is given before the count of slots ends: 20 slots and time to look.
const AFTER: Duration = Duration::from_secs(20);

/// The exchange at work.
pub struct Stand {
    /// Chain and wallets.
    pub ground: Ground,
    /// Between keepers and chain.
    pub proxy: Proxy,
    /// The keepers.
    pub fleet: Fleet,
    /// Crowd and guard.
    pub floor: Floor,
    /// First port of the block.
    pub port: u16,
    /// Configuration of what is published.
    pub prices: String,
}

impl Stand {
    /// Everything up, and some trading done.
    pub async fn start(places: &Places) -> Result<Self> {
        let tape = Tape::open(&places.data, Scenario::Crash, None, 10)?;
        let opening: Vec<f64> = tape.paths.iter().map(|path| path.price(tape.start * 1_000)).collect();
        let port = ports::block()?;
        let ground = Ground::start(places, Cast::new(places.seed, TAKERS), port).await?;
        let proxy = Proxy::start(port + 34, port).await?;
        ground.list(&tape).await?;
        let prices = prices::restless(&opening, places.seed);
        let mut fleet = Fleet::new(&ground, &proxy.url(), port + 40, "", Some(&prices))?;
        let Some(oracle) = fleet.get("oracle") else { unreachable!("a fleet with prices has an oracle keeper") };
        oracle.start()?;
        ground.open().await?;
        ground.board().await?;
        fleet.start().await?;
        let floor = Floor::new(&ground, PACE, places.seed).await?;
        ground.say("keepers are ready");
        let mut stand = Self { ground, proxy, fleet, floor, port, prices };
        stand.work(30).await?;
        Ok(stand)
    }

    /// Goes on for some seconds.
    pub async fn work(&mut self, seconds: u64) -> Result<()> {
        self.floor.work(Duration::from_secs(seconds), |_, _| {}).await
    }

    /// Measures from now on how long cases stay open, while work goes on; fails the verdict when one stays too long.
    pub async fn recover(&mut self, what: &str, verdict: &mut Verdict) -> Result<()> {
        let open = self.floor.guard.open();
        let slot = self.floor.slot();
        self.floor.guard.measure(slot);
        self.floor.work(AFTER, |_, _| {}).await?;
        let (idle, closed) = (self.floor.guard.idle(), self.floor.guard.closed().len());
        let figure = format!("{open} open when service came back, {closed} closed, left alone {idle} slots at most");
        verdict.check(
            &format!("{what}: nothing liquidatable was left alone for over 20 slots"),
            idle <= MOST_SLOTS,
            &figure,
        );
        Ok(())
    }

    /// The auditor's statement, in one line of the verdict.
    pub fn audit(&mut self, what: &str, verdict: &mut Verdict) -> Result<()> {
        let Some(auditor) = self.fleet.get("auditor") else { unreachable!("a fleet has an auditor") };
        let (text, holds) = statement(&self.ground, auditor)?;
        let figure = if holds { "" } else { text.as_str() };
        verdict.check(&format!("{what}: the auditor's statement"), holds, figure);
        Ok(())
    }
}
