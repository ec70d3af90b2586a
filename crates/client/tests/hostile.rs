//! The most that lying endpoints cost a client: in memory, and in signed transactions.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kedge_client::failover::{Endpoints, Policy};
use kedge_client::outcome::Unknown;
use kedge_client::{Client, ComputeLimit, Outcome, PriorityFee, SendConfig, SendError, Sender};
use kedge_hostile::rpc::{Chain, Fate, Lie, MEMORY_MB, Server, child, most_memory_mb};
use kedge_interface::address;
use kedge_interface::instruction::{KedgeInstruction, UpdateAmm};
use serde_json::json;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_rpc_client::rpc_sender::RpcSender;
use solana_rpc_client_api::request::RpcRequest;

fn endpoints(servers: &[&Server]) -> Endpoints {
    let urls: Vec<String> = servers.iter().map(|server| server.url().to_owned()).collect();
    let policy = Policy { timeout: Duration::from_millis(2_500), ..Policy::default() };
    Endpoints::new(&urls, policy).unwrap()
}

fn client(servers: &[&Server]) -> Client {
    Client::over(endpoints(servers), CommitmentConfig::processed(), "ws://127.0.0.1:1", Arc::new(Keypair::new()))
}

/// A transaction, as the RPC client hands it over, and its signature.
fn transaction(number: u8) -> (serde_json::Value, String) {
    let bytes = [&[1][..], &[number; 64], &[1, 0, 0, 1], &[3; 64], &[0]].concat();
    let signature = bs58::encode([number; 64]).into_string();
    (json!([STANDARD.encode(bytes), { "encoding": "base64" }]), signature)
}

#[tokio::test]
async fn a_foreign_signature_is_no_answer_and_the_others_are_judged_by_their_own() {
    let chain = Chain::default();
    let (honest, liar) = (Server::start(&chain).await, Server::lying(&chain, Lie::ForeignSignature).await);
    for pair in [[&honest, &liar], [&liar, &honest]] {
        let endpoints = endpoints(&pair);
        for number in 1..20 {
            let (params, signature) = transaction(number);
            let answer = endpoints.send(RpcRequest::SendTransaction, params).await.unwrap();
            assert_eq!(answer, json!(signature));
        }
    }
    let alone = endpoints(&[&liar]);
    assert!(alone.send(RpcRequest::SendTransaction, transaction(30).0).await.is_err());
    assert!(!alone.health()[0].usable, "it rests");
}

#[tokio::test]
async fn an_endpoint_that_lies_about_its_slot_gets_no_question_beside_an_honest_one() {
    let chain = Chain::default();
    let (honest, liar) = (Server::start(&chain).await, Server::lying(&chain, Lie::RunawaySlot).await);
    let client = client(&[&honest, &liar]);
    let endpoints = client.endpoints().clone();
    client.rpc().get_slot().await.unwrap();
    for alone in endpoints.each() {
        let _ = alone.send(RpcRequest::GetSlot, json!([])).await;
    }
    let before = liar.questions();
    for _ in 0..100 {
        assert!(client.rpc().get_slot().await.unwrap() <= chain.slot());
        client.board().await.unwrap();
    }
    assert!(liar.questions() - before <= 3, "{} of 200: what is tried again when its rest is over", liar.questions());
}

#[tokio::test]
async fn whatever_one_endpoint_does_the_other_answers() {
    let chain = Chain::default();
    for lie in [Lie::Endless, Lie::GzipBomb, Lie::ManyValues, Lie::LongMessage, Lie::Redirects, Lie::RefusesAll] {
        let (liar, honest) = (Server::lying(&chain, lie).await, Server::start(&chain).await);
        let client = client(&[&liar, &honest]);
        let started = Instant::now();
        client.board().await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(2), "{lie:?}: {:?}", started.elapsed());
        assert_eq!(client.markets().await.unwrap().len(), 2, "{lie:?}");
    }
}

#[test]
fn memory_is_bounded_whatever_an_endpoint_sends() {
    if !child("memory_is_bounded_whatever_an_endpoint_sends") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let chain = Chain::default();
        for lie in [Lie::Endless, Lie::GzipBomb, Lie::ManyValues, Lie::LongMessage, Lie::SlowDrip, Lie::Redirects] {
            let liar = Server::lying(&chain, lie).await;
            let client = client(&[&liar]);
            for _ in 0..2 {
                assert!(client.rpc().get_slot().await.is_err(), "{lie:?}");
                assert!(client.board().await.is_err(), "{lie:?}");
                assert!(client.program_accounts_at(0).await.is_err(), "{lie:?}");
            }
            let most = most_memory_mb(std::process::id());
            println!("{lie:?}: {most} MB at most so far");
            assert!(most <= MEMORY_MB, "{lie:?}: {most} MB");
        }
    });
}

#[test]
fn accounts_that_are_packed_are_not_unpacked() {
    if !child("accounts_that_are_packed_are_not_unpacked") {
        return;
    }
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let chain = Chain::new(&[address::market(0)]);
        let liar = Server::lying(&chain, Lie::PackedAccounts).await;
        let client = client(&[&liar]);
        assert!(client.board().await.is_err() && client.clock().await.is_err());
        assert!(client.accounts(&[address::market(0)]).await.is_err());
        assert!(client.all_sub_accounts().await.is_err() && client.markets().await.is_err());
        assert!(client.program_accounts_at(0).await.is_err());
        let most = most_memory_mb(std::process::id());
        assert!(most <= MEMORY_MB, "{most} MB");
    });
}

#[tokio::test]
async fn one_order_is_signed_once_and_its_signature_is_told() {
    let lies = [
        Lie::ForeignSignature,
        Lie::RefusesTransactions,
        Lie::KeepsTransactions,
        Lie::NullStatuses,
        Lie::LagsBehind,
        Lie::SetBack,
        Lie::StandsStill,
    ];
    for lie in lies {
        let chain = Chain::default();
        chain.set_fate(Fate::Dropped);
        let liar = Server::lying(&chain, lie).await;
        let config = SendConfig {
            compute: ComputeLimit::Fixed(200_000),
            priority: PriorityFee::None,
            poll: Duration::from_millis(50),
            resend: Duration::from_millis(200),
            patience: Duration::from_secs(2),
            ..SendConfig::default()
        };
        let sender = Sender::new(client(&[&liar]), config);
        let step = UpdateAmm { market: address::market(0) }.instruction();
        let error = sender.send(&[step], &[]).await.unwrap_err();
        let received = chain.received();
        assert_eq!(received.len(), 1, "{lie:?}");
        let SendError::Unknown(Unknown { signature, .. }) = error else { panic!("{lie:?}: {error}") };
        assert_eq!(signature.to_string(), received[0].signature, "{lie:?}");
    }
}

#[tokio::test]
async fn with_a_blockhash_that_does_not_fit_the_height_nothing_is_signed() {
    for lie in [Lie::RunawayHeight, Lie::EndlessBlockhash] {
        let chain = Chain::default();
        let liar = Server::lying(&chain, lie).await;
        let config = SendConfig { compute: ComputeLimit::Fixed(200_000), ..SendConfig::default() };
        let sender = Sender::new(client(&[&liar]), config);
        let error = sender.send(&[UpdateAmm { market: address::market(0) }.instruction()], &[]).await.unwrap_err();
        assert!(matches!(error, SendError::Blockhash { .. }), "{lie:?}: {error}");
        assert_eq!(chain.received(), [], "{lie:?}");
    }
}

/// Outcome of one transaction on a chain whose blockhashes expire after six seconds, when the endpoint begins to lie
/// once it is signed.
async fn outcome(lie: Option<Lie>, fate: Fate, beside: bool) -> Outcome {
    let chain = Chain::default().with_slots(Duration::from_millis(40));
    chain.set_fate(fate);
    let (liar, honest) = (Server::start(&chain).await, Server::start(&chain).await);
    let urls: Vec<String> = [&liar, &honest].map(|server| server.url().to_owned()).to_vec();
    let policy =
        Policy { timeout: Duration::from_secs(2), fastest_slot: Duration::from_millis(10), ..Policy::default() };
    let endpoints = Endpoints::new(&urls[..1 + usize::from(beside)], policy).unwrap();
    let key = Arc::new(Keypair::new());
    let client = Client::over(endpoints, CommitmentConfig::confirmed(), "ws://127.0.0.1:1", key);
    let config = SendConfig {
        compute: ComputeLimit::Fixed(200_000),
        priority: PriorityFee::None,
        poll: Duration::from_millis(100),
        life: Duration::from_secs(3),
        patience: Duration::from_secs(14),
        ..SendConfig::default()
    };
    let sender = Sender::new(client, config);
    let signed = sender.prepare(&[UpdateAmm { market: address::market(0) }.instruction()], &[]).await.unwrap();
    assert_eq!(chain.received(), [], "signed, and not sent");
    liar.set(lie);
    let outcome = sender.deliver(&signed).await.unwrap();
    assert_eq!(outcome.signature(), signed.life().signature);
    assert_eq!(chain.received().len(), 1, "{outcome:?}");
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_has_expired_only_where_that_is_proven() {
    const REFUSED: u32 = 6_005;
    let (landed, rejected, expired, unknown) = ("landed", "rejected", "expired", "unknown");
    let cases = [
        (None, Fate::Lands, landed),
        (None, Fate::Refused(REFUSED), rejected),
        (None, Fate::Dropped, expired),
        // The history holds the transaction that the statuses hide.
        (Some(Lie::NullStatuses), Fate::Lands, landed),
        (Some(Lie::NullStatuses), Fate::Dropped, expired),
        // The null of a node that lags.
        (Some(Lie::LagsBehind), Fate::Lands, unknown),
        (Some(Lie::LagsBehind), Fate::Dropped, unknown),
        // Statuses that the history does not bear out.
        (Some(Lie::FalseSuccess), Fate::Dropped, unknown),
        (Some(Lie::FalseFailure), Fate::Lands, unknown),
        // Heights that run ahead, go back and stand still.
        (Some(Lie::RunawayHeight), Fate::Lands, landed),
        (Some(Lie::SetBack), Fate::Dropped, unknown),
        (Some(Lie::StandsStill), Fate::Dropped, unknown),
        (Some(Lie::RefusesTransactions), Fate::Lands, expired),
        (Some(Lie::ForeignSignature), Fate::Lands, landed),
    ];
    let running: Vec<_> = cases
        .into_iter()
        .map(|(lie, fate, wanted)| (lie, fate, wanted, tokio::spawn(outcome(lie, fate, false))))
        .collect();
    for (lie, fate, wanted, one) in running {
        let outcome = one.await.unwrap();
        let is = match &outcome {
            Outcome::Landed(_) => landed,
            Outcome::Rejected(rejected) => {
                assert_eq!(rejected.refused.as_ref().unwrap().error.code(), REFUSED);
                "rejected"
            }
            Outcome::Expired(_) => expired,
            Outcome::Unknown(_) => unknown,
        };
        assert_eq!(is, wanted, "{lie:?}, {fate:?}: {outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_endpoints_both_must_say_that_it_has_expired() {
    let (one, both) =
        tokio::join!(outcome(Some(Lie::LagsBehind), Fate::Dropped, true), outcome(None, Fate::Dropped, true));
    assert!(matches!(one, Outcome::Unknown(_)), "{one:?}");
    assert!(matches!(both, Outcome::Expired(_)), "{both:?}");
}
