//! The exchange on a validator of one's own.

use anyhow::Result;
use kedge_demo::cast::Cast;
use kedge_demo::replay::{Scenario, Tape};

use crate::args::{Places, Up};
use crate::fleet::Fleet;
use crate::ground::Ground;
use crate::prices;
use crate::verdict::Verdict;

/// Ports after the RPC port that the validator takes.
const VALIDATOR_PORTS: u16 = 40;

/// Serves until Ctrl-C.
pub async fn up(places: &Places, args: &Up) -> Result<Verdict> {
    let tape = Tape::open(&places.data, Scenario::Crash, None, 10)?;
    let opening: Vec<f64> = tape.paths.iter().map(|path| path.price(tape.start * 1_000)).collect();
    let ground = Ground::start(places, Cast::new(places.seed, 0), args.port).await?;
    ground.list(&tape).await?;
    let prices = prices::restless(&opening, places.seed);
    let url = ground.validator.url();
    let mut fleet = Fleet::new(&ground, &url, args.port + VALIDATOR_PORTS, "", Some(&prices))?;
    if args.bare {
        fleet.keepers.truncate(1);
    }
    if let Some(oracle) = fleet.get("oracle") {
        oracle.start()?;
    }
    ground.open().await?;
    ground.board().await?;
    fleet.start().await?;
    for keeper in &fleet.keepers {
        ground.say(&format!("{:<12} configuration {}", keeper.name, keeper.config().display()));
    }
    let wallet = |name: &str| ground.wallet(name).display().to_string();
    ground.say(&format!("a wallet with 100,000 dollars: {}", wallet("visitor")));
    ground.say(&format!(
        "wallets with sub-accounts for keepers of your own: {}, {}, {}",
        wallet("filler"),
        wallet("liquidator"),
        wallet("maker")
    ));
    ground.say(&format!("in another terminal: kedge --url {url} --keypair {} markets", wallet("visitor")));
    ground.say("Ctrl-C ends it");
    let mut seconds = tokio::time::interval(std::time::Duration::from_secs(1));
    loop {
        tokio::select! {
            signal = tokio::signal::ctrl_c() => { signal?; break; }
            _ = seconds.tick() => fleet.check()?,
        }
    }
    println!();
    ground.say("stopping");
    let mut verdict = Verdict::default();
    let bad = fleet.stop()?;
    verdict.check("every keeper stopped in order", bad.is_empty(), &bad.join(", "));
    Ok(verdict)
}
