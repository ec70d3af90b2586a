//! `up`: the exchange on a validator to try things on.

use anyhow::Result;
use kedge_testbed::participants::Participants;
use kedge_testbed::recorded::{RecordedPrices, Scenario};

use crate::args::{Places, Up};
use crate::cluster::Cluster;
use crate::fleet::{Fleet, Post};
use crate::prices;
use crate::verdict::Verdict;

/// Ports after the RPC port that the validator takes.
const VALIDATOR_PORTS: u16 = 40;

/// Serves until Ctrl-C.
pub(crate) async fn up(places: &Places, args: &Up) -> Result<Verdict> {
    let recorded = RecordedPrices::open(&places.data, Scenario::Crash, None, 10)?;
    let opening: Vec<f64> = recorded.paths.iter().map(|path| path.price(recorded.start * 1_000)).collect();
    let cluster = Cluster::start(places, Participants::new(places.seed, 0), args.port).await?;
    cluster.list(&recorded).await?;
    let prices = prices::restless(&opening, places.seed);
    let url = cluster.validator.url();
    let mut fleet = Fleet::new(&cluster, &url, args.port + VALIDATOR_PORTS, "", &prices)?;
    if args.bare {
        fleet.keepers.truncate(1);
    }
    fleet.get(Post::Oracle).start()?;
    cluster.open().await?;
    cluster.board().await?;
    fleet.start().await?;
    for keeper in &fleet.keepers {
        cluster.say(&format!("{:<12} configuration {}", keeper.name, keeper.config().display()));
    }
    let wallet = |name: &str| cluster.wallet(name).display().to_string();
    cluster.say(&format!("a wallet with 100,000 dollars: {}", wallet("visitor")));
    cluster.say(&format!(
        "wallets with sub-accounts for keepers of your own: {}, {}, {}",
        wallet("filler"),
        wallet("liquidator"),
        wallet("maker")
    ));
    cluster.say(&format!("in another terminal: kedge --url {url} --keypair {} markets", wallet("visitor")));
    cluster.say("Ctrl-C ends it");
    let mut seconds = tokio::time::interval(std::time::Duration::from_secs(1));
    loop {
        tokio::select! {
            signal = tokio::signal::ctrl_c() => { signal?; break; }
            _ = seconds.tick() => fleet.check()?,
        }
    }
    println!();
    cluster.say("stopping");
    let mut verdict = Verdict::default();
    let bad = fleet.stop()?;
    verdict.check("every keeper stopped in order", bad.is_empty(), &bad.join(", "));
    Ok(verdict)
}
