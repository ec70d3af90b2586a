//! The loop over jobs on one mirror: look, decide, send, wait. The same for whoever runs jobs.

mod rivals;
mod under_way;

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kedge_sender::shard::Shard;
use kedge_sender::{Permit, Plan, RequestSender, Subject};
use kedge_state::error::Error;
use kedge_state::mirror::{Blind, Counts};
use kedge_state::subscribe::Subscriber;
use kedge_state::{Directory, World};

use crate::job_runner::{JobRunner, Ticked};
use rivals::Rivals;
use under_way::UnderWay;

/// A dry run tells of the same subject again after this many slots.
const TELL_AGAIN: u64 = 150;

/// Who looks on while a runner works. What is not of interest need not be implemented.
pub trait Observer {
    /// A plan was sent, or in a dry run would have been.
    fn taken(&mut self, job: &'static str, plan: &Plan, world: &World) {
        let _ = (job, plan, world);
    }

    /// The same with the job runner that made the plan, who may know why.
    fn decided(&mut self, job_runner: &JobRunner, plan: &Plan, world: &World) {
        self.taken(job_runner.job.name(), plan, world);
    }

    /// A job runner has decided.
    fn ticked(&mut self, job_runner: &JobRunner, ticked: Ticked, took: Duration) {
        let _ = (job_runner, ticked, took);
    }

    /// All job runners have decided on this world; `Break` ends the work.
    fn looked(&mut self, world: &World, directory: &Directory, requests: &RequestSender) -> ControlFlow<()> {
        let _ = (world, directory, requests);
        ControlFlow::Continue(())
    }

    /// How the mirror does, and whether its source is up.
    fn mirrored(&mut self, counts: Counts, up: bool) {
        let _ = (counts, up);
    }

    /// Why what is seen cannot be relied on, nothing while it can; and how many accounts could not be read.
    fn seen(&mut self, blind: Option<Blind>, unreadable: usize) {
        let _ = (blind, unreadable);
    }

    /// Bytes that are recorded so far, or why nothing is recorded any more.
    fn recorded(&mut self, outcome: Result<u64, &str>) {
        let _ = outcome;
    }

    /// The exchange could not be read; `Break` ends the work.
    fn failed(&mut self, error: Error) -> ControlFlow<()> {
        let _ = error;
        ControlFlow::Continue(())
    }
}

/// What a dry run has told of: it repeats itself about the same subject only after a while.
#[derive(Clone, Debug, Default)]
pub struct Shown(HashMap<(usize, Subject), u64>);

impl Shown {
    /// Whether an actor's subject should be told of at a slot; it counts as told then.
    pub fn is_news(&mut self, actor: usize, subject: Subject, slot: u64) -> bool {
        let told = self.0.get(&(actor, subject));
        let news = told.is_none_or(|told| *told > slot || told.saturating_add(TELL_AGAIN) <= slot);
        if news {
            self.0.insert((actor, subject), slot);
        }
        news
    }

    /// Whether it would be told of.
    #[must_use]
    pub fn is_due(&self, actor: usize, subject: &Subject, slot: u64) -> bool {
        let told = self.0.get(&(actor, *subject));
        told.is_none_or(|told| *told > slot || told.saturating_add(TELL_AGAIN) <= slot)
    }

    /// Forgets what would be told again in any case.
    fn forget(&mut self, slot: u64) {
        self.0.retain(|_, told| told.saturating_add(TELL_AGAIN) > slot);
    }
}

/// Job runners, and the request sender that they share.
pub struct Runner {
    /// The job runners, in the order in which they decide.
    pub job_runners: Vec<JobRunner>,
    /// What they send through.
    pub requests: RequestSender,
    /// The share of this copy, when there are several.
    shard: Option<Shard>,
    /// Whether to act now, where that is not always so.
    acts: Option<Permit>,
    /// Whether nothing is sent.
    dry_run: bool,
    shown: Shown,
    rivals: Rivals,
    under_way: UnderWay,
}

impl Runner {
    /// Job runners that have not begun.
    #[must_use]
    pub fn new(job_runners: Vec<JobRunner>, requests: RequestSender, dry_run: bool) -> Self {
        Self {
            job_runners,
            requests,
            shard: None,
            acts: None,
            dry_run,
            shown: Shown::default(),
            rivals: Rivals::default(),
            under_way: UnderWay::default(),
        }
    }

    /// The same as one of several copies.
    #[must_use]
    pub fn sharing(self, shard: Shard) -> Self {
        Self { shard: Some(shard), ..self }
    }

    /// The same, acting only while it may: else it looks and decides, and nothing comes of it.
    #[must_use]
    pub fn while_permitted(mut self, acts: Permit) -> Self {
        for job_runner in &mut self.job_runners {
            job_runner.actor.permit = Some(Arc::clone(&acts));
        }
        Self { acts: Some(acts), ..self }
    }

    /// The same, with job runners of several operators who take turns at an order.
    #[must_use]
    pub fn taking_turns(mut self) -> Self {
        self.rivals.turns = true;
        self
    }

    /// Works until the observer ends it. May be dropped at any await: a job runner that has begun to decide ends its turn.
    pub async fn work(&mut self, subscriber: &mut Subscriber, observer: &mut impl Observer) {
        loop {
            let directory = subscriber.directory();
            let flow = match subscriber.look().await {
                Ok(world) => {
                    self.tick(world, &directory, observer);
                    observer.looked(world, &directory, &self.requests)
                }
                Err(error) => observer.failed(error),
            };
            if flow.is_break() {
                return;
            }
            let (counts, up) = subscriber.counts();
            observer.mirrored(counts, up);
            observer.seen(subscriber.blind(), subscriber.unreadable().len());
            if let Some(outcome) = subscriber.recorded() {
                observer.recorded(outcome);
            }
            subscriber.wait().await;
        }
    }

    /// Lets every job runner decide on a world.
    pub fn tick(&mut self, world: &World, directory: &Directory, observer: &mut impl Observer) {
        let slot = world.clock.slot;
        self.shown.forget(slot);
        self.rivals.forget(slot);
        let requests = &self.requests;
        self.under_way.forget(slot, |number, subject| requests.is_busy(number, subject, slot));
        let (dry_run, rivals, under_way) = (self.dry_run, &mut self.rivals, &mut self.under_way);
        // Both are asked while a job runner decides, and when it hands over.
        let (shown, shard) = (RefCell::new(&mut self.shown), RefCell::new(&mut self.shard));
        // Asked for each plan: a lease may lapse while many are decided.
        let acts = || self.acts.as_ref().is_none_or(|acts| acts());
        for job_runner in &self.job_runners {
            let (started, number) = (Instant::now(), job_runner.actor.number);
            let wallet = job_runner.actor.sender.client().payer_address();
            let is_free = |subject: &Subject| {
                let due = if dry_run {
                    shown.borrow().is_due(number, subject, slot)
                } else {
                    !requests.is_busy(number, subject, slot)
                };
                due && shard.borrow_mut().as_mut().is_none_or(|shard| shard.is_mine(*subject, slot))
            };
            let mut sent = Vec::new();
            let ticked = job_runner.tick_by(world, &is_free, &under_way.of(number), |plan| {
                if !acts() {
                    return false;
                }
                let own;
                let plan = match &mut **shard.borrow_mut() {
                    Some(shard) => {
                        let Some(part) = shard.own(plan, slot) else { return false };
                        own = part;
                        &own
                    }
                    None => plan,
                };
                if rivals.hold(wallet, number, plan) {
                    return false;
                }
                let taken = if dry_run {
                    shown.borrow_mut().is_news(number, plan.subject(), slot).then(|| plan.clone())
                } else {
                    job_runner.actor.send_part(plan, world, directory, requests)
                };
                if let Some(part) = &taken {
                    rivals.note(wallet, number, part, slot);
                    sent.push(part.clone());
                    observer.decided(job_runner, part, world);
                }
                taken.is_some()
            });
            under_way.note(number, sent, slot);
            observer.ticked(job_runner, ticked, started.elapsed());
        }
    }

    /// Sends what the job runners have to send before the process ends, above all the withdrawal of quotes, and looks again until
    /// nothing is left; at most for `patience`. A copy that may not act leaves it to the one that does. Whether nothing is
    /// left.
    pub async fn close(
        &mut self,
        subscriber: &mut Subscriber,
        observer: &mut impl Observer,
        patience: Duration,
    ) -> bool {
        let acts = self.acts.as_ref().is_none_or(|acts| acts());
        if self.dry_run || !acts {
            return true;
        }
        let deadline = tokio::time::Instant::now() + patience;
        let farewell = async {
            loop {
                let directory = subscriber.directory();
                let left = match subscriber.look().await {
                    Ok(world) => self.take_leave(world, &directory, observer),
                    Err(error) => {
                        let _ = observer.failed(error);
                        usize::MAX
                    }
                };
                if left == 0 {
                    return;
                }
                subscriber.wait().await;
            }
        };
        tokio::time::timeout_at(deadline, farewell).await.is_ok()
    }

    /// Sends what is left to do in a world; how much that was.
    fn take_leave(&self, world: &World, directory: &Directory, observer: &mut impl Observer) -> usize {
        let mut left = 0;
        for job_runner in &self.job_runners {
            for plan in job_runner.job.farewell(world) {
                left += 1;
                if job_runner.actor.send(&plan, world, directory, &self.requests) {
                    observer.decided(job_runner, &plan, world);
                }
            }
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use kedge_client::{Client, SendConfig, Sender};
    use serde_json::json;
    use solana_keypair::Keypair;

    use super::*;
    use crate::job_runner::Actor;
    use crate::jobs::Job;
    use kedge_hostile::answer::serve;
    use kedge_sender::{Call, Failure, Sending};
    use kedge_state::testing::TestExchange;

    /// A job with something to do in as many markets as there are.
    struct Busy;

    impl Job for Busy {
        fn name(&self) -> &'static str {
            "busy"
        }

        fn decide(&self, _: &World) -> Vec<Plan> {
            (0..8).map(|market| Plan::of(Call::update_amm(market))).collect()
        }
    }

    #[derive(Default)]
    struct Count(usize);

    impl Observer for Count {
        fn taken(&mut self, _: &'static str, _: &Plan, _: &World) {
            self.0 += 1;
        }
    }

    /// An endpoint that knows a blockhash and its height, and nothing else.
    async fn sender() -> Sender {
        let url = serve(|asked| match asked["method"].as_str() {
            Some("getLatestBlockhash") => json!({ "result": {
                "context": { "slot": 1 },
                "value": { "blockhash": solana_hash::Hash::new_from_array([7; 32]).to_string(), "lastValidBlockHeight": 151 }
            } }),
            Some("getBlockHeight") => json!({ "result": 1 }),
            _ => json!({ "error": { "code": -32000, "message": "no" } }),
        });
        Sender::new(Client::new(&url.await, Arc::new(Keypair::new())), SendConfig::default())
    }

    #[tokio::test]
    async fn a_lease_that_lapses_during_a_turn_ends_it() {
        let sender = sender().await;
        let world = TestExchange::new().world();
        let directory = Directory::of(&world.board, 8, 1);
        let (requests, _receipts) = RequestSender::start(sender.client().clone(), Sending::plain(4)).await.unwrap();
        let job_runner = JobRunner { actor: Actor::new(0, sender), job: Arc::new(Busy), most: 64 };
        let asked = Arc::new(AtomicUsize::new(0));
        let lapses = Arc::clone(&asked);
        let permit: Permit = Arc::new(move || lapses.fetch_add(1, Ordering::Relaxed) < 3);
        let mut runner = Runner::new(vec![job_runner], requests, true).while_permitted(permit);
        let mut count = Count::default();
        runner.tick(&world, &directory, &mut count);
        assert_eq!(count.0, 3, "what was decided before it lapsed and would be sent after it");
    }

    #[tokio::test]
    async fn what_waits_for_its_turn_is_not_sent_when_the_lease_has_lapsed() {
        let sender = sender().await;
        let world = TestExchange::new().world();
        let directory = Directory::of(&world.board, 8, 1);
        let (requests, mut receipts) = RequestSender::start(sender.client().clone(), Sending::plain(4)).await.unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let lapses = Arc::clone(&asked);
        // Held when the plan is handed over, and not when its turn has come.
        let permit: Permit = Arc::new(move || lapses.fetch_add(1, Ordering::Relaxed) == 0);
        let job_runner = JobRunner { actor: Actor::new(0, sender), job: Arc::new(Busy), most: 1 };
        let mut runner = Runner::new(vec![job_runner], requests, false).while_permitted(permit);
        let mut count = Count::default();
        runner.tick(&world, &directory, &mut count);
        assert_eq!(count.0, 1);
        let receipt = receipts.recv().await.unwrap();
        let Some(Failure::NotSent(reason)) = &receipt.failure else { panic!("{receipt:?}") };
        assert!(reason.contains("may not act any more"), "{reason}");
    }
}
