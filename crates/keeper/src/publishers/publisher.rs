//! Decides which prices are worth a transaction, and sends them.

use std::collections::BTreeSet;
use std::time::Duration;

use kedge_client::{Landed, SendError, Sender, SharedSigner};
use kedge_interface::Instruction;
use kedge_sender::{Purse, SIGNATURE};
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::instruction::{Builder, sponsored};
use super::{FeedId, Offer, Prices, Unavailable};

/// Transactions under way at most. What comes later waits for the next round and is newer then.
const AT_ONCE: usize = 8;
/// How long a price is sent before it is given up: it is outdated by then.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest rest of a feed whose prices do not land.
const LONGEST_REST: Duration = Duration::from_secs(300);
/// How long the chain may take to tell its time.
const CLOCK: Duration = Duration::from_secs(5);
/// Bytes of a transaction that instructions and their accounts may take: 1,232 less a first signature, blockhash,
/// headers and compute budget.
const ROOM: usize = 1_020;

/// A feed that is published.
#[derive(Clone)]
pub struct Feed {
    /// Its name in logs and metrics.
    pub name: String,
    /// Its id.
    pub id: FeedId,
    /// Where its prices go.
    pub account: Account,
}

/// A price account.
#[derive(Clone)]
pub enum Account {
    /// The push oracle's, in shard 0: on public clusters Pyth keeps it, and only a test chain takes prices for it here.
    Sponsored,
    /// Our own. It signs.
    Own(SharedSigner),
}

impl Feed {
    /// Address of its price account.
    #[must_use]
    pub fn address(&self) -> Pubkey {
        match &self.account {
            Account::Sponsored => sponsored(&self.id),
            Account::Own(key) => key.pubkey(),
        }
    }
}

/// When a price is published.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Between two looks at the source.
    pub interval: Duration,
    /// When it is this far from the last one published, basis points; 0 publishes every newer price.
    pub deviation_bps: u32,
    /// In any case after this many seconds.
    pub heartbeat: i64,
    /// Say what would be sent, send nothing.
    pub dry_run: bool,
}

/// What happened. Feeds by their places.
#[derive(Clone, Debug)]
pub enum Event {
    /// Prices have landed.
    Published {
        /// Which.
        feeds: Vec<usize>,
        /// Transaction and slot.
        landed: Landed,
        /// From sending to the status.
        took: Duration,
    },
    /// Prices would have been sent.
    Would {
        /// Which.
        feeds: Vec<usize>,
        /// What they say, dollars.
        prices: Vec<f64>,
    },
    /// Prices were not published.
    Failed {
        /// Which.
        feeds: Vec<usize>,
        /// Why.
        reason: String,
    },
    /// Nothing could be published: the source has no prices, or the chain does not tell its time.
    Unavailable(Unavailable),
    /// End of a round: seconds since the last published price of each feed was made, `None` without one.
    Ages(Vec<Option<i64>>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Last {
    dollars: f64,
    time: i64,
}

/// Publishes the prices of a source.
pub struct Publisher {
    sender: Sender,
    source: Box<dyn Prices>,
    feeds: Vec<Feed>,
    policy: Policy,
    builder: Builder,
    last: Vec<Option<Last>>,
    /// Failures one after the other by feed, and until when it rests for them.
    rests: Vec<(u32, Option<Instant>)>,
    purse: Purse,
    under_way: JoinSet<Outcome>,
}

/// Feeds of a transaction, the publish times of their prices, and what became of it.
struct Outcome {
    feeds: Vec<(usize, i64)>,
    took: Duration,
    outcome: Result<Landed, String>,
}

/// What is said when the day's ceiling is reached.
const NO_MONEY: &str = "the ceiling of lamports a day is reached";

/// Instructions of one transaction.
#[derive(Default)]
struct Bundle {
    feeds: Vec<(usize, i64)>,
    prices: Vec<f64>,
    instructions: Vec<Instruction>,
    signers: Vec<SharedSigner>,
}

impl Publisher {
    /// Publishes for the sender's payer.
    #[must_use]
    pub fn new(sender: Sender, source: Box<dyn Prices>, feeds: Vec<Feed>, policy: Policy) -> Self {
        let builder = Builder::new(sender.client().payer_address());
        let last = vec![None; feeds.len()];
        let rests = vec![(0, None); feeds.len()];
        let purse = Purse::new(u64::MAX);
        Self { sender, source, feeds, policy, builder, last, rests, purse, under_way: JoinSet::new() }
    }

    /// The same within a ceiling on what is spent in a day.
    #[must_use]
    pub fn paying(self, purse: Purse) -> Self {
        Self { purse, ..self }
    }

    /// Publishes until it is dropped.
    pub async fn run(mut self, mut tell: impl FnMut(Event) + Send) {
        loop {
            let started = Instant::now();
            let mut wait = self.policy.interval;
            if let Err(unavailable) = self.round(&mut tell).await {
                wait = wait.max(unavailable.rest.unwrap_or_default());
                tell(Event::Unavailable(unavailable));
            }
            loop {
                tokio::select! {
                    Some(outcome) = self.under_way.join_next() => {
                        if let Ok(outcome) = outcome {
                            tell(self.learn(outcome));
                        }
                    }
                    () = sleep_until(started + wait) => break,
                }
            }
        }
    }

    async fn round(&mut self, tell: &mut impl FnMut(Event)) -> Result<(), Unavailable> {
        let silent = || Unavailable::because("the chain does not tell its time");
        let clock = timeout(CLOCK, self.sender.client().clock()).await.map_err(|_| silent())?.map_err(|_| silent())?;
        let now = clock.unix_time;
        let offers = self.source.look(now).await?;
        let due = self.due(&offers, now);
        for bundle in self.bundles(due) {
            for ((feed, time), dollars) in bundle.feeds.iter().zip(&bundle.prices) {
                self.last[*feed] = Some(Last { dollars: *dollars, time: *time });
            }
            if self.policy.dry_run {
                let feeds = bundle.feeds.iter().map(|(feed, _)| *feed).collect();
                tell(Event::Would { feeds, prices: bundle.prices });
            } else {
                self.send(bundle);
            }
        }
        tell(Event::Ages(self.last.iter().map(|last| last.map(|last| now - last.time)).collect()));
        Ok(())
    }

    /// Offers that are worth a transaction, with their feeds.
    fn due<'o>(&self, offers: &'o [Offer], now: i64) -> Vec<(usize, &'o Offer)> {
        let mut due = Vec::new();
        for (index, feed) in self.feeds.iter().enumerate() {
            let Some(offer) = offers.iter().find(|offer| offer.message.feed_id == feed.id) else { continue };
            if self.rests[index].1.is_some_and(|until| Instant::now() < until) {
                continue;
            }
            if is_due(self.last[index], offer, now, &self.policy) {
                due.push((index, offer));
            }
        }
        due
    }

    /// As few transactions as they fit in, and no more than may still be sent.
    fn bundles(&self, due: Vec<(usize, &Offer)>) -> Vec<Bundle> {
        let mut bundles: Vec<Bundle> = Vec::new();
        for (index, offer) in due {
            let feed = &self.feeds[index];
            let (instruction, signer) = match &feed.account {
                Account::Sponsored => (self.builder.update_price_feed(0, offer), None),
                Account::Own(key) => (self.builder.post_update(key.pubkey(), offer), Some(key.clone())),
            };
            let fits = |bundle: &&mut Bundle| size(bundle.instructions.iter().chain([&instruction])) <= ROOM;
            let place = match bundles.last_mut().filter(fits) {
                Some(bundle) => bundle,
                None => {
                    bundles.push(Bundle::default());
                    let Some(bundle) = bundles.last_mut() else { continue };
                    bundle
                }
            };
            place.feeds.push((index, offer.message.publish_time));
            place.prices.push(dollars(offer));
            place.instructions.push(instruction);
            place.signers.extend(signer);
        }
        bundles.truncate(AT_ONCE.saturating_sub(self.under_way.len()));
        bundles
    }

    fn send(&mut self, bundle: Bundle) {
        let sender = self.sender.clone();
        let signatures = 1 + u64::try_from(bundle.signers.len()).unwrap_or(u64::MAX);
        let paid = self.purse.reserve(SIGNATURE.saturating_mul(signatures), false);
        self.under_way.spawn(async move {
            let started = Instant::now();
            if paid.is_none() {
                return Outcome { feeds: bundle.feeds, took: Duration::ZERO, outcome: Err(NO_MONEY.into()) };
            }
            let sent = timeout(PATIENCE, sender.send(&bundle.instructions, &bundle.signers)).await;
            let outcome = match sent {
                Ok(Ok(landed)) => Ok(landed),
                Ok(Err(error)) => Err(told(&error)),
                Err(_) => Err(format!("not landed within {} s", PATIENCE.as_secs())),
            };
            Outcome { feeds: bundle.feeds, took: started.elapsed(), outcome }
        });
    }

    /// What did not land is due again, each time after a longer rest.
    fn learn(&mut self, Outcome { feeds, took, outcome }: Outcome) -> Event {
        let places = feeds.iter().map(|(feed, _)| *feed).collect();
        match outcome {
            Ok(landed) => {
                for (feed, _) in feeds {
                    self.rests[feed] = (0, None);
                }
                Event::Published { feeds: places, landed, took }
            }
            Err(reason) => {
                for (feed, time) in feeds {
                    let failures = self.rests[feed].0;
                    let rest = self.policy.interval.saturating_mul(1 << failures.min(20)).min(LONGEST_REST);
                    self.rests[feed] = (failures.saturating_add(1), Some(Instant::now() + rest));
                    if self.last[feed].is_some_and(|last| last.time == time) {
                        self.last[feed] = None;
                    }
                }
                Event::Failed { feeds: places, reason }
            }
        }
    }
}

fn is_due(last: Option<Last>, offer: &Offer, now: i64, policy: &Policy) -> bool {
    let Some(last) = last else { return true };
    if offer.message.publish_time <= last.time {
        return false;
    }
    let moved = (dollars(offer) - last.dollars).abs() * 1e4;
    moved >= f64::from(policy.deviation_bps) * last.dollars || now.saturating_sub(last.time) >= policy.heartbeat
}

fn dollars(offer: &Offer) -> f64 {
    offer.message.price as f64 * 10f64.powi(offer.message.exponent)
}

/// Reason of a failure, and the last line of the chain's log, which says which program refused what.
fn told(error: &SendError) -> String {
    match error {
        SendError::Failed { logs, .. } => {
            format!("{error}{}", logs.last().map(|line| format!(": {line}")).unwrap_or_default())
        }
        SendError::Rejected(rejected) => {
            format!("{error}{}", rejected.logs.last().map(|line| format!(": {line}")).unwrap_or_default())
        }
        _ => error.to_string(),
    }
}

/// Bytes that instructions take in a transaction, their accounts and further signatures included.
fn size<'i>(instructions: impl Iterator<Item = &'i Instruction>) -> usize {
    let (mut keys, mut signers, mut bytes) = (BTreeSet::new(), BTreeSet::new(), 0);
    for instruction in instructions {
        // Program, number of accounts, length of the data in two bytes.
        bytes += 4 + instruction.accounts.len() + instruction.data.len();
        keys.insert(instruction.program_id);
        for meta in &instruction.accounts {
            keys.insert(meta.pubkey);
            if meta.is_signer {
                signers.insert(meta.pubkey);
            }
        }
    }
    bytes + 32 * keys.len() + 64 * signers.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kedge_client::{Client, SendConfig};
    use solana_keypair::Keypair;

    use super::*;
    use crate::publishers::Message;
    use crate::publishers::testing::SOL;

    const POLICY: Policy =
        Policy { interval: Duration::from_secs(1), deviation_bps: 50, heartbeat: 30, dry_run: false };

    fn offer(price: f64, time: i64) -> Offer {
        Offer::unproven(Message::of(SOL, price, time))
    }

    #[test]
    fn published_is_what_moved_or_is_old() {
        let due =
            |price, time, now| is_due(Some(Last { dollars: 200.0, time: 100 }), &offer(price, time), now, &POLICY);
        assert!(!due(200.9, 101, 101) && due(201.0, 101, 101) && due(199.0, 101, 101));
        assert!(!due(200.0, 129, 129) && due(200.0, 130, 130));
        assert!(!due(300.0, 100, 200), "no newer price");
        assert!(is_due(None, &offer(1.0, 0), 0, &POLICY));
        let every = Policy { deviation_bps: 0, ..POLICY };
        assert!(is_due(Some(Last { dollars: 200.0, time: 100 }), &offer(200.0, 101), 101, &every));
    }

    #[tokio::test]
    async fn a_price_that_fails_rests_longer_each_time_and_a_ceiling_ends_it() {
        let payer: SharedSigner = Arc::new(Keypair::new());
        // Nobody is there.
        let sender = Sender::new(Client::new("http://127.0.0.1:1", payer), SendConfig::default());
        let feeds = vec![Feed { name: "SOL/USD".into(), id: SOL, account: Account::Sponsored }];
        let source = Box::new(crate::publishers::generator::Generator::new(1, None, vec![], vec![]));
        let mut publisher = Publisher::new(sender, source, feeds, POLICY).paying(Purse::new(4 * SIGNATURE));
        let offers = [offer(200.0, 7)];
        let mut reasons = Vec::new();
        for failures in 0..6u32 {
            for bundle in publisher.bundles(publisher.due(&offers, 7)) {
                publisher.send(bundle);
            }
            let outcome = publisher.under_way.join_next().await.expect("it was due").expect("it ends");
            let Event::Failed { reason, .. } = publisher.learn(outcome) else { panic!("it landed") };
            reasons.push(reason);
            assert!(publisher.due(&offers, 7).is_empty(), "it rests");
            let until = publisher.rests[0].1.expect("a rest");
            let rest = until.saturating_duration_since(Instant::now());
            let wanted = Duration::from_secs(1 << failures);
            assert!(rest <= wanted && rest > wanted / 2, "{rest:?} after {failures}");
            publisher.rests[0].1 = None;
        }
        assert!(reasons[3] != NO_MONEY && reasons[4] == NO_MONEY, "{reasons:?}");
    }

    #[test]
    fn several_feeds_share_a_transaction_as_long_as_they_fit() {
        let payer: SharedSigner = Arc::new(Keypair::new());
        let sender = Sender::new(Client::new("http://127.0.0.1:1", payer), SendConfig::default());
        let feed = |index: u8, account| Feed { name: format!("feed {index}"), id: [index; 32], account };
        let own = || Account::Own(Arc::new(Keypair::new()));
        let feeds = [1, 2, 3, 4, 5].map(|index| feed(index, Account::Sponsored)).to_vec();
        let mut feeds = feeds;
        feeds.extend([6, 7, 8, 9].map(|index| feed(index, own())));
        let source = Box::new(crate::publishers::generator::Generator::new(1, None, vec![], vec![]));
        let publisher = Publisher::new(sender, source, feeds.clone(), POLICY);
        let offers: Vec<Offer> = feeds.iter().map(|feed| Offer::unproven(Message::of(feed.id, 10.0, 7))).collect();
        let bundles = publisher.bundles(publisher.due(&offers, 7));
        let sizes: Vec<usize> = bundles.iter().map(|bundle| bundle.feeds.len()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 9, "{sizes:?}");
        assert!(sizes[0] >= 4 && sizes.len() <= 4, "{sizes:?}");
        for bundle in &bundles {
            assert!(size(bundle.instructions.iter()) <= ROOM);
        }
    }
}
