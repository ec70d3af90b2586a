//! What is looked at beside the work: the chain's slot, the wallet, alarms, the lease.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kedge_client::Client;
use kedge_sender::SIGNATURE;
use kedge_sender::alarm::Alarms;
use kedge_sender::lease::Standing;
use solana_pubkey::Pubkey;
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::config::Config;
use crate::service::connection::discreet;
use crate::service::http::Health;
use crate::service::metrics::Metrics;
use crate::service::replica::Replica;
use crate::service::throttle::{AGAIN, Throttle};

/// Time between two looks at the chain's slot.
const SLOT_EVERY: Duration = Duration::from_millis(500);
/// Time between two looks at lease and alarms.
const STANDING_EVERY: Duration = Duration::from_millis(200);
/// Looks at the slot between two looks at the balance, and while there is nothing to send with.
const BALANCE_EVERY: u32 = 40;
const EMPTY_EVERY: u32 = 10;
/// What a slot takes when the chain does not say.
const SLOT_MS: u128 = 400;
/// The alarm of a wallet that cannot pay for a signature.
const WALLET: &str = "wallet";

/// The last look at the exchange.
pub(super) struct Seen {
    /// Its slot; 0 before the first.
    pub slot: u64,
    /// When that was first seen.
    pub at: Instant,
}

/// What was seen last, whoever has died in between.
pub(super) fn locked(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where what is looked at is shown.
#[derive(Clone)]
pub(super) struct Shown {
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// `/readyz`.
    pub health: Arc<Health>,
    /// Alarms.
    pub alarms: Alarms,
}

/// A wallet that should have so many lamports.
pub(super) struct Balance {
    /// `wallet.min_balance_sol`, lamports.
    pub least: u64,
    /// Whether anything is sent that has to be paid for.
    pub pays: bool,
}

/// Keeps the mirror's age and the wallet's balance up to date. The age is by the chain's slot, and by our clock when the
/// endpoint does not answer.
pub(super) async fn gauge(client: Client, seen: Arc<Mutex<Seen>>, shown: Shown, wanted: Balance) {
    let Shown { metrics, health, alarms } = shown;
    let (wallet, mut low) = (client.payer_address(), Throttle::default());
    let mut looks = 0;
    loop {
        let chain = client.rpc().get_slot().await.unwrap_or(0);
        let (slot, silence) = {
            let seen = locked(&seen);
            (seen.slot, seen.at.elapsed().as_millis())
        };
        let silent = u64::try_from(silence / SLOT_MS).unwrap_or(u64::MAX);
        let age = chain.saturating_sub(slot).max(silent);
        metrics.mirror_age.set(i64::try_from(age).unwrap_or(i64::MAX));
        health.set_age(if slot == 0 { u64::MAX } else { age });
        metrics.endpoints(&client.endpoints().health());
        let every = if alarms.stands(WALLET) { EMPTY_EVERY } else { BALANCE_EVERY };
        if looks >= every || metrics.balance.get() == 0 && looks % EMPTY_EVERY == 0 {
            looks = 0;
            if let Ok(lamports) = client.rpc().get_balance(&wallet).await {
                metrics.balance.set(i64::try_from(lamports).unwrap_or(i64::MAX));
                match empty(lamports, &wallet).filter(|_| wanted.pays) {
                    Some(reason) => alarms.raise(WALLET, reason),
                    None => {
                        alarms.end(WALLET);
                        if lamports < wanted.least && low.happened().is_some() {
                            let least = wanted.least;
                            error!(lamports, least, wallet = wallet.to_string(), "the wallet runs out of SOL");
                        }
                    }
                }
            }
        }
        looks += 1;
        sleep(SLOT_EVERY).await;
    }
}

/// Why nothing can be sent with so many lamports; `None` when something can.
fn empty(lamports: u64, wallet: &Pubkey) -> Option<String> {
    (lamports < SIGNATURE).then(|| {
        format!(
            "no SOL to send with: {wallet} has {lamports} lamports, a signature costs {SIGNATURE}; send it some SOL"
        )
    })
}

/// Tells of every alarm when it begins, each minute while it stands, and when it ends.
pub(super) async fn tell_alarms(alarms: Alarms, metrics: Arc<Metrics>, config: Config) {
    let mut known = Known::default();
    loop {
        let standing = alarms.standing();
        metrics.alarms.set(i64::try_from(standing.len()).unwrap_or(i64::MAX));
        for (alarm, reason) in &standing {
            if let Some(for_s) = known.due(alarm, Instant::now()) {
                let reason = discreet(reason, &config);
                warn!(alarm, reason, for_s, "not ready");
            }
        }
        for alarm in known.ended(&standing) {
            info!(alarm, "the alarm has ended");
        }
        sleep(STANDING_EVERY).await;
    }
}

/// Since when each alarm stands, and when it was told.
#[derive(Default)]
struct Known(BTreeMap<&'static str, (Instant, Instant)>);

impl Known {
    /// Seconds for which an alarm has stood when it is to be told now.
    fn due(&mut self, alarm: &'static str, now: Instant) -> Option<u64> {
        match self.0.get_mut(alarm) {
            Some((_, told)) if now.saturating_duration_since(*told) < AGAIN => None,
            Some((since, told)) => {
                *told = now;
                Some(now.saturating_duration_since(*since).as_secs())
            }
            None => {
                self.0.insert(alarm, (now, now));
                Some(0)
            }
        }
    }

    /// Alarms that stand no more; they are forgotten.
    fn ended(&mut self, standing: &[(&'static str, String)]) -> Vec<&'static str> {
        let stands = |alarm: &&'static str| standing.iter().any(|(standing, _)| standing == alarm);
        let ended: Vec<&'static str> = self.0.keys().copied().filter(|alarm| !stands(alarm)).collect();
        self.0.retain(|alarm, _| stands(alarm));
        ended
    }
}

/// Tells of how this copy stands among those that share its lease.
pub(super) async fn stand(replica: Arc<Replica>, metrics: Arc<Metrics>, config: Config) {
    let mut known = None;
    loop {
        let standing = replica.standing();
        metrics.lease_held.set(standing.map_or(1, Standing::number));
        if standing != known {
            known = standing;
            let reason = discreet(&replica.reason(), &config);
            match standing {
                Some(Standing::Held) => info!("holds the lease: works"),
                Some(Standing::Waits) => info!(reason, "does not hold the lease: stands by"),
                Some(Standing::Alone) => warn!(reason, "nobody answers for the lease: works without it"),
                None => {}
            }
        }
        sleep(STANDING_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_that_stands_is_told_each_minute() {
        let (mut known, start) = (Known::default(), Instant::now());
        let standing = [("wallet", String::from("no SOL to send with"))];
        let mut told = Vec::new();
        for second in 0..=130 {
            told.extend(known.due("wallet", start + Duration::from_secs(second)));
            assert!(known.ended(&standing).is_empty());
        }
        assert_eq!(told, [0, 60, 120]);
        assert_eq!(known.ended(&[]), ["wallet"]);
        assert_eq!(known.due("wallet", start + Duration::from_secs(131)), Some(0), "one that begins anew");
    }

    #[test]
    fn a_wallet_that_cannot_pay_for_a_signature_is_empty() {
        let wallet = Pubkey::new_from_array([7; 32]);
        let said = empty(4_999, &wallet).unwrap();
        assert!(said.starts_with("no SOL to send with: ") && said.contains(&wallet.to_string()), "{said}");
        assert_eq!(empty(5_000, &wallet), None);
    }
}
