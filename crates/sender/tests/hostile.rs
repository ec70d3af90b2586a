//! What endpoints that lie can do to the sender of a keeper: how often it signs for one subject, what it pays, and whether
//! it says that something is wrong.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kedge_client::failover::{Endpoints, Policy};
use kedge_client::{Client, ComputeLimit, PriorityFee, SendConfig, Sender};
use kedge_hostile::rpc::{Chain, Fate, Lie, Server};
use kedge_interface::address;
use kedge_interface::instruction::{KedgeInstruction, UpdateAmm};
use kedge_model::quantity::Amount;
use kedge_sender::alarm::Alarms;
use kedge_sender::{Compute, Failure, Purse, Receipt, Request, RequestSender, SIGNATURE, Sending, Subject};
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

/// An error of the program.
const REFUSED: u32 = 6_005;

/// A keeper's sender over some servers, and a job that wants the same again and again.
struct Keeper {
    sender: Sender,
    requests: RequestSender,
    receipts: UnboundedReceiver<Receipt>,
    alarms: Alarms,
    chain: Chain,
}

fn sending() -> Sending {
    Sending {
        fastest_slot: Duration::from_millis(40),
        life: Duration::from_secs(45),
        lamports_a_day: 1_000_000_000,
        ..Sending::plain(8)
    }
}

impl Keeper {
    async fn start(chain: &Chain, servers: &[&Server], sending: Sending) -> Self {
        let urls: Vec<String> = servers.iter().map(|server| server.url().to_owned()).collect();
        let policy =
            Policy { timeout: Duration::from_millis(1_500), fastest_slot: sending.fastest_slot, ..Policy::default() };
        let endpoints = Endpoints::new(&urls, policy).unwrap();
        let client =
            Client::over(endpoints, CommitmentConfig::processed(), "ws://127.0.0.1:1", Arc::new(Keypair::new()));
        let config =
            SendConfig { compute: ComputeLimit::Fixed(200_000), priority: PriorityFee::None, ..SendConfig::default() };
        let alarms = Alarms::default();
        let purse = Purse::new(sending.lamports_a_day);
        let (requests, receipts) = RequestSender::with(client.clone(), sending, purse, alarms.clone()).await.unwrap();
        Self { sender: Sender::new(client, config), requests, receipts, alarms, chain: chain.clone() }
    }

    fn request(&self, subject: Subject) -> Request {
        Request {
            sender: self.sender.clone(),
            relay: None,
            instructions: vec![UpdateAmm { market: address::market(0) }.instruction()],
            compute_limit: 200_000,
            contended: Vec::new(),
            worth: 0,
            reward: Amount(0),
            permit: None,
            label: "update_amm",
            actor: 0,
            subjects: vec![subject],
            decided: self.chain.slot(),
        }
    }

    /// The job sees the truth, and wants the same at every tick.
    async fn insist(&mut self, time: Duration) -> Vec<Receipt> {
        let (started, subject) = (Instant::now(), Subject::Market("update_amm", 0));
        let mut receipts = Vec::new();
        while started.elapsed() < time {
            if !self.requests.is_busy(0, &subject, self.chain.slot()) {
                self.requests.send(self.request(subject));
            }
            sleep(Duration::from_millis(50)).await;
            while let Ok(receipt) = self.receipts.try_recv() {
                receipts.push(receipt);
            }
        }
        receipts
    }
}

/// Ten seconds of a job whose endpoint lies while nothing lands.
async fn session(lie: Lie, beside: bool) -> (u64, Option<Duration>) {
    let chain = Chain::default();
    chain.set_fate(Fate::Dropped);
    let (liar, honest) = (Server::start(&chain).await, Server::start(&chain).await);
    let servers = if beside { vec![&liar, &honest] } else { vec![&liar] };
    let mut keeper = Keeper::start(&chain, &servers, sending()).await;
    liar.set(Some(lie));
    let (started, mut red) = (Instant::now(), None);
    while started.elapsed() < Duration::from_secs(10) {
        keeper.insist(Duration::from_millis(500)).await;
        if red.is_none() && !keeper.alarms.standing().is_empty() {
            red = Some(started.elapsed());
        }
    }
    (keeper.requests.signed(), red)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_signed_twice_for_one_subject_whatever_an_endpoint_says() {
    for lies in Lie::ALL.chunks(7) {
        let both = lies.iter().flat_map(|lie| [(*lie, false), (*lie, true)]);
        let running: Vec<_> = both.map(|(lie, beside)| (lie, beside, tokio::spawn(session(lie, beside)))).collect();
        for (lie, beside, session) in running {
            let (signed, _) = session.await.unwrap();
            let cost = lie.cost();
            let most = if beside { cost.signed_beside } else { cost.signed_alone };
            assert!(signed >= 1 && signed <= most as u64, "{lie:?}, beside an honest one {beside}: {signed} signed");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blockhashes_and_heights_that_cannot_be_are_an_alarm_within_seconds() {
    let lies = [Lie::RunawayHeight, Lie::EndlessBlockhash, Lie::SetBack, Lie::StandsStill];
    let running: Vec<_> = lies.into_iter().map(|lie| (lie, tokio::spawn(session(lie, false)))).collect();
    for (lie, session) in running {
        let (_, red) = session.await.unwrap();
        let within = Duration::from_secs(lie.cost().red_s.unwrap());
        assert!(red.is_some_and(|red| red <= within), "{lie:?}: {red:?}");
    }
}

#[tokio::test]
async fn newer_blockhashes_are_taken_again_after_each_lie() {
    for lie in [Lie::EndlessBlockhash, Lie::SetBack] {
        let chain = Chain::default();
        let server = Server::start(&chain).await;
        let mut keeper = Keeper::start(&chain, &[&server], sending()).await;
        server.set(Some(lie));
        keeper.insist(Duration::from_secs(7)).await;
        server.set(None);
        let receipts = keeper.insist(Duration::from_secs(3)).await;
        let last = chain.received().last().map(|received| signed_at(&received.bytes)).unwrap();
        assert!(last + 10 > chain.height(), "{lie:?}: {last} at {}: {receipts:?}", chain.height());
    }
}

/// Transactions about one subject in 14 seconds of a chain whose blockhashes serve for four, and the outcomes.
async fn quick(lie: Option<Lie>, fate: Fate) -> (u64, Vec<Receipt>) {
    let chain = Chain::default().with_slots(Duration::from_millis(25));
    chain.set_fate(fate);
    let server = Server::start(&chain).await;
    let quick = Sending { life: Duration::from_secs(1), fastest_slot: Duration::from_millis(5), ..sending() };
    let mut keeper = Keeper::start(&chain, &[&server], quick).await;
    server.set(lie);
    let receipts = keeper.insist(Duration::from_secs(14)).await;
    (keeper.requests.signed(), receipts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_signed_anew_before_the_first_has_provably_expired() {
    let (lagging, hidden, dropped) = tokio::join!(
        // What has landed is null at a node that lags, long after its blockhash has expired.
        quick(Some(Lie::LagsBehind), Fate::Lands),
        // The history says what the statuses do not.
        quick(Some(Lie::NullStatuses), Fate::Lands),
        quick(None, Fate::Dropped),
    );
    assert_eq!((lagging.0, lagging.1.len()), (1, 0), "{:?}", lagging.1);
    assert!(hidden.1.iter().all(|receipt| receipt.failure.is_none() && receipt.slot > 0), "{:?}", hidden.1);
    assert!(!hidden.1.is_empty());
    // The proof frees the subject.
    assert!(dropped.0 >= 2 && dropped.1.iter().all(|one| one.failure == Some(Failure::Expired)), "{:?}", dropped.1);
}

/// The height that a transaction's blockhash is of: the chain writes it there.
fn signed_at(transaction: &[u8]) -> u64 {
    // A signature and its number, version, header, keys, blockhash.
    let keys = usize::from(transaction[69]);
    let hash = 70 + 32 * keys;
    u64::from_le_bytes(transaction[hash..hash + 8].try_into().unwrap())
}

#[tokio::test]
async fn what_the_chain_has_refused_is_paid_for_once() {
    let chain = Chain::default();
    chain.set_fate(Fate::Refused(REFUSED));
    chain.set_simulated(Some(REFUSED));
    let server = Server::start(&chain).await;
    let mut keeper = Keeper::start(&chain, &[&server], sending()).await;
    let receipts = keeper.insist(Duration::from_secs(8)).await;
    assert_eq!(chain.received().len(), 1, "{receipts:?}");
    assert!(matches!(receipts[0].failure, Some(Failure::Refused(_))), "{receipts:?}");
    assert!(receipts[1..].iter().all(|receipt| matches!(receipt.failure, Some(Failure::Foreseen(_)))), "{receipts:?}");
    assert!((1..=3).contains(&server.asked("simulateTransaction")), "{}", server.asked("simulateTransaction"));
    // Once it would succeed it is sent again.
    chain.set_simulated(None);
    chain.set_fate(Fate::Lands);
    let receipts = keeper.insist(Duration::from_secs(15)).await;
    assert!(receipts.iter().any(|receipt| receipt.failure.is_none()), "{receipts:?}");
}

#[tokio::test]
async fn what_is_not_sent_rests_from_its_decision_on_and_longer_each_time() {
    let chain = Chain::default();
    chain.set_simulated(Some(REFUSED));
    let server = Server::start(&chain).await;
    let simulated = Sending { compute: Compute::Simulated { margin_percent: 10 }, ..sending() };
    let mut keeper = Keeper::start(&chain, &[&server], simulated).await;
    let receipts = keeper.insist(Duration::from_secs(8)).await;
    // Rests of 4, 8 and 16 slots of 0.4 s.
    assert!((2..=3).contains(&receipts.len()), "{} in 8 s", receipts.len());
    assert!(chain.received().is_empty());
}

#[tokio::test]
async fn a_day_has_a_ceiling() {
    let chain = Chain::default();
    let server = Server::start(&chain).await;
    let poor = Sending { lamports_a_day: 4 * SIGNATURE, ..sending() };
    let mut keeper = Keeper::start(&chain, &[&server], poor).await;
    for market in 0..20 {
        keeper.requests.send(keeper.request(Subject::Market("update_amm", market)));
    }
    let receipts = keeper.insist(Duration::from_secs(3)).await;
    assert_eq!(chain.received().len(), 4, "{receipts:?}");
    assert_eq!(keeper.requests.purse().spent(), 4 * SIGNATURE);
    assert!(keeper.alarms.stands("ceiling"));
}

#[tokio::test]
async fn the_queue_has_an_end_and_subjects_are_forgotten() {
    let chain = Chain::default();
    let server = Server::start(&chain).await;
    let short = Sending { queue: 300, ..sending() };
    let keeper = Keeper::start(&chain, &[&server], short).await;
    let taken =
        (0..1_000).filter(|market| keeper.requests.send(keeper.request(Subject::Market("update_amm", *market))));
    assert_eq!(taken.count(), 300);
    assert!(keeper.requests.remembered() <= 300);
    assert!(keeper.requests.settle(Duration::from_secs(30)).await, "all have landed");
}
