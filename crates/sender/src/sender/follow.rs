//! Follows what is under way until the chain has answered, and keeps the blockhash young.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use kedge_client::Client;
use kedge_client::outcome::{Evidence, Life};
use solana_signature::Signature;
use solana_transaction_status_client_types::TransactionStatus;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::blockhash::{Blockhashes, Judged, VALID};
use super::busy::End;
use super::{Failure, Pending, Receipt, Request, Shared, TRACK_EVERY, locked};

/// Age at which a blockhash is replaced.
const BLOCKHASH_AGE: Duration = Duration::from_millis(500);
/// Time after which a transaction without a status is sent again.
const RESEND_EVERY: Duration = Duration::from_secs(2);
/// Time between two looks at the chain's height while something is under way.
const HEIGHT_EVERY: Duration = Duration::from_secs(1);
/// Time between two looks at what may have expired.
const EVIDENCE_EVERY: Duration = Duration::from_secs(1);
/// Time after which a transaction without an outcome is an alarm: on the slowest cluster its blockhash has expired by
/// then. Its subject stays busy, since it may still land.
const OVERDUE_AFTER: Duration = Duration::from_secs(180);
/// Most signatures of one status request.
const STATUS_BATCH: usize = 256;
/// Time for which a chain that was set back, or a blockhash that cannot be, stays an alarm.
const ALARM_FOR: Duration = Duration::from_secs(30);
/// Endpoints that must tell of the same outcome, where there are as many.
const AGREE: usize = 2;
/// How long they may take.
const CONFIRM_WITHIN: Duration = Duration::from_millis(1_500);
/// Age from which on a transaction's outcome goes by one endpoint.
const LONE_AFTER: Duration = Duration::from_secs(60);
/// Times that a first blockhash is asked for.
const FIRST_TRIES: u32 = 5;

impl Shared {
    /// Asks for the statuses of what is under way, and sends again what has none.
    pub(super) async fn follow(self: Arc<Self>) {
        let (mut height, mut asked, mut proving) = (0, None::<Instant>, None::<JoinHandle<()>>);
        loop {
            sleep(TRACK_EVERY).await;
            let signatures: Vec<Signature> = locked(&self.pending).keys().copied().collect();
            self.complain();
            if signatures.is_empty() {
                continue;
            }
            // Height first: a status that is missing after the height was past is missing for good.
            if asked.is_none_or(|asked| asked.elapsed() >= HEIGHT_EVERY) {
                height = self.height().await.unwrap_or(height);
                asked = Some(Instant::now());
            }
            for part in signatures.chunks(STATUS_BATCH) {
                let Ok(answer) = self.client.rpc().get_signature_statuses(part).await else { continue };
                let statuses: Vec<_> = part.iter().copied().zip(answer.value).collect();
                let believed = self.believed(&statuses).await;
                for (signature, status) in statuses {
                    match status.filter(|_| believed.contains(&signature)) {
                        Some(status) => {
                            let end = if status.err.is_some() { End::Refused } else { End::Landed };
                            self.land(signature, status.err.map(Failure::Refused), end(status.slot));
                        }
                        None => self.insist(signature),
                    }
                }
            }
            // Beside the statuses of others: an endpoint that is slow to tell holds nobody up.
            if proving.as_ref().is_none_or(JoinHandle::is_finished) {
                proving = self.due(height).map(|due| tokio::spawn(Arc::clone(&self).prove(due)));
            }
        }
    }

    /// What may have expired by a height, and whether one endpoint is enough to say so; `None` for nothing.
    fn due(&self, height: u64) -> Option<Vec<(Life, bool)>> {
        let life = self.sending.life;
        let due = |pending: &&Pending| height > pending.life.last_valid && pending.sent.elapsed() >= life;
        let old = |pending: &Pending| (pending.life, pending.sent.elapsed() >= LONE_AFTER);
        let due: Vec<(Life, bool)> = locked(&self.pending).values().filter(due).map(old).collect();
        (!due.is_empty()).then_some(due)
    }

    /// Ends what is proven to have landed or to have expired.
    async fn prove(self: Arc<Self>, due: Vec<(Life, bool)>) {
        for lone in [false, true] {
            let lives: Vec<Life> = due.iter().filter(|(_, old)| *old == lone).map(|(life, _)| *life).collect();
            if lives.is_empty() {
                continue;
            }
            let evidence = self.client.evidence(&lives, lone).await;
            for (Life { signature, .. }, evidence) in lives.into_iter().zip(evidence) {
                match evidence {
                    Evidence::Found { slot, error } => {
                        let end = if error.is_some() { End::Refused } else { End::Landed };
                        self.land(signature, error.map(Failure::Refused), end(slot));
                    }
                    Evidence::Expired { .. } => self.give_up(signature, Failure::Expired),
                    Evidence::None => {}
                }
            }
        }
        sleep(EVIDENCE_EVERY).await;
    }

    /// Says when what became of a transaction is not known for too long.
    fn complain(&self) {
        let pending = locked(&self.pending);
        let overdue = || pending.values().filter(|pending| pending.sent.elapsed() >= OVERDUE_AFTER);
        match overdue().min_by_key(|pending| pending.sent) {
            Some(oldest) => self.alarms.raise(
                "outcome",
                format!(
                    "no endpoint tells for certain what became of {} transactions, the oldest {}; nothing else is signed \
                     about their subjects",
                    overdue().count(),
                    oldest.life.signature
                ),
            ),
            None => self.alarms.end("outcome"),
        }
    }

    /// Of the transactions that have a status, those whose outcome is believed: where several endpoints answer, two must
    /// tell of the same. What two do not agree on within the life of a blockhash goes by the first.
    async fn believed(&self, statuses: &[(Signature, Option<TransactionStatus>)]) -> HashSet<Signature> {
        let told: Vec<(Signature, bool)> =
            statuses.iter().filter_map(|(at, status)| Some((*at, status.as_ref()?.err.is_some()))).collect();
        let signatures: Vec<Signature> = told.iter().map(|(signature, _)| *signature).collect();
        let usable: Vec<bool> = self.client.endpoints().health().into_iter().map(|one| one.usable).collect();
        if told.is_empty() || usable.len() < AGREE {
            return signatures.into_iter().collect();
        }
        let mut asking = JoinSet::new();
        for (rpc, _) in self.each.iter().zip(usable).filter(|(_, usable)| *usable) {
            let (rpc, signatures) = (Arc::clone(rpc), signatures.clone());
            asking.spawn(async move { timeout(CONFIRM_WITHIN, rpc.get_signature_statuses(&signatures)).await });
        }
        let answers: Vec<_> = asking.join_all().await.into_iter().filter_map(|answer| answer.ok()?.ok()).collect();
        let pending = locked(&self.pending);
        let believe = |(place, (signature, failed)): (usize, &(Signature, bool))| {
            let says = |status: &Option<TransactionStatus>| status.as_ref().map(|status| status.err.is_some());
            let agree = answers.iter().filter(|one| one.value.get(place).and_then(says) == Some(*failed)).count();
            let old = pending.get(signature).is_none_or(|pending| pending.sent.elapsed() >= LONE_AFTER);
            (agree >= AGREE || answers.len() < AGREE || old).then_some(*signature)
        };
        told.iter().enumerate().filter_map(believe).collect()
    }

    /// The chain's height, where it can be what the endpoint says.
    async fn height(&self) -> Option<u64> {
        let height = self.client.rpc().get_block_height().await.ok()?;
        let possible = locked(&self.blockhashes).is_possible(height, Instant::now());
        if !possible {
            self.alarms.raise("height", format!("an endpoint tells of block {height}, which the chain cannot have"));
        } else {
            self.alarms.end("height");
        }
        possible.then_some(height)
    }

    fn land(&self, signature: Signature, failure: Option<Failure>, end: End) {
        let landed = locked(&self.pending).remove(&signature);
        if let Some(Pending { request, sent, fee, .. }) = landed {
            let (End::Landed(slot) | End::Refused(slot) | End::Failed(slot)) = end;
            self.report(&request, signature, failure, (slot, end), (sent, fee));
        }
    }

    /// What did not land, and is not waited for any more.
    fn give_up(&self, signature: Signature, failure: Failure) {
        let given_up = locked(&self.pending).remove(&signature);
        let Some(Pending { request, sent, fee, reserved, refused, .. }) = given_up else { return };
        let failure = match (failure, refused) {
            (Failure::Expired, Some(reason)) => Failure::NotSent(reason),
            (failure, _) => failure,
        };
        self.purse.release(reserved);
        let end = End::Failed(request.decided);
        self.report(&request, signature, Some(failure), (0, end), (sent, fee));
    }

    /// Sends again what has no status yet.
    fn insist(self: &Arc<Self>, signature: Signature) {
        let mut pending = locked(&self.pending);
        let Some(waiting) = pending.get_mut(&signature) else { return };
        if waiting.resent.elapsed() >= RESEND_EVERY {
            waiting.resent = Instant::now();
            let again = waiting.clone();
            drop(pending);
            self.resent.fetch_add(1, Ordering::Relaxed);
            // A node that refuses a repetition has the transaction already.
            let shared = Arc::clone(self);
            tokio::spawn(async move { shared.hand_over(signature, &again).await });
        }
    }

    pub(super) fn report(
        &self,
        request: &Request,
        signature: Signature,
        failure: Option<Failure>,
        (slot, end): (u64, End),
        (sent, fee): (Instant, u64),
    ) {
        locked(&self.busy).end(request.actor, &request.subjects, end, Instant::now());
        let receipt = Receipt {
            signature,
            label: request.label,
            actor: request.actor,
            reward: request.reward,
            failure,
            slot,
            decided: request.decided,
            fee,
            latency: sent.elapsed(),
        };
        // Nobody listens any more only at the end.
        let _ = self.receipts.send(receipt);
    }

    /// Keeps the blockhash young, and says when that does not work.
    pub(super) async fn renew(self: Arc<Self>) {
        let mut alarmed = None::<Instant>;
        loop {
            sleep(BLOCKHASH_AGE).await;
            let told = self.client.blockhash().await;
            let now = Instant::now();
            let (judged, stands_still) = {
                let mut known = locked(&self.blockhashes);
                let judged = told.ok().map(|told| (known.hear(told, now), told));
                (judged, known.stands_still(now))
            };
            let reason = match judged {
                Some((Judged::Impossible, told)) => Some(format!(
                    "an endpoint tells of a blockhash that serves up to block {}, more than {VALID} ahead of the chain",
                    told.last_valid
                )),
                Some((Judged::SetBack, told)) => {
                    Some(format!("the chain was set back to block {}", told.last_valid.saturating_sub(VALID)))
                }
                _ => None,
            };
            if let Some(reason) = reason {
                alarmed = Some(now);
                self.alarms.raise("blockhash", reason);
            } else if alarmed.is_some_and(|at| at.elapsed() >= ALARM_FOR) {
                alarmed = None;
                self.alarms.end("blockhash");
            }
            if stands_still {
                self.alarms.raise("blockhash_age", "no endpoint has a newer blockhash");
            } else {
                self.alarms.end("blockhash_age");
            }
        }
    }
}

/// A first blockhash that fits the height of the chain.
pub(super) async fn first(client: &Client, fastest: Duration) -> kedge_state::error::Result<Blockhashes> {
    let mut tries = 0;
    loop {
        let first = client.blockhash().await?;
        let height = client.rpc().get_block_height().await.map_err(kedge_client::FetchError::from)?;
        if let Some(fits) = Blockhashes::new(first, height, fastest, Instant::now()) {
            return Ok(fits);
        }
        tries += 1;
        if tries >= FIRST_TRIES {
            return Err(kedge_state::error::Error::Missing("blockhash that fits the height of the chain"));
        }
        sleep(BLOCKHASH_AGE).await;
    }
}
