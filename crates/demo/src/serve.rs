//! The exchange at work for a visitor, a person or a program: keepers and makers, no takers, no report.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use kedge_interface::address::{self, PROGRAM_ID};
use kedge_keeper::runner::{Observer, Runner};
use kedge_localnet::Localnet;
use kedge_sender::{RequestSender, Sending};
use kedge_state::error::Error;
use kedge_state::mirror::Blind;
use kedge_state::pyth::{Alternatives, feed_address};
use kedge_state::subscribe::Subscriber;
use kedge_state::{Directory, World};
use serde_json::{Value, json};
use solana_signer::Signer;

use crate::args::Args;
use kedge_testbed::bootstrap;
use kedge_testbed::cluster::local;
use kedge_testbed::feed_writer::FeedWriter;
use kedge_testbed::listing::COINS;
use kedge_testbed::listing::feeds;
use kedge_testbed::participants::Participants;
use kedge_testbed::recorded::RecordedPrices;

use crate::jobs;

/// Shortest and longest time between two looks at the world.
const TICK: Duration = Duration::from_millis(100);
const LONGEST_TICK: Duration = Duration::from_millis(200);
/// Transactions under way at once.
const AT_ONCE: usize = 8;
/// Longest wait for transactions under way at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves until the recording ends or Ctrl-C; `told` is called once, when trading can begin.
pub async fn serve(
    args: &Args,
    localnet: &Arc<Localnet>,
    participants: &Participants,
    prices: &Arc<RecordedPrices>,
    stop: &AtomicBool,
    told: &mut dyn FnMut(),
) -> Result<()> {
    let reader = local::sender(localnet, &participants.crank).client().clone();
    let _publisher = FeedWriter::recorded(Arc::clone(localnet), Arc::clone(prices))?;
    bootstrap::open(&local::sender(localnet, &participants.admin), &feeds()).await?;
    let mut subscriber = Subscriber::start(reader.clone(), TICK, LONGEST_TICK, Alternatives::default()).await?;
    let (sender, mut receipts) = RequestSender::start(reader, Sending::plain(AT_ONCE)).await?;
    let runners = jobs::job_runners(localnet, participants);
    let jobs: BTreeMap<_, _> = runners.iter().map(|runner| (runner.actor.number, Arc::clone(&runner.job))).collect();
    tokio::spawn(async move {
        while let Some(receipt) = receipts.recv().await {
            if let Some(job) = jobs.get(&receipt.actor) {
                job.heard(&receipt);
            }
        }
    });
    localnet.set_time_rate(args.speed);
    let mut runner = Runner::new(runners, sender, false).taking_turns();
    let mut counter = Counter { end: prices.start + prices.length, stop, tell: Some(told), blind: None, error: None };
    runner.work(&mut subscriber, &mut counter).await;
    if let Some(error) = counter.error {
        return Err(error.into());
    }
    runner.requests.settle(PATIENCE).await;
    Ok(())
}

/// Calls `told` once trading can begin.
struct Counter<'r> {
    end: i64,
    stop: &'r AtomicBool,
    tell: Option<&'r mut dyn FnMut()>,
    blind: Option<Blind>,
    error: Option<Error>,
}

impl Observer for Counter<'_> {
    fn looked(&mut self, world: &World, _: &Directory, _: &RequestSender) -> ControlFlow<()> {
        if priced(world)
            && let Some(tell) = self.tell.take()
        {
            tell();
        }
        if self.stop.load(Ordering::Relaxed) || world.clock.unix_time >= self.end {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn seen(&mut self, blind: Option<Blind>, _: usize) {
        if blind != self.blind {
            self.blind = blind;
            match blind {
                Some(why) if self.tell.is_none() => eprintln!("BLIND: {why}"),
                None if self.tell.is_none() => eprintln!("the keepers see again"),
                _ => {}
            }
        }
    }

    fn failed(&mut self, error: Error) -> ControlFlow<()> {
        self.error = Some(error);
        ControlFlow::Break(())
    }
}

/// Whether every market has a price.
fn priced(world: &World) -> bool {
    (0..COINS.len()).all(|index| world.board.market(index as u16).is_ok_and(|row| !row.price.price.is_zero()))
}

/// Addresses and wallet that a program needs to trade here. The wallet has no value on any other chain.
pub fn description(localnet: &Localnet, participants: &Participants) -> Value {
    let owner = participants.visitor.pubkey();
    let mint = participants.mint.pubkey();
    let markets =
        COINS.iter().map(|coin| json!({ "name": coin.name, "oracle": feed_address(&coin.feed_id).to_string() }));
    json!({
        "rpc": localnet.rpc_url(),
        "ws": localnet.ws_url(),
        "program": PROGRAM_ID.to_string(),
        "mint": mint.to_string(),
        "wallet": participants.visitor.to_bytes().to_vec(),
        "tokens": address::token_account(&owner, &mint).to_string(),
        "markets": markets.collect::<Vec<_>>(),
    })
}
