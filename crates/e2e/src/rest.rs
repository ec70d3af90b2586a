//! The end of a session. The count of liquidatable accounts must not depend on which of takers, prices and keepers
//! stops first: the takers stop, the prices hold still, and the keepers get time until no account has been liquidatable
//! for a while. The report is about that moment, and names what prevents it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kedge_keeper::config::publish::Publish;
use kedge_testbed::listing::COINS;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::fleet::{Fleet, oracle};
use crate::load::Load;
use crate::prices;
use crate::verdict::Verdict;

/// Longest time until no account is liquidatable.
const PATIENCE: Duration = Duration::from_secs(90);
/// Slots in a row without a liquidatable account.
const CALM: u64 = 20;
/// Most log lines about an account that are kept of a keeper.
const LINES: usize = 40;

/// How a session came to rest.
pub(crate) struct Rest {
    /// Time until the calm began that then lasted; `None` when it never did.
    calm: Option<Duration>,
}

impl Rest {
    /// Stops the takers, holds the prices, and waits. From here on the publisher's metrics are on `port`.
    pub(crate) async fn come(
        cluster: &Cluster,
        fleet: &mut Fleet,
        load: &mut Load,
        url: &str,
        port: u16,
    ) -> Result<Self> {
        load.open = false;
        replace_prices(cluster, fleet, load, url, port, "-still", prices::still).await?;
        cluster.say("takers and prices are at rest");
        let mut since = None;
        let calm = load.until(PATIENCE, |world, load| {
            let slot = world.clock.slot;
            if load.deadlines.open() > 0 {
                since = None;
                return false;
            }
            *since.get_or_insert(slot) + CALM <= slot
        });
        Ok(Self { calm: calm.await? })
    }

    /// Adds the statement to the verdict; where it does not hold, writes the accounts at fault to `left.json`.
    pub(crate) fn judge(
        &self,
        what: &str,
        cluster: &Cluster,
        fleet: &Fleet,
        load: &Load,
        verdict: &mut Verdict,
    ) -> Result<()> {
        let figure = match self.calm {
            Some(calm) => format!("after {:.1} s, {CALM} slots of them calm", calm.as_secs_f64()),
            None => load.deadlines.cases().join("; "),
        };
        let statement = format!("{what}: with takers and prices at rest no account is left liquidatable");
        verdict.check(&statement, self.calm.is_some(), &figure);
        evidence(cluster, fleet, load)
    }
}

/// Replaces the publishing keeper by a generator that begins with the prices of now.
pub(crate) async fn replace_prices(
    cluster: &Cluster,
    fleet: &mut Fleet,
    load: &Load,
    url: &str,
    port: u16,
    suffix: &str,
    prices: impl Fn(&[f64]) -> Publish,
) -> Result<()> {
    let world = load.world().context("the validator does not answer")?;
    let now: Vec<f64> = (0u16..).take(COINS.len()).map(|market| world.oracle(market).0 as f64 / 1e6).collect();
    for keeper in fleet.keepers.iter_mut().filter(|keeper| keeper.name.starts_with("oracle") && keeper.is_started()) {
        let code = keeper.stop()?;
        ensure!(matches!(code, None | Some(0)), "{} ended with {code:?}", keeper.name);
    }
    let mut next = oracle(cluster, url, port, suffix, &prices(&now))?;
    next.start()?;
    next.ready().await?;
    fleet.keepers.push(next);
    Ok(())
}

/// Writes down each account that is left or was neglected: the account, its prices, and the keepers' log lines about
/// it.
fn evidence(cluster: &Cluster, fleet: &Fleet, load: &Load) -> Result<()> {
    let mut cases: Vec<Value> = load.deadlines.neglected().to_vec();
    cases.extend(load.world().into_iter().flat_map(|world| load.deadlines.left(world)));
    if cases.is_empty() {
        return Ok(());
    }
    for case in &mut cases {
        let address = case["address"].as_str().unwrap_or_default().to_owned();
        let said = fleet.keepers.iter().map(|keeper| (keeper.name.clone(), json!(keeper.lines_with(&address, LINES))));
        case["keepers"] = Value::Object(said.collect());
    }
    let file = cluster.folder.join("left.json");
    std::fs::write(&file, serde_json::to_string_pretty(&cases)?)?;
    println!("          what is known of those that were left is in {}", file.display());
    Ok(())
}
