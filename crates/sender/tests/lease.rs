//! Leases over a real NATS server.

mod nats;

use std::time::{Duration, Instant};

use async_nats::jetstream;
use kedge_sender::lease::{Lease, LeaseError, Standing, Terms, check};
use nats::Server;
use tokio::time::sleep;

const TTL: Duration = Duration::from_secs(2);
/// Time between two looks at how everybody stands.
const LOOK: Duration = Duration::from_millis(10);
/// What a server may be late with forgetting, and this machine with everything.
const SLACK: Duration = Duration::from_secs(3);

fn terms(server: &Server, holder: &str) -> Terms {
    Terms { url: server.url(), bucket: "kedge-keepers".into(), name: "all".into(), holder: holder.into(), ttl: TTL }
}

async fn join(server: &Server, holder: &str) -> Lease {
    Lease::start(terms(server, holder)).await.unwrap()
}

/// Looks until it is so; how long that took. Never may two hold the lease.
async fn until(leases: &[&Lease], is_so: impl Fn(&[Standing]) -> bool) -> Duration {
    let started = Instant::now();
    loop {
        let standings: Vec<Standing> = leases.iter().map(|lease| lease.standing()).collect();
        let held = standings.iter().filter(|standing| **standing == Standing::Held).count();
        assert!(held <= 1, "{standings:?}");
        if is_so(&standings) {
            return started.elapsed();
        }
        let reasons: Vec<_> = leases.iter().map(|lease| lease.reason()).collect();
        assert!(started.elapsed() < 4 * TTL + SLACK, "{standings:?} {reasons:?}");
        sleep(LOOK).await;
    }
}

fn one_holds(standings: &[Standing]) -> bool {
    standings.iter().filter(|standing| **standing == Standing::Held).count() == 1
        && standings.iter().all(|standing| *standing != Standing::Alone)
}

/// Looks for a while: it stays so.
async fn stays(leases: &[&Lease], is_so: impl Fn(&[Standing]) -> bool) {
    let started = Instant::now();
    while started.elapsed() < 2 * TTL {
        let _ = until(leases, |standings| {
            assert!(is_so(standings), "{standings:?}");
            true
        })
        .await;
        sleep(LOOK).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_three_holds_it_and_another_takes_over() {
    let server = Server::start("take-over");
    assert_eq!(check(terms(&server, "nobody")).await.unwrap(), "all is free");
    let mut fleet = vec![join(&server, "a").await];
    let _ = until(&[&fleet[0]], one_holds).await;
    fleet.push(join(&server, "b").await);
    fleet.push(join(&server, "c").await);
    stays(&fleet.iter().collect::<Vec<_>>(), |standings| standings[0] == Standing::Held && one_holds(standings)).await;
    assert_eq!(fleet[1].reason().unwrap(), "a");
    assert_eq!(check(terms(&server, "nobody")).await.unwrap(), "all is held by a");

    // Dies without a word: not before the lease has lapsed, and soon after it.
    drop(fleet.remove(0));
    let took = until(&fleet.iter().collect::<Vec<_>>(), one_holds).await;
    assert!(took > TTL / 2 && took < TTL + TTL / 4 + SLACK, "{took:?}");
    println!("a dead holder is followed after {took:?}, with a lease of {TTL:?}");

    // Says goodbye: at the next question.
    let holder = fleet.iter().position(|lease| lease.standing() == Standing::Held).unwrap();
    fleet.remove(holder).release().await;
    let took = until(&fleet.iter().collect::<Vec<_>>(), one_holds).await;
    assert!(took < TTL, "{took:?}");
    println!("one that says goodbye is followed after {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_server_everybody_works_and_with_it_one_does_again() {
    let mut server = Server::start("outage");
    let (first, second) = (join(&server, "a").await, join(&server, "b").await);
    let _ = until(&[&first, &second], one_holds).await;
    server.down();
    let outage = Instant::now();
    // The holder goes on as long as nobody else can have it; who waits waits as long.
    while outage.elapsed() < TTL / 4 {
        let _ = until(&[&first, &second], one_holds).await;
        sleep(LOOK).await;
    }
    let took = until(&[&first, &second], |standings| standings == [Standing::Alone; 2]).await;
    println!("without a server everybody works after {:?}", TTL / 4 + took);
    assert!(first.standing().works() && second.standing().works());
    stays(&[&first, &second], |standings| standings == [Standing::Alone; 2]).await;
    server.up();
    let took = until(&[&first, &second], one_holds).await;
    println!("with it again one does after {took:?}");
    stays(&[&first, &second], one_holds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_starts_without_a_server_works_after_the_time_of_a_lease() {
    let mut server = Server::start("late");
    server.down();
    let lone = join(&server, "a").await;
    assert_eq!(lone.standing(), Standing::Waits);
    let _ = until(&[&lone], |standings| standings == [Standing::Alone]).await;
    assert!(matches!(check(terms(&server, "b")).await, Err(LeaseError::Nats(_))));
    server.up();
    let _ = until(&[&lone], one_holds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_do_not_fit_are_refused() {
    let server = Server::start("terms");
    let first = join(&server, "a").await;
    let _ = until(&[&first], one_holds).await;
    let longer = Terms { ttl: 2 * TTL, ..terms(&server, "b") };
    assert!(matches!(Lease::start(longer.clone()).await, Err(LeaseError::Bucket { .. })));
    assert!(check(longer).await.unwrap_err().to_string().contains("forgets after 2s, not after 4s"));
    // A server without TLS is no server with TLS.
    let encrypted = Terms { url: server.url().replace("nats://", "tls://"), ..terms(&server, "b") };
    assert!(matches!(check(encrypted).await, Err(LeaseError::Nats(_))));
    let nowhere = Terms { url: "nats://user:s3cret@:::".into(), ..terms(&server, "b") };
    let said = Lease::start(nowhere).await.err().unwrap().to_string();
    assert!(said.contains("no address") && !said.contains("s3cret"), "{said}");
}

/// Somebody else with access to the bucket.
async fn stranger(server: &Server) -> jetstream::kv::Store {
    let client = async_nats::connect(server.url()).await.unwrap();
    jetstream::new(client).get_key_value("kedge-keepers").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_the_bucket_takes_the_lease_and_makes_no_second_holder() {
    let server = Server::start("stranger");
    let (first, second) = (join(&server, "a").await, join(&server, "b").await);
    let leases = [&first, &second];
    let _ = until(&leases, one_holds).await;
    let store = stranger(&server).await;
    store.put("all", "x\u{1b}[2J".into()).await.unwrap();
    // The holder learns of it when it writes again, and stops; nobody works against the stranger.
    let took = until(&leases, |standings| standings == [Standing::Waits; 2]).await;
    assert!(took < TTL / 2 + SLACK, "{took:?}");
    assert_eq!(first.reason().unwrap(), "x\\u{1b}[2J");
    // What it does not write again is forgotten.
    let took = until(&leases, one_holds).await;
    println!("a key that a stranger has written is forgotten after {took:?}");
    store.delete("all").await.unwrap();
    // Deleted and created by the other at once, the old holder may not know for a quarter of the time: that is all.
    sleep(TTL / 2).await;
    let _ = until(&leases, one_holds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_forgets_no_more_counts_as_silent() {
    let server = Server::start("changed");
    let (first, second) = (join(&server, "a").await, join(&server, "b").await);
    let _ = until(&[&first, &second], one_holds).await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let context = jetstream::new(client);
    let mut stream = context.get_stream("KV_kedge-keepers").await.unwrap();
    let mut config = stream.info().await.unwrap().config.clone();
    config.max_age = Duration::from_secs(3_600);
    context.update_stream(config).await.unwrap();
    // A holder that died would keep everybody waiting for an hour.
    drop(first);
    let took = until(&[&second], |standings| standings == [Standing::Alone]).await;
    println!("terms that were changed are noticed after {took:?}");
    assert!(second.reason().unwrap().contains("forgets after 3600s, not after 2s"));
}
