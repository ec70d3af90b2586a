//! A fall of 30 % in a minute, with hundreds of levered accounts.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kedge_interface::address;
use kedge_keeper::job_runner::Actor;
use kedge_keeper::jobs::filler::best_makers;
use kedge_keeper::trial::try_plan;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::num::floor_to;
use kedge_model::quantity::{Price, Size};
use kedge_sender::{Call, Plan, RequestSender, Sending};
use kedge_state::World;
use kedge_state::snapshot::SnapshotReader;
use kedge_testbed::listing::size;
use kedge_testbed::participants::{Participant, Participants, Role};
use kedge_testbed::random::Random;
use kedge_testbed::recorded::{RecordedPrices, Scenario};
use serde_json::json;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::time::sleep;

use crate::args::Places;
use crate::cluster::Cluster;
use crate::figures::{Latency, percentile};
use crate::fleet::{Fleet, Post, oracle};
use crate::load::Load;
use crate::market::MOST_SLOTS;
use crate::rest::Rest;
use crate::statement::statement;
use crate::verdict::Verdict;
use crate::{ports, prices};

/// The market that falls: SOL-PERP.
const MARKET: u16 = 0;
/// Smallest and largest deposit of an account, dollars.
const DEPOSIT: (f64, f64) = (200.0, 600.0);
/// Leverage of the first and of the last account; a fall of 30 % reaches those above three or so.
const LEVERAGE: (f64, f64) = (2.0, 12.0);
/// Largest offer of the seller, coins.
const OFFER: f64 = 9_000.0;
/// Longest time until all accounts have their positions.
const OPENING: Duration = Duration::from_secs(180);
/// Length of the fall.
const FALL: Duration = Duration::from_secs(60);
const AFTER: Duration = Duration::from_secs(45);

/// Opens the accounts' positions, lets the price fall, and measures how fast each account was liquidated.
pub(crate) async fn crash(places: &Places, accounts: usize) -> Result<Verdict> {
    let recorded = RecordedPrices::open(&places.data, Scenario::Crash, None, 10)?;
    let opening: Vec<f64> = recorded.paths.iter().map(|path| path.price(recorded.start * 1_000)).collect();
    let port = ports::block()?;
    let places = Places { out: places.out.join("crash"), ..places.clone() };
    let cluster = Cluster::start(&places, participants(places.seed, accounts), port).await?;
    cluster.list(&recorded).await?;
    let url = cluster.validator.url();
    let mut still = oracle(&cluster, &url, port + 70, "-still", &prices::still(&opening))?;
    still.start()?;
    cluster.open().await?;
    cluster.board().await?;
    levered(&cluster, LEVERAGE).await?;

    let mut fleet = Fleet::new(&cluster, &url, port + 40, "", &prices::falling(&opening, places.seed))?;
    still.stop()?;
    fleet.start().await?;
    let mut load = Load::new(&cluster, 1.0, places.seed).await?;
    load.work(Duration::from_secs(prices::LEAD.into()), |_, _| {}).await?;
    cluster.say("the price falls");
    let mut most = 0;
    load.work(FALL, |_, load| most = most.max(load.deadlines.open())).await?;
    let world = load.world().context("the validator does not answer")?;
    let fallen = 1.0 - world.oracle(MARKET).0 as f64 / 1e6 / opening[0];
    cluster.say(&format!(
        "{:.1} % down; {} open, {} closed",
        fallen * 100.0,
        load.deadlines.open(),
        load.deadlines.closed().len()
    ));
    let clean = load.until(AFTER, |_, load| load.deadlines.open() == 0).await?;
    let rest = Rest::come(&cluster, &mut fleet, &mut load, &url, port + 72).await?;
    let mut slots = load.deadlines.closed().to_vec();
    slots.sort_unstable();
    let bad = fleet.stop()?;

    let mut verdict = Verdict::default();
    verdict.check("crash: every keeper stopped in order", bad.is_empty(), &bad.join(", "));
    let latency = Latency::of(&fleet.keepers)?;
    println!("\n{}\n", latency.text());
    let [p50, p90, p99] = [50, 90, 99].map(|percent| percentile(&slots, percent));
    let figure = format!(
        "longest {} slots; {} cases lasted p50 {p50}, p90 {p90}, p99 {p99} slots; {most} at once at most",
        load.deadlines.idle(),
        slots.len()
    );
    verdict.check(
        "crash: the price fell by 30 %",
        (0.25..=0.35).contains(&fallen),
        &format!("{:.1} %", fallen * 100.0),
    );
    verdict.check(
        "crash: most accounts fell below maintenance",
        slots.len() >= accounts / 2,
        &format!("{}", slots.len()),
    );
    verdict.check("crash: none was left alone for longer than 20 slots", load.deadlines.idle() <= MOST_SLOTS, &figure);
    if let Some(time) = clean {
        println!("          none open for the first time {:.1} s after the fall", time.as_secs_f64());
    }
    rest.judge("crash", &cluster, &fleet, &load, &mut verdict)?;
    let (text, holds) = statement(&cluster, fleet.get(Post::Auditor))?;
    println!("{text}");
    verdict.check("crash: the auditor's statement", holds, "");
    let figures = json!({
        "accounts": accounts,
        "fall_percent": fallen * 100.0,
        "cases": slots.len(),
        "slots": { "p50": p50, "p90": p90, "p99": p99, "longest_idle": load.deadlines.idle() },
        "most_at_once": most,
        "landing_slots": latency.json(),
    });
    std::fs::write(cluster.folder.join("crash.json"), serde_json::to_string_pretty(&figures)?)?;
    Ok(verdict)
}

/// The keepers' wallets, a seller and its buyers.
fn participants(seed: u64, accounts: usize) -> Participants {
    let mut participants = Participants::new(seed, 0);
    plant(&mut participants, seed, accounts);
    participants
}

/// Adds a seller and the accounts that buy from it: see [`levered`].
pub(crate) fn plant(participants: &mut Participants, seed: u64, accounts: usize) {
    let mut random = Random::new(seed, 3);
    let mut add = |name: String, deposit, orders| {
        let wallet = Arc::new(Keypair::new_from_array(random.bytes()));
        let account = address::sub_account(&wallet.pubkey(), 0);
        participants.members.push(Participant {
            wallet,
            account,
            role: Role::Taker,
            style: None,
            name,
            deposit,
            orders,
        });
    };
    add("seller".into(), 5_000_000, 32);
    for index in 0..accounts {
        let (low, high) = DEPOSIT;
        let deposit = low + (high - low) * (index % 7) as f64 / 6.0;
        add(format!("levered-{index}"), deposit as u64, 4);
    }
}

/// Each planted account buys from the seller; their leverages lie evenly between two.
pub(crate) async fn levered(cluster: &Cluster, leverages: (f64, f64)) -> Result<()> {
    let reader = cluster.reader();
    let feed = SnapshotReader::new(reader.clone()).await?;
    let (sender, mut receipts) = RequestSender::start(reader, Sending::plain(16)).await?;
    let (seller, buyers) = cluster
        .participants
        .members
        .iter()
        .position(|member| member.name == "seller")
        .and_then(|place| {
            Some((cluster.participants.members.get(place)?, cluster.participants.members.get(place + 1..)?))
        })
        .context("nobody sells")?;
    let directory = feed.directory();
    let dollars = buyers.iter().map(|member| member.deposit as f64).sum::<f64>() * leverages.1;
    let started = std::time::Instant::now();
    let send = |number: usize, member: &Participant, plan: &Plan, world: &World| {
        let actor = Actor::new(number, cluster.sender(&member.wallet));
        actor.send(plan, world, &directory, &sender);
    };
    loop {
        let world = feed.poll().await?;
        let missing: Vec<(usize, &Participant)> = buyers
            .iter()
            .enumerate()
            .filter(|(_, member)| world.accounts.get(&member.account).is_none_or(|account| account.base(MARKET).0 == 0))
            .collect();
        if missing.is_empty() {
            break;
        }
        if started.elapsed() >= OPENING {
            let mut failures = std::collections::BTreeMap::<String, usize>::new();
            while let Ok(receipt) = receipts.try_recv() {
                if let Some(failure) = receipt.failure {
                    *failures.entry(format!("{failure:?}")).or_default() += 1;
                }
            }
            ensure!(missing.is_empty(), "{} of {} have no position yet: {failures:?}", missing.len(), buyers.len());
        }
        let offers =
            world.accounts.get(&seller.account).is_some_and(|account| account.orders_in(MARKET).next().is_some());
        if offers {
            for (number, member) in missing {
                let (least, most) = leverages;
                let leverage = least + (most - least) * number as f64 / buyers.len().max(2) as f64;
                if let Some(plan) = buy(&world, member, member.deposit as f64 * leverage) {
                    send(number + 1, member, &plan, &world);
                }
            }
        } else if let Some(plan) = offer(&world, seller, dollars) {
            send(0, seller, &plan, &world);
        }
        sleep(Duration::from_millis(300)).await;
    }
    sender.settle(Duration::from_secs(20)).await;
    let (least, most) = leverages;
    cluster.say(&format!("{} accounts are long, with leverages from {least} to {most}", buyers.len()));
    Ok(())
}

/// The seller's order for as many dollars, a little above the oracle.
fn offer(world: &World, seller: &Participant, dollars: f64) -> Option<Plan> {
    let market = world.markets.get(usize::from(MARKET))?;
    let price = Price(floor_to(world.oracle(MARKET).0 * 1_002 / 1_000, market.tick.0));
    let coins = dollars / (world.oracle(MARKET).usable().ok()?.0 as f64 / 1e6);
    let order = OrderParams {
        market: MARKET,
        kind: OrderKind::Limit as u8,
        side: Side::Short as u8,
        flags: flags::POST_ONLY,
        price,
        size: Size(floor_to(size(coins.min(OFFER)).0, market.step.0)),
        ..OrderParams::default()
    };
    let call = Call::place(MARKET, seller.account, vec![order]);
    try_plan(world, Plan::of(call), vec![MARKET]).ok()
}

/// A market order to buy for some dollars.
fn buy(world: &World, member: &Participant, dollars: f64) -> Option<Plan> {
    let market = world.markets.get(usize::from(MARKET))?;
    let oracle = world.oracle(MARKET).usable().ok()?;
    let price = Price(floor_to(oracle.0 * 1_005 / 1_000, market.tick.0));
    let order = OrderParams {
        market: MARKET,
        kind: OrderKind::Limit as u8,
        side: Side::Long as u8,
        flags: flags::IMMEDIATE_OR_CANCEL,
        price,
        size: Size(floor_to((dollars * 1e15 / oracle.0 as f64) as u64, market.step.0)),
        ..OrderParams::default()
    };
    let makers = best_makers(world, MARKET, Side::Long, price, &member.account, 2);
    let call = Call::take(MARKET, member.account, order, market.step, &makers);
    try_plan(world, Plan::of(call), vec![MARKET]).ok()
}
