//! The keepers of a run, with their jobs and wallets.

use std::path::Path;

use anyhow::Result;
use kedge_testbed::listing::COINS;

use crate::cluster::Cluster;
use crate::keeper::Keeper;

/// A keeper's jobs and wallet.
struct Post {
    /// Name of the keeper.
    name: &'static str,
    jobs: &'static [&'static str],
    /// Name of the wallet's file.
    wallet: &'static str,
    /// Whether it has a sub-account.
    account: bool,
    /// Further tables of its configuration.
    extra: fn() -> String,
}

/// Every keeper but the oracle's.
const POSTS: [Post; 8] = [
    Post { name: "filler", jobs: &["filler"], wallet: "filler", account: true, extra: filler },
    Post { name: "orders", jobs: &["trigger", "expiry"], wallet: "filler", account: true, extra: orders },
    Post { name: "market", jobs: &["amm", "funding"], wallet: "crank", account: false, extra: String::new },
    Post { name: "settler", jobs: &["settler", "closer"], wallet: "crank", account: false, extra: settler },
    Post { name: "liquidator", jobs: &["liquidator"], wallet: "liquidator", account: true, extra: liquidator },
    Post { name: "bankruptcy", jobs: &["bankruptcy"], wallet: "crank", account: false, extra: String::new },
    Post { name: "maker", jobs: &["maker"], wallet: "maker", account: true, extra: maker },
    Post { name: "auditor", jobs: &["auditor"], wallet: "crank", account: false, extra: auditor },
];

fn filler() -> String {
    "\n[send]\nfee = \"reward\"\n".into()
}

fn orders() -> String {
    "\n[send]\nfee = \"recent\"\n".into()
}

fn settler() -> String {
    "\n[settler]\nmin_pnl = 500.0\nmin_fees = 50.0\n[send]\ncompute = \"simulate\"\nfee = \"fixed\"\n".into()
}

fn liquidator() -> String {
    // In a jump the exchange's price lags the oracle, and a take-over loses money: its own liquidator accepts that.
    "\n[liquidator]\nmax_value = 3000000.0\nmax_total = 9000000.0\ntolerance_ppm = 100000\nunwind_value = 40000.0\n"
        .into()
}

fn auditor() -> String {
    "\n[auditor]\nevery_slots = 50\n".into()
}

fn maker() -> String {
    // The book and the auctions of a crash cost a maker more than its default limit allows.
    let mut text = "\n[maker]\n[maker.kill]\nmax_drawdown = 500000.0\n".to_owned();
    for (index, coin) in COINS.iter().enumerate() {
        text += &format!(
            "[[maker.markets]]\nmarket = {index}\nsize = {}\nmax_join = {}\nmax_position = {}\n",
            coin.ladder, coin.jit_size, coin.jit_position
        );
    }
    text
}

/// The keepers that share an endpoint.
pub struct Fleet {
    /// The keepers, the oracle's first.
    pub keepers: Vec<Keeper>,
}

impl Fleet {
    /// Configures keepers for the endpoint `url`. Their metrics are on ports from `port` on, their names end with
    /// `suffix`. `prices` is the configuration of the published prices; without it the fleet has no oracle keeper.
    pub fn new(cluster: &Cluster, url: &str, port: u16, suffix: &str, prices: Option<&str>) -> Result<Self> {
        let mut keepers = Vec::new();
        let mut ports = port..;
        if let Some(prices) = prices {
            keepers.push(oracle(cluster, url, ports.next().unwrap_or(port), suffix, prices)?);
        }
        for (post, port) in POSTS.iter().zip(ports) {
            let name = format!("{}{suffix}", post.name);
            let mut config = common(cluster, url, post.jobs, &cluster.wallet(post.wallet));
            if post.account {
                config += "\n[account]\nid = 0\n";
            }
            config += &(post.extra)();
            keepers.push(Keeper::new(&cluster.keeper, &cluster.folder, &name, &config, port)?);
        }
        Ok(Self { keepers })
    }

    /// The keeper with a name.
    pub fn get(&mut self, name: &str) -> Option<&mut Keeper> {
        self.keepers.iter_mut().find(|keeper| keeper.name == name)
    }

    /// Starts the keepers that do not run and waits until all are ready.
    pub async fn start(&mut self) -> Result<()> {
        for keeper in self.keepers.iter_mut().filter(|keeper| !keeper.is_started()) {
            keeper.start()?;
        }
        for keeper in &mut self.keepers {
            keeper.ready().await?;
        }
        Ok(())
    }

    /// Fails when a keeper has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        self.keepers.iter_mut().try_for_each(Keeper::check)
    }

    /// Stops all keepers. Returns names and exit codes of those that did not end with 0.
    pub fn stop(&mut self) -> Result<Vec<String>> {
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
pub fn oracle(cluster: &Cluster, url: &str, port: u16, suffix: &str, prices: &str) -> Result<Keeper> {
    let config = common(cluster, url, &["oracle"], &cluster.wallet("crank"));
    let config = format!("{config}\n[oracle]\nmin_age_s = 1\n{prices}");
    Keeper::new(&cluster.keeper, &cluster.folder, &format!("oracle{suffix}"), &config, port)
}

fn common(_ground: &Cluster, url: &str, jobs: &[&str], wallet: &Path) -> String {
    let jobs = jobs.iter().map(|job| format!("{job:?}")).collect::<Vec<_>>().join(", ");
    format!(
        "[keeper]\njobs = [{jobs}]\ntick_ms = 100\npoll_ms = 400\nper_tick = 64\nat_once = 64\n\n[rpc]\nurl = {url:?}\ntimeout_ms = 3000\n\n\
         [wallet]\nkeypair = {:?}\n\n[log]\nlevel = \"info,kedge_keeper=debug\"\n",
        wallet.display().to_string()
    )
}
