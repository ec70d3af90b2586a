//! Leases over a real NATS server.
//!
//! The server is `nats-server` of the path or what `KEDGE_NATS_SERVER` names; `cargo xtask test` installs it.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kedge_keeper::lease::{Lease, LeaseError, Standing, Terms, check};
use tokio::time::sleep;

const TTL: Duration = Duration::from_secs(2);
/// Time between two looks at how everybody stands.
const LOOK: Duration = Duration::from_millis(10);
/// What a server may be late with forgetting, and this machine with everything.
const SLACK: Duration = Duration::from_secs(3);

/// A server with a folder of its own, which outlives it.
struct Server {
    port: u16,
    folder: PathBuf,
    child: Option<Child>,
}

impl Server {
    fn start(name: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("kedge-nats-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let mut server = Self { port, folder, child: None };
        server.up();
        server
    }

    fn up(&mut self) {
        let mut command = Command::new(binary());
        command.args(["-a", "127.0.0.1", "-p", &self.port.to_string(), "-js", "-sd"]).arg(&self.folder);
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "nats-server does not listen");
            std::thread::sleep(LOOK);
        }
    }

    fn down(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn terms(&self, holder: &str) -> Terms {
        Terms {
            url: format!("nats://127.0.0.1:{}", self.port),
            bucket: "kedge-keepers".into(),
            name: "all".into(),
            holder: holder.into(),
            ttl: TTL,
        }
    }

    async fn join(&self, holder: &str) -> Lease {
        Lease::start(self.terms(holder)).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.down();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("KEDGE_NATS_SERVER") {
        return named.into();
    }
    let path = std::env::var("PATH").unwrap_or_default();
    // Debian keeps servers where the path of a user does not lead.
    let folders = path.split(':').chain(["/usr/sbin", "/usr/local/sbin"]).map(Path::new);
    let found = folders.map(|folder| folder.join("nats-server")).find(|file| file.is_file());
    found.expect("nats-server is missing: `cargo xtask test` installs it, or apt-get install nats-server")
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
    assert_eq!(check(server.terms("nobody")).await.unwrap(), "all is free");
    let mut fleet = vec![server.join("a").await];
    let _ = until(&[&fleet[0]], one_holds).await;
    fleet.push(server.join("b").await);
    fleet.push(server.join("c").await);
    stays(&fleet.iter().collect::<Vec<_>>(), |standings| standings[0] == Standing::Held && one_holds(standings)).await;
    assert_eq!(fleet[1].reason().unwrap(), "a");
    assert_eq!(check(server.terms("nobody")).await.unwrap(), "all is held by a");

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
    let (first, second) = (server.join("a").await, server.join("b").await);
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
    let lone = server.join("a").await;
    assert_eq!(lone.standing(), Standing::Waits);
    let _ = until(&[&lone], |standings| standings == [Standing::Alone]).await;
    assert!(matches!(check(server.terms("b")).await, Err(LeaseError::Nats(_))));
    server.up();
    let _ = until(&[&lone], one_holds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_do_not_fit_are_refused() {
    let server = Server::start("terms");
    let first = server.join("a").await;
    let _ = until(&[&first], one_holds).await;
    let longer = Terms { ttl: 2 * TTL, ..server.terms("b") };
    assert!(matches!(Lease::start(longer.clone()).await, Err(LeaseError::Bucket { .. })));
    assert!(check(longer).await.unwrap_err().to_string().contains("forgets after 2s, not after 4s"));
    let nowhere = Terms { url: "nats://user:s3cret@:::".into(), ..server.terms("b") };
    let said = Lease::start(nowhere).await.err().unwrap().to_string();
    assert!(said.contains("no address") && !said.contains("s3cret"), "{said}");
}
