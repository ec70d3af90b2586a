//! The source against a server that speaks the plugin's own protocol.

use std::net::SocketAddr;

use tokio::sync::mpsc::UnboundedReceiver;
use yellowstone_grpc_proto::geyser::{SubscribeUpdateAccountInfo, SubscribeUpdatePing};

use super::*;
use crate::mirror::Mirror;
use crate::mirror::tests::{Chain, Random, assert_true, encode, look};
use geyser::{Plugin, Subscriber, TOKEN};

#[path = "../../../../tests/geyser/mod.rs"]
mod geyser;

/// Longest wait for what must come.
const SOON: Duration = Duration::from_secs(20);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(SOON, what).await.expect("it comes soon")
}

fn tell(subscriber: &Subscriber, event: &Event) {
    let Event::Account { slot, version, address, data } = event else { panic!("an account") };
    let bytes = data.as_ref().map(encode);
    subscriber.account(*slot, *version, address.to_bytes(), bytes.as_deref());
}

fn access(address: SocketAddr) -> Access {
    Access::new(&format!("http://{address}"), TOKEN).unwrap()
}

/// A source that is up, and its server.
async fn connected() -> (Yellowstone, Subscriber, UnboundedReceiver<Subscriber>) {
    let (address, mut subscribers) = Plugin::start().await;
    let mut source = Yellowstone::start(Access { silence: SOON, ..access(address) });
    let subscriber = soon(subscribers.recv()).await.unwrap();
    subscriber.slot(100, SlotStatus::SlotProcessed);
    assert!(!source.is_up());
    assert_eq!((soon(source.next()).await, source.is_up()), (Event::Gap, true));
    (source, subscriber, subscribers)
}

/// Changes of a slot in random order.
fn shuffled(chain: &mut Chain, random: &mut Random) -> Vec<Event> {
    chain.slot += 1;
    let mut events: Vec<Event> = (0..random.below(6)).map(|_| chain.change(random)).collect();
    for last in (1..events.len()).rev() {
        events.swap(last, random.below(last as u64 + 1) as usize);
    }
    events
}

#[tokio::test]
async fn writes_of_one_slot_come_in_any_order_and_connections_break() {
    let (mut source, mut subscriber, mut subscribers) = connected().await;
    let (mut random, mut chain) = (Random(11), Chain::new());
    let mut mirror = Mirror::new(chain.world());
    let (mut told, mut cut) = (0, 0);
    for step in 0..200 {
        let events = shuffled(&mut chain, &mut random);
        if step % 40 == 39 {
            // The following changes are reported by no event.
            drop(subscriber);
            mirror.apply(soon(source.next()).await);
            assert!(!source.is_up() && mirror.wants_snapshot());
            subscriber = soon(subscribers.recv()).await.unwrap();
            subscriber.slot(chain.slot, SlotStatus::SlotProcessed);
            mirror.apply(soon(source.next()).await);
            assert!(source.is_up());
            cut += 1;
        } else {
            events.iter().for_each(|event| tell(&subscriber, event));
            for _ in &events {
                mirror.apply(soon(source.next()).await);
            }
            told += events.len();
        }
        look(&mut mirror, &chain);
        assert_true(&mirror, &chain);
    }
    assert!(told > 300 && cut == 5, "{told} {cut}");
    // A gap at the start of each connection, besides those of the losses.
    assert_eq!((mirror.counts.gaps, mirror.counts.snapshots, mirror.counts.losses), (10, 6, 0));
    assert!(mirror.counts.outdated > 5, "{:?}", mirror.counts);
}

#[tokio::test]
async fn it_asks_for_the_exchange_s_sub_accounts_and_answers_pings() {
    let (_source, mut subscriber, _) = connected().await;
    let asked = soon(subscriber.requests.message()).await.unwrap().unwrap();
    let accounts = &asked.accounts[NAME];
    assert_eq!((&accounts.owner[..], &accounts.account[..]), (&[PROGRAM_ID.to_string()][..], &[][..]));
    let Some(Filter::Memcmp(kind)) = &accounts.filters[0].filter else { panic!("{accounts:?}") };
    assert_eq!((kind.offset, &kind.data), (0, &Some(Data::Bytes(SubAccount::DISCRIMINATOR.to_vec()))));
    assert!(asked.slots.contains_key(NAME) && asked.commitment == Some(CommitmentLevel::Processed.into()));
    subscriber.tell(UpdateOneof::Ping(SubscribeUpdatePing {}));
    let answer = soon(subscriber.requests.message()).await.unwrap().unwrap();
    assert!(answer.ping.is_some() && answer.accounts.is_empty());
}

#[tokio::test]
async fn a_slot_that_died_is_a_gap_and_an_account_that_cannot_be_read_is_unclear() {
    let (mut source, subscriber, _subscribers) = connected().await;
    subscriber.slot(101, SlotStatus::SlotDead);
    assert_eq!((soon(source.next()).await, source.is_up()), (Event::Gap, true));
    let broken = SubscribeUpdateAccountInfo {
        pubkey: vec![7; 32],
        lamports: 1,
        data: vec![1; 40],
        ..SubscribeUpdateAccountInfo::default()
    };
    let broken = SubscribeUpdateAccount { account: Some(broken), slot: 101, ..SubscribeUpdateAccount::default() };
    subscriber.tell(UpdateOneof::Account(broken));
    let unclear = Event::Unclear { slot: 101, address: Pubkey::new_from_array([7; 32]) };
    assert_eq!((soon(source.next()).await, source.is_up()), (unclear, true));
}

#[tokio::test]
async fn silence_is_a_loss() {
    let (address, mut subscribers) = Plugin::start().await;
    let mut source = Yellowstone::start(Access { silence: Duration::from_millis(200), ..access(address) });
    let first = soon(subscribers.recv()).await.unwrap();
    first.slot(100, SlotStatus::SlotProcessed);
    assert_eq!((soon(source.next()).await, source.is_up()), (Event::Gap, true));
    assert_eq!((soon(source.next()).await, source.is_up()), (Event::Gap, false));
    let second = soon(subscribers.recv()).await.unwrap();
    second.slot(102, SlotStatus::SlotProcessed);
    assert_eq!((soon(source.next()).await, source.is_up()), (Event::Gap, true));
}

#[tokio::test]
async fn who_has_no_token_is_refused() {
    let (address, _subscribers) = Plugin::start().await;
    assert_eq!(access(address).version().await.unwrap(), "test");
    let stranger = Access::new(&format!("http://{address}"), "").unwrap();
    assert!(matches!(stranger.version().await, Err(YellowstoneError::Refused(said)) if said.contains("auth token")));
    assert!(matches!(Access::new("http://127.0.0.1:1", "").unwrap().version().await, Err(YellowstoneError::Silent(_))));
    // A server without TLS does not answer a client with TLS.
    let encrypted = Access::new(&format!("https://{address}"), TOKEN).unwrap();
    assert!(matches!(encrypted.version().await, Err(YellowstoneError::Silent(_))));
    assert!(matches!(Access::new("not an address", ""), Err(YellowstoneError::Address)));
    assert!(matches!(Access::new("http://127.0.0.1:1", "a\nb"), Err(YellowstoneError::Token)));
}
