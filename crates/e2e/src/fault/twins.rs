//! Two replicas of every keeper, with the same wallets and without a lease.

use anyhow::Result;

use crate::figures::Latency;
use crate::fleet::Fleet;
use crate::session::Session;
use crate::verdict::Verdict;

/// Starts a second fleet, lets both work, and stops the second.
pub(super) async fn twins(session: &mut Session, seconds: u64, verdict: &mut Verdict) -> Result<()> {
    let (url, port) = (session.proxy.url(), session.port + 60);
    let prices = session.prices.clone();
    let mut second = Fleet::new(&session.cluster, &url, port, "-2", &prices)?;
    second.start().await?;
    session.work(seconds.max(20)).await?;
    let bad = second.stop()?;
    verdict.check("twins: the second fleet stopped in order", bad.is_empty(), &bad.join(", "));
    let latency = Latency::of(&second.keepers)?;
    println!("          the second fleet:\n{}", latency.text());
    session.recover("twins", verdict).await?;
    session.audit("twins", verdict)
}
