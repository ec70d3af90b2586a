//! A job at work: its plans become requests.

use std::sync::Arc;

use kedge_client::Sender;
use kedge_sender::bundle_relay::Relay;
use kedge_sender::{Permit, Plan, Request, RequestSender, Subject, build, lamports};
use kedge_state::{Directory, World};

use crate::explain::explain;
use crate::jobs::{Attention, Job};
use crate::second_price::SecondPrices;

/// Who acts: a number for receipts, and what signs, pays and sends.
#[derive(Clone)]
pub struct Actor {
    /// Number under which receipts come back.
    pub number: usize,
    /// Signs, pays and sends.
    pub sender: Sender,
    /// Takes transactions to the leader instead of the endpoint.
    pub relay: Option<Arc<dyn Relay>>,
    /// What own trades need a second price of, where they do.
    pub second_price: Option<Arc<SecondPrices>>,
    /// Whether to act now, where that is not always so; asked again when a transaction's turn has come.
    pub permit: Option<Permit>,
}

impl Actor {
    /// Who sends through the endpoint.
    #[must_use]
    pub fn new(number: usize, sender: Sender) -> Self {
        Self { number, sender, relay: None, second_price: None, permit: None }
    }

    /// Sends a plan unless its subject is busy, of packed fills those whose subjects are not; tells whether anything was
    /// sent.
    pub fn send(&self, plan: &Plan, world: &World, directory: &Directory, requests: &RequestSender) -> bool {
        self.send_part(plan, world, directory, requests).is_some()
    }

    /// The same; tells what of the plan was sent.
    pub fn send_part(
        &self,
        plan: &Plan,
        world: &World,
        directory: &Directory,
        requests: &RequestSender,
    ) -> Option<Plan> {
        let free = |subject: &Subject| !requests.is_busy(self.number, subject, world.clock.slot);
        let allowed;
        let plan = match &self.second_price {
            Some(second_price) => {
                allowed = second_price.allowed(plan, world)?;
                &allowed
            }
            None => plan,
        };
        let rest;
        let plan = if plan.is_packed() {
            let calls = plan.calls.iter().filter(|call| free(&call.subject())).cloned().collect();
            rest = Plan { refresh: plan.refresh.clone(), calls };
            &rest
        } else {
            plan
        };
        if plan.calls.is_empty() || !plan.subjects().iter().all(free) {
            return None;
        }
        let signer = self.sender.client().payer_address();
        let instructions = build::instructions(directory, plan, &signer)?;
        let bidding = requests.bidding();
        let reward = explain(plan, world).reward;
        let offered = reward.filter(|_| bidding.asks_for_rewards());
        let worth = offered.map_or(0, |reward| lamports(reward, world.oracle(bidding.sol_market)));
        let request = Request {
            contended: directory.contended(&instructions),
            worth,
            reward: reward.unwrap_or_default(),
            actor: self.number,
            subjects: plan.subjects(),
            sender: self.sender.clone(),
            relay: self.relay.clone(),
            permit: self.permit.clone(),
            compute_limit: plan.compute_limit(),
            label: plan.name(),
            decided: world.clock.slot,
            instructions,
        };
        requests.send(request).then(|| plan.clone())
    }
}

/// A job, who does it, and how much it may do at once.
pub struct JobRunner {
    /// Who.
    pub actor: Actor,
    /// What.
    pub job: Arc<dyn Job>,
    /// Most plans sent in one tick.
    pub most: usize,
}

impl JobRunner {
    /// Decides and sends; returns how many transactions were sent.
    pub fn tick(&self, world: &World, directory: &Directory, requests: &RequestSender) -> usize {
        let is_free = |subject: &Subject| !requests.is_busy(self.actor.number, subject, world.clock.slot);
        self.tick_by(world, &is_free, &[], |plan| self.actor.send(plan, world, directory, requests)).sent
    }

    /// Decides about what is free and on what the plans under way leave, and hands the plans to `send` until it has taken as many as the job runner may send at once.
    pub fn tick_by(
        &self,
        world: &World,
        is_free: &dyn Fn(&Subject) -> bool,
        under_way: &[&Plan],
        mut send: impl FnMut(&Plan) -> bool,
    ) -> Ticked {
        let plans = self.job.decide_within(world, &Attention::new(self.most, is_free).after(under_way));
        let mut ticked = Ticked { decided: plans.len(), sent: 0 };
        for plan in &plans {
            if ticked.sent >= self.most {
                break;
            }
            ticked.sent += usize::from(send(plan));
        }
        ticked
    }
}

/// What a job runner did in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Plans of the job. What is known to be busy is passed over, where subjects can be many.
    pub decided: usize,
    /// Plans that were taken.
    pub sent: usize,
}
