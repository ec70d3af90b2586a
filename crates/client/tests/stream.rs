//! Subscriptions against endpoints that fall silent, flood, or send invalid messages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kedge_client::stream::{MESSAGE_BYTES, SILENCE, SLOT_SILENCE, WAITING_BYTES};
use kedge_client::{AccountChange, Client, Content, SharedSigner, Subscription, Update};
use kedge_hostile::socket::{HalfOpen, Manner, Socket, account_notice};
use kedge_interface::PROGRAM_ID;
use kedge_model::account::sub_account::SubAccount;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use tokio::time::{sleep, timeout};

/// Longest wait for an update: a loaded machine is slow.
const SOON: Duration = Duration::from_secs(20);

fn subscription(url: &str) -> Subscription<AccountChange> {
    let signer: SharedSigner = Arc::new(Keypair::new());
    let client = Client::with("http://127.0.0.1:1", CommitmentConfig::confirmed(), url, signer);
    client.subscribe_kind::<SubAccount>()
}

async fn next(subscription: &mut Subscription<AccountChange>) -> Update<AccountChange> {
    timeout(SOON, subscription.next()).await.expect("an update in time").expect("a running subscription")
}

/// Waits for a connection, then for its loss; how long it stood.
async fn stood(subscription: &mut Subscription<AccountChange>) -> Duration {
    assert!(matches!(next(subscription).await, Update::Connected));
    let connected = Instant::now();
    loop {
        if matches!(next(subscription).await, Update::Lost) {
            return connected.elapsed();
        }
    }
}

/// Resident memory of this process, bytes.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|number| number.parse::<usize>().ok()).expect("a number") * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_open_connection_is_lost_within_seconds_and_made_anew() {
    let server = Socket::start(Manner::Tells(Vec::new())).await;
    let target = server.url().trim_start_matches("ws://").parse().unwrap();
    let passes = Duration::from_secs(2);
    let proxy = HalfOpen::start(target, passes).await;
    let mut subscription = subscription(&format!("ws://{}", proxy.address()));
    let first = stood(&mut subscription).await;
    assert!(first < passes + SILENCE + Duration::from_secs(2), "{first:?}");
    // The next connection is a new one, and stands again.
    assert!(matches!(next(&mut subscription).await, Update::Connected));
    assert_eq!(proxy.connections(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_stop_are_a_loss_though_pings_are_answered() {
    let server = Socket::start(Manner::Stalled(Duration::from_secs(1))).await;
    let mut subscription = subscription(&server.url());
    let first = stood(&mut subscription).await;
    assert!(first >= SLOT_SILENCE && first < SLOT_SILENCE + Duration::from_secs(4), "{first:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_answers_is_left_and_tried_again() {
    for manner in [Manner::Deaf, Manner::Mute] {
        let server = Socket::start(manner).await;
        let mut subscription = subscription(&server.url());
        let start = Instant::now();
        while server.connections() < 2 {
            assert!(start.elapsed() < SOON, "still {} connections", server.connections());
            sleep(Duration::from_millis(50)).await;
        }
        assert!(timeout(Duration::ZERO, subscription.next()).await.is_err(), "it never stood");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_a_loss_and_never_fills_the_memory() {
    let address = Keypair::new();
    let address = solana_signer::Signer::pubkey(&address).to_string();
    // Bytes that are no account of the exchange: the message's size counts all the same.
    let text = account_notice(1, &address, &PROGRAM_ID.to_string(), &"AAAA".repeat(16 << 10));
    let server = Socket::start(Manner::Flood(text)).await;
    let before = memory();
    let mut subscription = subscription(&server.url());
    let start = Instant::now();
    let mut most = 0;
    while start.elapsed() < Duration::from_secs(6) {
        // No reader.
        sleep(Duration::from_millis(100)).await;
        most = most.max(memory().saturating_sub(before));
    }
    assert!(most < WAITING_BYTES + 16 * MESSAGE_BYTES, "{most} bytes");
    assert!(server.connections() >= 2, "the flood was cut off");
    let mut lost = false;
    for _ in 0..4 {
        lost |= matches!(next(&mut subscription).await, Update::Lost);
    }
    assert!(lost, "the reader is told of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_over_the_limit_ends_the_connection() {
    let text = account_notice(1, "11111111111111111111111111111111", "", &"AAAA".repeat(MESSAGE_BYTES / 4));
    let server = Socket::start(Manner::Tells(vec![text])).await;
    let mut subscription = subscription(&server.url());
    let first = stood(&mut subscription).await;
    assert!(first < Duration::from_secs(5), "{first:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_not_gone() {
    let (longer, gone) = ("So11111111111111111111111111111111111111112", "SysvarC1ock11111111111111111111111111111111");
    let program = PROGRAM_ID.to_string();
    let texts = [(longer, "AAAAAAAAAAAAAAAA"), (gone, "")];
    let texts = texts.map(|(address, data)| account_notice(7, address, &program, data)).to_vec();
    let server = Socket::start(Manner::Tells(texts)).await;
    let mut subscription = subscription(&server.url());
    assert!(matches!(next(&mut subscription).await, Update::Connected));
    for (address, content) in [(longer, Content::Unreadable), (gone, Content::Gone)] {
        let Update::Change(change) = next(&mut subscription).await else { panic!("a change") };
        assert_eq!((change.address.to_string().as_str(), change.slot, change.content), (address, 7, content));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notices_of_no_shape_and_packed_accounts_end_nothing() {
    let (program, address) = (PROGRAM_ID.to_string(), "So11111111111111111111111111111111111111112");
    // A kilobyte that unpacks to as much as one likes.
    let packed = account_notice(7, address, &program, "KLUv/QRYAQAA").replace("\"base64\"", "\"base64+zstd\"");
    let last = account_notice(8, address, &program, "");
    let shapes = [
        r#"{"method":"programNotification","params":[]}"#,
        r#"{"method":"programNotification","params":7}"#,
        r#"{"method":"programNotification"}"#,
        r#"{"method":"programNotification","params":{"result":{"context":1}}}"#,
        "[]",
        "7",
    ];
    let texts = shapes.into_iter().map(str::to_owned).chain([packed, last]).collect();
    let server = Socket::start(Manner::Tells(texts)).await;
    let mut subscription = subscription(&server.url());
    assert!(matches!(next(&mut subscription).await, Update::Connected));
    for (slot, content) in [(7, Content::Unreadable), (8, Content::Gone)] {
        let Update::Change(change) = next(&mut subscription).await else { panic!("a change") };
        assert_eq!((change.slot, change.content), (slot, content));
    }
    assert_eq!(server.connections(), 1);
}
