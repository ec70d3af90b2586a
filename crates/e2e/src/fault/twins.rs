//! Two copies of every keeper, with the same wallets and no knowledge of each other.

use anyhow::Result;

use crate::figures::Latency;
use crate::fleet::Fleet;
use crate::stand::Stand;
use crate::verdict::Verdict;

/// Starts a second fleet, lets both work, and stops the second.
pub async fn twins(stand: &mut Stand, seconds: u64, verdict: &mut Verdict) -> Result<()> {
    let (url, port) = (stand.proxy.url(), stand.port + 60);
    let prices = stand.prices.clone();
    let mut second = Fleet::new(&stand.ground, &url, port, "-2", Some(&prices))?;
    second.start().await?;
    stand.work(seconds.max(20)).await?;
    let bad = second.stop()?;
    verdict.check("twins: the second fleet stopped in order", bad.is_empty(), &bad.join(", "));
    let latency = Latency::of(&second.keepers)?;
    println!("          the second fleet:\n{}", latency.text());
    stand.recover("twins", verdict).await?;
    stand.audit("twins", verdict)
}
