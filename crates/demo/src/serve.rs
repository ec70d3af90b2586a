//! The exchange at work for somebody else's program: keepers and makers, no crowd, no report.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use kedge_interface::address::{self, PROGRAM_ID};
use kedge_keeper::World;
use kedge_keeper::feed::Feed;
use kedge_keeper::outbox::Outbox;
use kedge_keeper::pyth::feed_address;
use kedge_localnet::Localnet;
use serde_json::{Value, json};
use solana_signer::Signer;

use crate::args::Args;
use crate::cast::Cast;
use crate::listing::COINS;
use crate::publisher::Publisher;
use crate::replay::Tape;
use crate::{staff, stage};

/// Time between two looks at the world.
const TICK: Duration = Duration::from_millis(100);
/// Transactions sent side by side.
const AT_ONCE: usize = 8;
/// How long what is under way may take at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves until the tape ends or somebody says stop.
pub async fn serve(
    args: &Args,
    localnet: &Arc<Localnet>,
    cast: &Cast,
    tape: &Arc<Tape>,
    stop: &AtomicBool,
) -> Result<()> {
    let reader = stage::sender(localnet, &cast.crank).client().clone();
    let _publisher = Publisher::start(Arc::clone(localnet), Arc::clone(tape))?;
    stage::open(localnet, cast).await?;
    let feed = Feed::new(reader.clone()).await?;
    let (outbox, mut receipts) = Outbox::start(reader, AT_ONCE).await?;
    tokio::spawn(async move { while receipts.recv().await.is_some() {} });
    let desks = staff::desks(localnet, cast);
    localnet.set_time_rate(args.speed);
    let directory = feed.directory();
    let mut told = false;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let world = feed.poll().await?;
        for desk in &desks {
            desk.tick(&world, &directory, &outbox);
        }
        if !told && priced(&world) {
            println!("{}", description(localnet, cast));
            told = true;
        }
        if stop.load(Ordering::Relaxed) || world.clock.unix_time >= tape.start + tape.length {
            outbox.settle(PATIENCE).await;
            return Ok(());
        }
    }
}

/// Whether every market has a price.
fn priced(world: &World) -> bool {
    (0..COINS.len()).all(|index| world.board.market(index as u16).is_ok_and(|row| !row.price.price.is_zero()))
}

/// What a program must know to trade here. The wallet is worth nothing anywhere else.
fn description(localnet: &Localnet, cast: &Cast) -> Value {
    let owner = cast.visitor.pubkey();
    let mint = cast.mint.pubkey();
    let markets =
        COINS.iter().map(|coin| json!({ "name": coin.name, "oracle": feed_address(&coin.feed_id).to_string() }));
    json!({
        "rpc": localnet.rpc_url(),
        "ws": localnet.ws_url(),
        "program": PROGRAM_ID.to_string(),
        "mint": mint.to_string(),
        "wallet": cast.visitor.to_bytes().to_vec(),
        "tokens": address::token_account(&owner, &mint).to_string(),
        "markets": markets.collect::<Vec<_>>(),
    })
}
