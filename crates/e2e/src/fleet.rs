//! The keepers of a run: who does which job with which wallet.

use std::path::Path;

use anyhow::Result;
use kedge_keeper::config::maker::{Kill, Maker, MakerMarket};
use kedge_keeper::config::publish::Publish;
use kedge_keeper::config::send::{Fee, Limit, Send};
use kedge_keeper::config::{Account, Config, JobName, Liquidator, Log, Oracle, Settler, Wallet, endpoints};
use kedge_testbed::listing::COINS;

use crate::cluster::Cluster;
use crate::keeper::Keeper;

/// A keeper of the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Post {
    /// Publishes and refreshes prices.
    Oracle,
    /// Fills orders.
    Filler,
    /// Triggers and expires orders.
    Orders,
    /// Moves the vAMM and charges funding.
    Market,
    /// Settles positions and closes accounts.
    Settler,
    /// Takes over positions.
    Liquidator,
    /// Settles defaults.
    Bankruptcy,
    /// Makes markets.
    Maker,
    /// Audits every account.
    Auditor,
}

impl Post {
    /// Every keeper but the oracle's.
    const OTHERS: [Self; 8] = [
        Self::Filler,
        Self::Orders,
        Self::Market,
        Self::Settler,
        Self::Liquidator,
        Self::Bankruptcy,
        Self::Maker,
        Self::Auditor,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Oracle => "oracle",
            Self::Filler => "filler",
            Self::Orders => "orders",
            Self::Market => "market",
            Self::Settler => "settler",
            Self::Liquidator => "liquidator",
            Self::Bankruptcy => "bankruptcy",
            Self::Maker => "maker",
            Self::Auditor => "auditor",
        }
    }

    /// Its jobs, the wallet's file, and whether that wallet has a sub-account.
    const fn hired(self) -> (&'static [JobName], &'static str, bool) {
        match self {
            Self::Oracle => (&[JobName::Oracle], "crank", false),
            Self::Filler => (&[JobName::Filler], "filler", true),
            Self::Orders => (&[JobName::Trigger, JobName::Expiry], "filler", true),
            Self::Market => (&[JobName::Amm, JobName::Funding], "crank", false),
            Self::Settler => (&[JobName::Settler, JobName::Closer], "crank", false),
            Self::Liquidator => (&[JobName::Liquidator], "liquidator", true),
            Self::Bankruptcy => (&[JobName::Bankruptcy], "crank", false),
            Self::Maker => (&[JobName::Maker], "maker", true),
            Self::Auditor => (&[JobName::Auditor], "crank", false),
        }
    }

    /// Its configuration against an endpoint.
    fn config(self, cluster: &Cluster, url: &str) -> Config {
        let (jobs, wallet, account) = self.hired();
        let mut config = common(url, jobs, &cluster.wallet(wallet));
        config.account = account.then(Account::default);
        match self {
            Self::Oracle => config.oracle = Oracle { min_age_s: 1, ..Oracle::default() },
            Self::Filler => config.send.fee = Fee::Reward,
            Self::Orders => config.send.fee = Fee::Recent,
            Self::Settler => {
                config.settler = Settler { min_pnl: 500.0, min_fees: 50.0, ..Settler::default() };
                config.send = Send { compute: Limit::Simulate, fee: Fee::Fixed, ..Send::default() };
            }
            Self::Liquidator => {
                config.liquidator = Liquidator {
                    max_value: 3_000_000.0,
                    max_total: 9_000_000.0,
                    // Some liquidator takes over in a jump, when the exchange's price lags the oracle: here the exchange's own.
                    tolerance_ppm: 100_000,
                    unwind_value: 40_000.0,
                    ..Liquidator::default()
                };
            }
            Self::Maker => config.maker = maker(),
            Self::Auditor => config.auditor.every_slots = 50,
            Self::Market | Self::Bankruptcy => {}
        }
        config
    }
}

fn maker() -> Maker {
    let markets = COINS.iter().zip(0u16..).map(|(coin, market)| MakerMarket {
        market,
        size: coin.ladder,
        max_join: coin.jit_size,
        max_position: coin.jit_position,
    });
    // The book and the auctions of a crash cost a maker more than it would accept elsewhere.
    let kill = Kill { max_drawdown: 500_000.0, ..Kill::default() };
    Maker { kill, markets: markets.collect(), ..Maker::default() }
}

/// The keepers that share an endpoint.
pub(crate) struct Fleet {
    /// The keepers, the oracle's first.
    pub keepers: Vec<Keeper>,
}

impl Fleet {
    /// Configures keepers that speak to `url`. Their metrics are on ports from `port` on, their names end with `suffix`;
    /// the oracle keeper publishes `prices`.
    pub(crate) fn new(cluster: &Cluster, url: &str, port: u16, suffix: &str, prices: &Publish) -> Result<Self> {
        let mut keepers = vec![oracle(cluster, url, port, suffix, prices)?];
        for (post, port) in Post::OTHERS.into_iter().zip(port + 1..) {
            keepers.push(keeper(cluster, post, suffix, post.config(cluster, url), port)?);
        }
        Ok(Self { keepers })
    }

    /// The keeper of a post, the first of its name.
    pub(crate) fn get(&mut self, post: Post) -> &mut Keeper {
        let place = if post == Post::Oracle {
            0
        } else {
            1 + Post::OTHERS.into_iter().take_while(|other| *other != post).count()
        };
        &mut self.keepers[place]
    }

    /// Starts those that do not run and waits until all are ready.
    pub(crate) async fn start(&mut self) -> Result<()> {
        for keeper in self.keepers.iter_mut().filter(|keeper| !keeper.is_started()) {
            keeper.start()?;
        }
        for keeper in &mut self.keepers {
            keeper.ready().await?;
        }
        Ok(())
    }

    /// Fails when one has ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        self.keepers.iter_mut().try_for_each(Keeper::check)
    }

    /// Asks all to stop; names and exit codes of those that did not end with 0.
    pub(crate) fn stop(&mut self) -> Result<Vec<String>> {
        let mut bad = Vec::new();
        for keeper in &mut self.keepers {
            match keeper.stop()? {
                None | Some(0) => {}
                Some(code) => bad.push(format!("{} ended with {code}", keeper.name)),
            }
        }
        Ok(bad)
    }
}

/// The keeper that publishes and refreshes prices.
pub(crate) fn oracle(cluster: &Cluster, url: &str, port: u16, suffix: &str, prices: &Publish) -> Result<Keeper> {
    let mut config = Post::Oracle.config(cluster, url);
    config.oracle.publish = prices.clone();
    keeper(cluster, Post::Oracle, suffix, config, port)
}

fn keeper(cluster: &Cluster, post: Post, suffix: &str, config: Config, port: u16) -> Result<Keeper> {
    Keeper::new(&cluster.keeper, &cluster.folder, &format!("{}{suffix}", post.name()), config, port)
}

fn common(url: &str, jobs: &[JobName], wallet: &Path) -> Config {
    let mut config = Config::default();
    config.keeper.jobs = jobs.to_vec();
    config.keeper.tick_ms = 100;
    config.keeper.poll_ms = 400;
    config.rpc = endpoints::Rpc { url: url.into(), timeout_ms: 3_000, ..endpoints::Rpc::default() };
    config.wallet = Wallet { keypair: wallet.to_owned(), ..Wallet::default() };
    config.log = Log { level: "info,kedge_keeper=debug".into(), ..Log::default() };
    config
}
