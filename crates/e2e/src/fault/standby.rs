//! Two replicas of every keeper with a lease over NATS: one works, and the other takes over when the first or NATS is
//! gone.

use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::time::sleep;

use crate::figures::Latency;
use crate::fleet::Fleet;
use crate::keeper::Keeper;
use crate::session::Session;
use crate::verdict::Verdict;

/// Seconds for which a lease outlives its holder.
const TTL: u64 = 2;
/// Suffix of the second replicas' names.
const SUFFIX: &str = "-standby";
/// Longest time until the server listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// A NATS server, killed at the end.
struct Nats(Child);

impl Nats {
    async fn start(binary: &Path, port: u16, folder: &Path) -> Result<Self> {
        let mut command = Command::new(binary);
        command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"]).arg(folder.join("nats"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let nats = Self(child.with_context(|| format!("cannot start {}", binary.display()))?);
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            ensure!(started.elapsed() < PATIENCE, "{} does not listen", binary.display());
            sleep(Duration::from_millis(20)).await;
        }
        Ok(nats)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Replaces the fleet by two that share leases, kills the first, takes NATS away, and puts everything back.
pub(super) async fn standby(session: &mut Session, nats: &Path, seconds: u64, verdict: &mut Verdict) -> Result<()> {
    let (url, port, prices) = (session.proxy.url(), session.port + 60, session.prices.clone());
    let server = Nats::start(nats, session.port + 80, &session.cluster.folder).await?;
    let _ = session.fleet.stop()?;
    let mut second = Fleet::new(&session.cluster, &url, port, SUFFIX, &prices)?;
    for keeper in session.fleet.keepers.iter_mut().chain(&mut second.keepers) {
        keeper.environment.extend(lease(keeper, session.port + 80));
    }
    // The first replica to ask holds the lease.
    session.fleet.start().await?;
    session.work(TTL).await?;
    second.start().await?;
    let before = Latency::of(&session.fleet.keepers)?.total();
    session.work(seconds).await?;
    let worked = Latency::of(&session.fleet.keepers)?.total() - before;
    let idle = Latency::of(&second.keepers)?.total();
    let figure = format!("the first copies landed {worked} transactions, the second {idle}");
    verdict.check("standby: one of two copies works", worked > 0 && idle == 0, &figure);

    session.fleet.keepers.iter_mut().for_each(Keeper::kill);
    session.recover("standby, every holder killed", verdict).await?;
    let took_over = Latency::of(&second.keepers)?.total();
    let figure = format!("{took_over} transactions landed in the 20 s after");
    verdict.check("standby: the other copies take over", took_over > 0, &figure);

    drop(server);
    session.work(2 * TTL).await?;
    let before = Latency::of(&second.keepers)?.total();
    session.recover("standby, without NATS", verdict).await?;
    let alone = Latency::of(&second.keepers)?.total() - before;
    let figure = format!("{alone} transactions landed in 20 s");
    verdict.check("standby: without NATS they go on", alone > 0, &figure);

    let bad = second.stop()?;
    verdict.check("standby: the second copies stopped in order", bad.is_empty(), &bad.join(", "));
    for keeper in &mut session.fleet.keepers {
        keeper.environment.retain(|(name, _)| !name.starts_with("KEDGE_KEEPER__LEASE__"));
    }
    session.fleet.start().await?;
    session.audit("standby", verdict)
}

/// Environment of a replica: replicas of one name share a lease.
fn lease(keeper: &Keeper, port: u16) -> [(String, String); 3] {
    let name = keeper.name.trim_end_matches(SUFFIX).to_owned();
    [("URL", format!("nats://127.0.0.1:{port}")), ("NAME", name), ("TTL_S", TTL.to_string())]
        .map(|(key, value)| (format!("KEDGE_KEEPER__LEASE__{key}"), value))
}
